// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD scalar pairwise and across lanes, of floating point.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;

/// Element 0 with element 1.
template <Opcode Op>
ir::Value pair(Lifter& t, Lane lane, ir::Value a) {
    const ir::Value second = t.ir.vector(Opcode::vdup_lane, lane, a, ir::kNoValue, ir::kNoValue, 1);
    return t.ir.fp(Op, scalar_shape(lane), a, second);
}

template <Opcode Op>
void reduce_pair(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    t.set(rd, pair<Op>(t, fp_lane(shape), t.get(rn)));
}

/// Each even element with its odd neighbour, in the low half of the result.
template <Opcode Op>
ir::Value neighbours(Lifter& t, Lane lane, ir::Value a) {
    const ir::Value even = t.ir.vector(Opcode::vuzp1, lane, a, a);
    const ir::Value odd = t.ir.vector(Opcode::vuzp2, lane, a, a);
    return t.ir.fp(Op, vector_shape(lane, false), even, odd);
}

/// Reduce() halves the vector again and again, so that neighbours meet first: it matters which NaN wins. Where a half
/// is shorter than 64 bits its elements are computed twice, which raises no other exceptions.
template <Opcode Op>
void across(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    const Lane lane = fp_lane(shape);
    ir::Value rest = t.get(rn);
    if (!is_full(shape)) {
        rest = t.ir.vector(Opcode::vcombine_low, rest, rest);
    }
    for (unsigned count = fp_lanes(shape); count > 2; count /= 2) {
        rest = neighbours<Op>(t, lane, rest);
        if (count > 4) {
            rest = t.ir.vector(Opcode::vcombine_low, rest, rest);
        }
    }
    t.set(rd, pair<Op>(t, lane, rest));
}

template <Opcode Op>
void across_words(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        across<Op>(t, FpShape::v4s, rn, rd);
    }
}

template <Opcode Op>
using Pair = Forms<&reduce_pair<Op>>;
template <Opcode Op>
using Across = Forms<&across<Op>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"01 1 11110 0 s 11000 01100 10 nnnnn ddddd", &Pair<Opcode::fmaxnm>::scalar>("FMAXNMP (scalar)"),
    instruction<"01 0 11110 0 0 11000 01100 10 nnnnn ddddd", &Pair<Opcode::fmaxnm>::scalar_half>("FMAXNMP (scalar)",
                                                                                                 Feature::fp16),
    instruction<"01 1 11110 0 s 11000 01101 10 nnnnn ddddd", &Pair<Opcode::fadd>::scalar>("FADDP (scalar)"),
    instruction<"01 0 11110 0 0 11000 01101 10 nnnnn ddddd", &Pair<Opcode::fadd>::scalar_half>("FADDP (scalar)",
                                                                                               Feature::fp16),
    instruction<"01 1 11110 0 s 11000 01111 10 nnnnn ddddd", &Pair<Opcode::fmax>::scalar>("FMAXP (scalar)"),
    instruction<"01 0 11110 0 0 11000 01111 10 nnnnn ddddd", &Pair<Opcode::fmax>::scalar_half>("FMAXP (scalar)",
                                                                                               Feature::fp16),
    instruction<"01 1 11110 1 s 11000 01100 10 nnnnn ddddd", &Pair<Opcode::fminnm>::scalar>("FMINNMP (scalar)"),
    instruction<"01 0 11110 1 0 11000 01100 10 nnnnn ddddd", &Pair<Opcode::fminnm>::scalar_half>("FMINNMP (scalar)",
                                                                                                 Feature::fp16),
    instruction<"01 1 11110 1 s 11000 01111 10 nnnnn ddddd", &Pair<Opcode::fmin>::scalar>("FMINP (scalar)"),
    instruction<"01 0 11110 1 0 11000 01111 10 nnnnn ddddd", &Pair<Opcode::fmin>::scalar_half>("FMINP (scalar)",
                                                                                               Feature::fp16),

    instruction<"0 1 1 01110 0 0 11000 01100 10 nnnnn ddddd", &across_words<Opcode::fmaxnm>>("FMAXNMV"),
    instruction<"0 q 0 01110 0 0 11000 01100 10 nnnnn ddddd", &Across<Opcode::fmaxnm>::vector_half>("FMAXNMV",
                                                                                                    Feature::fp16),
    instruction<"0 1 1 01110 0 0 11000 01111 10 nnnnn ddddd", &across_words<Opcode::fmax>>("FMAXV"),
    instruction<"0 q 0 01110 0 0 11000 01111 10 nnnnn ddddd", &Across<Opcode::fmax>::vector_half>("FMAXV",
                                                                                                  Feature::fp16),
    instruction<"0 1 1 01110 1 0 11000 01100 10 nnnnn ddddd", &across_words<Opcode::fminnm>>("FMINNMV"),
    instruction<"0 q 0 01110 1 0 11000 01100 10 nnnnn ddddd", &Across<Opcode::fminnm>::vector_half>("FMINNMV",
                                                                                                    Feature::fp16),
    instruction<"0 1 1 01110 1 0 11000 01111 10 nnnnn ddddd", &across_words<Opcode::fmin>>("FMINV"),
    instruction<"0 q 0 01110 1 0 11000 01111 10 nnnnn ddddd", &Across<Opcode::fmin>::vector_half>("FMINV",
                                                                                                  Feature::fp16),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_reduce() {
    return kInstructions;
}

}  // namespace kelvin::arm64
