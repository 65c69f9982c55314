// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD across lanes, and scalar pairwise, of integers.
#include "lift/arm64/advanced_simd_pairs.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

void add_across(Lifter& t, Elements e, VReg rn, VReg rd) {
    t.set(rd, t.ir.vector(Opcode::vreduce_add, e.lane, clip(t, e, t.get(rn))));
}

template <Opcode Shift>
void add_long_across(Lifter& t, Elements e, VReg rn, VReg rd) {
    const Value pairs = add_neighbours<Shift>(t, e.lane, clip(t, e, t.get(rn)));
    t.set(rd, t.ir.vector(Opcode::vreduce_add, doubled(e.lane), pairs));
}

/// The upper half against the lower one, again and again.
template <Opcode Op>
void choose_across(Lifter& t, Elements e, VReg rn, VReg rd) {
    Value rest = t.get(rn);
    for (unsigned bytes = e.full() ? 8 : 4; bytes >= ir::lane_bits(e.lane) / 8; bytes /= 2) {
        const Value upper = t.ir.vector(Opcode::vext, rest, rest, ir::kNoValue, bytes);
        rest = t.ir.vector(Op, e.lane, rest, upper);
    }
    t.set(rd, t.ir.vector(Opcode::vlow_lane, e.lane, rest));
}

/// Across lanes needs more than two elements: words only of 128 bits.
template <auto Operation>
void across(Lifter& t, Q q, Size size, VReg rn, VReg rd) {
    const bool allocated = size.lane() < Lane::s || (size.lane() == Lane::s && q.full());
    SimdForms<Operation>::run(t, allocated, {size.lane(), q.full() ? Extent::full : Extent::half}, rn, rd);
}

void add_pair(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Opcode::vreduce_add, Lane::d, t.get(rn)));
    }
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 zz 11000 00011 10 nnnnn ddddd", &across<&add_long_across<Opcode::vsar_imm>>>("SADDLV"),
    instruction<"0 q 1 01110 zz 11000 00011 10 nnnnn ddddd", &across<&add_long_across<Opcode::vshr_imm>>>("UADDLV"),
    instruction<"0 q 0 01110 zz 11000 01010 10 nnnnn ddddd", &across<&choose_across<Opcode::vsmax>>>("SMAXV"),
    instruction<"0 q 1 01110 zz 11000 01010 10 nnnnn ddddd", &across<&choose_across<Opcode::vumax>>>("UMAXV"),
    instruction<"0 q 0 01110 zz 11000 11010 10 nnnnn ddddd", &across<&choose_across<Opcode::vsmin>>>("SMINV"),
    instruction<"0 q 1 01110 zz 11000 11010 10 nnnnn ddddd", &across<&choose_across<Opcode::vumin>>>("UMINV"),
    instruction<"0 q 0 01110 zz 11000 11011 10 nnnnn ddddd", &across<&add_across>>("ADDV"),

    instruction<"01 0 11110 11 11000 11011 10 nnnnn ddddd", &add_pair>("ADDP (scalar)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_across() {
    return kInstructions;
}

}  // namespace kelvin::arm64
