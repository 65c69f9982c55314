// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD vector x indexed element and scalar x indexed element, of floating point.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;

/// An instruction's meaning once the element of Rm is in all lanes of `multiplier`.
using Multiplication = void (*)(Lifter&, FpShape, ir::Value multiplier, VReg rn, VReg rd);

template <u64 Negations>
void multiply_add(Lifter& t, FpShape shape, ir::Value multiplier, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Opcode::fmuladd, shape, t.get(rn), multiplier, t.get(rd), Negations));
}

template <Opcode Op>
void multiply(Lifter& t, FpShape shape, ir::Value multiplier, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Op, shape, t.get(rn), multiplier));
}

ir::Value element(Lifter& t, Lane lane, u32 rm, u32 index) {
    return t.ir.vector(Opcode::vdup_lane, lane, t.get(VReg{rm}), ir::kNoValue, ir::kNoValue, index);
}

template <Multiplication Multiply>
void by_half(Lifter& t, FpShape shape, Flag l, Flag m, VRegLow rm, Flag h, VReg rn, VReg rd) {
    Multiply(t, shape, element(t, Lane::h, rm.value, h.value << 2 | l.value << 1 | m.value), rn, rd);
}

template <Multiplication Multiply>
void by_single(Lifter& t, FpShape shape, Flag l, VReg rm, Flag h, VReg rn, VReg rd) {
    Multiply(t, shape, element(t, Lane::s, rm.value, h.value << 1 | l.value), rn, rd);
}

template <Multiplication Multiply>
void by_double(Lifter& t, FpShape shape, VReg rm, Flag h, VReg rn, VReg rd) {
    Multiply(t, shape, element(t, Lane::d, rm.value, h.value), rn, rd);
}

template <Multiplication Multiply>
using ByHalf = Forms<&by_half<Multiply>>;
template <Multiplication Multiply>
using BySingle = Forms<&by_single<Multiply>>;
template <Multiplication Multiply>
using ByDouble = Forms<&by_double<Multiply>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01111 1 0 l mmmmm 0001 h 0 nnnnn ddddd", &BySingle<&multiply_add<0>>::vector_of<Lane::s>>(
        "FMLA (by element)"),
    instruction<"01 0 11111 1 0 l mmmmm 0001 h 0 nnnnn ddddd", &BySingle<&multiply_add<0>>::scalar_of<Lane::s>>(
        "FMLA (by element)"),
    instruction<"0 q 0 01111 1 1 0 mmmmm 0001 h 0 nnnnn ddddd", &ByDouble<&multiply_add<0>>::vector_of<Lane::d>>(
        "FMLA (by element)"),
    instruction<"01 0 11111 1 1 0 mmmmm 0001 h 0 nnnnn ddddd", &ByDouble<&multiply_add<0>>::scalar_of<Lane::d>>(
        "FMLA (by element)"),
    instruction<"0 q 0 01111 00 l i mmmm 0001 h 0 nnnnn ddddd", &ByHalf<&multiply_add<0>>::vector_of<Lane::h>>(
        "FMLA (by element)", Feature::fp16),
    instruction<"01 0 11111 00 l i mmmm 0001 h 0 nnnnn ddddd", &ByHalf<&multiply_add<0>>::scalar_of<Lane::h>>(
        "FMLA (by element)", Feature::fp16),
    instruction<"0 q 0 01111 1 0 l mmmmm 0101 h 0 nnnnn ddddd", &BySingle<&multiply_add<1>>::vector_of<Lane::s>>(
        "FMLS (by element)"),
    instruction<"01 0 11111 1 0 l mmmmm 0101 h 0 nnnnn ddddd", &BySingle<&multiply_add<1>>::scalar_of<Lane::s>>(
        "FMLS (by element)"),
    instruction<"0 q 0 01111 1 1 0 mmmmm 0101 h 0 nnnnn ddddd", &ByDouble<&multiply_add<1>>::vector_of<Lane::d>>(
        "FMLS (by element)"),
    instruction<"01 0 11111 1 1 0 mmmmm 0101 h 0 nnnnn ddddd", &ByDouble<&multiply_add<1>>::scalar_of<Lane::d>>(
        "FMLS (by element)"),
    instruction<"0 q 0 01111 00 l i mmmm 0101 h 0 nnnnn ddddd", &ByHalf<&multiply_add<1>>::vector_of<Lane::h>>(
        "FMLS (by element)", Feature::fp16),
    instruction<"01 0 11111 00 l i mmmm 0101 h 0 nnnnn ddddd", &ByHalf<&multiply_add<1>>::scalar_of<Lane::h>>(
        "FMLS (by element)", Feature::fp16),
    instruction<"0 q 0 01111 1 0 l mmmmm 1001 h 0 nnnnn ddddd", &BySingle<&multiply<Opcode::fmul>>::vector_of<Lane::s>>(
        "FMUL (by element)"),
    instruction<"01 0 11111 1 0 l mmmmm 1001 h 0 nnnnn ddddd", &BySingle<&multiply<Opcode::fmul>>::scalar_of<Lane::s>>(
        "FMUL (by element)"),
    instruction<"0 q 0 01111 1 1 0 mmmmm 1001 h 0 nnnnn ddddd", &ByDouble<&multiply<Opcode::fmul>>::vector_of<Lane::d>>(
        "FMUL (by element)"),
    instruction<"01 0 11111 1 1 0 mmmmm 1001 h 0 nnnnn ddddd", &ByDouble<&multiply<Opcode::fmul>>::scalar_of<Lane::d>>(
        "FMUL (by element)"),
    instruction<"0 q 0 01111 00 l i mmmm 1001 h 0 nnnnn ddddd", &ByHalf<&multiply<Opcode::fmul>>::vector_of<Lane::h>>(
        "FMUL (by element)", Feature::fp16),
    instruction<"01 0 11111 00 l i mmmm 1001 h 0 nnnnn ddddd", &ByHalf<&multiply<Opcode::fmul>>::scalar_of<Lane::h>>(
        "FMUL (by element)", Feature::fp16),
    instruction<"0 q 1 01111 1 0 l mmmmm 1001 h 0 nnnnn ddddd",
                &BySingle<&multiply<Opcode::fmulx>>::vector_of<Lane::s>>("FMULX (by element)"),
    instruction<"01 1 11111 1 0 l mmmmm 1001 h 0 nnnnn ddddd", &BySingle<&multiply<Opcode::fmulx>>::scalar_of<Lane::s>>(
        "FMULX (by element)"),
    instruction<"0 q 1 01111 1 1 0 mmmmm 1001 h 0 nnnnn ddddd",
                &ByDouble<&multiply<Opcode::fmulx>>::vector_of<Lane::d>>("FMULX (by element)"),
    instruction<"01 1 11111 1 1 0 mmmmm 1001 h 0 nnnnn ddddd", &ByDouble<&multiply<Opcode::fmulx>>::scalar_of<Lane::d>>(
        "FMULX (by element)"),
    instruction<"0 q 1 01111 00 l i mmmm 1001 h 0 nnnnn ddddd", &ByHalf<&multiply<Opcode::fmulx>>::vector_of<Lane::h>>(
        "FMULX (by element)", Feature::fp16),
    instruction<"01 1 11111 00 l i mmmm 1001 h 0 nnnnn ddddd", &ByHalf<&multiply<Opcode::fmulx>>::scalar_of<Lane::h>>(
        "FMULX (by element)", Feature::fp16),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_by_element() {
    return kInstructions;
}

}  // namespace kelvin::arm64
