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

/// Those of a driver's options that not all have: the common ones come first in each struct.
template <class Options>
std::vector<state::OptionDescription> own_options() {
    std::vector<state::OptionDescription> all = state::describe_options<Options>();
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(common_node_options().size()));
    return all;
}

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

std::vector<state::OptionDescription> common_node_options() {
    return state::describe_options<CommonOptions>();
}

std::vector<NodeDriver> node_drivers() {
    const std::vector<state::OptionDescription> file = own_options<FileDriverOptions>();
    const std::vector<state::OptionDescription> null = own_options<NullDriverOptions>();
    return {{"file", file},
            {"host_device", file},
            {"null-aio", null},
            {"null-co", null},
            {"qcow2", own_options<Qcow2DriverOptions>()},
            {"raw", own_options<RawDriverOptions>()}};
}

}  // namespace kelvin::block
