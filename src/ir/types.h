// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the intermediate representation: types, conditions, lanes, memory attributes.
#pragma once

#include "base/types.h"

namespace kelvin::ir {

/// The type of a value, and for integer operations the width they work at.
/// Integer values live in 64-bit containers. An i32 operation reads the low 32 bits of its operands, whatever lies
/// above, and zero-extends its result to the container. So an i32 result can be used where i64 is asked for
/// (zero-extended) and an i64 value where i32 is asked for (truncated), without a conversion.
enum class Type : u8 { none, i32, i64, v128, flags };

/// Conditions on a flags value, numbered as in A64. Carry has Arm's sense: after a subtraction, set means "no borrow".
enum class Cond : u8 { eq, ne, cs, cc, mi, pl, vs, vc, hi, ls, ge, lt, gt, le, al, nv };

constexpr Cond invert(Cond cond) {
    return static_cast<Cond>(static_cast<u8>(cond) ^ 1);
}

/// Element size of a vector operation: log2 of bytes.
enum class Lane : u8 { b, h, s, d };

constexpr unsigned lane_bits(Lane lane) {
    return 8u << static_cast<unsigned>(lane);
}
constexpr unsigned lane_count(Lane lane) {
    return 16u >> static_cast<unsigned>(lane);
}

/// What a floating-point operation works on. Scalars occupy the bottom of a v128, and every scalar result is zero
/// above. v4h and v2s work on the low 64 bits only (no exceptions from above) and zero the upper half.
enum class FpShape : u8 { h, s, d, v4h, v8h, v2s, v4s, v2d };

constexpr Lane fp_lane(FpShape shape) {
    switch (shape) {
        case FpShape::h:
        case FpShape::v4h:
        case FpShape::v8h:
            return Lane::h;
        case FpShape::s:
        case FpShape::v2s:
        case FpShape::v4s:
            return Lane::s;
        default:
            return Lane::d;
    }
}

constexpr unsigned fp_lanes(FpShape shape) {
    switch (shape) {
        case FpShape::h:
        case FpShape::s:
        case FpShape::d:
            return 1;
        case FpShape::v4h:
        case FpShape::v4s:
            return 4;
        case FpShape::v8h:
            return 8;
        default:
            return 2;
    }
}

enum class Order : u8 { plain, acquire, release, acquire_release };

enum class AtomicKind : u8 { add, clear, exclusive_or, set, smax, smin, umax, umin, swap };

/// `clock`: what reads the clock afterwards does so after all that comes before, but for stores.
enum class FenceKind : u8 { loads, stores, full, clock };

/// What ends a region by an indirect jump; a hint for return prediction.
enum class JumpKind : u8 { jump, call, ret };

/// Attributes of a guest memory access, packed into the upper half of Op::imm; the lower half is a signed byte offset.
struct MemInfo {
    static constexpr u8 kNoBase = 63;

    u8 size_log2 = 3;           ///< bytes = 1 << size_log2, 0 to 4
    bool sign_extend = false;   ///< loads of i32 or i64: sign-extend to the operation's type, else zero-extend
    bool unprivileged = false;  ///< with EL0's permissions (LDTR and its kin)
    bool aligned = false;       ///< must be naturally aligned whatever SCTLR.A says
    bool stack = false;         ///< the base is a stack pointer that must be a multiple of 16, or an exception is taken
    bool pair = false;          ///< two values at once: alignment is that of one of them, and devices see two accesses
    /// A part of a block that DC ZVA zeroes: its faults report the base register's value (zero without a base), and
    /// Device memory does not take it.
    bool zeroes = false;
    bool scattered = false;  ///< seldom to the page of the last access off the base: its page slot is no use
    Order order = Order::plain;
    u8 base = kNoBase;  ///< the guest register slot that holds the base: selects the page slot

    constexpr u32 pack() const {
        return size_log2 | u32{sign_extend} << 3 | u32{unprivileged} << 4 | u32{aligned} << 5 | u32{stack} << 6 |
               static_cast<u32>(order) << 8 | u32{pair} << 10 | u32{zeroes} << 11 | u32{scattered} << 12 |
               u32{base} << 16;
    }
    static constexpr MemInfo unpack(u32 bits) {
        MemInfo info;
        info.size_log2 = bits & 7;
        info.sign_extend = (bits >> 3) & 1;
        info.unprivileged = (bits >> 4) & 1;
        info.aligned = (bits >> 5) & 1;
        info.stack = (bits >> 6) & 1;
        info.order = static_cast<Order>((bits >> 8) & 3);
        info.pair = (bits >> 10) & 1;
        info.zeroes = (bits >> 11) & 1;
        info.scattered = (bits >> 12) & 1;
        info.base = (bits >> 16) & 63;
        return info;
    }
};

constexpr u64 pack_memory(MemInfo info, i32 offset) {
    return u64{info.pack()} << 32 | static_cast<u32>(offset);
}

}  // namespace kelvin::ir
