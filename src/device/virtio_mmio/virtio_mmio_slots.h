// SPDX-License-Identifier: Apache-2.0
// A board's row of virtio-mmio slots (virtio 1.2, 4.2): several share a page, so that the address map sees them as one
// region.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "bus/virtio/mmio_transport.h"
#include "memory/mmio.h"

namespace kelvin::device {

/// For AddressMap::add_mmio with Locking::handler: each slot has a lock of its own around its registers.
class VirtioMmioSlots final : public memory::MmioHandler {
  public:
    static constexpr u64 kSlotSize = 0x200;

    /// One slot an interrupt.
    explicit VirtioMmioSlots(std::span<const Wire> interrupts);

    /// "virtio-mmio-bus.N", each for one device.
    bus::Bus& bus(unsigned slot) { return slots_.at(slot)->transport; }
    unsigned count() const { return static_cast<unsigned>(slots_.size()); }
    void reset();

    struct State {
        std::vector<bus::virtio::MmioTransport::State> slots = {};

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("slots", slots);
        }
    };
    State save() const;
    void restore(const State& state);

    /// An access that goes beyond its slot reads as zero and is ignored.
    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

  private:
    struct Slot {
        Slot(std::string name, Wire interrupt) : transport(std::move(name), interrupt) {}
        std::mutex lock;  // outside the transport's own
        bus::virtio::MmioTransport transport;
    };
    Slot* slot_at(u64 offset, unsigned size);

    std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace kelvin::device
