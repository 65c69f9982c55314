// SPDX-License-Identifier: Apache-2.0
// FEAT_FCMA: complex numbers, their real parts in even elements and the imaginary ones in odd.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;
using ir::Value;

/// Begins an instruction of elements of `size`.
bool begin(Lifter& t, Size size, Q q) {
    const bool half_allowed = size.lane() != Lane::h || t.model().has(Feature::fp16);
    if (size.value == 0 || !half_allowed || (size.lane() == Lane::d && !q.full())) {
        t.undefined();
        return false;
    }
    return t.fp_enabled();
}

/// Real and imaginary parts exchanged.
Value exchanged(Lifter& t, Lane lane, Value a) {
    switch (lane) {
        case Lane::h:
            return t.ir.vector(Opcode::vreverse32, lane, a);
        case Lane::s:
            return t.ir.vector(Opcode::vreverse64, lane, a);
        default:
            return t.ir.vector(Opcode::vext, a, a, ir::kNoValue, 8);
    }
}

/// The sign bits of the real or the imaginary parts flipped.
Value negated_part(Lifter& t, Lane lane, Value a, bool imaginary) {
    const u64 sign = u64{1} << (lane_bits(lane) - 1);
    Value mask;
    if (lane == Lane::d) {
        const Value zero = t.ir.vconstant(0);
        const Value signs = t.ir.vconstant(sign);
        mask =
            imaginary ? t.ir.vector(Opcode::vcombine_low, zero, signs) : t.ir.vector(Opcode::vcombine_low, signs, zero);
    } else {
        const u64 pair = imaginary ? sign << lane_bits(lane) : sign;
        mask = t.ir.vconstant(lane == Lane::h ? pair << 32 | pair : pair);
    }
    return t.ir.vector(Opcode::vxor, a, mask);
}

/// Rotated by 90 or 270 degrees: (a + ib) times i is -b + ia, times -i it is b - ia.
Value rotated(Lifter& t, Lane lane, Value a, bool by_270) {
    return negated_part(t, lane, exchanged(t, lane, a), by_270);
}

void add(Lifter& t, Q q, Size size, VReg rm, Flag by_270, VReg rn, VReg rd) {
    if (begin(t, size, q)) {
        const FpShape shape = vector_shape(size.lane(), q.full());
        t.set(rd, t.ir.fp(Opcode::fadd, shape, t.get(rn), rotated(t, size.lane(), t.get(rm), by_270.value != 0)));
    }
}

/// Adds the real (no rotation, 180) or the imaginary parts of Rn (90, 270) times `multiplier` as it is rotated. Signs
/// are those of the multiplier's elements, which matters where it is a NaN.
void multiply_add(Lifter& t, FpShape shape, Imm<2> rotation, Value multiplier, VReg rn, VReg rd) {
    const Lane lane = fp_lane(shape);
    const bool odd = (rotation.value & 1) != 0;
    if (odd) {
        multiplier = rotated(t, lane, multiplier, rotation.value == 3);
    } else if (rotation.value == 2) {
        multiplier = t.ir.fp(Opcode::fneg, shape, multiplier);
    }
    const Value n = t.get(rn);
    const Value part = t.ir.vector(odd ? Opcode::vtrn2 : Opcode::vtrn1, lane, n, n);
    t.set(rd, t.ir.fp(Opcode::fmuladd, shape, part, multiplier, t.get(rd)));
}

void multiply_add_vector(Lifter& t, Q q, Size size, VReg rm, Imm<2> rotation, VReg rn, VReg rd) {
    if (begin(t, size, q)) {
        multiply_add(t, vector_shape(size.lane(), q.full()), rotation, t.get(rm), rn, rd);
    }
}

/// A complex number of Rm, in all places: `pair` is the lane that holds both parts.
Value number(Lifter& t, Lane pair, VReg rm, u32 index) {
    return t.ir.vector(Opcode::vdup_lane, pair, t.get(rm), ir::kNoValue, ir::kNoValue, index);
}

void multiply_add_half_element(Lifter& t, Q q, Flag l, VReg rm, Imm<2> rotation, Flag h, VReg rn, VReg rd) {
    if (h && !q.full()) {
        return t.undefined();
    }
    if (begin(t, Size{1}, q)) {
        const Value multiplier = number(t, Lane::s, rm, h.value << 1 | l.value);
        multiply_add(t, vector_shape(Lane::h, q.full()), rotation, multiplier, rn, rd);
    }
}

void multiply_add_single_element(Lifter& t, VReg rm, Imm<2> rotation, Flag h, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        multiply_add(t, FpShape::v4s, rotation, number(t, Lane::d, rm, h.value), rn, rd);
    }
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 1 01110 ss 0 mmmmm 111 r 0 1 nnnnn ddddd", &add>("FCADD", Feature::fcma),
    instruction<"0 q 1 01110 ss 0 mmmmm 110 rr 1 nnnnn ddddd", &multiply_add_vector>("FCMLA", Feature::fcma),
    instruction<"0 q 1 01111 01 l mmmmm 0 rr 1 h 0 nnnnn ddddd", &multiply_add_half_element>("FCMLA (by element)",
                                                                                             Feature::fcma),
    instruction<"0 1 1 01111 10 0 mmmmm 0 rr 1 h 0 nnnnn ddddd", &multiply_add_single_element>("FCMLA (by element)",
                                                                                               Feature::fcma),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_complex() {
    return kInstructions;
}

}  // namespace kelvin::arm64
