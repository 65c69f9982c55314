// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Scalar Floating-Point: one, two and three sources, conversion between formats.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Opcode;

void move(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    t.set(rd, t.ir.vector(Opcode::vlow_lane, fp_lane(shape), t.get(rn)));
}

void negated_multiply(Lifter& t, FpShape shape, VReg rm, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Opcode::fneg, shape, t.ir.fp(Opcode::fmul, shape, t.get(rn), t.get(rm))));
}

/// `Negations` as fmuladd has them: bit 0 the product, bit 1 the addend.
template <u64 Negations>
void multiply_add(Lifter& t, FpShape shape, VReg rm, VReg ra, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Opcode::fmuladd, shape, t.get(rn), t.get(rm), t.get(ra), Negations));
}

void convert(Lifter& t, Ftype from, Ftype to, VReg rn, VReg rd) {
    if (!from.allocated() || !to.allocated() || from.value == to.value) {
        return t.undefined();
    }
    if (t.fp_enabled()) {
        const auto destination = static_cast<u64>(to.shape());
        t.set(rd, t.ir.fp(Opcode::fconvert, from.shape(), t.get(rn), ir::kNoValue, ir::kNoValue, destination));
    }
}

template <Opcode Op>
using Unary = Forms<&fp_unary<Op>>;
template <Opcode Op>
using Binary = Forms<&fp_binary<Op>>;
template <RoundingChoice Choice, u64 Inexact = 0>
using Round = Forms<&fp_round<Choice, Inexact>>;
template <u64 Negations>
using MultiplyAdd = Forms<&multiply_add<Negations>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"000 11110 tt 1 000000 10000 nnnnn ddddd", &Forms<&move>::typed>("FMOV (register)"),
    instruction<"000 11110 tt 1 000001 10000 nnnnn ddddd", &Unary<Opcode::fabs>::typed>("FABS (scalar)"),
    instruction<"000 11110 tt 1 000010 10000 nnnnn ddddd", &Unary<Opcode::fneg>::typed>("FNEG (scalar)"),
    instruction<"000 11110 tt 1 000011 10000 nnnnn ddddd", &Unary<Opcode::fsqrt>::typed>("FSQRT (scalar)"),
    instruction<"000 11110 tt 1 0001 oo 10000 nnnnn ddddd", &convert>("FCVT"),
    instruction<"000 11110 tt 1 001000 10000 nnnnn ddddd", &Round<RoundingChoice::nearest_even>::typed>(
        "FRINTN (scalar)"),
    instruction<"000 11110 tt 1 001001 10000 nnnnn ddddd", &Round<RoundingChoice::plus_infinity>::typed>(
        "FRINTP (scalar)"),
    instruction<"000 11110 tt 1 001010 10000 nnnnn ddddd", &Round<RoundingChoice::minus_infinity>::typed>(
        "FRINTM (scalar)"),
    instruction<"000 11110 tt 1 001011 10000 nnnnn ddddd", &Round<RoundingChoice::zero>::typed>("FRINTZ (scalar)"),
    instruction<"000 11110 tt 1 001100 10000 nnnnn ddddd", &Round<RoundingChoice::nearest_away>::typed>(
        "FRINTA (scalar)"),
    instruction<"000 11110 tt 1 001110 10000 nnnnn ddddd", &Round<RoundingChoice::fpcr, kSignalInexact>::typed>(
        "FRINTX (scalar)"),
    instruction<"000 11110 tt 1 001111 10000 nnnnn ddddd", &Round<RoundingChoice::fpcr>::typed>("FRINTI (scalar)"),

    instruction<"000 11110 tt 1 mmmmm 0000 10 nnnnn ddddd", &Binary<Opcode::fmul>::typed>("FMUL (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0001 10 nnnnn ddddd", &Binary<Opcode::fdiv>::typed>("FDIV (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0010 10 nnnnn ddddd", &Binary<Opcode::fadd>::typed>("FADD (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0011 10 nnnnn ddddd", &Binary<Opcode::fsub>::typed>("FSUB (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0100 10 nnnnn ddddd", &Binary<Opcode::fmax>::typed>("FMAX (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0101 10 nnnnn ddddd", &Binary<Opcode::fmin>::typed>("FMIN (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0110 10 nnnnn ddddd", &Binary<Opcode::fmaxnm>::typed>("FMAXNM (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 0111 10 nnnnn ddddd", &Binary<Opcode::fminnm>::typed>("FMINNM (scalar)"),
    instruction<"000 11110 tt 1 mmmmm 1000 10 nnnnn ddddd", &Forms<&negated_multiply>::typed>("FNMUL (scalar)"),

    instruction<"000 11111 tt 0 mmmmm 0 aaaaa nnnnn ddddd", &MultiplyAdd<0>::typed>("FMADD"),
    instruction<"000 11111 tt 0 mmmmm 1 aaaaa nnnnn ddddd", &MultiplyAdd<1>::typed>("FMSUB"),
    instruction<"000 11111 tt 1 mmmmm 0 aaaaa nnnnn ddddd", &MultiplyAdd<3>::typed>("FNMADD"),
    instruction<"000 11111 tt 1 mmmmm 1 aaaaa nnnnn ddddd", &MultiplyAdd<2>::typed>("FNMSUB"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_floating_point_data_processing() {
    return kInstructions;
}

}  // namespace kelvin::arm64
