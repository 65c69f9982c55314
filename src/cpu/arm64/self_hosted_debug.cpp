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
constexpr u32 kWriteNotRead = 1u << 6, kCacheMaintenance = 1u << 8;
constexpr unsigned kMde = 15, kKde = 13, kSs = 0;
constexpr u64 kAddressMask = low_mask(53) & ~u64{3};  // of DBGBVR and DBGWVR; above it the sign

/// E, and PMC or PAC with SSC, of DBGBCR and DBGWCR (D2.8.3, D2.9.4), for this processor's one Security state.
bool applies(u64 control, ExceptionLevel el) {
    constexpr u64 kSecureOnly = 2;
    return bit(control, 0) && bit(control, el == ExceptionLevel::el0 ? 2 : 1) && bits(control, 15, 14) != kSecureOnly;
}

/// DBGBCR.BT without its bit 0, which says that the breakpoint is linked.
enum class BreakpointType : u8 { address = 0b000, context = 0b001, context_el1 = 0b011 };

BreakpointType breakpoint_type(u64 control) {
    return static_cast<BreakpointType>(bits(control, 23, 21));
}
bool is_linked(u64 control) {
    return bit(control, 20);
}

/// Of AArch64.BreakpointValueMatch the part for contexts, of a breakpoint that is enabled. At EL0 and EL1 without EL2
/// both types compare CONTEXTIDR_EL1; the second came with FEAT_Debugv8p2. Reserved types, and types that only
/// context-aware breakpoints have, never match.
bool context_matches(const State& state, unsigned n) {
    constexpr unsigned kFirstContextAware = debug_registers::kBreakpoints - debug_registers::kContextAware;
    const BreakpointType type = breakpoint_type(state.dbgbcr[n]);
    const bool known = type == BreakpointType::context ||
                       (type == BreakpointType::context_el1 && state.cpu->model().has(Feature::debugv8p2));
    return known && n >= kFirstContextAware && n < debug_registers::kBreakpoints &&
           ((state.dbgbvr[n] ^ state.contextidr[1]) & low_mask(32)) == 0;
}

/// AArch64.StateMatch, where a linked breakpoint or watchpoint names the breakpoint that must match the context (LBN).
bool link_matches(const State& state, u64 control) {
    const unsigned link = static_cast<unsigned>(bits(control, 19, 16));
    const u64 linked_control = state.dbgbcr[link];
    return bit(linked_control, 0) && is_linked(linked_control) && context_matches(state, link);
}

/// AArch64.BreakpointMatch.
bool breakpoint_matches(const State& state, unsigned n) {
    const u64 control = state.dbgbcr[n];
    if (!applies(control, state.el())) {
        return false;
    }
    if (breakpoint_type(control) == BreakpointType::address) {
        return ((state.dbgbvr[n] ^ state.pc) & kAddressMask) == 0 &&
               (!is_linked(control) || link_matches(state, control));
    }
    // A linked context is there for others to name.
    return !is_linked(control) && context_matches(state, n);
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

bool Cpu::watchpoint_matches(u64 start, unsigned size, ExceptionLevel el, WatchedKind kind) const {
    if (!bit(state_.mdscr, kMde) || !debug_exceptions_enabled(state_.el(), (state_.pstate & pstate::kD) != 0)) {
        return false;
    }
    for (unsigned n = 0; n < debug_registers::kWatchpoints; n++) {
        const u64 control = state_.dbgwcr[n];
        const bool of_kind = (bits(control, 4, 3) & static_cast<u64>(kind)) != 0;
        if (applies(control, el) && of_kind && overlaps(watched(state_, n), start, size) &&
            (!is_linked(control) || link_matches(state_, control))) {
            return true;
        }
    }
    return false;
}

void Cpu::take_watchpoint(u64 address, u32 syndrome) {
    const u8 same = state_.el() != ExceptionLevel::el0;
    take_exception(kWatchpointLower + same, syndrome | kDebugStatus, address);
}

bool Cpu::check_watchpoints(u64 address, unsigned size, const AccessType& type, bool atomic) {
    // Of what both reads and writes, WnR says "read" where a read alone would have matched.
    const bool write = type.access == Access::write;
    if ((atomic || !write) && watchpoint_matches(address, size, type.el, WatchedKind::load)) {
        take_watchpoint(address, 0);
        return true;
    }
    if (write && watchpoint_matches(address, size, type.el, WatchedKind::store)) {
        take_watchpoint(address, kWriteNotRead);
        return true;
    }
    return false;
}

bool Cpu::check_invalidation_watchpoints(u64 address) {
    const unsigned line = 4u << bits(model_.id.ctr, 19, 16);  // DminLine
    if (!watchpoint_matches(align_down(address, line), line, state_.el(), WatchedKind::store)) {
        return false;
    }
    take_watchpoint(address, kCacheMaintenance | kWriteNotRead);
    return true;
}

}  // namespace kelvin::arm64
