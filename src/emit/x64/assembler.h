// SPDX-License-Identifier: Apache-2.0
// The instructions Kelvin emits, one function each. An operand that hardware lets be a register or memory is a template
// parameter `Rm`, a Gpr or a Mem. Destination first; widths are the operand size. Instructions overwrite EFLAGS as the
// Intel SDM says; the pieces of our own making (zero, mov_imm, call, align) say so themselves.
//
// Owner thread: the one that translates; no locks.
#pragma once

#include "emit/x64/vector_assembler.h"

namespace kelvin::x64 {

/// The values are the opcodes' bits 5:3 and, for an immediate, the digits.
enum class Alu : u8 { add, or_, adc, sbb, and_, sub, xor_, cmp };
enum class Shift : u8 { rol, ror, rcl, rcr, shl, shr, sar = 7 };
enum class BitTest : u8 { bt = 4, bts, btr, btc };

class Assembler : public VectorAssembler {
  public:
    using VectorAssembler::VectorAssembler;

    // Moves

    void mov(Width w, Gpr dst, Gpr src) { end(put(begin(), sized(w, 0x89), w, src, dst)); }
    void mov(Width w, Gpr dst, const Mem& src) { end(put(begin(), sized(w, 0x8b), w, dst, src)); }
    void mov(Width w, const Mem& dst, Gpr src) { end(put(begin(), sized(w, 0x89), w, src, dst)); }
    /// The immediate is sign-extended for w64, cut for w8 and w16.
    void mov(Width w, const Mem& dst, i32 imm) {
        const unsigned tail = imm_bytes(w);
        end(put_low(put(begin(), sized(w, 0xc7), w, Digit{0}, dst, tail), imm, tail));
    }
    /// All 64 bits of `dst`, in the shortest form (5 to 10 bytes) that leaves the flags alone.
    void mov_imm(Gpr dst, u64 imm);
    /// dst = 0 in 2 or 3 bytes; overwrites the flags.
    void zero(Gpr dst) { alu(Alu::xor_, Width::w32, dst, dst); }

    /// dst (all 64 bits) = the zero-extended `from`-sized source.
    template <RegOrMem Rm>
    void movzx(Width from, Gpr dst, const Rm& src) {
        if (from >= Width::w32) {
            mov(from, dst, src);
        } else {
            end(put(begin(), extending(from, 0xb6), Width::w32, dst, src));
        }
    }
    /// dst (as wide as `to`; w32 clears the upper half) = the sign-extended `from`-sized source.
    template <RegOrMem Rm>
    void movsx(Width to, Width from, Gpr dst, const Rm& src) {
        if (from >= to) {
            mov(to, dst, src);
        } else {
            const Opcode op = from == Width::w32 ? Opcode{0x63} : extending(from, 0xbe);
            end(put(begin(), op, to, dst, src));
        }
    }
    void lea(Width w, Gpr dst, const Mem& src) { end(put(begin(), {0x8d}, w, dst, src)); }

    template <RegOrMem Rm>
    void cmov(Cond c, Width w, Gpr dst, const Rm& src) {
        end(put(begin(), m0f(0x40 | number(c)), w, dst, src));
    }
    template <RegOrMem Rm>
    void setcc(Cond c, const Rm& dst) {
        end(put(begin(), {.code = code8(0x90 | number(c)), .map = Map::m0F, .byte_rm = true}, Width::w32, Digit{0},
                dst));
    }
    void push(Gpr r) { end(put_plus(begin(), 0x50, r)); }
    void pop(Gpr r) { end(put_plus(begin(), 0x58, r)); }
    /// The opcode is 0F C8+r: by its bits, opcode 0F with ModRM.reg = 1.
    void bswap(Width w, Gpr r) { end(put(begin(), {0x0f}, w, Digit{1}, r)); }
    void movbe(Width w, Gpr dst, const Mem& src) { end(put(begin(), {0xf0, Map::m0F38}, w, dst, src)); }
    void movbe(Width w, const Mem& dst, Gpr src) { end(put(begin(), {0xf1, Map::m0F38}, w, src, dst)); }

    // Arithmetic and logic

    void alu(Alu op, Width w, Gpr dst, Gpr src) { end(put(begin(), sized(w, alu_code(op) | 1), w, src, dst)); }
    void alu(Alu op, Width w, Gpr dst, const Mem& src) { end(put(begin(), sized(w, alu_code(op) | 3), w, dst, src)); }
    void alu(Alu op, Width w, const Mem& dst, Gpr src) { end(put(begin(), sized(w, alu_code(op) | 1), w, src, dst)); }
    /// The immediate is sign-extended for w64, cut for w8 and w16.
    template <RegOrMem Rm>
    void alu(Alu op, Width w, const Rm& dst, i32 imm) {
        const Digit digit{static_cast<u8>(op)};
        if (w != Width::w8 && imm == static_cast<i8>(imm)) {
            end(put_low(put(begin(), {0x83}, w, digit, dst, 1), imm, 1));
            return;
        }
        const unsigned tail = imm_bytes(w);
        if (is_rax(dst)) {
            end(put_low(put_accumulator(begin(), alu_code(op) | 4, w), imm, tail));
        } else {
            end(put_low(put(begin(), sized(w, 0x81), w, digit, dst, tail), imm, tail));
        }
    }
    template <class D, class S>
    void add(Width w, const D& dst, const S& src) {
        alu(Alu::add, w, dst, src);
    }
    template <class D, class S>
    void or_(Width w, const D& dst, const S& src) {
        alu(Alu::or_, w, dst, src);
    }
    template <class D, class S>
    void adc(Width w, const D& dst, const S& src) {
        alu(Alu::adc, w, dst, src);
    }
    template <class D, class S>
    void sbb(Width w, const D& dst, const S& src) {
        alu(Alu::sbb, w, dst, src);
    }
    template <class D, class S>
    void and_(Width w, const D& dst, const S& src) {
        alu(Alu::and_, w, dst, src);
    }
    template <class D, class S>
    void sub(Width w, const D& dst, const S& src) {
        alu(Alu::sub, w, dst, src);
    }
    template <class D, class S>
    void xor_(Width w, const D& dst, const S& src) {
        alu(Alu::xor_, w, dst, src);
    }
    template <class D, class S>
    void cmp(Width w, const D& dst, const S& src) {
        alu(Alu::cmp, w, dst, src);
    }

    template <RegOrMem Rm>
    void test(Width w, const Rm& a, Gpr b) {
        end(put(begin(), sized(w, 0x85), w, b, a));
    }
    template <RegOrMem Rm>
    void test(Width w, const Rm& a, i32 imm) {
        const unsigned tail = imm_bytes(w);
        if (is_rax(a)) {
            end(put_low(put_accumulator(begin(), 0xa8, w), imm, tail));
        } else {
            end(put_low(put(begin(), sized(w, 0xf7), w, Digit{0}, a, tail), imm, tail));
        }
    }

    template <RegOrMem Rm>
    void not_(Width w, const Rm& dst) {
        unary(w, 2, dst);
    }
    template <RegOrMem Rm>
    void neg(Width w, const Rm& dst) {
        unary(w, 3, dst);
    }
    /// rdx:rax = rax * src
    template <RegOrMem Rm>
    void mul(Width w, const Rm& src) {
        unary(w, 4, src);
    }
    /// rdx:rax = rax * src, signed
    template <RegOrMem Rm>
    void imul(Width w, const Rm& src) {
        unary(w, 5, src);
    }
    /// rax, rdx = quotient and remainder of rdx:rax / src. Raises #DE on overflow and for 0: the caller guards.
    template <RegOrMem Rm>
    void div(Width w, const Rm& src) {
        unary(w, 6, src);
    }
    template <RegOrMem Rm>
    void idiv(Width w, const Rm& src) {
        unary(w, 7, src);
    }
    template <RegOrMem Rm>
    void imul(Width w, Gpr dst, const Rm& src) {
        end(put(begin(), m0f(0xaf), w, dst, src));
    }
    template <RegOrMem Rm>
    void imul(Width w, Gpr dst, const Rm& src, i32 imm) {
        const bool small = imm == static_cast<i8>(imm);
        const unsigned tail = small ? 1 : imm_bytes(w);
        end(put_low(put(begin(), {code8(small ? 0x6b : 0x69)}, w, dst, src, tail), imm, tail));
    }
    /// edx:eax = eax sign-extended, and rdx:rax likewise.
    void cdq() { end(put8(begin(), 0x99)); }
    void cqo() { end(put_bytes(begin(), 0x9948, 2)); }

    // Shifts; hardware takes a count modulo the width (32 for w8 and w16)

    template <RegOrMem Rm>
    void shift(Shift op, Width w, const Rm& dst, u8 count) {
        const Digit digit{static_cast<u8>(op)};
        if (count == 1) {
            end(put(begin(), sized(w, 0xd1), w, digit, dst));
        } else {
            end(put8(put(begin(), sized(w, 0xc1), w, digit, dst, 1), count));
        }
    }
    template <RegOrMem Rm>
    void shift_cl(Shift op, Width w, const Rm& dst) {
        end(put(begin(), sized(w, 0xd3), w, Digit{static_cast<u8>(op)}, dst));
    }
    template <RegOrMem Rm>
    void shl(Width w, const Rm& dst, u8 count) {
        shift(Shift::shl, w, dst, count);
    }
    template <RegOrMem Rm>
    void shr(Width w, const Rm& dst, u8 count) {
        shift(Shift::shr, w, dst, count);
    }
    template <RegOrMem Rm>
    void sar(Width w, const Rm& dst, u8 count) {
        shift(Shift::sar, w, dst, count);
    }
    template <RegOrMem Rm>
    void ror(Width w, const Rm& dst, u8 count) {
        shift(Shift::ror, w, dst, count);
    }
    template <RegOrMem Rm>
    void rol(Width w, const Rm& dst, u8 count) {
        shift(Shift::rol, w, dst, count);
    }
    /// Bits shifted in come from `src`.
    template <RegOrMem Rm>
    void shld(Width w, const Rm& dst, Gpr src, u8 count) {
        end(put8(put(begin(), m0f(0xa4), w, src, dst, 1), count));
    }
    template <RegOrMem Rm>
    void shrd(Width w, const Rm& dst, Gpr src, u8 count) {
        end(put8(put(begin(), m0f(0xac), w, src, dst, 1), count));
    }

    /// dst = src, of 32 or 64 bits, rotated. May overwrite the flags.
    void rotate_right(Width w, Gpr dst, Gpr src, u8 count);

    // Bits. The BMI forms, of hosts with AVX2, take w32 and w64 and, but for andn, bextr and bzhi, leave the flags
    // alone

    template <RegOrMem Rm>
    void shlx(Width w, Gpr dst, const Rm& src, Gpr count) {
        bmi(0xf7, Prefix::p66, w, dst, count, src);
    }
    template <RegOrMem Rm>
    void shrx(Width w, Gpr dst, const Rm& src, Gpr count) {
        bmi(0xf7, Prefix::pF2, w, dst, count, src);
    }
    template <RegOrMem Rm>
    void sarx(Width w, Gpr dst, const Rm& src, Gpr count) {
        bmi(0xf7, Prefix::pF3, w, dst, count, src);
    }
    template <RegOrMem Rm>
    void bextr(Width w, Gpr dst, const Rm& src, Gpr start_length) {
        bmi(0xf7, Prefix::none, w, dst, start_length, src);
    }
    template <RegOrMem Rm>
    void bzhi(Width w, Gpr dst, const Rm& src, Gpr index) {
        bmi(0xf5, Prefix::none, w, dst, index, src);
    }
    /// dst = ~a & b
    template <RegOrMem Rm>
    void andn(Width w, Gpr dst, Gpr a, const Rm& b) {
        bmi(0xf2, Prefix::none, w, dst, a, b);
    }
    template <RegOrMem Rm>
    void pext(Width w, Gpr dst, Gpr src, const Rm& mask) {
        bmi(0xf5, Prefix::pF3, w, dst, src, mask);
    }
    template <RegOrMem Rm>
    void pdep(Width w, Gpr dst, Gpr src, const Rm& mask) {
        bmi(0xf5, Prefix::pF2, w, dst, src, mask);
    }
    /// high:low = rdx * src
    template <RegOrMem Rm>
    void mulx(Width w, Gpr high, Gpr low, const Rm& src) {
        bmi(0xf6, Prefix::pF2, w, high, low, src);
    }
    template <RegOrMem Rm>
    void rorx(Width w, Gpr dst, const Rm& src, u8 count) {
        const VexOp op{.code = 0xf0, .prefix = Prefix::pF2, .map = Map::m0F3A, .flags = bmi_flags(w)};
        end(put8(put_vex(begin(), op, number(dst), 0, src, 1), count));
    }

    template <RegOrMem Rm>
    void lzcnt(Width w, Gpr dst, const Rm& src) {
        KELVIN_ASSERT(has_vex());  // an older host takes it for bsr
        end(put(begin(), m0f(0xbd, Prefix::pF3), w, dst, src));
    }
    template <RegOrMem Rm>
    void tzcnt(Width w, Gpr dst, const Rm& src) {
        KELVIN_ASSERT(has_vex());
        end(put(begin(), m0f(0xbc, Prefix::pF3), w, dst, src));
    }
    template <RegOrMem Rm>
    void popcnt(Width w, Gpr dst, const Rm& src) {
        end(put(begin(), m0f(0xb8, Prefix::pF3), w, dst, src));
    }
    template <RegOrMem Rm>
    void bsr(Width w, Gpr dst, const Rm& src) {
        end(put(begin(), m0f(0xbd), w, dst, src));
    }
    template <RegOrMem Rm>
    void bsf(Width w, Gpr dst, const Rm& src) {
        end(put(begin(), m0f(0xbc), w, dst, src));
    }

    template <RegOrMem Rm>
    void bit_test(BitTest op, Width w, const Rm& a, u8 index) {
        end(put8(put(begin(), m0f(0xba), w, Digit{static_cast<u8>(op)}, a, 1), index));
    }
    /// With memory the index reaches beyond the operand, and it is slow: registers only.
    void bit_test(BitTest op, Width w, Gpr a, Gpr index) {
        end(put(begin(), m0f(0x83 | static_cast<unsigned>(op) << 3), w, index, a));
    }
    void bt(Width w, Gpr a, u8 index) { bit_test(BitTest::bt, w, a, index); }

    /// CRC-32C of `from`-sized data.
    template <RegOrMem Rm>
    void crc32(Width from, Gpr dst, const Rm& src) {
        const Opcode op{.code = code8(from == Width::w8 ? 0xf0 : 0xf1),
                        .map = Map::m0F38,
                        .prefix = Prefix::pF2,
                        .byte_rm = from == Width::w8};
        end(put(begin(), op, from, dst, src));
    }

    // Flags

    void lahf() { end(put8(begin(), 0x9f)); }
    void sahf() { end(put8(begin(), 0x9e)); }
    void cmc() { end(put8(begin(), 0xf5)); }
    void clc() { end(put8(begin(), 0xf8)); }
    void stc() { end(put8(begin(), 0xf9)); }

    // Atomic instructions; xchg with memory is locked by itself

    void xchg(Width w, Gpr a, Gpr b) { end(put(begin(), sized(w, 0x87), w, b, a)); }
    void xchg(Width w, const Mem& a, Gpr b) { end(put(begin(), sized(w, 0x87), w, b, a)); }
    void lock_xadd(Width w, const Mem& dst, Gpr src) { end(put(lock(), sized(w, 0xc1, Map::m0F), w, src, dst)); }
    /// If dst == rax then dst = src, else rax = dst; ZF tells.
    void lock_cmpxchg(Width w, const Mem& dst, Gpr src) { end(put(lock(), sized(w, 0xb1, Map::m0F), w, src, dst)); }
    /// The same with rdx:rax and rcx:rbx; `dst` is aligned to 16 bytes.
    void lock_cmpxchg16b(const Mem& dst) { end(put(lock(), m0f(0xc7), Width::w64, Digit{1}, dst)); }
    void lock_alu(Alu op, Width w, const Mem& dst, Gpr src) {
        end(put(lock(), sized(w, alu_code(op) | 1), w, src, dst));
    }
    void mfence() { end(put_bytes(begin(), 0xf0ae0f, 3)); }
    void lfence() { end(put_bytes(begin(), 0xe8ae0f, 3)); }
    void pause() { end(put_bytes(begin(), 0x90f3, 2)); }

    // System

    void rdtsc() { end(put_bytes(begin(), 0x310f, 2)); }
    void ldmxcsr(const Mem& src) { end(put(begin(), m0f(0xae), Width::w32, Digit{2}, src)); }
    void stmxcsr(const Mem& dst) { end(put(begin(), m0f(0xae), Width::w32, Digit{3}, dst)); }
    void int3() { end(put8(begin(), 0xcc)); }
    void ud2() { end(put_bytes(begin(), 0x0b0f, 2)); }
    /// `count` bytes of no-operations, as few instructions as possible.
    void nop(unsigned count = 1);
    /// No-operations up to the next multiple of `alignment`, a power of two.
    void align(unsigned alignment);

    // Control flow. An address is where code runs, not where it is written

    void ret() { end(put8(begin(), 0xc3)); }
    void jmp(Gpr target) { end(put(begin(), {0xff}, Width::w32, Digit{4}, target)); }
    void jmp(const Mem& target) { end(put(begin(), {0xff}, Width::w32, Digit{4}, target)); }
    void call(Gpr target) { end(put(begin(), {0xff}, Width::w32, Digit{2}, target)); }
    void call(const Mem& target) { end(put(begin(), {0xff}, Width::w32, Digit{2}, target)); }
    void call(Label& target) { end(put_relative(put8(begin(), 0xe8), target)); }
    /// The target is within 2 GiB.
    void near_call(const u8* target) { end(put_relative(put8(begin(), 0xe8), target)); }
    /// Calls any address; `scratch` is overwritten if it is more than 2 GiB away.
    void call(const void* function, Gpr scratch);

    /// Short when bound and near.
    void jmp(Label& target);
    void jcc(Cond c, Label& target);
    /// Forward over at most 127 bytes: pass what they return to `land` at the target.
    u8* jmp_short() { return put_short(0xeb); }
    u8* jcc_short(Cond c) { return put_short(0x70 | number(c)); }
    void land(u8* short_jump);
    /// The target is within 2 GiB.
    void jmp(const u8* target) { end(put_relative(put8(begin(), 0xe9), target)); }
    void jcc(Cond c, const u8* target) { end(put_relative(put_jcc(begin(), c), target)); }

    /// A jump whose 32-bit field is aligned, so that `patch_jmp` can redirect it while other threads run it. Returns
    /// the field's write address. It leads to `target` until then.
    template <class Target>
    u8* patchable_jmp(Target&& target) {
        pad_for_field(1);
        u8* field = put8(begin(), 0xe9);
        end(put_relative(field, target));
        return field;
    }
    template <class Target>
    u8* patchable_jcc(Cond c, Target&& target) {
        pad_for_field(2);
        u8* field = put_jcc(begin(), c);
        end(put_relative(field, target));
        return field;
    }
    /// Any thread. `target` is where the code runs, within 2 GiB; `field` is what patchable_jmp or _jcc returned.
    static void patch_jmp(u8* field, std::ptrdiff_t rw_to_rx, const u8* target);

  private:
    static constexpr u8 code8(unsigned code) { return static_cast<u8>(code); }
    static constexpr Opcode m0f(unsigned code, Prefix prefix = Prefix::none) { return {code8(code), Map::m0F, prefix}; }
    /// Most opcodes are odd, and one less for bytes.
    static constexpr Opcode sized(Width w, unsigned code, Map map = Map::one_byte) {
        const bool byte = w == Width::w8;
        return {code8(code - byte), map, Prefix::none, byte, byte};
    }
    static constexpr Opcode extending(Width from, unsigned code) {
        return {.code = code8(code | (from == Width::w16)), .map = Map::m0F, .byte_rm = from == Width::w8};
    }
    static constexpr unsigned alu_code(Alu op) { return static_cast<unsigned>(op) << 3; }
    static constexpr unsigned imm_bytes(Width w) { return w == Width::w64 ? 4 : bytes(w); }
    static constexpr u8 bmi_flags(Width w) { return w == Width::w64 ? VexOp::kHasVex | VexOp::kVexW : VexOp::kHasVex; }
    static constexpr bool is_rax(Gpr r) { return r == Gpr::rax; }
    static constexpr bool is_rax(const Mem&) { return false; }

    static u8* put_bytes(u8* p, u32 value, unsigned size) {
        put32(p, value);
        return p + size;
    }
    /// The opcode names the register.
    static u8* put_plus(u8* p, unsigned code, Gpr r) {
        *p = 0x41;
        p += number(r) >> 3;
        return put8(p, code | (number(r) & 7));
    }
    /// The forms for al, ax, eax and rax without ModRM.
    static u8* put_accumulator(u8* p, unsigned code, Width w) {
        if (w == Width::w16 || w == Width::w64) {
            p = put8(p, w == Width::w16 ? 0x66 : 0x48);
        }
        return put8(p, code | (w != Width::w8));
    }
    static u8* put_jcc(u8* p, Cond c) { return put8(put8(p, 0x0f), 0x80 | number(c)); }

    u8* put_short(unsigned code) {
        end(put8(put8(begin(), code), 0));
        return cursor() - 1;
    }
    u8* lock() { return put8(begin(), 0xf0); }
    void pad_for_field(unsigned opcode_bytes);

    template <RegOrMem Rm>
    void unary(Width w, unsigned digit, const Rm& rm) {
        end(put(begin(), sized(w, 0xf7), w, Digit{static_cast<u8>(digit)}, rm));
    }
    template <RegOrMem Rm>
    void bmi(unsigned code, Prefix prefix, Width w, Gpr reg, Gpr vvvv, const Rm& rm) {
        const VexOp op{.code = code8(code), .prefix = prefix, .map = Map::m0F38, .flags = bmi_flags(w)};
        end(put_vex(begin(), op, number(reg), number(vvvv), rm));
    }
};

}  // namespace kelvin::x64
