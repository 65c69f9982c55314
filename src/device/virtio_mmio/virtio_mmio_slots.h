// SPDX-License-Identifier: Apache-2.0
// A board's row of virtio-mmio slots (virtio 1.2, 4.2): several share a page, so that the address map sees them as one
// region.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "memory/mmio.h"

namespace kelvin::device {

/// For AddressMap::add_mmio with Locking::handler: each slot has a lock of its own around its device's handlers.
class VirtioMmioSlots final : public memory::MmioHandler {
  public:
    static constexpr u64 kSlotSize = 0x200;

    explicit VirtioMmioSlots(unsigned count);

    /// Before the vCPUs start. `device` answers the slot's registers and must outlive this object.
    void attach(unsigned slot, memory::MmioHandler& device);
    unsigned count() const { return static_cast<unsigned>(slots_.size()); }

    /// An access that goes beyond its slot reads as zero and is ignored.
    u64 read(u64 offset, unsigned size) override;
    void write(u64 offset, unsigned size, u64 value) override;

  private:
    struct Slot {
        std::mutex lock;
        memory::MmioHandler* device = nullptr;
    };
    Slot* slot_at(u64 offset, unsigned size);

    std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace kelvin::device
