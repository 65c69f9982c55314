// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD three same and scalar three same, of integers.
#include "lift/arm64/advanced_simd_calls.h"
#include "lift/arm64/advanced_simd_multiply.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

// Halving: with n + m = 2 (n & m) + (n ^ m), n | m = (n & m) + (n ^ m), and n - m = (n ^ m) - 2 (m & ~n), no carry is
// lost.
Value halving_add_signed(Lifter& t, Lane lane, Value n, Value m) {
    const Value half = shifted(t, Opcode::vsar_imm, lane, t.ir.vector(Opcode::vxor, n, m), 1);
    return t.ir.vector(Opcode::vadd, lane, t.ir.vector(Opcode::vand, n, m), half);
}
Value rounding_halving_add_signed(Lifter& t, Lane lane, Value n, Value m) {
    const Value half = shifted(t, Opcode::vsar_imm, lane, t.ir.vector(Opcode::vxor, n, m), 1);
    return t.ir.vector(Opcode::vsub, lane, t.ir.vector(Opcode::vor, n, m), half);
}
template <Opcode Shift>
Value halving_subtract(Lifter& t, Lane lane, Value n, Value m) {
    const Value half = shifted(t, Shift, lane, t.ir.vector(Opcode::vxor, n, m), 1);
    return t.ir.vector(Opcode::vsub, lane, half, t.ir.vector(Opcode::vandn, m, n));
}

template <Opcode Max, Opcode Min>
Value absolute_difference(Lifter& t, Lane lane, Value n, Value m) {
    return t.ir.vector(Opcode::vsub, lane, t.ir.vector(Max, lane, n, m), t.ir.vector(Min, lane, n, m));
}
template <Opcode Max, Opcode Min>
Value absolute_difference_accumulate(Lifter& t, Lane lane, Value d, Value n, Value m) {
    return t.ir.vector(Opcode::vadd, lane, d, absolute_difference<Max, Min>(t, lane, n, m));
}

Value test_bits(Lifter& t, Lane lane, Value n, Value m) {
    const Value none = t.ir.vector(Opcode::vcmpeq, lane, t.ir.vector(Opcode::vand, n, m), t.ir.vconstant(0));
    return t.ir.vector(Opcode::vnot, none);
}

/// The low bytes of the products.
Value polynomial_multiply(Lifter& t, Lane lane, Value n, Value m) {
    const auto upper = [&](Value value) { return t.ir.vector(Opcode::vcombine_high, value, value); };
    const Value low = t.ir.vector(Opcode::vpmul_wide, lane, n, m);
    const Value high = t.ir.vector(Opcode::vpmul_wide, lane, upper(n), upper(m));
    return t.ir.vector(Opcode::vuzp1, lane, low, high);
}

template <Opcode Op>
void choose_pairwise(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    const auto [even, odd] = pairs_of(t, e, t.get(rn), t.get(rm));
    t.set(rd, clip(t, e, t.ir.vector(Op, e.lane, even, odd)));
}

void add_pairwise(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    Value low = t.get(rn);
    Value high = t.get(rm);
    if (!e.full()) {
        low = high = t.ir.vector(Opcode::vcombine_low, low, high);
    }
    t.set(rd, clip(t, e, t.ir.vector(Opcode::vaddpair, e.lane, low, high)));
}

Value or_not(Lifter& t, Lane, Value n, Value m) {
    return t.ir.vector(Opcode::vor, n, t.ir.vector(Opcode::vnot, m));
}
/// BSL: the destination chooses.
Value select_by_destination(Lifter& t, Lane, Value d, Value n, Value m) {
    return t.ir.vector(Opcode::vselect, d, n, m);
}
/// BIT: bits of Rn go where Rm has ones. BIF: where it has zeros.
Value insert_if_true(Lifter& t, Lane, Value d, Value n, Value m) {
    return t.ir.vector(Opcode::vselect, m, n, d);
}
Value insert_if_false(Lifter& t, Lane, Value d, Value n, Value m) {
    return t.ir.vector(Opcode::vselect, m, d, n);
}
/// ORR, whose commonest use is to move a register.
template <Opcode Op>
Value bitwise(Lifter& t, Lane, Value n, Value m) {
    return n == m && Op == Opcode::vor ? n : t.ir.vector(Op, n, m);
}

template <auto Function>
using Binary = SimdForms<&simd_binary<Function>>;
template <Opcode Op>
using BinaryOp = SimdForms<&simd_binary<&binary_op<Op>>>;
template <auto Function>
using Accumulate = SimdForms<&simd_accumulate<Function>>;
template <auto Function>
using Saturating = SimdForms<&simd_saturating_binary<Function>>;
template <Opcode Op>
using SaturatingOp = SimdForms<&simd_saturating_binary<&binary_op<Op>>>;
template <bool Rounding, bool Saturates, Sign S>
using Shift = SimdForms<&simd_saturating_binary<&call_binary<ShiftByRegister<Rounding, Saturates>, S>>>;
template <Opcode Op>
using ChoosePairwise = SimdForms<&choose_pairwise<Op>>;
using AddPairwise = SimdForms<&add_pairwise>;
template <Opcode Max, Opcode Min>
using Difference = SimdForms<&simd_binary<&absolute_difference<Max, Min>>>;
template <Opcode Max, Opcode Min>
using AddedDifference = SimdForms<&simd_accumulate<&absolute_difference_accumulate<Max, Min>>>;

constexpr Sign kSigned = Sign::is_signed;
constexpr Sign kUnsigned = Sign::is_unsigned;

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 zz 1 mmmmm 00000 1 nnnnn ddddd", &Binary<&halving_add_signed>::vector<kBhs>>("SHADD"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00000 1 nnnnn ddddd", &BinaryOp<Opcode::vuhadd>::vector<kBhs>>("UHADD"),
    instruction<"0 q 0 01110 zz 1 mmmmm 00001 1 nnnnn ddddd", &SaturatingOp<Opcode::vqadd_s>::vector<kBhsd>>("SQADD"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00001 1 nnnnn ddddd", &SaturatingOp<Opcode::vqadd_u>::vector<kBhsd>>("UQADD"),
    instruction<"0 q 0 01110 zz 1 mmmmm 00010 1 nnnnn ddddd", &Binary<&rounding_halving_add_signed>::vector<kBhs>>("SRHADD"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00010 1 nnnnn ddddd", &BinaryOp<Opcode::vurhadd>::vector<kBhs>>("URHADD"),
    instruction<"0 q 0 01110 zz 1 mmmmm 00100 1 nnnnn ddddd", &Binary<&halving_subtract<Opcode::vsar_imm>>::vector<kBhs>>("SHSUB"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00100 1 nnnnn ddddd", &Binary<&halving_subtract<Opcode::vshr_imm>>::vector<kBhs>>("UHSUB"),
    instruction<"0 q 0 01110 zz 1 mmmmm 00101 1 nnnnn ddddd", &SaturatingOp<Opcode::vqsub_s>::vector<kBhsd>>("SQSUB"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00101 1 nnnnn ddddd", &SaturatingOp<Opcode::vqsub_u>::vector<kBhsd>>("UQSUB"),
    instruction<"0 q 0 01110 zz 1 mmmmm 00110 1 nnnnn ddddd", &BinaryOp<Opcode::vcmpgt>::vector<kBhsd>>("CMGT (register)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00110 1 nnnnn ddddd", &BinaryOp<Opcode::vcmphi>::vector<kBhsd>>("CMHI (register)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 00111 1 nnnnn ddddd", &BinaryOp<Opcode::vcmpge>::vector<kBhsd>>("CMGE (register)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 00111 1 nnnnn ddddd", &BinaryOp<Opcode::vcmphs>::vector<kBhsd>>("CMHS (register)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01000 1 nnnnn ddddd", &BinaryOp<Opcode::vsshl>::vector<kBhsd>>("SSHL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01000 1 nnnnn ddddd", &BinaryOp<Opcode::vushl>::vector<kBhsd>>("USHL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01001 1 nnnnn ddddd", &Shift<false, true, kSigned>::vector<kBhsd>>("SQSHL (register)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01001 1 nnnnn ddddd", &Shift<false, true, kUnsigned>::vector<kBhsd>>("UQSHL (register)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01010 1 nnnnn ddddd", &Shift<true, false, kSigned>::vector<kBhsd>>("SRSHL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01010 1 nnnnn ddddd", &Shift<true, false, kUnsigned>::vector<kBhsd>>("URSHL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01011 1 nnnnn ddddd", &Shift<true, true, kSigned>::vector<kBhsd>>("SQRSHL"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01011 1 nnnnn ddddd", &Shift<true, true, kUnsigned>::vector<kBhsd>>("UQRSHL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01100 1 nnnnn ddddd", &BinaryOp<Opcode::vsmax>::vector<kBhs>>("SMAX"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01100 1 nnnnn ddddd", &BinaryOp<Opcode::vumax>::vector<kBhs>>("UMAX"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01101 1 nnnnn ddddd", &BinaryOp<Opcode::vsmin>::vector<kBhs>>("SMIN"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01101 1 nnnnn ddddd", &BinaryOp<Opcode::vumin>::vector<kBhs>>("UMIN"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01110 1 nnnnn ddddd", &Difference<Opcode::vsmax, Opcode::vsmin>::vector<kBhs>>("SABD"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01110 1 nnnnn ddddd", &Difference<Opcode::vumax, Opcode::vumin>::vector<kBhs>>("UABD"),
    instruction<"0 q 0 01110 zz 1 mmmmm 01111 1 nnnnn ddddd", &AddedDifference<Opcode::vsmax, Opcode::vsmin>::vector<kBhs>>("SABA"),
    instruction<"0 q 1 01110 zz 1 mmmmm 01111 1 nnnnn ddddd", &AddedDifference<Opcode::vumax, Opcode::vumin>::vector<kBhs>>("UABA"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10000 1 nnnnn ddddd", &BinaryOp<Opcode::vadd>::vector<kBhsd>>("ADD (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10000 1 nnnnn ddddd", &BinaryOp<Opcode::vsub>::vector<kBhsd>>("SUB (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10001 1 nnnnn ddddd", &Binary<&test_bits>::vector<kBhsd>>("CMTST"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10001 1 nnnnn ddddd", &BinaryOp<Opcode::vcmpeq>::vector<kBhsd>>("CMEQ (register)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10010 1 nnnnn ddddd", &Accumulate<&multiply_accumulate<Opcode::vadd>>::vector<kBhs>>("MLA (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10010 1 nnnnn ddddd", &Accumulate<&multiply_accumulate<Opcode::vsub>>::vector<kBhs>>("MLS (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10011 1 nnnnn ddddd", &BinaryOp<Opcode::vmul>::vector<kBhs>>("MUL (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10011 1 nnnnn ddddd", &Binary<&polynomial_multiply>::vector<kB>>("PMUL"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10100 1 nnnnn ddddd", &ChoosePairwise<Opcode::vsmax>::vector<kBhs>>("SMAXP"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10100 1 nnnnn ddddd", &ChoosePairwise<Opcode::vumax>::vector<kBhs>>("UMAXP"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10101 1 nnnnn ddddd", &ChoosePairwise<Opcode::vsmin>::vector<kBhs>>("SMINP"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10101 1 nnnnn ddddd", &ChoosePairwise<Opcode::vumin>::vector<kBhs>>("UMINP"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10110 1 nnnnn ddddd", &Saturating<&doubled_high<false>>::vector<kHs>>("SQDMULH (vector)"),
    instruction<"0 q 1 01110 zz 1 mmmmm 10110 1 nnnnn ddddd", &Saturating<&doubled_high<true>>::vector<kHs>>("SQRDMULH (vector)"),
    instruction<"0 q 0 01110 zz 1 mmmmm 10111 1 nnnnn ddddd", &AddPairwise::vector<kBhsd>>("ADDP (vector)"),

    instruction<"0 q 0 01110 00 1 mmmmm 00011 1 nnnnn ddddd", &Binary<&bitwise<Opcode::vand>>::vector_of<Lane::b>>("AND (vector)"),
    instruction<"0 q 0 01110 01 1 mmmmm 00011 1 nnnnn ddddd", &Binary<&bitwise<Opcode::vandn>>::vector_of<Lane::b>>("BIC (vector, register)"),
    instruction<"0 q 0 01110 10 1 mmmmm 00011 1 nnnnn ddddd", &Binary<&bitwise<Opcode::vor>>::vector_of<Lane::b>>("ORR (vector, register)"),
    instruction<"0 q 0 01110 11 1 mmmmm 00011 1 nnnnn ddddd", &Binary<&or_not>::vector_of<Lane::b>>("ORN (vector)"),
    instruction<"0 q 1 01110 00 1 mmmmm 00011 1 nnnnn ddddd", &Binary<&bitwise<Opcode::vxor>>::vector_of<Lane::b>>("EOR (vector)"),
    instruction<"0 q 1 01110 01 1 mmmmm 00011 1 nnnnn ddddd", &Accumulate<&select_by_destination>::vector_of<Lane::b>>("BSL"),
    instruction<"0 q 1 01110 10 1 mmmmm 00011 1 nnnnn ddddd", &Accumulate<&insert_if_true>::vector_of<Lane::b>>("BIT"),
    instruction<"0 q 1 01110 11 1 mmmmm 00011 1 nnnnn ddddd", &Accumulate<&insert_if_false>::vector_of<Lane::b>>("BIF"),

    instruction<"01 0 11110 zz 1 mmmmm 00001 1 nnnnn ddddd", &SaturatingOp<Opcode::vqadd_s>::scalar<kBhsd>>("SQADD"),
    instruction<"01 1 11110 zz 1 mmmmm 00001 1 nnnnn ddddd", &SaturatingOp<Opcode::vqadd_u>::scalar<kBhsd>>("UQADD"),
    instruction<"01 0 11110 zz 1 mmmmm 00101 1 nnnnn ddddd", &SaturatingOp<Opcode::vqsub_s>::scalar<kBhsd>>("SQSUB"),
    instruction<"01 1 11110 zz 1 mmmmm 00101 1 nnnnn ddddd", &SaturatingOp<Opcode::vqsub_u>::scalar<kBhsd>>("UQSUB"),
    instruction<"01 0 11110 zz 1 mmmmm 00110 1 nnnnn ddddd", &BinaryOp<Opcode::vcmpgt>::scalar<kD>>("CMGT (register)"),
    instruction<"01 1 11110 zz 1 mmmmm 00110 1 nnnnn ddddd", &BinaryOp<Opcode::vcmphi>::scalar<kD>>("CMHI (register)"),
    instruction<"01 0 11110 zz 1 mmmmm 00111 1 nnnnn ddddd", &BinaryOp<Opcode::vcmpge>::scalar<kD>>("CMGE (register)"),
    instruction<"01 1 11110 zz 1 mmmmm 00111 1 nnnnn ddddd", &BinaryOp<Opcode::vcmphs>::scalar<kD>>("CMHS (register)"),
    instruction<"01 0 11110 zz 1 mmmmm 01000 1 nnnnn ddddd", &BinaryOp<Opcode::vsshl>::scalar<kD>>("SSHL"),
    instruction<"01 1 11110 zz 1 mmmmm 01000 1 nnnnn ddddd", &BinaryOp<Opcode::vushl>::scalar<kD>>("USHL"),
    instruction<"01 0 11110 zz 1 mmmmm 01001 1 nnnnn ddddd", &Shift<false, true, kSigned>::scalar<kBhsd>>("SQSHL (register)"),
    instruction<"01 1 11110 zz 1 mmmmm 01001 1 nnnnn ddddd", &Shift<false, true, kUnsigned>::scalar<kBhsd>>("UQSHL (register)"),
    instruction<"01 0 11110 zz 1 mmmmm 01010 1 nnnnn ddddd", &Shift<true, false, kSigned>::scalar<kD>>("SRSHL"),
    instruction<"01 1 11110 zz 1 mmmmm 01010 1 nnnnn ddddd", &Shift<true, false, kUnsigned>::scalar<kD>>("URSHL"),
    instruction<"01 0 11110 zz 1 mmmmm 01011 1 nnnnn ddddd", &Shift<true, true, kSigned>::scalar<kBhsd>>("SQRSHL"),
    instruction<"01 1 11110 zz 1 mmmmm 01011 1 nnnnn ddddd", &Shift<true, true, kUnsigned>::scalar<kBhsd>>("UQRSHL"),
    instruction<"01 0 11110 zz 1 mmmmm 10000 1 nnnnn ddddd", &BinaryOp<Opcode::vadd>::scalar<kD>>("ADD (vector)"),
    instruction<"01 1 11110 zz 1 mmmmm 10000 1 nnnnn ddddd", &BinaryOp<Opcode::vsub>::scalar<kD>>("SUB (vector)"),
    instruction<"01 0 11110 zz 1 mmmmm 10001 1 nnnnn ddddd", &Binary<&test_bits>::scalar<kD>>("CMTST"),
    instruction<"01 1 11110 zz 1 mmmmm 10001 1 nnnnn ddddd", &BinaryOp<Opcode::vcmpeq>::scalar<kD>>("CMEQ (register)"),
    instruction<"01 0 11110 zz 1 mmmmm 10110 1 nnnnn ddddd", &Saturating<&doubled_high<false>>::scalar<kHs>>("SQDMULH (vector)"),
    instruction<"01 1 11110 zz 1 mmmmm 10110 1 nnnnn ddddd", &Saturating<&doubled_high<true>>::scalar<kHs>>("SQRDMULH (vector)"),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_three_same() {
    return kInstructions;
}

}  // namespace kelvin::arm64
