// SPDX-License-Identifier: Apache-2.0
// The Generic Timer's registers (ARM ARM D12, D23.12).
#pragma once

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::timer_registers {

u64 frequency(const Model& model);
u64 read_counter(Cpu& cpu, u16);
u64 read_timer(Cpu& cpu, u16 encoding);
void write_timer(Cpu& cpu, u64 value, u16 encoding);
AccessVerdict guard_frequency(Cpu& cpu, bool write);
AccessVerdict guard_physical_counter(Cpu& cpu, bool write);
AccessVerdict guard_virtual_counter(Cpu& cpu, bool write);
AccessVerdict guard_physical_timer(Cpu& cpu, bool write);
AccessVerdict guard_virtual_timer(Cpu& cpu, bool write);

// clang-format off
inline constexpr SystemRegister kRows[] = {
    // EL1 is the highest level there is, so that CNTFRQ_EL0 is writable there; it changes what is read, no more.
    stored("CNTFRQ_EL0", {3, 3, 14, 0, 0}, 0, offsetof(State, cntfrq)).written_from(1).by_model(nullptr, frequency).guarded(guard_frequency),
    read_only("CNTPCT_EL0", {3, 3, 14, 0, 1}, 0).on_read(read_counter).guarded(guard_physical_counter),
    read_only("CNTVCT_EL0", {3, 3, 14, 0, 2}, 0).on_read(read_counter).guarded(guard_virtual_counter),
    hooked("CNTP_TVAL_EL0", {3, 3, 14, 2, 0}, 0).hooks(read_timer, write_timer).guarded(guard_physical_timer),
    hooked("CNTP_CTL_EL0", {3, 3, 14, 2, 1}, 0).hooks(read_timer, write_timer).guarded(guard_physical_timer),
    hooked("CNTP_CVAL_EL0", {3, 3, 14, 2, 2}, 0).hooks(read_timer, write_timer).guarded(guard_physical_timer),
    hooked("CNTV_TVAL_EL0", {3, 3, 14, 3, 0}, 0).hooks(read_timer, write_timer).guarded(guard_virtual_timer),
    hooked("CNTV_CTL_EL0", {3, 3, 14, 3, 1}, 0).hooks(read_timer, write_timer).guarded(guard_virtual_timer),
    hooked("CNTV_CVAL_EL0", {3, 3, 14, 3, 2}, 0).hooks(read_timer, write_timer).guarded(guard_virtual_timer),
    stored("CNTKCTL_EL1", {3, 0, 14, 1, 0}, 1, offsetof(State, cntkctl)).writable(0x3ff).affects(kModeEffect),
};
// clang-format on

}  // namespace kelvin::arm64::timer_registers
