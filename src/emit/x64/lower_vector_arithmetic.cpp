// SPDX-License-Identifier: Apache-2.0
// Vector emitters: integer arithmetic and comparisons.
#include "emit/x64/lower_fp.h"

namespace kelvin::x64::lower {

namespace {

using ir::Lane;

constexpr ByLane kAdd = {vop::vpaddb, vop::vpaddw, vop::vpaddd, vop::vpaddq};
constexpr ByLane kSub = {vop::vpsubb, vop::vpsubw, vop::vpsubd, vop::vpsubq};
constexpr ByLane kEqual = {vop::vpcmpeqb, vop::vpcmpeqw, vop::vpcmpeqd, vop::vpcmpeqq};
constexpr ByLane kGreater = {vop::vpcmpgtb, vop::vpcmpgtw, vop::vpcmpgtd, vop::vpcmpgtq};
constexpr ByLane kSignedMin = {vop::vpminsb, vop::vpminsw, vop::vpminsd, vop::vpminsq};
constexpr ByLane kSignedMax = {vop::vpmaxsb, vop::vpmaxsw, vop::vpmaxsd, vop::vpmaxsq};
constexpr ByLane kUnsignedMin = {vop::vpminub, vop::vpminuw, vop::vpminud, vop::vpminuq};
constexpr ByLane kUnsignedMax = {vop::vpmaxub, vop::vpmaxuw, vop::vpmaxud, vop::vpmaxuq};

void by_lane(Emitter& e, const ByLane& ops) {
    binary(e, ops[e.current().aux]);
}

V128 sign_bits(Lane lane) {
    return every_lane(lane, u64{1} << (ir::lane_bits(lane) - 1));
}

}  // namespace

void vadd(Emitter& e) {
    by_lane(e, kAdd);
}
void vsub(Emitter& e) {
    by_lane(e, kSub);
}
void vsmin(Emitter& e) {
    by_lane(e, kSignedMin);
}
void vsmax(Emitter& e) {
    by_lane(e, kSignedMax);
}
void vumin(Emitter& e) {
    by_lane(e, kUnsignedMin);
}
void vumax(Emitter& e) {
    by_lane(e, kUnsignedMax);
}
void vcmpeq(Emitter& e) {
    by_lane(e, kEqual);
}
void vcmpgt(Emitter& e) {
    by_lane(e, kGreater);
}

void vmul(Emitter& e) {
    if (e.current().lane() != Lane::b) {
        by_lane(e, {VexOp{}, vop::vpmullw, vop::vpmulld, vop::vpmullq});
        return;
    }
    // Even bytes are the low halves of 16-bit products; odd ones those of (a >> 8) * (b's high byte in place).
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm odd = e.temp_xmm();
    e.a.vex(vop::vpand, result, y, in_memory(e, every_half(0xff00)));
    e.a.vex(vop::vpsrlw_imm, odd, x, u8{8});
    e.a.vex(vop::vpmullw, odd, odd, result);
    e.a.vex(vop::vpmullw, result, x, y);
    e.a.vex(vop::vpand, result, result, in_memory(e, every_half(0xff)));
    e.a.vex(vop::vpor, result, result, odd);
}

void vneg(Emitter& e) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    e.a.vex(vop::vpxor, result, result, result);
    e.a.vex(kSub[e.current().aux], result, result, x);
}

void vabs(Emitter& e) {
    constexpr ByLane kAbs = {vop::vpabsb, vop::vpabsw, vop::vpabsd, vop::vpabsq};
    const VexOp op = kAbs[e.current().aux];
    if (available(e, op)) {
        unary(e, op);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    const Xmm negative = e.temp_xmm();
    e.a.vex(vop::vpxor, negative, negative, negative);
    e.a.vex(vop::vpcmpgtq, negative, negative, x);
    e.a.vex(vop::vpxor, result, x, negative);
    e.a.vex(vop::vpsubq, result, result, negative);
}

namespace {

void invert(Emitter& e, Xmm reg, Xmm scratch) {
    fill(e, scratch);
    e.a.vex(vop::vpxor, reg, reg, scratch);
}

/// result = max(a, b) == a.
void compare_by_maximum(Emitter& e, VexOp maximum) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    e.a.vex(maximum, result, x, y);
    e.a.vex(kEqual[e.current().aux], result, result, x);
}

}  // namespace

void vcmpge(Emitter& e) {
    if (e.current().lane() != Lane::d) {
        compare_by_maximum(e, kSignedMax[e.current().aux]);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm();
    e.a.vex(vop::vpcmpgtq, result, y, x);
    invert(e, result, e.temp_xmm());
}

void vcmphi(Emitter& e) {
    const Lane lane = e.current().lane();
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    e.a.vex(vop::vpxor, result, x, in_memory(e, sign_bits(lane)));
    e.a.vex(vop::vpxor, other, y, in_memory(e, sign_bits(lane)));
    e.a.vex(kGreater[e.current().aux], result, result, other);
}

void vcmphs(Emitter& e) {
    if (e.current().lane() != Lane::d) {
        compare_by_maximum(e, kUnsignedMax[e.current().aux]);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    e.a.vex(vop::vpxor, other, x, in_memory(e, sign_bits(Lane::d)));
    e.a.vex(vop::vpxor, result, y, in_memory(e, sign_bits(Lane::d)));
    e.a.vex(vop::vpcmpgtq, result, result, other);
    invert(e, result, other);
}

namespace {

/// half = (a ^ b) >> 1 by element: what a sum or its carries exceed the average by.
void half_difference(Emitter& e, Xmm half, Xmm x, Xmm y) {
    const Lane lane = e.current().lane();
    e.a.vex(vop::vpxor, half, x, y);
    if (lane == Lane::s) {
        e.a.vex(vop::vpsrld_imm, half, half, u8{1});
    } else if (lane == Lane::d) {
        e.a.vex(vop::vpsrlq_imm, half, half, u8{1});
    } else {
        e.a.vex(vop::vpsrlw_imm, half, half, u8{1});
    }
    if (lane == Lane::b) {
        e.a.vex(vop::vpand, half, half, in_memory(e, every_byte(0x7f)));
    }
}

/// result = (a logic b) op half_difference.
void halve(Emitter& e, VexOp logic, const ByLane& op) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm half = e.temp_xmm();
    half_difference(e, half, x, y);
    e.a.vex(logic, result, x, y);
    e.a.vex(op[e.current().aux], result, result, half);
}

}  // namespace

void vurhadd(Emitter& e) {
    if (e.current().lane() <= Lane::h) {
        by_lane(e, {vop::vpavgb, vop::vpavgw});
    } else {
        halve(e, vop::vpor, kSub);
    }
}

void vuhadd(Emitter& e) {
    halve(e, vop::vpand, kAdd);
}

void vaddpair(Emitter& e) {
    const Lane lane = e.current().lane();
    if (lane == Lane::h || lane == Lane::s) {
        by_lane(e, {VexOp{}, vop::vphaddw, vop::vphaddd});
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    if (lane == Lane::d) {
        e.a.vex(vop::vpunpcklqdq, result, x, y);
        e.a.vex(vop::vpunpckhqdq, other, x, y);
        e.a.vex(vop::vpaddq, result, result, other);
        return;
    }
    const auto add_neighbours = [&](Xmm to, Xmm from) {
        e.a.vex(vop::vpsrlw_imm, to, from, u8{8});
        e.a.vex(vop::vpaddb, to, to, from);
        e.a.vex(vop::vpand, to, to, in_memory(e, every_half(0xff)));
    };
    add_neighbours(result, x);
    add_neighbours(other, y);
    e.a.vex(vop::vpackuswb, result, result, other);
}

void vreduce_add(Emitter& e) {
    const Lane lane = e.current().lane();
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    constexpr u8 kSwapHalves = 0x4e;
    constexpr u8 kSwapNeighbours = 0xb1;
    const auto add_swapped = [&](VexOp add, Xmm from, u8 order) {
        e.a.vex(vop::vpshufd, other, from, order);
        e.a.vex(add, result, from, other);
    };
    switch (lane) {
        case Lane::b:
            e.a.vex(vop::vpxor, other, other, other);
            e.a.vex(vop::vpsadbw, result, x, other);
            add_swapped(vop::vpaddd, result, kSwapHalves);
            break;
        case Lane::h:
            e.a.vex(vop::vpmaddwd, result, x, in_memory(e, every_half(1)));
            add_swapped(vop::vpaddd, result, kSwapHalves);
            add_swapped(vop::vpaddd, result, kSwapNeighbours);
            break;
        case Lane::s:
            add_swapped(vop::vpaddd, x, kSwapHalves);
            add_swapped(vop::vpaddd, result, kSwapNeighbours);
            break;
        default:
            add_swapped(vop::vpaddq, x, kSwapHalves);
            break;
    }
    keep_lowest(e, lane, result, result);
}

namespace {

/// result = product of a's and b's low halves after `widen`.
void multiply_widened(Emitter& e, VexOp widen, VexOp multiply) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    e.a.vex(widen, result, x);
    e.a.vex(widen, other, y);
    e.a.vex(multiply, result, result, other);
}

/// The low and high halves of 16-bit products, interleaved.
void multiply_halves(Emitter& e, VexOp high) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    e.a.vex(vop::vpmullw, other, x, y);
    e.a.vex(high, result, x, y);
    e.a.vex(vop::vpunpcklwd, result, other, result);
}

void multiply_wide(Emitter& e, VexOp widen_bytes, VexOp high_half, VexOp multiply_words) {
    switch (e.current().lane()) {
        case Lane::b:
            multiply_widened(e, widen_bytes, vop::vpmullw);
            break;
        case Lane::h:
            multiply_halves(e, high_half);
            break;
        default:
            // The multiplication itself looks at the low half of each doubleword alone.
            multiply_widened(e, vop::vpmovzxdq, multiply_words);
            break;
    }
}

}  // namespace

void vmul_wide_u(Emitter& e) {
    multiply_wide(e, vop::vpmovzxbw, vop::vpmulhuw, vop::vpmuludq);
}
void vmul_wide_s(Emitter& e) {
    multiply_wide(e, vop::vpmovsxbw, vop::vpmulhw, vop::vpmuldq);
}

void vpmul_wide(Emitter& e) {
    if (e.current().lane() == Lane::d && e.features().pclmul) {
        binary(e, vop::vpclmulqdq, 0x00);
    } else {
        fallback(e);
    }
}

namespace {

/// Goes where FPSR.QC is set, and back, if `difference` is not zero.
void note_saturation(Emitter& e, Xmm difference) {
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        constexpr i32 kSaturated = 1 << 27;
        em.a.or_(Width::w32, Emitter::state(em.region().guest->fp_status_offset), kSaturated);
        em.a.jmp(self.resume + em.a.rw_to_rx());
    });
    e.a.vex(vop::vptest, difference, difference);
    e.a.jcc(x64::Cond::ne, path.entry);
    path.resume = e.a.cursor();
}

/// A saturating op: the host's instructions for 8 and 16 bits, the wrapping ones, and the ternary logic of a, b and the
/// wrapped result whose sign says that the exact result does not fit.
struct Saturating {
    VexOp bytes, halves;
    const ByLane& wrapping;
    u8 overflow;
};

/// Elements of 8 and 16 bits: it saturated where the wrapped result differs.
void saturate_small(Emitter& e, VexOp saturating, VexOp wrapping) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm difference = e.temp_xmm();
    e.a.vex(wrapping, difference, x, y);
    e.a.vex(saturating, result, x, y);
    e.a.vex(vop::vpxor, difference, difference, result);
    note_saturation(e, difference);
}

/// The others are left to C++ if one saturates.
void saturate_large(Emitter& e, VexOp wrapping, u8 overflow) {
    const bool words = e.current().lane() == Lane::s;
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm misfit = e.temp_xmm();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[1] = code_of(y);
    path.registers[kResult] = code_of(result);
    e.a.vex(wrapping, result, x, y);
    e.a.vmov(misfit, x);
    e.a.vex(vop::vpternlogd, misfit, y, result, overflow);
    e.a.vex(words ? vop::vtestps : vop::vtestpd, misfit, misfit);
    e.a.jcc(x64::Cond::ne, path.entry);
    resume_here(e, path);
}

void saturate(Emitter& e, const Saturating& how) {
    const Lane lane = e.current().lane();
    const VexOp wrapping = how.wrapping[e.current().aux];
    if (lane >= Lane::s && !e.features().avx512) {
        fallback(e);
        return;
    }
    e.clobber_flags();
    if (lane >= Lane::s) {
        saturate_large(e, wrapping, how.overflow);
    } else {
        saturate_small(e, lane == Lane::b ? how.bytes : how.halves, wrapping);
    }
}

}  // namespace

void vqadd_s(Emitter& e) {
    saturate(e, {vop::vpaddsb, vop::vpaddsw, kAdd, 0x42});  // the result's sign is neither's
}
void vqadd_u(Emitter& e) {
    saturate(e, {vop::vpaddusb, vop::vpaddusw, kAdd, 0xd4});  // carry: the majority of a, b and not the result
}
void vqsub_s(Emitter& e) {
    saturate(e, {vop::vpsubsb, vop::vpsubsw, kSub, 0x18});  // a's sign is neither b's nor the result's
}
void vqsub_u(Emitter& e) {
    saturate(e, {vop::vpsubusb, vop::vpsubusw, kSub, 0x8e});  // borrow: the majority of not a, b and the result
}

}  // namespace kelvin::x64::lower
