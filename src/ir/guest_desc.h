// SPDX-License-Identifier: Apache-2.0
// What the IR and the back end know of a guest: where its registers lie, and which are hot. Nothing else.
#pragma once

#include <span>

#include "ir/types.h"

namespace kelvin::ir {

/// A guest register as the IR sees it.
struct Slot {
    const char* name;
    Type type;   ///< i64, v128 or flags
    u32 offset;  ///< bytes from the start of the guest's state
};

/// How floating point behaves in a region: the part of FPCR that code is specialised on.
struct FpMode {
    u32 fpcr = 0;  ///< in FPCR's layout; only control bits

    constexpr bool operator==(const FpMode&) const = default;
};

struct GuestDesc {
    static constexpr u32 kMaxSlots = 128;

    std::span<const Slot> slots;          ///< at most kMaxSlots
    u32 flags_slot;                       ///< index of the one slot of type flags
    std::span<const u8> integer_by_heat;  ///< slots, hottest first: the back end pins as many as it has registers for
    std::span<const u8> vector_by_heat;
    u32 fp_status_offset;  ///< u32 in the state: cumulative FP exceptions and the sticky saturation flag, FPSR's layout
    u32 pc_offset;         ///< u64 in the state: exact between regions and during calls that see the state
    u32 exception_offset;  ///< u32 in the state: nonzero after a call that raised an exception, so that the region is
                           ///< left
    u32 branch_type_offset = 0;  ///< u32 in the state that says how the code about to run was branched to, in the two
    u8 branch_type_shift = 0;    ///< bits from here up; other bits are the guest's
    /// The guest's time; `state` is what helpers get. Only read_clock asks for it.
    i64 (*clock_ns)(void* state) = nullptr;
};

/// The stored form of a flags value (u32 in the state): bit 15 N, bit 14 Z, bit 8 NOT C, bit 0 V; the rest is
/// arbitrary. It is what x86's `lahf; seto al` makes after a subtraction.
namespace stored_flags {
inline constexpr u32 kN = 1u << 15;
inline constexpr u32 kZ = 1u << 14;
inline constexpr u32 kNotC = 1u << 8;
inline constexpr u32 kV = 1u << 0;

/// `nzcv` in bits 31:28.
constexpr u32 from_nzcv(u32 nzcv) {
    return ((nzcv >> 31) & 1) << 15 | ((nzcv >> 30) & 1) << 14 | (((nzcv >> 29) & 1) ^ 1) << 8 | ((nzcv >> 28) & 1);
}
constexpr u32 to_nzcv(u32 stored) {
    return ((stored >> 15) & 1) << 31 | ((stored >> 14) & 1) << 30 | (((stored >> 8) & 1) ^ 1) << 29 |
           (stored & 1) << 28;
}
}  // namespace stored_flags

}  // namespace kelvin::ir
