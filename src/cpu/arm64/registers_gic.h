// SPDX-License-Identifier: Apache-2.0
// The GICv3 CPU interface's registers (IHI 0069, 12.2): access rights here, behaviour behind GicCpuInterface. Of the
// active priorities registers only the first exist, as the GIC has 5 priority bits (12.2.3).
#pragma once

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::gic_registers {

u64 read(Cpu& cpu, u16 encoding);
void write(Cpu& cpu, u64 value, u16 encoding);
AccessVerdict guard(Cpu& cpu, bool write);

constexpr RegisterAddress address(IccRegister which) {
    const auto e = static_cast<unsigned>(which);
    return {3, static_cast<u8>(e >> 11 & 7), static_cast<u8>(e >> 7 & 15), static_cast<u8>(e >> 3 & 15),
            static_cast<u8>(e & 7)};
}

constexpr SystemRegister both(const char* name, IccRegister which) {
    return hooked(name, address(which), 1).hooks(read, write).guarded(guard);
}
constexpr SystemRegister only_read(const char* name, IccRegister which) {
    return read_only(name, address(which), 1).on_read(read).guarded(guard);
}
constexpr SystemRegister only_written(const char* name, IccRegister which) {
    return write_only(name, address(which), 1).on_write(write).guarded(guard);
}

// clang-format off
inline constexpr SystemRegister kRows[] = {
    both("ICC_PMR_EL1", IccRegister::pmr_el1),
    only_read("ICC_IAR0_EL1", IccRegister::iar0_el1),
    only_written("ICC_EOIR0_EL1", IccRegister::eoir0_el1),
    only_read("ICC_HPPIR0_EL1", IccRegister::hppir0_el1),
    both("ICC_BPR0_EL1", IccRegister::bpr0_el1),
    both("ICC_AP0R0_EL1", IccRegister::ap0r0_el1),
    both("ICC_AP1R0_EL1", IccRegister::ap1r0_el1),
    only_written("ICC_DIR_EL1", IccRegister::dir_el1),
    only_read("ICC_RPR_EL1", IccRegister::rpr_el1),
    only_written("ICC_SGI1R_EL1", IccRegister::sgi1r_el1),
    only_written("ICC_ASGI1R_EL1", IccRegister::asgi1r_el1),
    only_written("ICC_SGI0R_EL1", IccRegister::sgi0r_el1),
    only_read("ICC_IAR1_EL1", IccRegister::iar1_el1),
    only_written("ICC_EOIR1_EL1", IccRegister::eoir1_el1),
    only_read("ICC_HPPIR1_EL1", IccRegister::hppir1_el1),
    both("ICC_BPR1_EL1", IccRegister::bpr1_el1),
    both("ICC_CTLR_EL1", IccRegister::ctlr_el1),
    both("ICC_SRE_EL1", IccRegister::sre_el1),
    both("ICC_IGRPEN0_EL1", IccRegister::igrpen0_el1),
    both("ICC_IGRPEN1_EL1", IccRegister::igrpen1_el1),
};
// clang-format on

}  // namespace kelvin::arm64::gic_registers
