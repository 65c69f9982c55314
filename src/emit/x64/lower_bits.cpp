// SPDX-License-Identifier: Apache-2.0
// Emitters that count, reorder and digest bits.
#include "emit/x64/lower.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64::lower {

void bswap(Emitter& e) {
    in_place(e, [&](Width w, Gpr reg) { e.a.bswap(w, reg); });
}

void bswap32(Emitter& e) {
    if (!e.features().v3) {
        e.clobber_flags();
    }
    in_place(e, [&](Width, Gpr reg) {
        e.a.bswap(Width::w64, reg);
        e.a.rotate_right(Width::w64, reg, reg, 32);
    });
}

namespace {

/// result = `number` if the scan before has found no bit.
void unless_found(Emitter& e, Gpr result, u64 number) {
    e.a.cmov(x64::Cond::e, Width::w64, result, mem_rip(e.stubs().vector_constant(v128(number))));
}

void leading_zeros(Emitter& e, Width w, Gpr result, Gpr source) {
    if (e.features().v3) {
        e.a.lzcnt(w, result, source);
        return;
    }
    const u32 top = w == Width::w64 ? 63 : 31;
    e.a.bsr(w, result, source);
    unless_found(e, result, 2 * top + 1);  // which the exclusive or makes top + 1
    e.a.xor_(Width::w32, result, static_cast<i32>(top));
}

void trailing_zeros(Emitter& e, Width w, Gpr result, Gpr source) {
    if (e.features().v3) {
        e.a.tzcnt(w, result, source);
        return;
    }
    e.a.bsf(w, result, source);
    unless_found(e, result, w == Width::w64 ? 64 : 32);
}

}  // namespace

void clz(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    const Gpr source = e.use(op.a);
    const Gpr result = e.define_over(source);
    leading_zeros(e, Emitter::width(op.type), result, source);
}

void ctz(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    const Gpr source = e.use(op.a);
    const Gpr result = e.define_over(source);
    trailing_zeros(e, Emitter::width(op.type), result, source);
}

void cls(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    // The bits that differ from their neighbour above; a one below them bounds the count.
    const Gpr source = e.use(op.a);
    const Gpr changes = e.temp();
    e.a.lea(w, changes, mem(source, source, 1));
    e.a.xor_(w, changes, source);
    e.a.or_(w, changes, 1);
    leading_zeros(e, w, e.define(), changes);
}

namespace {

/// Swaps groups of `shift` bits: value = (value >> shift & mask) | (value & mask) << shift.
void swap_groups(Assembler& a, Width w, Gpr value, Gpr mask, Gpr scratch, u8 shift) {
    a.mov(w, scratch, value);
    a.shr(w, scratch, shift);
    a.and_(w, scratch, mask);
    a.and_(w, value, mask);
    a.shl(w, value, shift);
    a.or_(w, value, scratch);
}

}  // namespace

void rbit(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    const Gpr value = e.use_copy(op.a);
    const Gpr mask = e.temp();
    const Gpr scratch = e.temp();
    e.a.bswap(w, value);
    struct Step {
        u8 shift;
        u64 mask;
    };
    for (const Step step : {Step{4, 0x0f0f0f0f0f0f0f0f}, Step{2, 0x3333333333333333}, Step{1, 0x5555555555555555}}) {
        e.a.mov_imm(mask, w == Width::w64 ? step.mask : static_cast<u32>(step.mask));
        swap_groups(e.a, w, value, mask, scratch, step.shift);
    }
    e.define_in(value);
}

void bswap16(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    const Gpr value = e.use_copy(op.a);
    const Gpr mask = e.temp();
    const Gpr scratch = e.temp();
    e.a.mov_imm(mask, w == Width::w64 ? 0x00ff00ff00ff00ff : 0x00ff00ff);
    swap_groups(e.a, w, value, mask, scratch, 8);
    e.define_in(value);
}

void crc32c(Emitter& e) {
    const Op& op = e.current();
    const Gpr result = e.use_copy(op.a);
    const Gpr data = e.use(op.b);
    e.a.mov(Width::w32, result, result);
    e.a.crc32(static_cast<Width>(op.aux), result, data);
    e.define_in(result);
}

/// By polynomials over GF(2), written with their lowest terms in the highest bits, as the CRC has them. The remainder
/// of v * x^32 by P is what the product of P and the quotient leaves below x^32; the quotient is v * floor(x^96 / P) /
/// x^64, exactly, as v has no more than 64 terms.
void crc32(Emitter& e) {
    if (!e.features().pclmul) {
        return fallback(e);
    }
    constexpr V128 kQuotientAndPolynomial = v128(0xb4e5b025f7011641, 0x1db710641);
    const Op& op = e.current();
    const u8 bits = static_cast<u8>(8u << op.aux);
    e.clobber_flags();
    const Gpr crc = e.use_copy(op.a);
    const Gpr data = e.use(op.b);
    const Gpr rest = e.temp();  // of the CRC, which the data does not reach
    const Xmm product = e.temp_xmm();
    e.a.mov(Width::w32, crc, crc);
    if (bits < 32) {
        e.a.mov(Width::w32, rest, crc);
        e.a.shr(Width::w32, rest, bits);
    }
    e.a.xor_(Width::w64, crc, data);
    if (bits < 64) {
        e.a.shl(Width::w64, crc, static_cast<u8>(64 - bits));
    }
    const Mem constants = mem_rip(e.stubs().vector_constant(kQuotientAndPolynomial));
    e.a.vex(vop::vmovq_gpr, product, crc);
    e.a.vex(vop::vpclmulqdq, product, product, constants, 0x00);
    e.a.vex(vop::vpclmulqdq, product, product, constants, 0x10);
    e.a.vex(vop::vpextrd, crc, product, 2);
    if (bits < 32) {
        e.a.xor_(Width::w32, crc, rest);
    }
    e.define_in(crc);
}

}  // namespace kelvin::x64::lower
