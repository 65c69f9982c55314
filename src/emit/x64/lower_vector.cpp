// SPDX-License-Identifier: Apache-2.0
// Vector emitters: shared shapes, and bitwise ops.
#include "emit/x64/lower_vector.h"

namespace kelvin::x64::lower {

namespace {

/// result = op(first, second).
void two_sources(Emitter& e, VexOp op, Value first, Value second) {
    const Xmm x = e.use_xmm(first);
    if (first != second && e.in_memory(second)) {
        const Mem y = e.memory_operand(second);
        e.a.vex(op, e.define_over(x), x, y);
    } else {
        const Xmm y = e.use_xmm(second);
        e.a.vex(op, e.define_over(x), x, y);
    }
}

}  // namespace

void binary(Emitter& e, VexOp op) {
    if (!available(e, op)) {
        fallback(e);
        return;
    }
    two_sources(e, op, e.current().a, e.current().b);
}

void binary_swapped(Emitter& e, VexOp op) {
    if (!available(e, op)) {
        fallback(e);
        return;
    }
    two_sources(e, op, e.current().b, e.current().a);
}

void binary(Emitter& e, VexOp op, u8 imm) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    e.a.vex(op, e.define_over(x), x, y, imm);
}

void unary(Emitter& e, VexOp op) {
    if (!available(e, op)) {
        fallback(e);
        return;
    }
    const Value operand = e.current().a;
    if (e.in_memory(operand)) {
        const Mem x = e.memory_operand(operand);
        e.a.vex(op, e.define_xmm(), x);
    } else {
        const Xmm x = e.use_xmm(operand);
        e.a.vex(op, e.define_over(x), x);
    }
}

void unary(Emitter& e, VexOp op, u8 imm) {
    const Xmm x = e.use_xmm(e.current().a);
    e.a.vex(op, e.define_over(x), x, imm);
}

void with_constant(Emitter& e, VexOp op, const V128& constant) {
    const Xmm x = e.use_xmm(e.current().a);
    e.a.vex(op, e.define_over(x), x, in_memory(e, constant));
}

void broadcast(Emitter& e, ir::Lane lane, Xmm to, Xmm from) {
    constexpr ByLane kBroadcast = {vop::vpbroadcastb, vop::vpbroadcastw, vop::vpbroadcastd, vop::vpbroadcastq};
    if (e.features().v3) {
        e.a.vex(kBroadcast[static_cast<unsigned>(lane)], to, from);
        return;
    }
    switch (lane) {
        case ir::Lane::b:
            e.a.vex(vop::vpshufb, to, from, in_memory(e, V128{}));
            break;
        case ir::Lane::h:
            e.a.vex(vop::vpshuflw, to, from, u8{0});
            e.a.vex(vop::vpshufd, to, to, u8{0});
            break;
        default:
            e.a.vex(vop::vpshufd, to, from, lane == ir::Lane::s ? u8{0} : u8{0x44});
            break;
    }
}

void blend_words(Emitter& e, Xmm to, Xmm a, Xmm b, u8 from_b) {
    e.a.vex(e.features().v3 ? vop::vpblendd : vop::vblendps, to, a, b, from_b);
}

void fill(Emitter& e, Xmm reg) {
    if (number(reg) >= 16) {
        e.a.vex(vop::vpternlogd, reg, reg, reg, u8{0xff});
    } else {
        e.a.vex(vop::vpcmpeqd, reg, reg, reg);
    }
}

void keep_lowest(Emitter& e, ir::Lane lane, Xmm to, Xmm from) {
    switch (lane) {
        case ir::Lane::d:
            e.a.vex(vop::vmovq, to, from);
            break;
        case ir::Lane::s:
            e.a.vex(vop::vinsertps, to, from, from, u8{0x0e});
            break;
        default:
            e.a.vex(vop::vpand, to, from, in_memory(e, v128(lane == ir::Lane::h ? 0xffff : 0xff)));
            break;
    }
}

unsigned zero_from(const Emitter& e, Value value) {
    constexpr unsigned kUnknown = 128;
    const Op& op = e.op(value);
    switch (op.code) {
        case IrOp::vload:
        case IrOp::vload_exclusive:
            return 8u << op.memory().size_log2;
        case IrOp::vlow64:
        case IrOp::vnarrow:
        case IrOp::fvnarrow:
            return 64;
        case IrOp::vlow32:
            return 32;
        case IrOp::vfrom_gpr:
        case IrOp::vlow_lane:
        case IrOp::vreduce_add:
            return ir::lane_bits(op.lane());
        case IrOp::fconvert:
            return ir::lane_bits(ir::fp_lane(static_cast<ir::FpShape>(op.imm)));
        case IrOp::fadd:
        case IrOp::fsub:
        case IrOp::fmul:
        case IrOp::fmulx:
        case IrOp::fdiv:
        case IrOp::fsqrt:
        case IrOp::fmuladd:
        case IrOp::fmin:
        case IrOp::fmax:
        case IrOp::fminnm:
        case IrOp::fmaxnm:
        case IrOp::fneg:
        case IrOp::fabs:
        case IrOp::fcmpeq:
        case IrOp::fcmpge:
        case IrOp::fcmpgt:
        case IrOp::fround:
        case IrOp::fvto_int:
        case IrOp::ffrom_int:
        case IrOp::fvfrom_int:
            return ir::fp_lanes(op.shape()) * ir::lane_bits(ir::fp_lane(op.shape()));
        default:
            return kUnknown;
    }
}

void vand(Emitter& e) {
    binary(e, vop::vpand);
}
void vor(Emitter& e) {
    binary(e, vop::vpor);
}
void vxor(Emitter& e) {
    binary(e, vop::vpxor);
}
void vandn(Emitter& e) {
    binary_swapped(e, vop::vpandn);
}

void vnot(Emitter& e) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm ones = e.temp_xmm();
    fill(e, ones);
    e.a.vex(vop::vpxor, e.define_over(x), x, ones);
}

namespace {

/// The result takes the place of one operand, whose part the truth table says.
void select_by_ternary_logic(Emitter& e) {
    constexpr u8 kOverMask = 0xca;   // dst ? second : third
    constexpr u8 kOverTrue = 0xe2;   // second ? dst : third
    constexpr u8 kOverFalse = 0xb8;  // second ? third : dst
    const Op& op = e.current();
    const Xmm mask = e.use_xmm(op.a);
    const Xmm yes = e.use_xmm(op.b);
    const Xmm no = e.use_xmm(op.c);
    const Xmm result = e.define_over(mask);
    if (result == yes && result != mask) {
        e.a.vex(vop::vpternlogq, result, mask, no, kOverTrue);
    } else if (result == no && result != mask) {
        e.a.vex(vop::vpternlogq, result, mask, yes, kOverFalse);
    } else {
        if (result != mask) {
            e.a.vmov(result, mask);
        }
        e.a.vex(vop::vpternlogq, result, yes, no, kOverMask);
    }
}

}  // namespace

void vselect(Emitter& e) {
    if (e.features().avx512) {
        select_by_ternary_logic(e);
        return;
    }
    const Op& op = e.current();
    const Xmm mask = e.use_xmm(op.a);
    const Xmm yes = e.use_xmm(op.b);
    const Xmm no = e.use_xmm(op.c);
    const Xmm result = e.define_xmm(true);
    e.a.vex(vop::vpxor, result, yes, no);
    e.a.vex(vop::vpand, result, result, mask);
    e.a.vex(vop::vpxor, result, result, no);
}

void vselect_cond(Emitter& e) {
    const Op& op = e.current();
    x64::Cond cond = e.condition(op.cond(), op.a);
    Xmm yes = e.use_xmm(op.b);
    Xmm no = e.use_xmm(op.c);
    const Xmm result = e.define_xmm();
    if (result == yes) {
        std::swap(yes, no);
        cond = x64::invert(cond);
    }
    if (result != no) {
        e.a.vmov(result, no);
    }
    u8* over = e.a.jcc_short(x64::invert(cond));
    e.a.vmov(result, yes);
    e.a.land(over);
}

}  // namespace kelvin::x64::lower
