// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD two-register miscellaneous and its scalar kin, of integers.
#include "lift/arm64/advanced_simd_calls.h"
#include "lift/arm64/advanced_simd_narrow.h"
#include "lift/arm64/advanced_simd_pairs.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

Value zero(Lifter& t) {
    return t.ir.vconstant(0);
}

template <Opcode Compare>
Value compare_zero(Lifter& t, Lane lane, Value n) {
    return t.ir.vector(Compare, lane, n, zero(t));
}
/// CMLE and CMLT
template <Opcode Compare>
Value compare_zero_reversed(Lifter& t, Lane lane, Value n) {
    return t.ir.vector(Compare, lane, zero(t), n);
}

/// Once the copies of the sign are zeros, they are counted with the sign.
Value count_sign_bits(Lifter& t, Lane lane, Value n) {
    const Value signs = shifted(t, Opcode::vsar_imm, lane, n, ir::lane_bits(lane) - 1);
    const Value zeros = t.ir.vector(Opcode::vclz, lane, t.ir.vector(Opcode::vxor, n, signs));
    return t.ir.vector(Opcode::vsub, lane, zeros, every(t, lane, 1));
}

template <Opcode Shift>
Value add_neighbours_accumulate(Lifter& t, Lane lane, Value d, Value n) {
    return t.ir.vector(Opcode::vadd, doubled(lane), d, add_neighbours<Shift>(t, lane, n));
}

Value saturating_negate(Lifter& t, Lane lane, Value n) {
    return t.ir.vector(Opcode::vqsub_s, lane, zero(t), n);
}
Value saturating_absolute(Lifter& t, Lane lane, Value n) {
    return t.ir.vector(Opcode::vsmax, lane, n, saturating_negate(t, lane, n));
}

Value invert(Lifter& t, Lane, Value n) {
    return t.ir.vector(Opcode::vnot, n);
}

void narrow(Lifter& t, Elements e, VReg rn, VReg rd) {
    set_narrow(t, e, rd, t.ir.vector(Opcode::vnarrow, doubled(e.lane), t.get(rn)));
}

template <Saturation S>
void narrow_saturating(Lifter& t, Elements e, VReg rn, VReg rd) {
    set_narrow(t, e, rd, saturate_to<S>(t, e, t.get(rn)));
}

/// SHLL: by the element's width.
void shift_left_long(Lifter& t, Elements e, VReg rn, VReg rd) {
    const Lane wide = doubled(e.lane);
    const Value widened = t.ir.vector(Opcode::vwiden_u, e.lane, part(t, e, t.get(rn)));
    set_wide(t, e, rd, shifted(t, Opcode::vshl_imm, wide, widened, ir::lane_bits(e.lane)));
}

/// SUQADD and USQADD: T is the type of the accumulator; the addend has the other signedness.
struct AddOfOtherSign {
    static constexpr const char* kName = "simd_add_of_other_sign";

    template <class T>
    static T of(T accumulator, T addend, bool& saturated) {
        using Other = std::conditional_t<std::is_signed_v<T>, std::make_unsigned_t<T>, std::make_signed_t<T>>;
        return saturate<T>(i128{accumulator} + static_cast<Other>(addend), saturated);
    }
};

template <Sign S>
void add_of_other_sign(Lifter& t, Elements e, VReg rn, VReg rd) {
    const Value n = clip(t, e, t.get(rn));
    t.set(rd, clip(t, e, call_binary<AddOfOtherSign, S>(t, e.lane, clip(t, e, t.get(rd)), n)));
}

template <auto Function>
using Unary = SimdForms<&simd_unary<Function>>;
template <Opcode Op>
using UnaryOp = SimdForms<&simd_unary<&unary_op<Op>>>;
template <Opcode Compare>
using CompareZero = SimdForms<&simd_unary<&compare_zero<Compare>>>;
template <Opcode Compare>
using CompareZeroReversed = SimdForms<&simd_unary<&compare_zero_reversed<Compare>>>;
template <Opcode Shift>
using AddLong = SimdForms<&simd_unary<&add_neighbours<Shift>>>;
template <Opcode Shift>
using AddLongAccumulate = SimdForms<&simd_accumulate_unary<&add_neighbours_accumulate<Shift>>>;
template <auto Function>
using SaturatingUnary = SimdForms<&simd_saturating_unary<Function>>;
template <Sign S>
using AddOther = SimdForms<&add_of_other_sign<S>>;
using Narrow = SimdForms<&narrow>;
template <Saturation S>
using NarrowSaturating = SimdForms<&narrow_saturating<S>>;
using ShiftLeftLong = SimdForms<&shift_left_long>;

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 zz 10000 00000 10 nnnnn ddddd", &UnaryOp<Opcode::vreverse64>::vector<kBhs>>("REV64"),
    instruction<"0 q 0 01110 zz 10000 00001 10 nnnnn ddddd", &UnaryOp<Opcode::vreverse16>::vector<kB>>("REV16 (vector)"),
    instruction<"0 q 1 01110 zz 10000 00000 10 nnnnn ddddd", &UnaryOp<Opcode::vreverse32>::vector<kBh>>("REV32 (vector)"),
    instruction<"0 q 0 01110 zz 10000 00010 10 nnnnn ddddd", &AddLong<Opcode::vsar_imm>::vector<kBhs>>("SADDLP"),
    instruction<"0 q 1 01110 zz 10000 00010 10 nnnnn ddddd", &AddLong<Opcode::vshr_imm>::vector<kBhs>>("UADDLP"),
    instruction<"0 q 0 01110 zz 10000 00110 10 nnnnn ddddd", &AddLongAccumulate<Opcode::vsar_imm>::vector<kBhs>>("SADALP"),
    instruction<"0 q 1 01110 zz 10000 00110 10 nnnnn ddddd", &AddLongAccumulate<Opcode::vshr_imm>::vector<kBhs>>("UADALP"),
    instruction<"0 q 0 01110 zz 10000 00011 10 nnnnn ddddd", &AddOther<Sign::is_signed>::vector<kBhsd>>("SUQADD"),
    instruction<"0 q 1 01110 zz 10000 00011 10 nnnnn ddddd", &AddOther<Sign::is_unsigned>::vector<kBhsd>>("USQADD"),
    instruction<"0 q 0 01110 zz 10000 00100 10 nnnnn ddddd", &Unary<&count_sign_bits>::vector<kBhs>>("CLS (vector)"),
    instruction<"0 q 1 01110 zz 10000 00100 10 nnnnn ddddd", &UnaryOp<Opcode::vclz>::vector<kBhs>>("CLZ (vector)"),
    instruction<"0 q 0 01110 zz 10000 00101 10 nnnnn ddddd", &UnaryOp<Opcode::vpopcount>::vector<kB>>("CNT"),
    instruction<"0 q 1 01110 00 10000 00101 10 nnnnn ddddd", &Unary<&invert>::vector_of<Lane::b>>("NOT"),
    instruction<"0 q 1 01110 01 10000 00101 10 nnnnn ddddd", &UnaryOp<Opcode::vrbit8>::vector_of<Lane::b>>("RBIT (vector)"),
    instruction<"0 q 0 01110 zz 10000 00111 10 nnnnn ddddd", &SaturatingUnary<&saturating_absolute>::vector<kBhsd>>("SQABS"),
    instruction<"0 q 1 01110 zz 10000 00111 10 nnnnn ddddd", &SaturatingUnary<&saturating_negate>::vector<kBhsd>>("SQNEG"),
    instruction<"0 q 0 01110 zz 10000 01000 10 nnnnn ddddd", &CompareZero<Opcode::vcmpgt>::vector<kBhsd>>("CMGT (zero)"),
    instruction<"0 q 1 01110 zz 10000 01000 10 nnnnn ddddd", &CompareZero<Opcode::vcmpge>::vector<kBhsd>>("CMGE (zero)"),
    instruction<"0 q 0 01110 zz 10000 01001 10 nnnnn ddddd", &CompareZero<Opcode::vcmpeq>::vector<kBhsd>>("CMEQ (zero)"),
    instruction<"0 q 1 01110 zz 10000 01001 10 nnnnn ddddd", &CompareZeroReversed<Opcode::vcmpge>::vector<kBhsd>>("CMLE (zero)"),
    instruction<"0 q 0 01110 zz 10000 01010 10 nnnnn ddddd", &CompareZeroReversed<Opcode::vcmpgt>::vector<kBhsd>>("CMLT (zero)"),
    instruction<"0 q 0 01110 zz 10000 01011 10 nnnnn ddddd", &UnaryOp<Opcode::vabs>::vector<kBhsd>>("ABS"),
    instruction<"0 q 1 01110 zz 10000 01011 10 nnnnn ddddd", &UnaryOp<Opcode::vneg>::vector<kBhsd>>("NEG (vector)"),
    instruction<"0 q 0 01110 zz 10000 10010 10 nnnnn ddddd", &Narrow::vector<kBhs>>("XTN"),
    instruction<"0 q 1 01110 zz 10000 10010 10 nnnnn ddddd", &NarrowSaturating<Saturation::signed_to_unsigned>::vector<kBhs>>("SQXTUN"),
    instruction<"0 q 1 01110 zz 10000 10011 10 nnnnn ddddd", &ShiftLeftLong::vector<kBhs>>("SHLL"),
    instruction<"0 q 0 01110 zz 10000 10100 10 nnnnn ddddd", &NarrowSaturating<Saturation::of_signed>::vector<kBhs>>("SQXTN"),
    instruction<"0 q 1 01110 zz 10000 10100 10 nnnnn ddddd", &NarrowSaturating<Saturation::of_unsigned>::vector<kBhs>>("UQXTN"),

    instruction<"01 0 11110 zz 10000 00011 10 nnnnn ddddd", &AddOther<Sign::is_signed>::scalar<kBhsd>>("SUQADD"),
    instruction<"01 1 11110 zz 10000 00011 10 nnnnn ddddd", &AddOther<Sign::is_unsigned>::scalar<kBhsd>>("USQADD"),
    instruction<"01 0 11110 zz 10000 00111 10 nnnnn ddddd", &SaturatingUnary<&saturating_absolute>::scalar<kBhsd>>("SQABS"),
    instruction<"01 1 11110 zz 10000 00111 10 nnnnn ddddd", &SaturatingUnary<&saturating_negate>::scalar<kBhsd>>("SQNEG"),
    instruction<"01 0 11110 zz 10000 01000 10 nnnnn ddddd", &CompareZero<Opcode::vcmpgt>::scalar<kD>>("CMGT (zero)"),
    instruction<"01 1 11110 zz 10000 01000 10 nnnnn ddddd", &CompareZero<Opcode::vcmpge>::scalar<kD>>("CMGE (zero)"),
    instruction<"01 0 11110 zz 10000 01001 10 nnnnn ddddd", &CompareZero<Opcode::vcmpeq>::scalar<kD>>("CMEQ (zero)"),
    instruction<"01 1 11110 zz 10000 01001 10 nnnnn ddddd", &CompareZeroReversed<Opcode::vcmpge>::scalar<kD>>("CMLE (zero)"),
    instruction<"01 0 11110 zz 10000 01010 10 nnnnn ddddd", &CompareZeroReversed<Opcode::vcmpgt>::scalar<kD>>("CMLT (zero)"),
    instruction<"01 0 11110 zz 10000 01011 10 nnnnn ddddd", &UnaryOp<Opcode::vabs>::scalar<kD>>("ABS"),
    instruction<"01 1 11110 zz 10000 01011 10 nnnnn ddddd", &UnaryOp<Opcode::vneg>::scalar<kD>>("NEG (vector)"),
    instruction<"01 1 11110 zz 10000 10010 10 nnnnn ddddd", &NarrowSaturating<Saturation::signed_to_unsigned>::scalar<kBhs>>("SQXTUN"),
    instruction<"01 0 11110 zz 10000 10100 10 nnnnn ddddd", &NarrowSaturating<Saturation::of_signed>::scalar<kBhs>>("SQXTN"),
    instruction<"01 1 11110 zz 10000 10100 10 nnnnn ddddd", &NarrowSaturating<Saturation::of_unsigned>::scalar<kBhs>>("UQXTN"),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_two_register() {
    return kInstructions;
}

}  // namespace kelvin::arm64
