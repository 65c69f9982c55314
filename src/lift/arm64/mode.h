// SPDX-License-Identifier: Apache-2.0
// Everything besides its bytes that a translation depends on. Two regions of the same code with different modes are
// different.
#pragma once

#include "cpu/arm64/state.h"

namespace kelvin::arm64 {

struct Mode {
    u32 bits = 0;

    // Layout: 1:0 EL, 2 SPSel, 3 FP access traps (EL0/EL1 as it applies now), 4 SCTLR.A, 5 SCTLR.SA/SA0 in force, 6
    // data big-endian, 7 single step, 8 BTYPE is tracked (BTI), 9 MMU on, 10 UAO in force, 11 the page is guarded, 12
    // breakpoints, 14 a step is pending, 15 PSTATE.IL, 16 DC ZVA is trapped, 27:22 FPCR{AHP DN FZ RMode}, 19 FPCR.FZ16.
    static constexpr u32 kElMask = 3, kSpSel = 1u << 2;
    static constexpr u32 kFpTrap = 1u << 3, kAlign = 1u << 4, kStackAlign = 1u << 5, kBigEndian = 1u << 6;
    static constexpr u32 kSingleStep = 1u << 7, kMmu = 1u << 9, kUao = 1u << 10;
    /// Known only to who fetches the code, who adds them to current_mode(): that some page in use is guarded (until
    /// then BTYPE, which costs a look at each region's begin, is left alone), and that this region's page is.
    static constexpr u32 kTrackBtype = 1u << 8, kGuardedPage = 1u << 11;
    static constexpr u32 kBreakpoints = 1u << 12;  ///< one may match
    static constexpr u32 kStepPending = 1u << 14;  ///< with kSingleStep: the instruction has been stepped
    static constexpr u32 kIllegal = 1u << 15, kZeroTrap = 1u << 16;
    static constexpr u32 kFpcrMask = 0x07c80000;  ///< AHP DN FZ RMode FZ16, where they are in FPCR

    constexpr bool operator==(const Mode&) const = default;
    ExceptionLevel el() const { return static_cast<ExceptionLevel>(bits & 3); }
    bool has(u32 mask) const { return (bits & mask) != 0; }
    u32 fpcr() const { return bits & kFpcrMask; }
};

/// The mode that `state` is in.
Mode current_mode(const State& state);

}  // namespace kelvin::arm64
