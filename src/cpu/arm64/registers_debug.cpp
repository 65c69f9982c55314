// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/registers_debug.h"

#include "base/bits.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::arm64::debug_registers {
namespace {

constexpr u64 kClaimTags = 0xff;

}  // namespace

u64 read_oslsr(Cpu& cpu, u16) {
    constexpr u64 kLockImplemented = 1u << 3;  // OSLM = 0b10
    return kLockImplemented | (cpu.state().oslar & 1) << 1;
}

void write_oslar(Cpu& cpu, u64 value, u16) {
    if (cpu.state().oslar != (value & 1)) {
        cpu.state().oslar = value & 1;
        cpu.events().mode_changed();
    }
}

/// Reads as which tags exist.
u64 read_claim_set(Cpu&, u16) {
    return kClaimTags;
}
void write_claim_set(Cpu& cpu, u64 value, u16) {
    cpu.state().dbgclaim |= value & kClaimTags;
}
void write_claim_clear(Cpu& cpu, u64 value, u16) {
    cpu.state().dbgclaim &= ~value;
}

void write_watchpoint(Cpu& cpu, u64 value, u16 encoding) {
    constexpr u64 kAddress = 6;  // op2
    State& state = cpu.state();
    const u64 n = bits(encoding, 6, 3);
    u64& stored = (encoding & 7) == kAddress ? state.dbgwvr[n] : state.dbgwcr[n];
    const u64 now = value & find_system_register(encoding)->mask;
    const bool matters = now != stored && ((state.dbgwcr[n] | now) & 1) != 0;
    stored = now;
    if (matters) {
        cpu.events().tlb_flush_all(false);
    }
}

/// MDSCR_EL1.TDCC traps EL0.
AccessVerdict guard_channel(Cpu& cpu, bool) {
    const bool trapped = cpu.state().el() == ExceptionLevel::el0 && bit(cpu.state().mdscr, 12);
    return trapped ? AccessVerdict::trapped : AccessVerdict::allowed;
}

}  // namespace kelvin::arm64::debug_registers
