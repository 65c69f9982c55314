// SPDX-License-Identifier: Apache-2.0
// Everything besides its bytes that a translation depends on. Two regions of the same code with different modes are
// different.
#pragma once

#include "cpu/arm64/state.h"

namespace kelvin::arm64 {

struct Mode {
    u32 bits = 0;

    // Layout: 1:0 EL, 2 SPSel, 3 FP access traps (EL0/EL1 as it applies now), 4 SCTLR.A, 5 SCTLR.SA/SA0 in force, 6
    // data big-endian, 7 single step, 8 and 13 the top byte of addresses of code and of data counts, 9 MMU on, 10 UAO
    // in force, 11 the page is guarded, 12 breakpoints, 14 a step is pending, 15 PSTATE.IL, 16 DC ZVA is trapped, 18:17
    // BTYPE at entry, 20 other processors share the memory, 21 instructions are metered, 27:22 FPCR{AHP DN FZ RMode},
    // 19 FPCR.FZ16, 28 one instruction, 29 CNTVCT_EL0 is trapped, 30 one instruction for a debugger.
    static constexpr u32 kElMask = 3, kSpSel = 1u << 2;
    static constexpr u32 kFpTrap = 1u << 3, kAlign = 1u << 4, kStackAlign = 1u << 5, kBigEndian = 1u << 6;
    static constexpr u32 kSingleStep = 1u << 7, kMmu = 1u << 9, kUao = 1u << 10;
    // Known only to who fetches the code: see entry_mode().
    static constexpr u32 kGuardedPage = 1u << 11, kBranchTypeShift = 17;
    static constexpr u32 kCodeTopByte = 1u << 8, kDataTopByte = 1u << 13;  ///< top_byte_counts()
    static constexpr u32 kBreakpoints = 1u << 12;                          ///< one may match
    static constexpr u32 kShared = 1u << 20;                               ///< added by who runs the code
    static constexpr u32 kMetered = 1u << 21;                              ///< likewise: see InstructionClock
    static constexpr u32 kSingle = 1u << 28;                               ///< likewise: a region of one instruction
    /// Likewise: a region of one instruction, whose exits are never linked.
    static constexpr u32 kDebugged = 1u << 30;
    static constexpr u32 kStepPending = 1u << 14;  ///< with kSingleStep: the instruction has been stepped
    static constexpr u32 kIllegal = 1u << 15, kZeroTrap = 1u << 16;
    static constexpr u32 kCounterTrap = 1u << 29;
    static constexpr u32 kFpcrMask = 0x07c80000;  ///< AHP DN FZ RMode FZ16, where they are in FPCR

    constexpr bool operator==(const Mode&) const = default;
    ExceptionLevel el() const { return static_cast<ExceptionLevel>(bits & 3); }
    bool has(u32 mask) const { return (bits & mask) != 0; }
    u32 fpcr() const { return bits & kFpcrMask; }
    /// PSTATE.BTYPE as the first instruction finds it. The state itself has 0 there while code runs.
    u32 branch_type() const { return bits >> kBranchTypeShift & 3; }
};

/// The mode that `state` is in.
Mode current_mode(const State& state);

/// `current` for a region that begins with the instruction `first` of a page that is guarded or not (FEAT_BTI), and is
/// come to with PSTATE.BTYPE = `branch_type`. In a page that is not guarded the type has no effect but to be seen in
/// SPSR by those exceptions that must show it (AArch64.TakeException, ZEROBTYPE); where the region itself cannot take
/// any of these, it serves all types. (One thing is lost: who comes through a jump cache to such a region after a store
/// has dropped it finds BTYPE 0, should an interrupt or a BRK just stored be taken in its place. Metered code comes out
/// of a region that it has not begun far more often, and makes no such difference.)
Mode entry_mode(Mode current, bool guarded, u32 branch_type, u32 first);

}  // namespace kelvin::arm64
