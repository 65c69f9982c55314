// SPDX-License-Identifier: Apache-2.0
#include "backend/block/graph/node_options.h"

#include <array>

namespace kelvin::block {

using state::EnumName;

namespace {

constexpr auto kAioModes = std::to_array<EnumName<AioMode>>({{"auto", AioMode::automatic},
                                                             {"threads", AioMode::threads},
                                                             {"io_uring", AioMode::io_uring},
                                                             {"native", AioMode::native}});
constexpr auto kDiscardModes = std::to_array<EnumName<DiscardMode>>({{"unmap", DiscardMode::unmap},
                                                                     {"on", DiscardMode::unmap},
                                                                     {"ignore", DiscardMode::ignore},
                                                                     {"off", DiscardMode::ignore}});
constexpr auto kDetectZeroes = std::to_array<EnumName<DetectZeroes>>(
    {{"off", DetectZeroes::off}, {"on", DetectZeroes::on}, {"unmap", DetectZeroes::unmap}});

}  // namespace

std::span<const EnumName<AioMode>> enum_names(AioMode) {
    return kAioModes;
}
std::span<const EnumName<DiscardMode>> enum_names(DiscardMode) {
    return kDiscardModes;
}
std::span<const EnumName<DetectZeroes>> enum_names(DetectZeroes) {
    return kDetectZeroes;
}

}  // namespace kelvin::block
