// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/mode.h"

#include "cpu/arm64/cpu.h"
#include "cpu/arm64/pointer_signing.h"

namespace kelvin::arm64 {

namespace {

// SCTLR_EL1 (ARM ARM D24.2, SCTLR_EL1).
constexpr unsigned kSctlrM = 0, kSctlrA = 1, kSctlrSa = 3, kSctlrSa0 = 4, kSctlrDze = 14, kSctlrE0e = 24, kSctlrEe = 25;
constexpr unsigned kMdscrSs = 0, kMdscrMde = 15;
constexpr unsigned kCntkctlEl0vcten = 1;

/// AArch64.CheckFPAdvSIMDEnabled: CPACR_EL1.FPEN.
bool fp_trapped(const State& state, bool user) {
    const u64 fpen = bits(state.cpacr, 21, 20);
    return fpen == 0 || fpen == 2 || (fpen == 1 && user);
}

}  // namespace

Mode current_mode(const State& state) {
    const bool user = state.el() == ExceptionLevel::el0;
    const u64 sctlr = state.sctlr[1];
    u32 mode = static_cast<u32>(state.el()) | (state.fpcr & Mode::kFpcrMask);
    const auto add = [&](bool condition, u32 flag) { mode |= condition ? flag : 0; };
    add((state.pstate & pstate::kSp) != 0, Mode::kSpSel);
    add(fp_trapped(state, user), Mode::kFpTrap);
    add(bit(sctlr, kSctlrA), Mode::kAlign);
    add(bit(sctlr, user ? kSctlrSa0 : kSctlrSa), Mode::kStackAlign);
    add(bit(sctlr, user ? kSctlrE0e : kSctlrEe), Mode::kBigEndian);
    add(bit(sctlr, kSctlrM), Mode::kMmu);
    add(!user && (state.pstate & pstate::kUao) != 0, Mode::kUao);
    add((state.pstate & pstate::kIl) != 0, Mode::kIllegal);
    add(top_byte_counts(state.tcr[1], false), Mode::kCodeTopByte);
    add(top_byte_counts(state.tcr[1], true), Mode::kDataTopByte);
    add(user && !bit(sctlr, kSctlrDze), Mode::kZeroTrap);
    add(user && !bit(state.cntkctl, kCntkctlEl0vcten), Mode::kCounterTrap);
    add(bit(state.mdscr, kMdscrMde) && state.cpu->breakpoints_active(), Mode::kBreakpoints);
    if (bit(state.mdscr, kMdscrSs) && state.cpu->software_step_active()) {
        add(true, Mode::kSingleStep);
        add((state.pstate & pstate::kSs) == 0, Mode::kStepPending);
    }
    return {mode};
}

Mode entry_mode(Mode current, bool guarded, u32 branch_type, u32 first) {
    const auto is_brk = [&] { return (first & 0xffe0001f) == 0xd4200000; };
    constexpr u32 kExceptionsFirst = Mode::kSingleStep | Mode::kBreakpoints | Mode::kIllegal | Mode::kMetered;
    const bool matters = branch_type != 0 && (guarded || current.has(kExceptionsFirst) || is_brk());
    return {current.bits | (guarded ? Mode::kGuardedPage : 0) | (matters ? branch_type << Mode::kBranchTypeShift : 0)};
}

}  // namespace kelvin::arm64
