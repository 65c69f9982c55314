// SPDX-License-Identifier: Apache-2.0
// Identification and cache description (ARM ARM D23.2).
#pragma once

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::identification_registers {

u64 read_mpidr(Cpu& cpu, u16);
u64 read_pfr0(Cpu& cpu, u16);
u64 read_ccsidr(Cpu& cpu, u16);
u64 read_dczid(Cpu& cpu, u16);
AccessVerdict guard_ctr(Cpu& cpu, bool write);

// clang-format off
inline constexpr SystemRegister kRows[] = {
    identification("MIDR_EL1", {3, 0, 0, 0, 0}, 1, &IdRegisters::midr),
    read_only("MPIDR_EL1", {3, 0, 0, 0, 5}, 1).on_read(read_mpidr),
    identification("REVIDR_EL1", {3, 0, 0, 0, 6}, 1, &IdRegisters::revidr),
    identification("ID_AA64PFR0_EL1", {3, 0, 0, 4, 0}, 1, &IdRegisters::pfr0).on_read(read_pfr0),
    identification("ID_AA64PFR1_EL1", {3, 0, 0, 4, 1}, 1, &IdRegisters::pfr1),
    identification("ID_AA64ZFR0_EL1", {3, 0, 0, 4, 4}, 1, &IdRegisters::zfr0),
    identification("ID_AA64SMFR0_EL1", {3, 0, 0, 4, 5}, 1, &IdRegisters::smfr0),
    identification("ID_AA64DFR0_EL1", {3, 0, 0, 5, 0}, 1, &IdRegisters::dfr0),
    identification("ID_AA64DFR1_EL1", {3, 0, 0, 5, 1}, 1, &IdRegisters::dfr1),
    identification("ID_AA64ISAR0_EL1", {3, 0, 0, 6, 0}, 1, &IdRegisters::isar0),
    identification("ID_AA64ISAR1_EL1", {3, 0, 0, 6, 1}, 1, &IdRegisters::isar1),
    identification("ID_AA64ISAR2_EL1", {3, 0, 0, 6, 2}, 1, &IdRegisters::isar2),
    identification("ID_AA64MMFR0_EL1", {3, 0, 0, 7, 0}, 1, &IdRegisters::mmfr0),
    identification("ID_AA64MMFR1_EL1", {3, 0, 0, 7, 1}, 1, &IdRegisters::mmfr1),
    identification("ID_AA64MMFR2_EL1", {3, 0, 0, 7, 2}, 1, &IdRegisters::mmfr2),
    read_only("CCSIDR_EL1", {3, 1, 0, 0, 0}, 1).on_read(read_ccsidr),
    identification("CLIDR_EL1", {3, 1, 0, 0, 1}, 1, &IdRegisters::clidr),
    read_only("AIDR_EL1", {3, 1, 0, 0, 7}, 1),
    stored("CSSELR_EL1", {3, 2, 0, 0, 0}, 1, offsetof(State, csselr)).writable(0xf),
    identification("CTR_EL0", {3, 3, 0, 0, 1}, 0, &IdRegisters::ctr).guarded(guard_ctr),
    read_only("DCZID_EL0", {3, 3, 0, 0, 7}, 0).on_read(read_dczid),
};
// clang-format on

}  // namespace kelvin::arm64::identification_registers
