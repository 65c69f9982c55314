// SPDX-License-Identifier: Apache-2.0
// What rings of both layouts have in common.
#pragma once

#include <optional>

#include "base/types.h"
#include "bus/virtio/chain.h"
#include "memory/dma.h"

namespace kelvin::bus::virtio {

/// Where the driver has put a ring, as it wrote it. The three areas are called descriptor table, available and used
/// ring in the split layout; descriptor ring, driver and device event suppression in the packed one.
struct RingPlace {
    u16 size = 0;
    Gpa descriptors;
    Gpa driver;
    Gpa device;
};

struct RingFeatures {
    bool indirect = false;
    bool event_index = false;
};

/// Where a ring that holds no chain stands: taken and given back are the same.
struct RingState {
    u16 next = 0;      ///< split: chains so far; packed: the next place
    bool wrap = true;  ///< packed: the counter that changes with each round

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("next", next);
        visit("wrap", wrap);
    }
};

/// What taking a chain from a ring came to.
enum class Taken : u8 {
    chain,
    none,    ///< the driver has offered no more
    broken,  ///< what it has offered is not a chain: the device stops until it is reset
};

/// The flags of a descriptor in both layouts (2.7.5, 2.8.1).
struct DescriptorFlags {
    static constexpr u16 kNext = 1;
    static constexpr u16 kWrite = 2;
    static constexpr u16 kIndirect = 4;
};

/// True if `event` lies among the places that were passed on the way from `before` to `now` (2.7.7.2).
constexpr bool passed(u16 event, u16 now, u16 before) {
    return static_cast<u16>(now - event - 1) < static_cast<u16>(now - before);
}

}  // namespace kelvin::bus::virtio
