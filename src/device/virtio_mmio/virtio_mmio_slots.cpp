// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_mmio/virtio_mmio_slots.h"

namespace kelvin::device {

namespace {

/// A slot without a device says so by its device identifier: 4.2.2.
u32 read_empty_slot(u64 offset) {
    constexpr u32 kMagic = 0x74726976;   // "virt"
    constexpr u32 kVendor = 0x554d4551;  // "QEMU"
    switch (offset) {
        case 0x000:
            return kMagic;
        case 0x004:
            return 2;
        case 0x00c:
            return kVendor;
        default:
            return 0;
    }
}

}  // namespace

VirtioMmioSlots::VirtioMmioSlots(unsigned count) {
    for (unsigned slot = 0; slot < count; ++slot) {
        slots_.push_back(std::make_unique<Slot>());
    }
}

void VirtioMmioSlots::attach(unsigned slot, memory::MmioHandler& device) {
    slots_.at(slot)->device = &device;
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
    if (slot->device == nullptr) {
        return size == 4 ? read_empty_slot(offset % kSlotSize) : 0;
    }
    const std::lock_guard guard(slot->lock);
    return slot->device->read(offset % kSlotSize, size);
}

void VirtioMmioSlots::write(u64 offset, unsigned size, u64 value) {
    Slot* slot = slot_at(offset, size);
    if (slot != nullptr && slot->device != nullptr) {
        const std::lock_guard guard(slot->lock);
        slot->device->write(offset % kSlotSize, size, value);
    }
}

}  // namespace kelvin::device
