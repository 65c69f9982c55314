// SPDX-License-Identifier: Apache-2.0
// The architectural state of one AArch64 processor: plain data, the same for every accelerator.
#pragma once

#include "base/bits.h"
#include "base/types.h"

namespace kelvin::arm64 {

class Cpu;

enum class ExceptionLevel : u8 { el0, el1, el2, el3 };

/// PSTATE but for NZCV, in SPSR's layout (ARM ARM C5.2.19), so that saving it is a copy.
namespace pstate {
inline constexpr u32 kSp = 1u << 0;  ///< 1: SP_ELx, 0: SP_EL0
inline constexpr u32 kElShift = 2;
inline constexpr u32 kElMask = 3u << 2;
inline constexpr u32 kNrw = 1u << 4;  ///< AArch32: never set
inline constexpr u32 kF = 1u << 6;
inline constexpr u32 kI = 1u << 7;
inline constexpr u32 kA = 1u << 8;
inline constexpr u32 kD = 1u << 9;
inline constexpr u32 kDaif = kF | kI | kA | kD;
inline constexpr u32 kBtypeShift = 10;
inline constexpr u32 kBtypeMask = 3u << 10;
inline constexpr u32 kSsbs = 1u << 12;
inline constexpr u32 kIl = 1u << 20;
inline constexpr u32 kSs = 1u << 21;
inline constexpr u32 kPan = 1u << 22;
inline constexpr u32 kUao = 1u << 23;
inline constexpr u32 kDit = 1u << 24;
inline constexpr u32 kTco = 1u << 25;
inline constexpr u32 kNzcvShift = 28;
}  // namespace pstate

/// Registers that generated code reads and writes by offset come first: x, sp, flags and v within reach of short
/// displacements. Owner: the vCPU's thread.
struct alignas(64) State {
    u64 x[31];
    u64 sp;      ///< of the selected stack pointer; the others are in `sp_el`
    u32 flags;   ///< NZCV in the IR's stored form (ir/guest_desc.h): use nzcv() and set_nzcv()
    u32 pstate;  ///< the rest of PSTATE: see pstate::
    u64 pc;      ///< exact between regions and during helpers that may exit
    u32 fpcr;
    u32 fpsr;  ///< cumulative flags; while generated code runs, those that the host's MXCSR holds are not in it yet
    u32 exception_taken;  ///< set when an exception is taken: the region that caused it must be left; the executor
                          ///< clears it
    u32 interrupts;  ///< a bit per Interrupt whose line is high. Any thread: only by std::atomic_ref, or read by code
    alignas(16) V128 v[32];

    Cpu* cpu;  ///< for helpers: everything that is not plain data

    // System registers that are plain storage at every level where they exist. [0] is EL0 or unused.
    u64 sp_el[4];
    u64 elr[4];
    u64 spsr[4];
    u64 esr[4];
    u64 far[4];
    u64 vbar[4];
    u64 sctlr[4];
    u64 actlr[4];
    u64 tcr[4];
    u64 ttbr0[4];
    u64 ttbr1[4];
    u64 mair[4];
    u64 amair[4];
    u64 afsr0[4];
    u64 afsr1[4];
    u64 tpidr[4];
    u64 tpidrro_el0;
    u64 contextidr[4];
    u64 cpacr;
    u64 par;
    u64 csselr;
    u64 mdscr;
    u64 oslar;  ///< OSLSR_EL1.OSLK
    u64 cntkctl;
    u64 hcr_el2;
    u64 scr_el3;
    u64 apkey[5][2];  ///< APIA, APIB, APDA, APDB, APGA: low, high
    /// Derived (pointer_signing.h): the bits of an address whose bit 55 is 0 that hold its code, none where the key is
    /// disabled; and how they differ where bit 55 is 1.
    struct CodeBits {
        u64 lower, difference;
    } code_bits[6];
    u64 dbgbvr[16], dbgbcr[16], dbgwvr[16], dbgwcr[16];
    u64 disr;
    u64 cntfrq;
    u64 pmselr, pmuserenr, pmccfiltr;
    u64 mdccint, osdlr, oseccr, dbgprcr, dbgclaim, dtrrx, dtrtx;

    u32 nzcv() const {
        return ((flags >> 15) & 1) << 31 | ((flags >> 14) & 1) << 30 | (((flags >> 8) & 1) ^ 1) << 29 |
               (flags & 1) << 28;
    }
    /// `value` in bits 31:28.
    void set_nzcv(u32 value) {
        flags = ((value >> 31) & 1) << 15 | ((value >> 30) & 1) << 14 | (((value >> 29) & 1) ^ 1) << 8 |
                ((value >> 28) & 1);
    }
    ExceptionLevel el() const { return static_cast<ExceptionLevel>((pstate & pstate::kElMask) >> pstate::kElShift); }
};

}  // namespace kelvin::arm64
