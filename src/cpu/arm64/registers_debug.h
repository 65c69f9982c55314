// SPDX-License-Identifier: Apache-2.0
// Registers of self-hosted debug (ARM ARM D2, D23.3). The debug communications channel has no debugger at its other
// end.
#pragma once

#include <array>

#include "cpu/arm64/system_registers.h"

namespace kelvin::arm64::debug_registers {

u64 read_oslsr(Cpu& cpu, u16);
void write_oslar(Cpu& cpu, u64 value, u16);
u64 read_claim_set(Cpu& cpu, u16);
void write_claim_set(Cpu& cpu, u64 value, u16);
void write_claim_clear(Cpu& cpu, u64 value, u16);
AccessVerdict guard_channel(Cpu& cpu, bool write);
/// DBGWVR and DBGWCR: pages are watched that were not.
void write_watchpoint(Cpu& cpu, u64 value, u16 encoding);

// clang-format off
inline constexpr SystemRegister kSingleRows[] = {
    stored("OSDTRRX_EL1", {2, 0, 0, 0, 2}, 1, offsetof(State, dtrrx)).writable(0xffffffff),
    stored("OSDTRTX_EL1", {2, 0, 0, 3, 2}, 1, offsetof(State, dtrtx)).writable(0xffffffff),
    stored("OSECCR_EL1", {2, 0, 0, 6, 2}, 1, offsetof(State, oseccr)).writable(0xffffffff),
    stored("MDCCINT_EL1", {2, 0, 0, 2, 0}, 1, offsetof(State, mdccint)).writable(0x60000000),
    stored("MDSCR_EL1", {2, 0, 0, 2, 2}, 1, offsetof(State, mdscr)).writable(0x6ce0f041).affects(kModeEffect),
    read_only("MDCCSR_EL0", {2, 3, 0, 1, 0}, 0).guarded(guard_channel),
    raz_wi("DBGDTR_EL0", {2, 3, 0, 4, 0}, 0).guarded(guard_channel),
    raz_wi("DBGDTRRX_EL0", {2, 3, 0, 5, 0}, 0).guarded(guard_channel),  // written: DBGDTRTX_EL0
    read_only("MDRAR_EL1", {2, 0, 1, 0, 0}, 1),
    write_only("OSLAR_EL1", {2, 0, 1, 0, 4}, 1).on_write(write_oslar).affects(kModeEffect),
    read_only("OSLSR_EL1", {2, 0, 1, 1, 4}, 1).on_read(read_oslsr),
    stored("OSDLR_EL1", {2, 0, 1, 3, 4}, 1, offsetof(State, osdlr)).writable(1),
    stored("DBGPRCR_EL1", {2, 0, 1, 4, 4}, 1, offsetof(State, dbgprcr)).writable(1),
    hooked("DBGCLAIMSET_EL1", {2, 0, 7, 8, 6}, 1).hooks(read_claim_set, write_claim_set),
    stored("DBGCLAIMCLR_EL1", {2, 0, 7, 9, 6}, 1, offsetof(State, dbgclaim)).on_write(write_claim_clear),
    read_only("DBGAUTHSTATUS_EL1", {2, 0, 7, 14, 6}, 1).resets_to(0xa),  // Non-secure, invasive: on
};
// clang-format on

/// As ID_AA64DFR0_EL1 says. The last breakpoints are the context-aware ones.
inline constexpr unsigned kBreakpoints = 6, kContextAware = 2, kWatchpoints = 4;

inline constexpr auto kRows = [] {
    std::array<SystemRegister, std::size(kSingleRows) + 2 * (kBreakpoints + kWatchpoints)> rows{};
    std::size_t count = 0;
    for (const SystemRegister& row : kSingleRows) {
        rows[count++] = row;
    }
    const auto add = [&](unsigned many, SystemRegister first, std::size_t offset) {
        for (unsigned i = 0; i < many; i++) {
            first.encoding = RegisterAddress{2, 0, 0, static_cast<u8>(i), static_cast<u8>(first.encoding & 7)};
            first.offset = static_cast<i32>(offset + 8 * i);
            rows[count++] = first;
        }
    };
    add(kBreakpoints, hooked("DBGBVR<n>_EL1", {2, 0, 0, 0, 4}, 1), offsetof(State, dbgbvr));
    add(kBreakpoints, hooked("DBGBCR<n>_EL1", {2, 0, 0, 0, 5}, 1).writable(0xffe1e7).affects(kModeEffect),
        offsetof(State, dbgbcr));
    add(kWatchpoints, hooked("DBGWVR<n>_EL1", {2, 0, 0, 0, 6}, 1).writable(~u64{3}).on_write(write_watchpoint),
        offsetof(State, dbgwvr));
    add(kWatchpoints, hooked("DBGWCR<n>_EL1", {2, 0, 0, 0, 7}, 1).writable(0x1f1fffff).on_write(write_watchpoint),
        offsetof(State, dbgwcr));
    return rows;
}();

}  // namespace kelvin::arm64::debug_registers
