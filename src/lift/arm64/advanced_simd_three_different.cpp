// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD three different and scalar three different.
#include "lift/arm64/advanced_simd_long.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

template <Opcode Op, Opcode Widen>
void add_long(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    const Value n = t.ir.vector(Widen, e.lane, part(t, e, t.get(rn)));
    const Value m = t.ir.vector(Widen, e.lane, part(t, e, t.get(rm)));
    t.set(rd, t.ir.vector(Op, doubled(e.lane), n, m));
}

template <Opcode Op, Opcode Widen>
void add_wide(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    const Value m = t.ir.vector(Widen, e.lane, part(t, e, t.get(rm)));
    t.set(rd, t.ir.vector(Op, doubled(e.lane), t.get(rn), m));
}

/// ADDHN and its kin: the upper halves of the results.
template <Opcode Op, bool Rounding>
void add_narrow_high(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    const Lane wide = doubled(e.lane);
    const unsigned width = ir::lane_bits(e.lane);
    Value sum = t.ir.vector(Op, wide, t.get(rn), t.get(rm));
    if (Rounding) {
        sum = t.ir.vector(Opcode::vadd, wide, sum, every(t, wide, u64{1} << (width - 1)));
    }
    set_narrow(t, e, rd, t.ir.vector(Opcode::vnarrow, wide, shifted(t, Opcode::vshr_imm, wide, sum, width)));
}

/// A difference of n bits needs no more than n bits, unsigned.
template <Opcode Max, Opcode Min>
Value difference_long(Lifter& t, Lane lane, Value n, Value m) {
    const Value high = t.ir.vector(Max, lane, n, m);
    const Value low = t.ir.vector(Min, lane, n, m);
    return t.ir.vector(Opcode::vwiden_u, lane, t.ir.vector(Opcode::vsub, lane, high, low));
}
template <Opcode Max, Opcode Min>
Value difference_long_accumulate(Lifter& t, Lane lane, Value d, Value n, Value m) {
    return t.ir.vector(Opcode::vadd, doubled(lane), d, difference_long<Max, Min>(t, lane, n, m));
}

template <auto Function>
void long_binary(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    set_long<Function>(t, e, rd, part(t, e, t.get(rn)), part(t, e, t.get(rm)));
}
template <auto Function>
void long_accumulate(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    set_long_accumulated<Function>(t, e, rd, part(t, e, t.get(rn)), part(t, e, t.get(rm)));
}

template <Opcode Op, Opcode Widen>
using AddLong = SimdForms<&add_long<Op, Widen>>;
template <Opcode Op, Opcode Widen>
using AddWide = SimdForms<&add_wide<Op, Widen>>;
template <Opcode Op, bool Rounding>
using AddNarrowHigh = SimdForms<&add_narrow_high<Op, Rounding>>;
template <auto Function>
using Long = SimdForms<&long_binary<Function>>;
template <auto Function>
using LongAccumulate = SimdForms<&long_accumulate<Function>>;
template <Opcode Max, Opcode Min>
using Difference = Long<&difference_long<Max, Min>>;
template <Opcode Max, Opcode Min>
using AddedDifference = LongAccumulate<&difference_long_accumulate<Max, Min>>;
template <Opcode Op, Opcode Multiply>
using MultiplyAdd = LongAccumulate<&multiply_add_long<Op, Multiply>>;
template <Opcode Op>
using DoubledAdd = LongAccumulate<&doubled_add_long<Op>>;

constexpr Opcode kAdd = Opcode::vadd, kSub = Opcode::vsub;
constexpr Opcode kWidenS = Opcode::vwiden_s, kWidenU = Opcode::vwiden_u;
constexpr Opcode kMulS = Opcode::vmul_wide_s, kMulU = Opcode::vmul_wide_u;

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 zz 1 mmmmm 0000 00 nnnnn ddddd", &AddLong<kAdd, kWidenS>::vector<kBhs>>("SADDL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0000 00 nnnnn ddddd", &AddLong<kAdd, kWidenU>::vector<kBhs>>("UADDL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0001 00 nnnnn ddddd", &AddWide<kAdd, kWidenS>::vector<kBhs>>("SADDW"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0001 00 nnnnn ddddd", &AddWide<kAdd, kWidenU>::vector<kBhs>>("UADDW"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0010 00 nnnnn ddddd", &AddLong<kSub, kWidenS>::vector<kBhs>>("SSUBL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0010 00 nnnnn ddddd", &AddLong<kSub, kWidenU>::vector<kBhs>>("USUBL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0011 00 nnnnn ddddd", &AddWide<kSub, kWidenS>::vector<kBhs>>("SSUBW"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0011 00 nnnnn ddddd", &AddWide<kSub, kWidenU>::vector<kBhs>>("USUBW"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0100 00 nnnnn ddddd", &AddNarrowHigh<kAdd, false>::vector<kBhs>>("ADDHN"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0100 00 nnnnn ddddd", &AddNarrowHigh<kAdd, true>::vector<kBhs>>("RADDHN"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0101 00 nnnnn ddddd", &AddedDifference<Opcode::vsmax, Opcode::vsmin>::vector<kBhs>>("SABAL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0101 00 nnnnn ddddd", &AddedDifference<Opcode::vumax, Opcode::vumin>::vector<kBhs>>("UABAL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0110 00 nnnnn ddddd", &AddNarrowHigh<kSub, false>::vector<kBhs>>("SUBHN"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0110 00 nnnnn ddddd", &AddNarrowHigh<kSub, true>::vector<kBhs>>("RSUBHN"),
    instruction<"0 q 0 01110 zz 1 mmmmm 0111 00 nnnnn ddddd", &Difference<Opcode::vsmax, Opcode::vsmin>::vector<kBhs>>("SABDL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 0111 00 nnnnn ddddd", &Difference<Opcode::vumax, Opcode::vumin>::vector<kBhs>>("UABDL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 1000 00 nnnnn ddddd", &MultiplyAdd<kAdd, kMulS>::vector<kBhs>>("SMLAL (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 1000 00 nnnnn ddddd", &MultiplyAdd<kAdd, kMulU>::vector<kBhs>>("UMLAL (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 1001 00 nnnnn ddddd", &DoubledAdd<Opcode::vqadd_s>::vector<kHs>>("SQDMLAL (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 1010 00 nnnnn ddddd", &MultiplyAdd<kSub, kMulS>::vector<kBhs>>("SMLSL (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 1010 00 nnnnn ddddd", &MultiplyAdd<kSub, kMulU>::vector<kBhs>>("UMLSL (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 1011 00 nnnnn ddddd", &DoubledAdd<Opcode::vqsub_s>::vector<kHs>>("SQDMLSL (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 1100 00 nnnnn ddddd", &Long<&binary_op<kMulS>>::vector<kBhs>>("SMULL (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 1100 00 nnnnn ddddd", &Long<&binary_op<kMulU>>::vector<kBhs>>("UMULL (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 1101 00 nnnnn ddddd", &Long<&doubled_product>::vector<kHs>>("SQDMULL (vector)"),
    instruction<"0 q 0 01110 00 1 mmmmm 1110 00 nnnnn ddddd", &Long<&binary_op<Opcode::vpmul_wide>>::vector_of<Lane::b>>("PMULL"),
    instruction<"0 q 0 01110 11 1 mmmmm 1110 00 nnnnn ddddd", &Long<&binary_op<Opcode::vpmul_wide>>::vector_of<Lane::d>>("PMULL", Feature::pmull),

    instruction<"01 0 11110 zz 1 mmmmm 1001 00 nnnnn ddddd", &DoubledAdd<Opcode::vqadd_s>::scalar<kHs>>("SQDMLAL (vector)"),
    instruction<"01 0 11110 zz 1 mmmmm 1011 00 nnnnn ddddd", &DoubledAdd<Opcode::vqsub_s>::scalar<kHs>>("SQDMLSL (vector)"),
    instruction<"01 0 11110 zz 1 mmmmm 1101 00 nnnnn ddddd", &Long<&doubled_product>::scalar<kHs>>("SQDMULL (vector)"),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_three_different() {
    return kInstructions;
}

}  // namespace kelvin::arm64
