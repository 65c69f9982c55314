// SPDX-License-Identifier: Apache-2.0
// A virtqueue that is in use: a ring of either layout.
#pragma once

#include <variant>

#include "bus/virtio/packed_ring.h"
#include "bus/virtio/split_ring.h"

namespace kelvin::bus::virtio {

/// Made when the driver says that it is ready, of what it had written until then, and dropped at a reset. I/O loop's
/// thread.
class Queue {
  public:
    /// None if the driver put it where no RAM is, or misaligned.
    static std::optional<Queue> open(const memory::Dma& dma, const RingPlace& place, u64 features);

    Taken take(Chain& chain) {
        return std::visit([&](auto& ring) { return ring.take(chain); }, ring_);
    }
    void give_back(std::span<const Returned> chains) {
        std::visit([&](auto& ring) { ring.give_back(chains); }, ring_);
    }
    bool wants_interrupt() {
        return std::visit([](auto& ring) { return ring.wants_interrupt(); }, ring_);
    }
    bool set_notifications(bool wanted) {
        return std::visit([&](auto& ring) { return ring.set_notifications(wanted); }, ring_);
    }
    u16 size() const { return size_; }

    /// As if the last chains that were taken, `chains`, had not been.
    void put_back(std::span<const Chain> chains) {
        std::visit([&](auto& ring) { ring.put_back(chains); }, ring_);
    }
    /// While every chain that was taken has been given or put back.
    RingState state() const {
        return std::visit([](const auto& ring) { return ring.state(); }, ring_);
    }
    /// False if the ring has no such place.
    bool restore(const RingState& state) {
        return std::visit([&](auto& ring) { return ring.restore(state); }, ring_);
    }

  private:
    using Ring = std::variant<SplitRing, PackedRing>;
    Queue(Ring ring, u16 size) : ring_(std::move(ring)), size_(size) {}
    Ring ring_;
    u16 size_;
};

}  // namespace kelvin::bus::virtio
