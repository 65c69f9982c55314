// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD three same extra and its scalar kin, of integers.
#include "lift/arm64/advanced_simd_multiply.h"
#include "lift/arm64/advanced_simd_rounding_multiply.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;

template <bool Subtract>
void rounding_accumulate(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    const ir::Value d = clip(t, e, t.get(rd));
    const ir::Value n = clip(t, e, t.get(rn));
    t.set(rd, clip(t, e, rounding_multiply_accumulate<Subtract>(t, e.lane, d, n, t.get(rm))));
}

template <bool Subtract>
using RoundingAccumulate = SimdForms<&rounding_accumulate<Subtract>>;
template <Opcode Multiply, Opcode Shift>
using Dot = SimdForms<&simd_accumulate<&dot_product<Multiply, Shift>>>;

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 1 01110 zz 0 mmmmm 10000 1 nnnnn ddddd", &RoundingAccumulate<false>::vector<kHs>>("SQRDMLAH (vector)", Feature::rdm),
    instruction<"0 q 1 01110 zz 0 mmmmm 10001 1 nnnnn ddddd", &RoundingAccumulate<true>::vector<kHs>>("SQRDMLSH (vector)", Feature::rdm),
    instruction<"0 q 0 01110 10 0 mmmmm 10010 1 nnnnn ddddd", &Dot<Opcode::vmul_wide_s, Opcode::vsar_imm>::vector_of<Lane::s>>("SDOT (vector)", Feature::dotprod),
    instruction<"0 q 1 01110 10 0 mmmmm 10010 1 nnnnn ddddd", &Dot<Opcode::vmul_wide_u, Opcode::vshr_imm>::vector_of<Lane::s>>("UDOT (vector)", Feature::dotprod),
    instruction<"01 1 11110 zz 0 mmmmm 10000 1 nnnnn ddddd", &RoundingAccumulate<false>::scalar<kHs>>("SQRDMLAH (vector)", Feature::rdm),
    instruction<"01 1 11110 zz 0 mmmmm 10001 1 nnnnn ddddd", &RoundingAccumulate<true>::scalar<kHs>>("SQRDMLSH (vector)", Feature::rdm),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_three_same_extra() {
    return kInstructions;
}

}  // namespace kelvin::arm64
