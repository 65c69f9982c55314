// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_identification.h"

#include "base/bits.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::arm64::identification_registers {

u64 read_mpidr(Cpu& cpu, u16) {
    return u64{1} << 31 | cpu.mpidr();
}

u64 read_pfr0(Cpu& cpu, u16) {
    return with_bits(cpu.model().id.pfr0, 27, 24, cpu.ports().gic != nullptr);
}

u64 read_ccsidr(Cpu& cpu, u16) {
    const u64 selected = cpu.state().csselr;
    const u64 level = bits(selected, 3, 1);
    return level < 7 ? cpu.model().id.ccsidr[level][selected & 1] : 0;
}

/// DZP says that DC ZVA is trapped at this level.
u64 read_dczid(Cpu& cpu, u16) {
    const bool prohibited = cpu.state().el() == ExceptionLevel::el0 && !bit(cpu.state().sctlr[1], 14);
    return cpu.model().id.dczid | u64{prohibited} << 4;
}

AccessVerdict guard_ctr(Cpu& cpu, bool) {
    const bool uct = bit(cpu.state().sctlr[1], 15);
    return cpu.state().el() == ExceptionLevel::el0 && !uct ? AccessVerdict::trapped : AccessVerdict::allowed;
}

}  // namespace kelvin::arm64::identification_registers
