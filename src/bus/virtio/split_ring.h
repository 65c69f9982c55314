// SPDX-License-Identifier: Apache-2.0
// Split virtqueues (virtio 1.2, 2.7).
#pragma once

#include "bus/virtio/ring.h"

namespace kelvin::bus::virtio {

/// Used by one thread at a time.
class SplitRing {
  public:
    /// None if the ring is not made of RAM or its size or alignment is not allowed.
    static std::optional<SplitRing> open(const memory::Dma& dma, const RingPlace& place, RingFeatures features);

    Taken take(Chain& chain);
    /// Gives chains back; the driver sees all of them or none.
    void give_back(std::span<const Returned> chains);
    /// True if the driver wants an interrupt for what was given back since this was last asked.
    bool wants_interrupt();
    /// Asks the driver to tell of new chains, or not to. True if there are some already.
    bool set_notifications(bool wanted);

    struct Position {
        u16 available = 0;  ///< chains taken so far
        u16 used = 0;       ///< given back so far
    };
    Position position() const { return {next_available_, next_used_}; }

    /// As if the last chains that were taken, which are `chains`, had not been.
    void put_back(std::span<const Chain> chains);
    /// Chains taken so far, while none is held.
    RingState state() const;
    bool restore(const RingState& state);

  private:
    struct Descriptor {
        u64 address;
        u32 length;
        u16 flags;
        u16 next;
    };
    SplitRing(const memory::Dma& dma, const RingPlace& place, RingFeatures features);
    static Descriptor load(const memory::RamSlice& table, u32 index);
    bool walk(Chain& chain, const memory::RamSlice& table, u32 count, u32 index, bool may_be_indirect) const;
    u16 available_index() const;

    const memory::Dma* dma_;
    RingPlace place_;
    RingFeatures features_;
    memory::RamSlice descriptors_;
    memory::RamSlice available_;
    memory::RamSlice used_;
    u16 next_available_ = 0;
    u16 next_used_ = 0;
    u16 interrupted_at_ = 0;  // next_used_ when wants_interrupt() was last asked
};

}  // namespace kelvin::bus::virtio
