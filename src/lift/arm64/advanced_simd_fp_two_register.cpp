// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD two-register miscellaneous and its scalar kin, of floating point: signs, roots, rounding
// to an integral value, comparisons with zero; with their FP16 kin.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Opcode;

template <Opcode Compare>
void compare_zero(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Compare, shape, t.get(rn), t.ir.vconstant(0)));
}

/// With zero on the left: FCMLT and FCMLE.
template <Opcode Compare>
void zero_compare(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Compare, shape, t.ir.vconstant(0), t.get(rn)));
}

template <Opcode Op>
using Unary = Forms<&fp_unary<Op>>;
template <RoundingChoice Choice, u64 Inexact = 0>
using Round = Forms<&fp_round<Choice, Inexact>>;
template <Opcode Compare>
using CompareZero = Forms<&compare_zero<Compare>>;
template <Opcode Compare>
using ZeroCompare = Forms<&zero_compare<Compare>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 0 s 10000 11000 10 nnnnn ddddd", &Round<RoundingChoice::nearest_even>::vector>(
        "FRINTN (vector)"),
    instruction<"0 q 0 01110 0 s 10000 11001 10 nnnnn ddddd", &Round<RoundingChoice::minus_infinity>::vector>(
        "FRINTM (vector)"),
    instruction<"0 q 0 01110 1 s 10000 11000 10 nnnnn ddddd", &Round<RoundingChoice::plus_infinity>::vector>(
        "FRINTP (vector)"),
    instruction<"0 q 0 01110 1 s 10000 11001 10 nnnnn ddddd", &Round<RoundingChoice::zero>::vector>("FRINTZ (vector)"),
    instruction<"0 q 1 01110 0 s 10000 11000 10 nnnnn ddddd", &Round<RoundingChoice::nearest_away>::vector>(
        "FRINTA (vector)"),
    instruction<"0 q 1 01110 0 s 10000 11001 10 nnnnn ddddd", &Round<RoundingChoice::fpcr, kSignalInexact>::vector>(
        "FRINTX (vector)"),
    instruction<"0 q 1 01110 1 s 10000 11001 10 nnnnn ddddd", &Round<RoundingChoice::fpcr>::vector>("FRINTI (vector)"),
    instruction<"0 q 0 01110 1 s 10000 01111 10 nnnnn ddddd", &Unary<Opcode::fabs>::vector>("FABS (vector)"),
    instruction<"0 q 1 01110 1 s 10000 01111 10 nnnnn ddddd", &Unary<Opcode::fneg>::vector>("FNEG (vector)"),
    instruction<"0 q 1 01110 1 s 10000 11111 10 nnnnn ddddd", &Unary<Opcode::fsqrt>::vector>("FSQRT (vector)"),
    instruction<"0 q 0 01110 1 s 10000 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpgt>::vector>("FCMGT (zero)"),
    instruction<"0 q 0 01110 1 s 10000 01101 10 nnnnn ddddd", &CompareZero<Opcode::fcmpeq>::vector>("FCMEQ (zero)"),
    instruction<"0 q 0 01110 1 s 10000 01110 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpgt>::vector>("FCMLT (zero)"),
    instruction<"0 q 1 01110 1 s 10000 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpge>::vector>("FCMGE (zero)"),
    instruction<"0 q 1 01110 1 s 10000 01101 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpge>::vector>("FCMLE (zero)"),

    instruction<"01 0 11110 1 s 10000 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpgt>::scalar>("FCMGT (zero)"),
    instruction<"01 0 11110 1 s 10000 01101 10 nnnnn ddddd", &CompareZero<Opcode::fcmpeq>::scalar>("FCMEQ (zero)"),
    instruction<"01 0 11110 1 s 10000 01110 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpgt>::scalar>("FCMLT (zero)"),
    instruction<"01 1 11110 1 s 10000 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpge>::scalar>("FCMGE (zero)"),
    instruction<"01 1 11110 1 s 10000 01101 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpge>::scalar>("FCMLE (zero)"),

    instruction<"0 q 0 01110 0 111100 11000 10 nnnnn ddddd", &Round<RoundingChoice::nearest_even>::vector_half>(
        "FRINTN (vector)", Feature::fp16),
    instruction<"0 q 0 01110 0 111100 11001 10 nnnnn ddddd", &Round<RoundingChoice::minus_infinity>::vector_half>(
        "FRINTM (vector)", Feature::fp16),
    instruction<"0 q 0 01110 1 111100 11000 10 nnnnn ddddd", &Round<RoundingChoice::plus_infinity>::vector_half>(
        "FRINTP (vector)", Feature::fp16),
    instruction<"0 q 0 01110 1 111100 11001 10 nnnnn ddddd", &Round<RoundingChoice::zero>::vector_half>(
        "FRINTZ (vector)", Feature::fp16),
    instruction<"0 q 1 01110 0 111100 11000 10 nnnnn ddddd", &Round<RoundingChoice::nearest_away>::vector_half>(
        "FRINTA (vector)", Feature::fp16),
    instruction<"0 q 1 01110 0 111100 11001 10 nnnnn ddddd", &Round<RoundingChoice::fpcr, kSignalInexact>::vector_half>(
        "FRINTX (vector)", Feature::fp16),
    instruction<"0 q 1 01110 1 111100 11001 10 nnnnn ddddd", &Round<RoundingChoice::fpcr>::vector_half>(
        "FRINTI (vector)", Feature::fp16),
    instruction<"0 q 0 01110 1 111100 01111 10 nnnnn ddddd", &Unary<Opcode::fabs>::vector_half>("FABS (vector)",
                                                                                                Feature::fp16),
    instruction<"0 q 1 01110 1 111100 01111 10 nnnnn ddddd", &Unary<Opcode::fneg>::vector_half>("FNEG (vector)",
                                                                                                Feature::fp16),
    instruction<"0 q 1 01110 1 111100 11111 10 nnnnn ddddd", &Unary<Opcode::fsqrt>::vector_half>("FSQRT (vector)",
                                                                                                 Feature::fp16),
    instruction<"0 q 0 01110 1 111100 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpgt>::vector_half>("FCMGT (zero)",
                                                                                                        Feature::fp16),
    instruction<"0 q 0 01110 1 111100 01101 10 nnnnn ddddd", &CompareZero<Opcode::fcmpeq>::vector_half>("FCMEQ (zero)",
                                                                                                        Feature::fp16),
    instruction<"0 q 0 01110 1 111100 01110 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpgt>::vector_half>("FCMLT (zero)",
                                                                                                        Feature::fp16),
    instruction<"0 q 1 01110 1 111100 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpge>::vector_half>("FCMGE (zero)",
                                                                                                        Feature::fp16),
    instruction<"0 q 1 01110 1 111100 01101 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpge>::vector_half>("FCMLE (zero)",
                                                                                                        Feature::fp16),

    instruction<"01 0 11110 1 111100 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpgt>::scalar_half>("FCMGT (zero)",
                                                                                                       Feature::fp16),
    instruction<"01 0 11110 1 111100 01101 10 nnnnn ddddd", &CompareZero<Opcode::fcmpeq>::scalar_half>("FCMEQ (zero)",
                                                                                                       Feature::fp16),
    instruction<"01 0 11110 1 111100 01110 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpgt>::scalar_half>("FCMLT (zero)",
                                                                                                       Feature::fp16),
    instruction<"01 1 11110 1 111100 01100 10 nnnnn ddddd", &CompareZero<Opcode::fcmpge>::scalar_half>("FCMGE (zero)",
                                                                                                       Feature::fp16),
    instruction<"01 1 11110 1 111100 01101 10 nnnnn ddddd", &ZeroCompare<Opcode::fcmpge>::scalar_half>("FCMLE (zero)",
                                                                                                       Feature::fp16),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_two_register() {
    return kInstructions;
}

}  // namespace kelvin::arm64
