// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_mmio/virtio_mmio_slots.h"

#include <fmt/format.h>

#include <algorithm>

namespace kelvin::device {

VirtioMmioSlots::VirtioMmioSlots(std::span<const Wire> interrupts) {
    for (const Wire interrupt : interrupts) {
        slots_.push_back(std::make_unique<Slot>(fmt::format("virtio-mmio-bus.{}", slots_.size()), interrupt));
    }
}

void VirtioMmioSlots::reset() {
    for (const auto& slot : slots_) {
        slot->transport.reset();
    }
}

/// Null if there is none, or if the access would go beyond it: such accesses read as zero and are ignored.
VirtioMmioSlots::Slot* VirtioMmioSlots::slot_at(u64 offset, unsigned size) {
    const u64 slot = offset / kSlotSize;
    return slot < slots_.size() && offset % kSlotSize + size <= kSlotSize ? slots_[slot].get() : nullptr;
}

u64 VirtioMmioSlots::read(u64 offset, unsigned size) {
    Slot* slot = slot_at(offset, size);
    if (slot == nullptr) {
        return 0;
    }
    const std::lock_guard guard(slot->lock);
    return slot->transport.read(offset % kSlotSize, size);
}

void VirtioMmioSlots::write(u64 offset, unsigned size, u64 value) {
    Slot* slot = slot_at(offset, size);
    if (slot != nullptr) {
        const std::lock_guard guard(slot->lock);
        slot->transport.write(offset % kSlotSize, size, value);
    }
}

VirtioMmioSlots::State VirtioMmioSlots::save() const {
    State state;
    for (const auto& slot : slots_) {
        state.slots.push_back(slot->transport.save());
    }
    return state;
}

void VirtioMmioSlots::restore(const State& state) {
    for (std::size_t index = 0; index < std::min(slots_.size(), state.slots.size()); ++index) {
        slots_[index]->transport.restore(state.slots[index]);
    }
}

}  // namespace kelvin::device
