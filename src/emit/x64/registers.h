// SPDX-License-Identifier: Apache-2.0
// What an x86-64 instruction names: registers, operand widths, conditions and memory operands.
#pragma once

#include <bit>

#include "base/assert.h"
#include "base/types.h"

namespace kelvin::x64 {

enum class Gpr : u8 { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

/// xmm16 to xmm31 exist only in EVEX encodings: see `VexOp::has_evex()`.
enum class Xmm : u8 {
    xmm0,
    xmm1,
    xmm2,
    xmm3,
    xmm4,
    xmm5,
    xmm6,
    xmm7,
    xmm8,
    xmm9,
    xmm10,
    xmm11,
    xmm12,
    xmm13,
    xmm14,
    xmm15,
    xmm16,
    xmm17,
    xmm18,
    xmm19,
    xmm20,
    xmm21,
    xmm22,
    xmm23,
    xmm24,
    xmm25,
    xmm26,
    xmm27,
    xmm28,
    xmm29,
    xmm30,
    xmm31,
};

/// The /0 to /7 that some opcodes put where others name a register.
enum class Digit : u8 {};

/// Whether instructions may be VEX encoded at all, or must be those of hosts without AVX and BMI.
enum class Encoding : u8 { vex, legacy };

enum class Width : u8 { w8, w16, w32, w64 };

/// In hardware's order: the complement of a condition is its number with bit 0 flipped.
enum class Cond : u8 { o, no, b, ae, e, ne, be, a, s, ns, p, np, l, ge, le, g };

constexpr unsigned number(Gpr r) {
    return static_cast<unsigned>(r);
}
constexpr unsigned number(Xmm r) {
    return static_cast<unsigned>(r);
}
constexpr unsigned number(Digit d) {
    return static_cast<unsigned>(d);
}
constexpr unsigned number(Cond c) {
    return static_cast<unsigned>(c);
}

constexpr Cond invert(Cond c) {
    return static_cast<Cond>(number(c) ^ 1);
}

constexpr unsigned bytes(Width w) {
    return 1u << static_cast<unsigned>(w);
}

class Label;

/// A memory operand. Made by the functions below.
struct Mem {
    enum class Kind : u8 { based, baseless, rip, label };

    i64 value = 0;         ///< based, baseless: the displacement; rip: the address meant; label: the Label's address
    Gpr base = Gpr::rax;   ///< rax unless Kind::based
    Gpr index = Gpr::rsp;  ///< rsp, which hardware cannot index by, means none
    u8 shift = 0;          ///< log2 of the scale
    Kind kind = Kind::based;
};

/// [base + disp]
constexpr Mem mem(Gpr base, i32 disp = 0) {
    return {.value = disp, .base = base};
}

/// [base + index * scale + disp]; scale is 1, 2, 4 or 8 and index is not rsp.
constexpr Mem mem(Gpr base, Gpr index, unsigned scale, i32 disp = 0) {
    KELVIN_ASSERT(std::has_single_bit(scale) && scale <= 8 && index != Gpr::rsp);
    return {.value = disp, .base = base, .index = index, .shift = static_cast<u8>(std::countr_zero(scale))};
}

/// [index * scale + disp]
constexpr Mem mem_scaled(Gpr index, unsigned scale, i32 disp = 0) {
    Mem m = mem(Gpr::rax, index, scale, disp);
    m.kind = Mem::Kind::baseless;
    return m;
}

/// The host address `target`, which must lie within 2 GiB of the code: encoded relative to rip.
inline Mem mem_rip(const void* target) {
    return {.value = std::bit_cast<i64>(target), .kind = Mem::Kind::rip};
}

/// The place of `label`, bound already or later in the same buffer (a constant behind the code, for instance).
inline Mem mem_rip(Label& label) {
    return {.value = std::bit_cast<i64>(&label), .kind = Mem::Kind::label};
}

}  // namespace kelvin::x64
