// SPDX-License-Identifier: Apache-2.0
// Emitters of floating-point comparisons, minima, maxima and changes to signs.
#include "emit/x64/lower_fp.h"

namespace kelvin::x64::lower {

namespace {

// The host's predicates (SDM, CMPPD): "signaling" is of quiet NaNs as well.
constexpr u8 kEqualQuiet = 0x00;
constexpr u8 kLessSignaling = 0x01;
constexpr u8 kLessOrEqualSignaling = 0x02;
constexpr u8 kGreaterOrEqualSignaling = 0x0d;
constexpr u8 kGreaterSignaling = 0x0e;

constexpr FpInstruction kCompare = {vop::vcmpss, vop::vcmpsd, vop::vcmpps, vop::vcmppd};

/// `swapped`: the predicate that holds of (b, a), which all hosts have.
void compare(Emitter& e, u8 predicate, u8 swapped) {
    const Op& op = e.current();
    const FpShape shape = op.shape();
    if (is_half(shape)) {
        fallback(e);
        return;
    }
    const Xmm x = e.use_xmm(op.a);
    const Xmm y = e.use_xmm(op.b);
    if (shape == FpShape::v2s) {
        const Xmm result = e.define_xmm(true);
        const Xmm other = e.temp_xmm();
        e.a.vex(vop::vmovq, result, x);
        e.a.vex(vop::vmovq, other, y);
        e.a.vex(vop::vcmpps, other, other, result, swapped);
        e.a.vex(vop::vmovq, result, other);
        return;
    }
    // What is above a scalar comes from the first source.
    const Xmm result = e.define_over(x);
    if (e.features().v3 && is_clean(e, op.a, shape)) {
        e.a.vex(kCompare.of(shape), result, x, y, predicate);
        return;
    }
    e.a.vex(kCompare.of(shape), result, y, x, swapped);
    if (!is_clean(e, op.b, shape)) {
        keep_lowest(e, ir::fp_lane(shape), result, result);
    }
}

}  // namespace

void fcmpeq(Emitter& e) {
    compare(e, kEqualQuiet, kEqualQuiet);
}
void fcmpge(Emitter& e) {
    compare(e, kGreaterOrEqualSignaling, kLessOrEqualSignaling);
}
void fcmpgt(Emitter& e) {
    compare(e, kGreaterSignaling, kLessSignaling);
}

void fcompare(Emitter& e) {
    const Op& op = e.current();
    const FpShape shape = op.shape();
    if (is_half(shape)) {
        fallback(e);
        return;
    }
    const bool signaling = op.imm == 1;
    e.clobber_flags();
    const Xmm x = e.use_xmm(op.a);
    const Xmm y = e.use_xmm(op.b);
    if (shape == FpShape::s) {
        e.a.vex(signaling ? vop::vcomiss : vop::vucomiss, x, y);
    } else {
        e.a.vex(signaling ? vop::vcomisd : vop::vucomisd, x, y);
    }
    e.define_flags(Emitter::Sense::fp);
}

namespace {

/// Minimum or maximum by the host's instructions, which give the second operand of two zeros: both orders, joined by
/// the bits of their signs.
struct Extreme {
    FpInstruction instruction;
    VexOp join;
    u8 range;  ///< vrange's immediate: minimum or maximum, with the winner's sign
};

constexpr Extreme kMinimum = {{vop::vminss, vop::vminsd, vop::vminps, vop::vminpd}, vop::vorps, 4};
constexpr Extreme kMaximum = {{vop::vmaxss, vop::vmaxsd, vop::vmaxps, vop::vmaxpd}, vop::vandps, 5};
constexpr FpInstruction kRange = {vop::vrangess, vop::vrangesd, vop::vrangeps, vop::vrangepd};

/// `number`: the one of a number and a quiet NaN is the result. vrange does just that; the others leave it to C++.
void extreme(Emitter& e, const Extreme& which, bool wants_number) {
    const FpShape shape = e.current().shape();
    const bool by_range = e.features().avx512;
    const bool half = shape == FpShape::v2s;
    if (is_half(shape) || (half && !by_range)) {
        fallback(e);
        return;
    }
    e.clobber_flags();
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[1] = code_of(y);
    path.registers[kResult] = code_of(result);
    Xmm left = x;
    Xmm right = y;
    if (half) {
        e.a.vex(vop::vmovq, result, x);
        e.a.vex(vop::vmovq, e.spare_xmm(0), y);
        left = result;
        right = e.spare_xmm(0);
    }
    if (!wants_number || !by_range) {
        if (half) {
            e.a.vex(vop::vmovq, other, y);
        }
        leave_on_unordered(e, shape, left, half ? other : right, other, path);
    }
    if (by_range) {
        e.a.vex(kRange.of(shape), result, left, right, which.range);
        if (wants_number) {
            leave_on_nan(e, shape, result, other, path);
        }
    } else {
        e.a.vex(which.instruction.of(shape), result, x, y);
        e.a.vex(which.instruction.of(shape), other, y, x);
        e.a.vex(which.join, result, result, other);
    }
    if (!is_clean(e, e.current().a, shape) || !is_clean(e, e.current().b, shape)) {
        keep_lowest(e, ir::fp_lane(shape), result, result);
    }
    resume_here(e, path);
}

}  // namespace

void fmin(Emitter& e) {
    extreme(e, kMinimum, false);
}
void fmax(Emitter& e) {
    extreme(e, kMaximum, false);
}
void fminnm(Emitter& e) {
    extreme(e, kMinimum, true);
}
void fmaxnm(Emitter& e) {
    extreme(e, kMaximum, true);
}

namespace {

/// The sign bit of each element that the shape has.
V128 sign_mask(FpShape shape) {
    const unsigned bits = ir::lane_bits(ir::fp_lane(shape));
    const u64 everywhere = every_lane(ir::fp_lane(shape), u64{1} << (bits - 1)).d[0];
    switch (ir::fp_lanes(shape) * bits) {
        case 128:
            return v128(everywhere, everywhere);
        case 64:
            return v128(everywhere);
        default:
            return v128(u64{1} << (bits - 1));
    }
}

bool fills_register(FpShape shape) {
    return ir::fp_lanes(shape) * ir::lane_bits(ir::fp_lane(shape)) == 128;
}

}  // namespace

void fneg(Emitter& e) {
    const Op& op = e.current();
    const FpShape shape = op.shape();
    const unsigned size = ir::fp_lanes(shape) * ir::lane_bits(ir::fp_lane(shape));
    const Xmm x = e.use_xmm(op.a);
    const Xmm result = e.define_over(x);
    e.a.vex(vop::vxorps, result, x, in_memory(e, sign_mask(shape)));
    if (!fills_register(shape) && zero_from(e, op.a) > size) {
        keep_lowest(e, size == 64 ? ir::Lane::d : ir::fp_lane(shape), result, result);
    }
}

void fabs(Emitter& e) {
    const FpShape shape = e.current().shape();
    const unsigned size = ir::fp_lanes(shape) * ir::lane_bits(ir::fp_lane(shape));
    const V128 sign = sign_mask(shape);
    const u64 low = size >= 64 ? ~u64{0} : (u64{1} << size) - 1;
    with_constant(e, vop::vandps, v128(low & ~sign.d[0], size == 128 ? ~sign.d[1] : 0));
}

}  // namespace kelvin::x64::lower
