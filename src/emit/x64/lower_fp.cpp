// SPDX-License-Identifier: Apache-2.0
// Emitters of floating-point arithmetic.
#include "emit/x64/lower_fp.h"

namespace kelvin::x64::lower {

VexOp FpInstruction::of(FpShape shape) const {
    switch (shape) {
        case FpShape::s:
            return ss;
        case FpShape::d:
            return sd;
        case FpShape::v2s:
        case FpShape::v4s:
            return ps;
        case FpShape::v2d:
            return pd;
        default:
            return {};
    }
}

bool is_clean(const Emitter& e, Value value, FpShape shape) {
    return !is_scalar(shape) || zero_from(e, value) <= ir::lane_bits(ir::fp_lane(shape));
}

namespace {

constexpr FpInstruction kAdd = {vop::vaddss, vop::vaddsd, vop::vaddps, vop::vaddpd};
constexpr FpInstruction kSub = {vop::vsubss, vop::vsubsd, vop::vsubps, vop::vsubpd};
constexpr FpInstruction kMul = {vop::vmulss, vop::vmulsd, vop::vmulps, vop::vmulpd};
constexpr FpInstruction kDiv = {vop::vdivss, vop::vdivsd, vop::vdivps, vop::vdivpd};
constexpr FpInstruction kCompare = {vop::vcmpss, vop::vcmpsd, vop::vcmpps, vop::vcmppd};
constexpr u8 kEqualQuiet = 0;
constexpr u8 kUnorderedQuiet = 3;
constexpr u8 kEqualOrUnorderedQuiet = 8;

/// Keeps every register but rax.
const u8* evaluator(Emitter& e, const Op& op) {
    const bool arithmetic =
        op.code == IrOp::fadd || op.code == IrOp::fsub || op.code == IrOp::fmul || op.code == IrOp::fdiv;
    const bool whole = arithmetic && (op.shape() == FpShape::v4s || op.shape() == FpShape::v2d);
    return whole && !flushes(e) && !default_nan(e) ? e.stubs().arithmetic_of_nans(op.code, op.shape() == FpShape::v2d)
                                                   : e.stubs().evaluate_preserving();
}

/// Evaluates the op anew with every register but the result's kept.
void recompute(Emitter& e, ColdPath& self) {
    const Mem saved_rax = Emitter::runtime(offsetof(Runtime, saved[8]));
    const Mem result = Emitter::runtime(offsetof(Runtime, result));
    const ir::OpInfo& info = ir::info(self.op->code);
    for (unsigned i = 0; i < info.arguments.size(); i++) {
        if ((self.data & already_passed(i)) != 0) {
            continue;
        }
        if (info.arguments[i] == 'V') {
            e.a.vex(vop::vmovups_store, argument_place(i), Xmm{self.registers[i]});
        } else {
            e.a.mov(Width::w64, argument_place(i), Gpr{self.registers[i]});
        }
    }
    ColdPath& record = e.cold(+[](Emitter& em, ColdPath& me) {
        const FallbackRecord data{*me.op, em.region().fp};
        em.a.data(&data, sizeof data);
    });
    e.a.mov(Width::w64, saved_rax, Gpr::rax);
    e.a.lea(Width::w64, Gpr::rax, mem_rip(record.entry));
    e.a.near_call(evaluator(e, *self.op));
    e.a.mov(Width::w64, Gpr::rax, saved_rax);
    if (info.result == ir::ResultKind::V) {
        e.a.vex(vop::vmovaps, Xmm{self.registers[kResult]}, result);
    } else {
        e.a.mov(Width::w64, Gpr{self.registers[kResult]}, result);
    }
    e.a.jmp(self.resume + e.a.rw_to_rx());
}

}  // namespace

ColdPath& recomputation(Emitter& e) {
    return e.cold(&recompute);
}

void leave_on_unordered(Emitter& e, FpShape shape, Xmm a, Xmm b, Xmm scratch, ColdPath& path) {
    if (is_scalar(shape)) {
        e.a.vex(shape == FpShape::s ? vop::vucomiss : vop::vucomisd, a, b);
        e.a.jcc(x64::Cond::p, path.entry);
        return;
    }
    e.a.vex(kCompare.of(shape), scratch, a, b, kUnorderedQuiet);
    e.a.vex(vop::vptest, scratch, scratch);
    e.a.jcc(x64::Cond::ne, path.entry);
}

void leave_on_nan(Emitter& e, FpShape shape, Xmm value, Xmm scratch, ColdPath& path) {
    leave_on_unordered(e, shape, value, value, scratch, path);
}

void leave_on_misrounded(Emitter& e, FpShape shape, Xmm value, Xmm scratch, ColdPath& path) {
    if (!flushes(e)) {
        leave_on_nan(e, shape, value, scratch, path);
        return;
    }
    const bool is_double = ir::fp_lane(shape) == ir::Lane::d;
    const V128 magnitude = is_double ? every_double(~u64{0} >> 1) : every_word(~u32{0} >> 1);
    const Mem smallest = in_memory(e, is_double ? every_double(u64{1} << 52) : every_word(1u << 23));
    if (!is_scalar(shape) && !e.features().v3) {
        leave_on_nan(e, shape, value, scratch, path);
    }
    e.a.vex(vop::vandps, scratch, value, in_memory(e, magnitude));
    if (is_scalar(shape)) {
        // Unordered is equal as well.
        e.a.vex(is_double ? vop::vucomisd : vop::vucomiss, scratch, smallest);
        e.a.jcc(x64::Cond::e, path.entry);
        return;
    }
    e.a.vex(kCompare.of(shape), scratch, scratch, smallest, e.features().v3 ? kEqualOrUnorderedQuiet : kEqualQuiet);
    e.a.vex(vop::vptest, scratch, scratch);
    e.a.jcc(x64::Cond::ne, path.entry);
}

void round_away(Emitter& e, bool is_double, Xmm out, Xmm x, Xmm scratch, ColdPath& path) {
    constexpr u8 kTruncateSilently = 3 | 8;
    constexpr u8 kNotLess = 5;
    const V128 sign = v128(is_double ? u64{1} << 63 : u64{1} << 31);
    const V128 magnitude = v128(is_double ? ~sign.d[0] : sign.d[0] - 1);
    const V128 integral = v128(is_double ? 0x4330000000000000 : 0x4b000000);  // 2^52, 2^23
    const V128 half = v128(is_double ? 0x3fe0000000000000 : 0x3f000000);
    const V128 one = v128(is_double ? 0x3ff0000000000000 : 0x3f800000);
    const auto scalar = [&](const FpInstruction& instruction) { return is_double ? instruction.sd : instruction.ss; };
    constexpr FpInstruction kTruncate = {vop::vroundss, vop::vroundsd, {}, {}};
    e.a.vex(vop::vandps, out, x, in_memory(e, magnitude));
    e.a.vex(vop::vmovaps, scratch, in_memory(e, integral));
    e.a.vex(is_double ? vop::vucomisd : vop::vucomiss, scratch, out);
    e.a.jcc(x64::Cond::be, path.entry);
    e.a.vex(scalar(kTruncate), scratch, out, out, kTruncateSilently);
    e.a.vex(scalar(kSub), out, out, scratch);
    e.a.vex(scalar(kCompare), out, out, in_memory(e, half), kNotLess);
    e.a.vex(vop::vandps, out, out, in_memory(e, one));
    e.a.vex(scalar(kAdd), out, out, scratch);
    e.a.vex(vop::vandps, scratch, x, in_memory(e, sign));
    e.a.vex(vop::vorps, out, out, scratch);
}

namespace {

constexpr V128 kOnes = every_word(0x3f800000);
constexpr u8 kUpperWords = 0b1100;

bool on_host(const Emitter& e) {
    return !is_half(e.current().shape());
}

/// An operation of two operands.
struct Arithmetic {
    FpInstruction instruction;
    bool commutes;
    /// False if no rounding makes the smallest normal number of a smaller one: sums that small are exact, and a
    /// quotient x / y < 1 of p-bit numbers is at most 1 - 2^-p, which is one, as x <= y - ulp(y).
    bool rounds_to_normal;

    void check(Emitter& e, FpShape shape, Xmm value, Xmm scratch, ColdPath& path) const {
        (rounds_to_normal ? leave_on_misrounded : leave_on_nan)(e, shape, value, scratch, path);
    }
};

/// For v2s, whose upper elements must not be looked at: they become those of 0 op 1, which raises nothing.
void lower_half_arithmetic(Emitter& e, const Arithmetic& how) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm other = e.temp_xmm();
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[1] = code_of(y);
    path.registers[kResult] = code_of(result);
    e.a.vex(vop::vmovq, result, x);
    e.a.vex(vop::vblendps, other, y, in_memory(e, kOnes), kUpperWords);
    e.a.vex(how.instruction.ps, result, result, other);
    how.check(e, FpShape::v2s, result, other, path);
    e.a.vex(vop::vmovq, result, result);
    resume_here(e, path);
}

/// A place to compute in while the operands must be kept, and the result's register.
struct Target {
    Xmm working;
    Xmm result;
};

Target target_beside(Emitter& e, Xmm x, Xmm y) {
    const Xmm result = e.define_xmm();
    return {result == x || result == y ? e.temp_xmm() : result, result};
}

/// Brings what was computed, and found good, to the result. `clean`: zero above the scalar already.
void finish(Emitter& e, FpShape shape, const Target& target, bool clean) {
    if (!clean) {
        keep_lowest(e, ir::fp_lane(shape), target.result, target.working);
    } else if (target.result != target.working) {
        e.a.vmov(target.result, target.working);
    }
}

void arithmetic(Emitter& e, const Arithmetic& how) {
    if (!on_host(e)) {
        fallback(e);
        return;
    }
    const Op& op = e.current();
    const FpShape shape = op.shape();
    e.clobber_flags();
    if (shape == FpShape::v2s) {
        lower_half_arithmetic(e, how);
        return;
    }
    const Xmm x = e.use_xmm(op.a);
    const Xmm y = e.use_xmm(op.b);
    const Target target = target_beside(e, x, y);
    // What is above a scalar comes from the instruction's first source.
    const bool swap = how.commutes && !is_clean(e, op.a, shape) && is_clean(e, op.b, shape);
    e.a.vex(how.instruction.of(shape), target.working, swap ? y : x, swap ? x : y);
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[1] = code_of(y);
    path.registers[kResult] = code_of(target.result);
    const bool needs_scratch = !is_scalar(shape) || flushes(e);
    how.check(e, shape, target.working, needs_scratch ? e.temp_xmm() : target.working, path);
    finish(e, shape, target, is_clean(e, swap ? op.b : op.a, shape));
    resume_here(e, path);
}

}  // namespace

void fadd(Emitter& e) {
    arithmetic(e, {kAdd, true, false});
}
void fsub(Emitter& e) {
    arithmetic(e, {kSub, false, false});
}
void fmul(Emitter& e) {
    arithmetic(e, {kMul, true, true});
}
void fdiv(Emitter& e) {
    arithmetic(e, {kDiv, false, false});
}

namespace {

/// result = op(a [, imm]); scalars merge with their first source.
template <class... Imm>
void one_operand(Emitter& e, const FpInstruction& instruction, bool check, Imm... imm) {
    const FpShape shape = e.current().shape();
    e.clobber_flags();
    const Xmm x = e.use_xmm(e.current().a);
    const Target target = target_beside(e, x, x);
    Xmm source = x;
    if (shape == FpShape::v2s) {
        e.a.vex(vop::vmovq, target.working, x);
        source = target.working;
    }
    if (is_scalar(shape)) {
        e.a.vex(instruction.of(shape), target.working, source, source, imm...);
    } else {
        e.a.vex(instruction.of(shape), target.working, source, imm...);
    }
    ColdPath* path = nullptr;
    if (check) {
        path = &recomputation(e);
        path->registers[0] = code_of(x);
        path->registers[kResult] = code_of(target.result);
        leave_on_nan(e, shape, target.working, is_scalar(shape) ? target.working : e.temp_xmm(), *path);
    }
    finish(e, shape, target, is_clean(e, e.current().a, shape));
    if (path != nullptr) {
        resume_here(e, *path);
    }
}

}  // namespace

void fsqrt(Emitter& e) {
    if (!on_host(e)) {
        fallback(e);
        return;
    }
    one_operand(e, {vop::vsqrtss, vop::vsqrtsd, vop::vsqrtps, vop::vsqrtpd}, true);
}

namespace {

void round_scalar_away(Emitter& e) {
    e.clobber_flags();
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(x);
    path.registers[kResult] = code_of(result);
    round_away(e, e.current().shape() == FpShape::d, result, x, e.temp_xmm(), path);
    resume_here(e, path);
}

}  // namespace

void fround(Emitter& e) {
    constexpr u8 kMode[] = {0, 2, 1, 3};  // by fp::Rounding: the host has the two infinities the other way round
    constexpr u8 kNotInexact = 8;
    const u64 rounding = e.current().imm & 7;
    const bool inexact = (e.current().imm & 8) != 0;
    if (on_host(e) && static_cast<fp::Rounding>(rounding) == fp::Rounding::nearest_away && !inexact &&
        is_scalar(e.current().shape())) {
        round_scalar_away(e);
        return;
    }
    if (!on_host(e) || rounding > static_cast<u64>(fp::Rounding::zero)) {
        fallback(e);
        return;
    }
    const u8 imm = static_cast<u8>(kMode[rounding] | (inexact ? 0 : kNotInexact));
    // A NaN becomes the same quiet one as on Arm.
    one_operand(e, {vop::vroundss, vop::vroundsd, vop::vroundps, vop::vroundpd}, default_nan(e), imm);
}

namespace {

struct FusedForms {
    FpInstruction form213;  ///< dst = a * dst + b
    FpInstruction form231;  ///< dst = a * b + dst
};

/// By the op's imm: bit 0 negates the product, bit 1 the addend.
const FusedForms& fused_forms(u64 negations) {
    static constexpr FusedForms kForms[] = {
        {{vop::vfmadd213ss, vop::vfmadd213sd, vop::vfmadd213ps, vop::vfmadd213pd},
         {vop::vfmadd231ss, vop::vfmadd231sd, vop::vfmadd231ps, vop::vfmadd231pd}},
        {{vop::vfnmadd213ss, vop::vfnmadd213sd, vop::vfnmadd213ps, vop::vfnmadd213pd},
         {vop::vfnmadd231ss, vop::vfnmadd231sd, vop::vfnmadd231ps, vop::vfnmadd231pd}},
        {{vop::vfmsub213ss, vop::vfmsub213sd, vop::vfmsub213ps, vop::vfmsub213pd},
         {vop::vfmsub231ss, vop::vfmsub231sd, vop::vfmsub231ps, vop::vfmsub231pd}},
        {{vop::vfnmsub213ss, vop::vfnmsub213sd, vop::vfnmsub213ps, vop::vfnmsub213pd},
         {vop::vfnmsub231ss, vop::vfnmsub231sd, vop::vfnmsub231ps, vop::vfnmsub231pd}},
    };
    return kForms[negations & 3];
}

struct Factors {
    Xmm a, b, addend;
};

Factors use_factors(Emitter& e) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    return {x, y, e.use_xmm(e.current().c)};
}

ColdPath& fused_recomputation(Emitter& e, const Factors& in, Xmm result) {
    ColdPath& path = recomputation(e);
    path.registers[0] = code_of(in.a);
    path.registers[1] = code_of(in.b);
    path.registers[2] = code_of(in.addend);
    path.registers[kResult] = code_of(result);
    return path;
}

/// The check of what was computed, and the end of the op.
/// Three operands and the result may have taken all local registers: then the first operand makes room for a while.
void finish_fused(Emitter& e, const Factors& in, const Target& target) {
    const FpShape shape = e.current().shape();
    ColdPath& path = fused_recomputation(e, in, target.result);
    u32 free = 0;
    for (const Xmm reg : kLocalXmms) {
        free |= 1u << number(reg);
    }
    for (const Xmm reg : {in.a, in.b, in.addend, target.working}) {
        free &= ~(1u << number(reg));
    }
    const bool needs_scratch = !is_scalar(shape) || flushes(e);
    const bool crowded = needs_scratch && free == 0;
    if (crowded) {
        path.data = already_passed(0);
        e.a.vex(vop::vmovups_store, argument_place(0), in.a);
    }
    const Xmm scratch = !needs_scratch ? target.working : crowded ? in.a : e.temp_xmm();
    leave_on_misrounded(e, shape, target.working, scratch, path);
    if (shape == FpShape::v2s) {
        e.a.vex(vop::vmovq, target.result, target.working);
    } else {
        finish(e, shape, target, true);
    }
    resume_here(e, path);
    if (crowded && in.a != target.result) {
        e.a.vex(vop::vmovups, in.a, argument_place(0));
    }
}

void fused_scalar(Emitter& e, const FusedForms& forms) {
    const FpShape shape = e.current().shape();
    const Factors in = use_factors(e);
    const Xmm result = e.define_xmm();
    const bool overwrites = result == in.a || result == in.b || result == in.addend;
    const Target target = {overwrites ? e.temp_xmm() : result, result};
    // The copy of the factor, which is needed anyway, is what brings zeros above the result.
    if (is_clean(e, e.current().a, shape)) {
        e.a.vmov(target.working, in.a);
    } else {
        keep_lowest(e, ir::fp_lane(shape), target.working, in.a);
    }
    e.a.vex(forms.form213.of(shape), target.working, in.b, in.addend);
    finish_fused(e, in, target);
}

/// Only with AVX-512, whose further registers take the operands without their upper halves.
void fused_half(Emitter& e, const FusedForms& forms) {
    const Factors in = use_factors(e);
    const Xmm result = e.define_xmm(true);
    e.a.vex(vop::vmovq, result, in.a);
    e.a.vex(vop::vmovq, e.spare_xmm(0), in.b);
    e.a.vex(vop::vmovq, e.spare_xmm(1), in.addend);
    e.a.vex(forms.form213.ps, result, e.spare_xmm(0), e.spare_xmm(1));
    finish_fused(e, in, {result, result});
}

void fused_packed(Emitter& e, const FusedForms& forms) {
    const FpShape shape = e.current().shape();
    const Factors in = use_factors(e);
    const Xmm result = e.define_xmm();
    Factors kept = in;
    if (result == in.a || result == in.b || result == in.addend) {
        // Computed in place, with the old content put by.
        const Xmm old = e.temp_xmm();
        e.a.vmov(old, result);
        for (Xmm* reg : {&kept.a, &kept.b, &kept.addend}) {
            *reg = *reg == result ? old : *reg;
        }
    }
    if (result == in.addend) {
        e.a.vex(forms.form231.of(shape), result, kept.a, kept.b);
    } else if (result == in.b) {
        e.a.vex(forms.form213.of(shape), result, kept.a, in.addend);
    } else {
        if (result != in.a) {
            e.a.vmov(result, in.a);
        }
        e.a.vex(forms.form213.of(shape), result, kept.b, in.addend);
    }
    finish_fused(e, kept, {result, result});
}

}  // namespace

void fmuladd(Emitter& e) {
    const FpShape shape = e.current().shape();
    if (!on_host(e) || !e.features().v3 || (shape == FpShape::v2s && !e.features().avx512)) {
        fallback(e);
        return;
    }
    const FusedForms& forms = fused_forms(e.current().imm);
    e.clobber_flags();
    if (is_scalar(shape)) {
        fused_scalar(e, forms);
    } else if (shape == FpShape::v2s) {
        fused_half(e, forms);
    } else {
        fused_packed(e, forms);
    }
}

}  // namespace kelvin::x64::lower
