// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD three same and scalar three same, of floating point, with their FP16 kin.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;

template <u64 Negations>
void multiply_add(Lifter& t, FpShape shape, VReg rm, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Opcode::fmuladd, shape, t.get(rn), t.get(rm), t.get(rd), Negations));
}

/// FACGE and FACGT.
template <Opcode Compare>
void absolute_compare(Lifter& t, FpShape shape, VReg rm, VReg rn, VReg rd) {
    const ir::Value a = t.ir.fp(Opcode::fabs, shape, t.get(rn));
    const ir::Value b = t.ir.fp(Opcode::fabs, shape, t.get(rm));
    t.set(rd, t.ir.fp(Compare, shape, a, b));
}

void absolute_difference(Lifter& t, FpShape shape, VReg rm, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Opcode::fabs, shape, t.ir.fp(Opcode::fsub, shape, t.get(rn), t.get(rm))));
}

/// The even elements of (m:n) with the odd ones.
template <Opcode Op>
void pairwise(Lifter& t, FpShape shape, VReg rm, VReg rn, VReg rd) {
    const Lane lane = fp_lane(shape);
    ir::Value low = t.get(rn);
    ir::Value high = t.get(rm);
    if (!is_full(shape)) {
        low = high = t.ir.vector(Opcode::vcombine_low, low, high);
    }
    const ir::Value even = t.ir.vector(Opcode::vuzp1, lane, low, high);
    const ir::Value odd = t.ir.vector(Opcode::vuzp2, lane, low, high);
    t.set(rd, t.ir.fp(Op, shape, even, odd));
}

template <Opcode Op>
using Binary = Forms<&fp_binary<Op>>;
template <u64 Negations>
using MultiplyAdd = Forms<&multiply_add<Negations>>;
template <Opcode Op>
using Pairwise = Forms<&pairwise<Op>>;
template <Opcode Compare>
using AbsoluteCompare = Forms<&absolute_compare<Compare>>;
using AbsoluteDifference = Forms<&absolute_difference>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 0 s 1 mmmmm 11000 1 nnnnn ddddd", &Binary<Opcode::fmaxnm>::vector>("FMAXNM (vector)"),
    instruction<"0 q 0 01110 0 s 1 mmmmm 11001 1 nnnnn ddddd", &MultiplyAdd<0>::vector>("FMLA (vector)"),
    instruction<"0 q 0 01110 0 s 1 mmmmm 11010 1 nnnnn ddddd", &Binary<Opcode::fadd>::vector>("FADD (vector)"),
    instruction<"0 q 0 01110 0 s 1 mmmmm 11011 1 nnnnn ddddd", &Binary<Opcode::fmulx>::vector>("FMULX"),
    instruction<"0 q 0 01110 0 s 1 mmmmm 11100 1 nnnnn ddddd", &Binary<Opcode::fcmpeq>::vector>("FCMEQ (register)"),
    instruction<"0 q 0 01110 0 s 1 mmmmm 11110 1 nnnnn ddddd", &Binary<Opcode::fmax>::vector>("FMAX (vector)"),
    instruction<"0 q 0 01110 1 s 1 mmmmm 11000 1 nnnnn ddddd", &Binary<Opcode::fminnm>::vector>("FMINNM (vector)"),
    instruction<"0 q 0 01110 1 s 1 mmmmm 11001 1 nnnnn ddddd", &MultiplyAdd<1>::vector>("FMLS (vector)"),
    instruction<"0 q 0 01110 1 s 1 mmmmm 11010 1 nnnnn ddddd", &Binary<Opcode::fsub>::vector>("FSUB (vector)"),
    instruction<"0 q 0 01110 1 s 1 mmmmm 11110 1 nnnnn ddddd", &Binary<Opcode::fmin>::vector>("FMIN (vector)"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11000 1 nnnnn ddddd", &Pairwise<Opcode::fmaxnm>::vector>("FMAXNMP (vector)"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11010 1 nnnnn ddddd", &Pairwise<Opcode::fadd>::vector>("FADDP (vector)"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11011 1 nnnnn ddddd", &Binary<Opcode::fmul>::vector>("FMUL (vector)"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11100 1 nnnnn ddddd", &Binary<Opcode::fcmpge>::vector>("FCMGE (register)"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpge>::vector>("FACGE"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11110 1 nnnnn ddddd", &Pairwise<Opcode::fmax>::vector>("FMAXP (vector)"),
    instruction<"0 q 1 01110 0 s 1 mmmmm 11111 1 nnnnn ddddd", &Binary<Opcode::fdiv>::vector>("FDIV (vector)"),
    instruction<"0 q 1 01110 1 s 1 mmmmm 11000 1 nnnnn ddddd", &Pairwise<Opcode::fminnm>::vector>("FMINNMP (vector)"),
    instruction<"0 q 1 01110 1 s 1 mmmmm 11010 1 nnnnn ddddd", &AbsoluteDifference::vector>("FABD"),
    instruction<"0 q 1 01110 1 s 1 mmmmm 11100 1 nnnnn ddddd", &Binary<Opcode::fcmpgt>::vector>("FCMGT (register)"),
    instruction<"0 q 1 01110 1 s 1 mmmmm 11101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpgt>::vector>("FACGT"),
    instruction<"0 q 1 01110 1 s 1 mmmmm 11110 1 nnnnn ddddd", &Pairwise<Opcode::fmin>::vector>("FMINP (vector)"),

    instruction<"01 0 11110 0 s 1 mmmmm 11011 1 nnnnn ddddd", &Binary<Opcode::fmulx>::scalar>("FMULX"),
    instruction<"01 0 11110 0 s 1 mmmmm 11100 1 nnnnn ddddd", &Binary<Opcode::fcmpeq>::scalar>("FCMEQ (register)"),
    instruction<"01 1 11110 0 s 1 mmmmm 11100 1 nnnnn ddddd", &Binary<Opcode::fcmpge>::scalar>("FCMGE (register)"),
    instruction<"01 1 11110 0 s 1 mmmmm 11101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpge>::scalar>("FACGE"),
    instruction<"01 1 11110 1 s 1 mmmmm 11010 1 nnnnn ddddd", &AbsoluteDifference::scalar>("FABD"),
    instruction<"01 1 11110 1 s 1 mmmmm 11100 1 nnnnn ddddd", &Binary<Opcode::fcmpgt>::scalar>("FCMGT (register)"),
    instruction<"01 1 11110 1 s 1 mmmmm 11101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpgt>::scalar>("FACGT"),

    instruction<"0 q 0 01110 0 10 mmmmm 00 000 1 nnnnn ddddd", &Binary<Opcode::fmaxnm>::vector_half>("FMAXNM (vector)",
                                                                                                     Feature::fp16),
    instruction<"0 q 0 01110 0 10 mmmmm 00 001 1 nnnnn ddddd", &MultiplyAdd<0>::vector_half>("FMLA (vector)",
                                                                                             Feature::fp16),
    instruction<"0 q 0 01110 0 10 mmmmm 00 010 1 nnnnn ddddd", &Binary<Opcode::fadd>::vector_half>("FADD (vector)",
                                                                                                   Feature::fp16),
    instruction<"0 q 0 01110 0 10 mmmmm 00 011 1 nnnnn ddddd", &Binary<Opcode::fmulx>::vector_half>("FMULX",
                                                                                                    Feature::fp16),
    instruction<"0 q 0 01110 0 10 mmmmm 00 100 1 nnnnn ddddd", &Binary<Opcode::fcmpeq>::vector_half>("FCMEQ (register)",
                                                                                                     Feature::fp16),
    instruction<"0 q 0 01110 0 10 mmmmm 00 110 1 nnnnn ddddd", &Binary<Opcode::fmax>::vector_half>("FMAX (vector)",
                                                                                                   Feature::fp16),
    instruction<"0 q 0 01110 1 10 mmmmm 00 000 1 nnnnn ddddd", &Binary<Opcode::fminnm>::vector_half>("FMINNM (vector)",
                                                                                                     Feature::fp16),
    instruction<"0 q 0 01110 1 10 mmmmm 00 001 1 nnnnn ddddd", &MultiplyAdd<1>::vector_half>("FMLS (vector)",
                                                                                             Feature::fp16),
    instruction<"0 q 0 01110 1 10 mmmmm 00 010 1 nnnnn ddddd", &Binary<Opcode::fsub>::vector_half>("FSUB (vector)",
                                                                                                   Feature::fp16),
    instruction<"0 q 0 01110 1 10 mmmmm 00 110 1 nnnnn ddddd", &Binary<Opcode::fmin>::vector_half>("FMIN (vector)",
                                                                                                   Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 000 1 nnnnn ddddd", &Pairwise<Opcode::fmaxnm>::vector_half>(
        "FMAXNMP (vector)", Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 010 1 nnnnn ddddd", &Pairwise<Opcode::fadd>::vector_half>("FADDP (vector)",
                                                                                                     Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 011 1 nnnnn ddddd", &Binary<Opcode::fmul>::vector_half>("FMUL (vector)",
                                                                                                   Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 100 1 nnnnn ddddd", &Binary<Opcode::fcmpge>::vector_half>("FCMGE (register)",
                                                                                                     Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpge>::vector_half>(
        "FACGE", Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 110 1 nnnnn ddddd", &Pairwise<Opcode::fmax>::vector_half>("FMAXP (vector)",
                                                                                                     Feature::fp16),
    instruction<"0 q 1 01110 0 10 mmmmm 00 111 1 nnnnn ddddd", &Binary<Opcode::fdiv>::vector_half>("FDIV (vector)",
                                                                                                   Feature::fp16),
    instruction<"0 q 1 01110 1 10 mmmmm 00 000 1 nnnnn ddddd", &Pairwise<Opcode::fminnm>::vector_half>(
        "FMINNMP (vector)", Feature::fp16),
    instruction<"0 q 1 01110 1 10 mmmmm 00 010 1 nnnnn ddddd", &AbsoluteDifference::vector_half>("FABD", Feature::fp16),
    instruction<"0 q 1 01110 1 10 mmmmm 00 100 1 nnnnn ddddd", &Binary<Opcode::fcmpgt>::vector_half>("FCMGT (register)",
                                                                                                     Feature::fp16),
    instruction<"0 q 1 01110 1 10 mmmmm 00 101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpgt>::vector_half>(
        "FACGT", Feature::fp16),
    instruction<"0 q 1 01110 1 10 mmmmm 00 110 1 nnnnn ddddd", &Pairwise<Opcode::fmin>::vector_half>("FMINP (vector)",
                                                                                                     Feature::fp16),

    instruction<"01 0 11110 0 10 mmmmm 00 011 1 nnnnn ddddd", &Binary<Opcode::fmulx>::scalar_half>("FMULX",
                                                                                                   Feature::fp16),
    instruction<"01 0 11110 0 10 mmmmm 00 100 1 nnnnn ddddd", &Binary<Opcode::fcmpeq>::scalar_half>("FCMEQ (register)",
                                                                                                    Feature::fp16),
    instruction<"01 1 11110 0 10 mmmmm 00 100 1 nnnnn ddddd", &Binary<Opcode::fcmpge>::scalar_half>("FCMGE (register)",
                                                                                                    Feature::fp16),
    instruction<"01 1 11110 0 10 mmmmm 00 101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpge>::scalar_half>(
        "FACGE", Feature::fp16),
    instruction<"01 1 11110 1 10 mmmmm 00 010 1 nnnnn ddddd", &AbsoluteDifference::scalar_half>("FABD", Feature::fp16),
    instruction<"01 1 11110 1 10 mmmmm 00 100 1 nnnnn ddddd", &Binary<Opcode::fcmpgt>::scalar_half>("FCMGT (register)",
                                                                                                    Feature::fp16),
    instruction<"01 1 11110 1 10 mmmmm 00 101 1 nnnnn ddddd", &AbsoluteCompare<Opcode::fcmpgt>::scalar_half>(
        "FACGT", Feature::fp16),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_three_same() {
    return kInstructions;
}

}  // namespace kelvin::arm64
