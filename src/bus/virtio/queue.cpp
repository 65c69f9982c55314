// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/queue.h"

#include "bus/virtio/features.h"

namespace kelvin::bus::virtio {

std::optional<Queue> Queue::open(const memory::Dma& dma, const RingPlace& place, u64 features) {
    const RingFeatures wanted = {.indirect = (features & feature::kIndirectDescriptors) != 0,
                                 .event_index = (features & feature::kEventIndex) != 0};
    if ((features & feature::kPackedRing) != 0) {
        auto ring = PackedRing::open(dma, place, wanted);
        return ring ? std::optional(Queue(std::move(*ring), place.size)) : std::nullopt;
    }
    auto ring = SplitRing::open(dma, place, wanted);
    return ring ? std::optional(Queue(std::move(*ring), place.size)) : std::nullopt;
}

}  // namespace kelvin::bus::virtio
