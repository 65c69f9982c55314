// SPDX-License-Identifier: Apache-2.0
// The performance monitors' registers (ARM ARM D13, D23.5): PMCR_EL0.N is 0, so that only the cycle counter exists.
#pragma once

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::pmu_registers {

u64 read(Cpu& cpu, u16 encoding);
void write(Cpu& cpu, u64 value, u16 encoding);
u64 read_set(Cpu& cpu, u16 encoding);
void write_set(Cpu& cpu, u64 value, u16 encoding);
void write_clear(Cpu& cpu, u64 value, u16 encoding);
u64 read_selected_type(Cpu& cpu, u16);
void write_selected_type(Cpu& cpu, u64 value, u16);
AccessVerdict guard(Cpu& cpu, bool write);
AccessVerdict guard_increment(Cpu& cpu, bool write);
AccessVerdict guard_cycles(Cpu& cpu, bool write);
AccessVerdict guard_selection(Cpu& cpu, bool write);
AccessVerdict guard_event(Cpu& cpu, bool write);

inline constexpr u64 kCycleEvent = u64{1} << 0x11;  ///< CPU_CYCLES in PMCEID0_EL0
inline constexpr u64 kFilterBits = 0xfc000000;

// clang-format off
inline constexpr SystemRegister kRows[] = {
    hooked("PMCR_EL0", {3, 3, 9, 12, 0}, 0).with(Feature::pmuv3).hooks(read, write).guarded(guard),
    hooked("PMCNTENSET_EL0", {3, 3, 9, 12, 1}, 0).with(Feature::pmuv3).hooks(read_set, write_set).guarded(guard),
    hooked("PMCNTENCLR_EL0", {3, 3, 9, 12, 2}, 0).with(Feature::pmuv3).hooks(read_set, write_clear).guarded(guard),
    hooked("PMOVSCLR_EL0", {3, 3, 9, 12, 3}, 0).with(Feature::pmuv3).hooks(read_set, write_clear).guarded(guard),
    hooked("PMOVSSET_EL0", {3, 3, 9, 14, 3}, 0).with(Feature::pmuv3).hooks(read_set, write_set).guarded(guard),
    write_only("PMSWINC_EL0", {3, 3, 9, 12, 4}, 0).with(Feature::pmuv3).guarded(guard_increment),
    stored("PMSELR_EL0", {3, 3, 9, 12, 5}, 0, offsetof(State, pmselr)).with(Feature::pmuv3).writable(0x1f).guarded(guard_selection),
    read_only("PMCEID0_EL0", {3, 3, 9, 12, 6}, 0).with(Feature::pmuv3).resets_to(kCycleEvent).guarded(guard),
    read_only("PMCEID1_EL0", {3, 3, 9, 12, 7}, 0).with(Feature::pmuv3).guarded(guard),
    hooked("PMCCNTR_EL0", {3, 3, 9, 13, 0}, 0).with(Feature::pmuv3).hooks(read, write).guarded(guard_cycles),
    hooked("PMXEVTYPER_EL0", {3, 3, 9, 13, 1}, 0).with(Feature::pmuv3).hooks(read_selected_type, write_selected_type).guarded(guard),
    raz_wi("PMXEVCNTR_EL0", {3, 3, 9, 13, 2}, 0).with(Feature::pmuv3).guarded(guard_event),
    stored("PMUSERENR_EL0", {3, 3, 9, 14, 0}, 0, offsetof(State, pmuserenr)).with(Feature::pmuv3).written_from(1).writable(0xf),
    hooked("PMINTENSET_EL1", {3, 0, 9, 14, 1}, 1).with(Feature::pmuv3).hooks(read_set, write_set),
    hooked("PMINTENCLR_EL1", {3, 0, 9, 14, 2}, 1).with(Feature::pmuv3).hooks(read_set, write_clear),
    stored("PMCCFILTR_EL0", {3, 3, 14, 15, 7}, 0, offsetof(State, pmccfiltr)).with(Feature::pmuv3).writable(kFilterBits).guarded(guard),
};
// clang-format on

}  // namespace kelvin::arm64::pmu_registers
