// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD vector x indexed element and scalar x indexed element, of floating point.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;

struct Indexed {
    ir::Value vector = ir::kNoValue;  ///< the element in all lanes; kNoValue: the encoding is unallocated
};

/// Of single or double precision: Rm is M:Rm, the index H:L or, of doubles, H.
bool index_allocated(FpShape shape, Flag l) {
    return fp_lane(shape) != Lane::d || !l;
}
ir::Value element(Lifter& t, FpShape shape, Flag l, VReg rm, Flag h) {
    const Lane lane = fp_lane(shape);
    const u64 index = lane == Lane::d ? h.value : h.value << 1 | l.value;
    return t.ir.vector(Opcode::vdup_lane, lane, t.get(rm), ir::kNoValue, ir::kNoValue, index);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01111 1 s l mmmmm 0001 h 0 nnnnn ddddd", &Forms<&multiply_add<0>>::vector>("FMLA (by element)"),
    instruction<"01 0 11111 1 s l mmmmm 0001 h 0 nnnnn ddddd", &Forms<&multiply_add<0>>::scalar>("FMLA (by element)"),
    instruction<"0 q 0 01111 00 l i mmmm 0001 h 0 nnnnn ddddd", &Forms<&multiply_add_half<0>>::vector_half>(
        "FMLA (by element)", Feature::fp16),
    instruction<"01 0 11111 00 l i mmmm 0001 h 0 nnnnn ddddd", &Forms<&multiply_add_half<0>>::scalar_half>(
        "FMLA (by element)", Feature::fp16),
    instruction<"0 q 0 01111 1 s l mmmmm 0101 h 0 nnnnn ddddd", &Forms<&multiply_add<1>>::vector>("FMLS (by element)"),
    instruction<"01 0 11111 1 s l mmmmm 0101 h 0 nnnnn ddddd", &Forms<&multiply_add<1>>::scalar>("FMLS (by element)"),
    instruction<"0 q 0 01111 00 l i mmmm 0101 h 0 nnnnn ddddd", &Forms<&multiply_add_half<1>>::vector_half>(
        "FMLS (by element)", Feature::fp16),
    instruction<"01 0 11111 00 l i mmmm 0101 h 0 nnnnn ddddd", &Forms<&multiply_add_half<1>>::scalar_half>(
        "FMLS (by element)", Feature::fp16),
    instruction<"0 q 0 01111 1 s l mmmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply<Opcode::fmul>>::vector>(
        "FMUL (by element)"),
    instruction<"01 0 11111 1 s l mmmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply<Opcode::fmul>>::scalar>(
        "FMUL (by element)"),
    instruction<"0 q 0 01111 00 l i mmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply_half<Opcode::fmul>>::vector_half>(
        "FMUL (by element)", Feature::fp16),
    instruction<"01 0 11111 00 l i mmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply_half<Opcode::fmul>>::scalar_half>(
        "FMUL (by element)", Feature::fp16),
    instruction<"0 q 1 01111 1 s l mmmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply<Opcode::fmulx>>::vector>(
        "FMULX (by element)"),
    instruction<"01 1 11111 1 s l mmmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply<Opcode::fmulx>>::scalar>(
        "FMULX (by element)"),
    instruction<"0 q 1 01111 00 l i mmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply_half<Opcode::fmulx>>::vector_half>(
        "FMULX (by element)", Feature::fp16),
    instruction<"01 1 11111 00 l i mmmm 1001 h 0 nnnnn ddddd", &Forms<&multiply_half<Opcode::fmulx>>::scalar_half>(
        "FMULX (by element)", Feature::fp16),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_by_element() {
    return kInstructions;
}

}  // namespace kelvin::arm64
