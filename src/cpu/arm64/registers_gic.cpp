// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_gic.h"

#include "cpu/arm64/cpu.h"

namespace kelvin::arm64::gic_registers {

u64 read(Cpu& cpu, u16 encoding) {
    return cpu.ports().gic->read(IccRegister{encoding});
}

void write(Cpu& cpu, u64 value, u16 encoding) {
    cpu.ports().gic->write(IccRegister{encoding}, value);
    // A priority or an enable may have let an interrupt through.
    if (cpu.interrupt_pending()) {
        cpu.events().interrupts_unmasked();
    }
}

AccessVerdict guard(Cpu& cpu, bool) {
    return cpu.ports().gic == nullptr ? AccessVerdict::undefined : AccessVerdict::allowed;
}

}  // namespace kelvin::arm64::gic_registers
