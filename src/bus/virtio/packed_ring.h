// SPDX-License-Identifier: Apache-2.0
// Packed virtqueues (virtio 1.2, 2.8).
#pragma once

#include "bus/virtio/ring.h"

namespace kelvin::bus::virtio {

/// Used by one thread at a time.
class PackedRing {
  public:
    /// None if the ring is not made of RAM or its size or alignment is not allowed.
    static std::optional<PackedRing> open(const memory::Dma& dma, const RingPlace& place, RingFeatures features);

    Taken take(Chain& chain);
    /// Gives chains back; the driver sees all of them or none.
    void give_back(std::span<const Returned> chains);
    /// True if the driver wants an interrupt for what was given back since this was last asked.
    bool wants_interrupt();
    /// Asks the driver to tell of new chains, or not to. True if there are some already.
    bool set_notifications(bool wanted);

    /// A place in the ring, and the counter that changes its value with each round.
    struct Cursor {
        u16 index = 0;
        bool wrap = true;
    };
    struct Position {
        Cursor available;
        Cursor used;
    };
    Position position() const { return {next_available_, next_used_}; }

    /// As if the last chains that were taken, which are `chains`, had not been.
    void put_back(std::span<const Chain> chains);
    /// While no chain is held.
    RingState state() const;
    /// False if there is no such place.
    bool restore(const RingState& state);

  private:
    struct Descriptor {
        u64 address;
        u32 length;
        u16 id;
        u16 flags;
    };
    PackedRing(const memory::Dma& dma, const RingPlace& place, RingFeatures features);
    static Descriptor load(const memory::RamSlice& table, u32 index);
    bool is_available() const;
    void mark_used(const Cursor& cursor, const Returned& returned);
    void advance(Cursor& cursor, u16 places) const;
    bool add_indirect(Chain& chain, const Descriptor& descriptor) const;

    const memory::Dma* dma_;
    RingPlace place_;
    RingFeatures features_;
    memory::RamSlice ring_;
    memory::RamSlice driver_;
    memory::RamSlice device_;
    Cursor next_available_;
    Cursor next_used_;
    u16 held_ = 0;        // places taken and not given back
    u16 unreported_ = 0;  // places given back since wants_interrupt() was last asked
};

}  // namespace kelvin::bus::virtio
