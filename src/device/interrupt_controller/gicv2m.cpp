// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/gicv2m.h"

namespace kelvin::device {

namespace {

constexpr u64 kMsiType = 0x008;  // MSI_TYPER
constexpr u64 kMsiSet = 0x040;   // MSI_SETSPI_NS

}  // namespace

Gicv2m::Gicv2m(InterruptController& gic, Gpa base, unsigned first, unsigned count) : base_(base), first_(first) {
    for (unsigned intid = first; intid < first + count; ++intid) {
        inputs_.push_back(gic.shared_input(intid));
    }
}

void Gicv2m::raise(u32 intid) {
    if (intid - first_ < inputs_.size()) {
        const std::lock_guard guard(lock_);
        inputs_[intid - first_].set(true);
        inputs_[intid - first_].set(false);
    }
}

void Gicv2m::deliver(const bus::Msi& message) {
    if (message.address == base_.value + kMsiSet) {
        raise(message.data & 0x3ff);
    }
}

u32 Gicv2m::read_word(u64 offset) {
    return offset == kMsiType ? first_ << 16 | static_cast<u32>(inputs_.size()) : 0;
}

void Gicv2m::write_word(u64 offset, u32 value, u32) {
    if (offset == kMsiSet) {
        raise(value & 0x3ff);
    }
}

}  // namespace kelvin::device
