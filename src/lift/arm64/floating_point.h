// SPDX-License-Identifier: Apache-2.0
// What the chapters of floating point share, scalar and Advanced SIMD: how encodings name formats, and operations
// written once for all of them.
#pragma once

#include "cpu/arm64/state.h"
#include "ir/fp/softfloat.h"
#include "ir/fp_shapes.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

/// The format of a scalar instruction ("ftype", "ptype"): 00 single, 01 double, 11 half.
struct Ftype : OperandField<2> {
    ir::FpShape shape() const {
        constexpr ir::FpShape kShapes[] = {ir::FpShape::s, ir::FpShape::d, ir::FpShape::s, ir::FpShape::h};
        return kShapes[value];
    }
    bool allocated() const { return value != 2; }
    /// For all but conversions between formats, half precision is FEAT_FP16's.
    bool allocated(const Lifter& t) const { return value < 2 || (value == 3 && t.model().has(Feature::fp16)); }
};

/// The bit of Advanced SIMD encodings that chooses between single and double precision.
struct Sz : OperandField<1> {
    ir::Lane lane() const { return value != 0 ? ir::Lane::d : ir::Lane::s; }
};

constexpr ir::FpShape scalar_shape(ir::Lane lane) {
    return lane == ir::Lane::h ? ir::FpShape::h : lane == ir::Lane::s ? ir::FpShape::s : ir::FpShape::d;
}

constexpr ir::FpShape vector_shape(ir::Lane lane, bool full) {
    switch (lane) {
        case ir::Lane::h:
            return full ? ir::FpShape::v8h : ir::FpShape::v4h;
        case ir::Lane::s:
            return full ? ir::FpShape::v4s : ir::FpShape::v2s;
        default:
            return ir::FpShape::v2d;
    }
}

constexpr bool is_full(ir::FpShape shape) {
    return shape == ir::FpShape::v8h || shape == ir::FpShape::v4s || shape == ir::FpShape::v2d;
}

/// The entries' semantic functions for the encodings of one operation, a function (Lifter&, FpShape, operands...):
/// what decides the shape comes before the operands. Unallocated encodings are UNDEFINED even where FP is trapped, as
/// decoding comes first.
template <auto Operation>
struct Forms;

template <class... Operands, void (*Operation)(Lifter&, ir::FpShape, Operands...)>
struct Forms<Operation> {
    static void typed(Lifter& t, Ftype type, Operands... operands) {
        run(t, type.allocated(t), type.shape(), operands...);
    }
    static void scalar(Lifter& t, Sz sz, Operands... operands) { run(t, true, scalar_shape(sz.lane()), operands...); }
    static void vector(Lifter& t, Q q, Sz sz, Operands... operands) {
        run(t, q.full() || sz.lane() != ir::Lane::d, vector_shape(sz.lane(), q.full()), operands...);
    }
    template <ir::Lane L>
    static void scalar_of(Lifter& t, Operands... operands) {
        run(t, true, scalar_shape(L), operands...);
    }
    template <ir::Lane L>
    static void vector_of(Lifter& t, Q q, Operands... operands) {
        run(t, q.full() || L != ir::Lane::d, vector_shape(L, q.full()), operands...);
    }
    static void scalar_half(Lifter& t, Operands... operands) { scalar_of<ir::Lane::h>(t, operands...); }
    static void vector_half(Lifter& t, Q q, Operands... operands) { vector_of<ir::Lane::h>(t, q, operands...); }

  private:
    static void run(Lifter& t, bool allocated, ir::FpShape shape, Operands... operands) {
        if (!allocated) {
            t.undefined();
        } else if (t.fp_enabled()) {
            Operation(t, shape, operands...);
        }
    }
};

// Operations that are one op of the IR.
template <ir::Opcode Op>
void fp_unary(Lifter& t, ir::FpShape shape, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Op, shape, t.get(rn)));
}
template <ir::Opcode Op>
void fp_binary(Lifter& t, ir::FpShape shape, VReg rm, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Op, shape, t.get(rn), t.get(rm)));
}

/// A rounding mode given by the instruction, or FPCR's.
enum class RoundingChoice : u8 { nearest_even, plus_infinity, minus_infinity, zero, nearest_away, fpcr };

inline fp::Rounding rounding_of(const Lifter& t, RoundingChoice choice) {
    return choice == RoundingChoice::fpcr ? fp::environment_from_fpcr(t.mode().fpcr()).rounding
                                          : static_cast<fp::Rounding>(choice);
}

inline constexpr u64 kSignalInexact = 1u << 3;  ///< fround's imm
inline constexpr u64 kUnsigned = 1u << 3;       ///< the conversions' imm

/// FRINT*.
template <RoundingChoice Choice, u64 Inexact = 0>
void fp_round(Lifter& t, ir::FpShape shape, VReg rn, VReg rd) {
    const u64 imm = static_cast<u64>(rounding_of(t, Choice)) | Inexact;
    t.set(rd, t.ir.fp(ir::Opcode::fround, shape, t.get(rn), ir::kNoValue, ir::kNoValue, imm));
}

// Operations that the IR has no op for: softfloat on each element. `Operation::of<F>(elements..., environment)` is the
// function. FPSR is no slot, so that the helpers, though they add to it, need no kHelperWritesState; FPCR is constant
// while a region runs.
template <class Operation>
V128 each_element(State& state, const V128& a, u32 shape_number) {
    const auto shape = static_cast<ir::FpShape>(shape_number);
    fp::Environment environment = fp::environment_from_fpcr(state.fpcr);
    V128 result{};
    ir::meaning::with_format(shape, [&]<class F>(F) {
        for (unsigned i = 0; i < ir::fp_lanes(shape); i++) {
            const auto element = Operation::template of<F>(ir::meaning::fp_element<F>(a, i), environment);
            ir::meaning::set_fp_element<F>(result, i, element);
        }
    });
    state.fpsr |= environment.exceptions;
    return result;
}
template <class Operation>
V128 each_pair_of_elements(State& state, const V128& a, const V128& b, u32 shape_number) {
    const auto shape = static_cast<ir::FpShape>(shape_number);
    fp::Environment environment = fp::environment_from_fpcr(state.fpcr);
    V128 result{};
    ir::meaning::with_format(shape, [&]<class F>(F) {
        for (unsigned i = 0; i < ir::fp_lanes(shape); i++) {
            const auto element = Operation::template of<F>(ir::meaning::fp_element<F>(a, i),
                                                           ir::meaning::fp_element<F>(b, i), environment);
            ir::meaning::set_fp_element<F>(result, i, element);
        }
    });
    state.fpsr |= environment.exceptions;
    return result;
}

template <class Operation>
inline constexpr ir::Helper kElementHelper = ir::helper<&each_element<Operation>>(Operation::kName,
                                                                                  ir::kHelperReadsState);
template <class Operation>
inline constexpr ir::Helper kElementPairHelper = ir::helper<&each_pair_of_elements<Operation>>(Operation::kName,
                                                                                               ir::kHelperReadsState);

template <class Operation>
void fp_unary_call(Lifter& t, ir::FpShape shape, VReg rn, VReg rd) {
    t.set(rd, t.ir.call(kElementHelper<Operation>, {t.get(rn), t.ir.i32c(static_cast<u32>(shape))}));
}
template <class Operation>
void fp_binary_call(Lifter& t, ir::FpShape shape, VReg rm, VReg rn, VReg rd) {
    t.set(rd, t.ir.call(kElementPairHelper<Operation>, {t.get(rn), t.get(rm), t.ir.i32c(static_cast<u32>(shape))}));
}

/// VFPExpandImm: the number that eight bits of an instruction stand for.
constexpr u64 expand_fp_immediate(u32 imm8, ir::Lane lane) {
    const unsigned width = ir::lane_bits(lane);
    const unsigned exponent_bits = width == 16 ? 5 : width == 32 ? 8 : 11;
    const unsigned fraction_bits = width - exponent_bits - 1;
    const u64 sign = imm8 >> 7;
    const u64 inverted = (imm8 >> 6) & 1;
    const u64 repeated = inverted != 0 ? low_mask(exponent_bits - 3) : 0;
    const u64 exponent = (inverted ^ 1) << (exponent_bits - 1) | repeated << 2 | ((imm8 >> 4) & 3);
    return sign << (width - 1) | exponent << fraction_bits | u64{imm8 & 15} << (fraction_bits - 4);
}

}  // namespace kelvin::arm64
