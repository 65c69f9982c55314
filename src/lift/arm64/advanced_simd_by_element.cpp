// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD vector x indexed element and scalar x indexed element, of integers.
#include "lift/arm64/advanced_simd_long.h"
#include "lift/arm64/advanced_simd_rounding_multiply.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

/// An instruction's meaning once the element of Rm is in all lanes of `m`.
using Multiplication = void (*)(Lifter&, Elements, Value m, VReg rn, VReg rd);

template <auto Function>
void same(Lifter& t, Elements e, Value m, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, t.get(rn), m)));
}
template <auto Function>
void same_accumulate(Lifter& t, Elements e, Value m, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, t.get(rd), t.get(rn), m)));
}
template <auto Function>
void same_saturating(Lifter& t, Elements e, Value m, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, clip(t, e, t.get(rn)), m)));
}
template <auto Function>
void same_saturating_accumulate(Lifter& t, Elements e, Value m, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Function(t, e.lane, clip(t, e, t.get(rd)), clip(t, e, t.get(rn)), m)));
}
template <auto Function>
void wide(Lifter& t, Elements e, Value m, VReg rn, VReg rd) {
    set_long<Function>(t, e, rd, part(t, e, t.get(rn)), m);
}
template <auto Function>
void wide_accumulate(Lifter& t, Elements e, Value m, VReg rn, VReg rd) {
    set_long_accumulated<Function>(t, e, rd, part(t, e, t.get(rn)), m);
}

/// Half-words: index H:L:M, a register among the first 16. Words: index H:L, register M:Rm.
template <Multiplication Multiply>
void indexed(Lifter& t, Elements e, Flag l, Flag m, VRegLow rm, Flag h, VReg rn, VReg rd) {
    const bool halves = e.lane == Lane::h;
    const u32 index = halves ? h.value << 2 | l.value << 1 | m.value : h.value << 1 | l.value;
    const VReg reg{halves ? rm.value : m.value << 4 | rm.value};
    Multiply(t, e, spread(t, e.lane, t.get(reg), index), rn, rd);
}

template <Multiplication Multiply>
using Indexed = SimdForms<&indexed<Multiply>>;

template <Opcode Op>
using MultiplyAdd = Indexed<&same_accumulate<&multiply_accumulate<Op>>>;
template <Opcode Op, Opcode Multiply>
using MultiplyAddLong = Indexed<&wide_accumulate<&multiply_add_long<Op, Multiply>>>;
template <Opcode Multiply>
using MultiplyLong = Indexed<&wide<&binary_op<Multiply>>>;
template <Opcode Op>
using DoubledAdd = Indexed<&wide_accumulate<&doubled_add_long<Op>>>;
using DoubledLong = Indexed<&wide<&doubled_product>>;
using DoubledHigh = Indexed<&same_saturating<&doubled_high<false>>>;
using DoubledHighRounded = Indexed<&same_saturating<&doubled_high<true>>>;
template <bool Subtract>
using RoundingAccumulate = Indexed<&same_saturating_accumulate<&rounding_multiply_accumulate<Subtract>>>;
template <Opcode Multiply, Opcode Shift>
using Dot = Indexed<&same_accumulate<&dot_product<Multiply, Shift>>>;

constexpr Opcode kAdd = Opcode::vadd, kSub = Opcode::vsub;
constexpr Opcode kMulS = Opcode::vmul_wide_s, kMulU = Opcode::vmul_wide_u;

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 1 01111 zz l i mmmm 0000 h 0 nnnnn ddddd", &MultiplyAdd<kAdd>::vector<kHs>>("MLA (by element)"),
    instruction<"0 q 1 01111 zz l i mmmm 0100 h 0 nnnnn ddddd", &MultiplyAdd<kSub>::vector<kHs>>("MLS (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 0010 h 0 nnnnn ddddd", &MultiplyAddLong<kAdd, kMulS>::vector<kHs>>("SMLAL (by element)"),
    instruction<"0 q 1 01111 zz l i mmmm 0010 h 0 nnnnn ddddd", &MultiplyAddLong<kAdd, kMulU>::vector<kHs>>("UMLAL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 0011 h 0 nnnnn ddddd", &DoubledAdd<Opcode::vqadd_s>::vector<kHs>>("SQDMLAL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 0110 h 0 nnnnn ddddd", &MultiplyAddLong<kSub, kMulS>::vector<kHs>>("SMLSL (by element)"),
    instruction<"0 q 1 01111 zz l i mmmm 0110 h 0 nnnnn ddddd", &MultiplyAddLong<kSub, kMulU>::vector<kHs>>("UMLSL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 0111 h 0 nnnnn ddddd", &DoubledAdd<Opcode::vqsub_s>::vector<kHs>>("SQDMLSL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 1000 h 0 nnnnn ddddd", &Indexed<&same<&binary_op<Opcode::vmul>>>::vector<kHs>>("MUL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 1010 h 0 nnnnn ddddd", &MultiplyLong<kMulS>::vector<kHs>>("SMULL (by element)"),
    instruction<"0 q 1 01111 zz l i mmmm 1010 h 0 nnnnn ddddd", &MultiplyLong<kMulU>::vector<kHs>>("UMULL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 1011 h 0 nnnnn ddddd", &DoubledLong::vector<kHs>>("SQDMULL (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 1100 h 0 nnnnn ddddd", &DoubledHigh::vector<kHs>>("SQDMULH (by element)"),
    instruction<"0 q 0 01111 zz l i mmmm 1101 h 0 nnnnn ddddd", &DoubledHighRounded::vector<kHs>>("SQRDMULH (by element)"),
    instruction<"0 q 1 01111 zz l i mmmm 1101 h 0 nnnnn ddddd", &RoundingAccumulate<false>::vector<kHs>>("SQRDMLAH (by element)", Feature::rdm),
    instruction<"0 q 1 01111 zz l i mmmm 1111 h 0 nnnnn ddddd", &RoundingAccumulate<true>::vector<kHs>>("SQRDMLSH (by element)", Feature::rdm),
    instruction<"0 q 0 01111 10 l i mmmm 1110 h 0 nnnnn ddddd", &Dot<kMulS, Opcode::vsar_imm>::vector_of<Lane::s>>("SDOT (by element)", Feature::dotprod),
    instruction<"0 q 1 01111 10 l i mmmm 1110 h 0 nnnnn ddddd", &Dot<kMulU, Opcode::vshr_imm>::vector_of<Lane::s>>("UDOT (by element)", Feature::dotprod),

    instruction<"01 0 11111 zz l i mmmm 0011 h 0 nnnnn ddddd", &DoubledAdd<Opcode::vqadd_s>::scalar<kHs>>("SQDMLAL (by element)"),
    instruction<"01 0 11111 zz l i mmmm 0111 h 0 nnnnn ddddd", &DoubledAdd<Opcode::vqsub_s>::scalar<kHs>>("SQDMLSL (by element)"),
    instruction<"01 0 11111 zz l i mmmm 1011 h 0 nnnnn ddddd", &DoubledLong::scalar<kHs>>("SQDMULL (by element)"),
    instruction<"01 0 11111 zz l i mmmm 1100 h 0 nnnnn ddddd", &DoubledHigh::scalar<kHs>>("SQDMULH (by element)"),
    instruction<"01 0 11111 zz l i mmmm 1101 h 0 nnnnn ddddd", &DoubledHighRounded::scalar<kHs>>("SQRDMULH (by element)"),
    instruction<"01 1 11111 zz l i mmmm 1101 h 0 nnnnn ddddd", &RoundingAccumulate<false>::scalar<kHs>>("SQRDMLAH (by element)", Feature::rdm),
    instruction<"01 1 11111 zz l i mmmm 1111 h 0 nnnnn ddddd", &RoundingAccumulate<true>::scalar<kHs>>("SQRDMLSH (by element)", Feature::rdm),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_by_element() {
    return kInstructions;
}

}  // namespace kelvin::arm64
