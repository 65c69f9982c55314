// SPDX-License-Identifier: Apache-2.0
// Self-hosted debug (ARM ARM D2): software step, breakpoints and watchpoints. EL1 takes their exceptions.
#include <algorithm>

#include "base/bits.h"
#include "cpu/arm64/cpu.h"
#include "cpu/arm64/registers_debug.h"

namespace kelvin::arm64 {
namespace {

constexpr u8 kBreakpointLower = 0x30, kSoftwareStepLower = 0x32, kWatchpointLower = 0x34;
constexpr u32 kDebugStatus = 0x22;  // IFSC and DFSC of a debug exception
constexpr unsigned kMde = 15, kKde = 13, kSs = 0;
constexpr u64 kAddressMask = low_mask(53) & ~u64{3};  // of DBGBVR and DBGWVR; above it the sign

/// E, and PMC or PAC with SSC, of DBGBCR and DBGWCR (D2.8.3, D2.9.4), for this processor's one Security state.
bool applies(u64 control, ExceptionLevel el) {
    constexpr u64 kSecureOnly = 2;
    return bit(control, 0) && bit(control, el == ExceptionLevel::el0 ? 2 : 1) && bits(control, 15, 14) != kSecureOnly;
}

/// AArch64.BreakpointMatch, of the kinds that match addresses.
bool breakpoint_matches(const State& state, unsigned n) {
    constexpr u64 kAddress = 0, kLinkedAddress = 1, kLinkedContext = 3;
    const u64 control = state.dbgbcr[n];
    const u64 type = bits(control, 23, 20);
    if (!applies(control, state.el()) || ((state.dbgbvr[n] ^ state.pc) & kAddressMask) != 0) {
        return false;
    }
    if (type == kLinkedAddress) {
        const u64 link = bits(control, 19, 16);
        return link < debug_registers::kBreakpoints && bit(state.dbgbcr[link], 0) &&
               bits(state.dbgbcr[link], 23, 20) == kLinkedContext &&
               ((state.dbgbvr[link] ^ state.contextidr[1]) & low_mask(32)) == 0;
    }
    return type == kAddress;
}

/// What a watchpoint watches: `size` bytes from `start`, of which BAS chooses some if they are 8.
struct Watched {
    u64 start, size, selected;
};

Watched watched(const State& state, unsigned n) {
    const u64 value = state.dbgwvr[n];
    const unsigned mask = static_cast<unsigned>(bits(state.dbgwcr[n], 28, 24));
    if (mask >= 3) {
        return {value & ~low_mask(mask), u64{1} << mask, ~u64{0}};
    }
    // Where bit 2 of the address is set, BAS selects from the four bytes there.
    const u64 select = bits(state.dbgwcr[n], 12, 5);
    return {value & ~u64{7}, 8, (value & 4) != 0 ? (select & 15) << 4 : select};
}

bool overlaps(const Watched& range, u64 address, unsigned size) {
    for (u64 at = address; at < address + size; at++) {
        const u64 offset = (at - range.start) & low_mask(56);
        if (offset < range.size && (range.size > 8 || bit(range.selected, static_cast<unsigned>(offset)))) {
            return true;
        }
    }
    return false;
}

}  // namespace

/// AArch64.GenerateDebugExceptionsFrom (D2.3.1); `masked`: PSTATE.D.
bool Cpu::debug_exceptions_enabled(ExceptionLevel from, bool masked) const {
    return !bit(state_.oslar, 0) && (from == ExceptionLevel::el0 || (bit(state_.mdscr, kKde) && !masked));
}

void Cpu::take_software_step() {
    constexpr u32 kSyndromeValid = 1u << 24, kExclusive = 1u << 6;
    const u8 same = state_.el() != ExceptionLevel::el0;
    const u32 syndrome = (stepped_ != 0 ? kSyndromeValid : 0) | (stepped_ == 2 ? kExclusive : 0);
    take_exception(kSoftwareStepLower + same, syndrome | kDebugStatus);
}

void Cpu::end_software_step(bool exclusive) {
    state_.pstate &= ~pstate::kSs;
    stepped_ = exclusive ? 2 : 1;
    events_.mode_changed();
}

bool Cpu::software_step_active() const {
    return bit(state_.mdscr, kSs) && debug_exceptions_enabled(state_.el(), (state_.pstate & pstate::kD) != 0);
}

bool Cpu::breakpoints_active() const {
    const auto any = [&] {
        return std::ranges::any_of(std::span(state_.dbgbcr, debug_registers::kBreakpoints),
                                   [&](u64 control) { return applies(control, state_.el()); });
    };
    return bit(state_.mdscr, kMde) && any() && debug_exceptions_enabled(state_.el(), (state_.pstate & pstate::kD) != 0);
}

void Cpu::check_breakpoints() {
    for (unsigned n = 0; n < debug_registers::kBreakpoints; n++) {
        if (breakpoint_matches(state_, n)) {
            const u8 same = state_.el() != ExceptionLevel::el0;
            return take_exception(kBreakpointLower + same, kDebugStatus);
        }
    }
}

bool Cpu::is_page_watched(u64 address) const {
    constexpr u64 kPage = 4096;
    for (unsigned n = 0; n < debug_registers::kWatchpoints; n++) {
        if (!bit(state_.dbgwcr[n], 0)) {
            continue;
        }
        const Watched range = watched(state_, n);
        const u64 page = align_down(address, kPage);
        const bool begins_inside = ((range.start - page) & low_mask(56)) < kPage;
        const bool began_before = ((page - range.start) & low_mask(56)) < range.size;
        if (begins_inside || began_before) {
            return true;
        }
    }
    return false;
}

bool Cpu::check_watchpoints(u64 address, unsigned size, const AccessType& type, bool atomic) {
    if (!bit(state_.mdscr, kMde) || !debug_exceptions_enabled(state_.el(), (state_.pstate & pstate::kD) != 0)) {
        return false;
    }
    constexpr u64 kLoads = 1, kStores = 2;
    const bool write = type.access == Access::write;
    const u64 kinds = atomic ? kLoads | kStores : write ? kStores : kLoads;
    for (unsigned n = 0; n < debug_registers::kWatchpoints; n++) {
        const u64 control = state_.dbgwcr[n];
        if (applies(control, type.el) && (bits(control, 4, 3) & kinds) != 0 &&
            overlaps(watched(state_, n), address, size)) {
            const u8 same = state_.el() != ExceptionLevel::el0;
            take_exception(kWatchpointLower + same, u32{write} << 6 | kDebugStatus, address);
            return true;
        }
    }
    return false;
}

}  // namespace kelvin::arm64
