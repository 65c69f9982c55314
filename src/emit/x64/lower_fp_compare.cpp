// SPDX-License-Identifier: Apache-2.0
// Emitters of floating-point comparisons and of changes to signs.
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

/// `swapped`: the predicate that holds of (b, a).
void compare(Emitter& e, u8 predicate, u8 swapped) {
    const Op& op = e.current();
    const FpShape shape = op.shape();
    if (flushes(e) || is_half(shape)) {
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
        e.a.vex(vop::vcmpps, result, result, other, predicate);
        e.a.vex(vop::vmovq, result, result);
        return;
    }
    // What is above a scalar comes from the first source.
    const Xmm result = e.define_over(x);
    if (is_clean(e, op.a, shape)) {
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
    if (flushes(e) || is_half(shape)) {
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
