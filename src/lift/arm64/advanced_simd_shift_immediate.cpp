// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD shift by immediate and scalar shift by immediate, but for conversions.
#include "lift/arm64/advanced_simd_calls.h"
#include "lift/arm64/advanced_simd_narrow.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

/// immh:immb. The highest bit of immh that is set tells the element size, all of it the count.
struct ShiftField : OperandField<7> {
    Size size() const { return Size{static_cast<u32>(std::bit_width(value >> 3)) - 1}; }
    unsigned bits() const { return 8u << size().value; }
    unsigned left() const { return value - bits(); }
    unsigned right() const { return 2 * bits() - value; }
};

// Functions (Lifter&, Lane, Value, unsigned count).
template <Opcode Shift>
Value plain(Lifter& t, Lane lane, Value n, unsigned count) {
    return shifted(t, Shift, lane, n, count);
}

/// The last bit that is shifted out rounds.
template <Opcode Shift>
Value rounding(Lifter& t, Lane lane, Value n, unsigned count) {
    const Value carry = t.ir.vector(Opcode::vand, shifted(t, Opcode::vshr_imm, lane, n, count - 1), every(t, lane, 1));
    return t.ir.vector(Opcode::vadd, lane, shifted(t, Shift, lane, n, count), carry);
}

/// Once narrowed, the carry that this loses would be lost.
Value rounding_for_narrow(Lifter& t, Lane lane, Value n, unsigned count) {
    const Value sum = t.ir.vector(Opcode::vadd, lane, n, every(t, lane, u64{1} << (count - 1)));
    return shifted(t, Opcode::vshr_imm, lane, sum, count);
}

template <class Operation, Sign S>
Value saturating_left(Lifter& t, Lane lane, Value n, unsigned count) {
    return call_binary<Operation, S>(t, lane, n, every(t, lane, count));
}

using Shifter = Value (*)(Lifter&, Lane, Value, unsigned);

template <Shifter Shift>
void shift_right(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Shift(t, e.lane, t.get(rn), shift.right())));
}
template <Shifter Shift>
void shift_right_accumulate(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    const Value value = Shift(t, e.lane, t.get(rn), shift.right());
    t.set(rd, clip(t, e, t.ir.vector(Opcode::vadd, e.lane, t.get(rd), value)));
}
void shift_left(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, shifted(t, Opcode::vshl_imm, e.lane, t.get(rn), shift.left())));
}
template <Shifter Shift>
void shift_left_saturating(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, Shift(t, e.lane, clip(t, e, t.get(rn)), shift.left())));
}

/// SLI and SRI: bits that nothing is shifted into stay.
void insert(Lifter& t, Elements e, VReg rd, Value value, u64 kept_bits) {
    const Value kept = t.ir.vector(Opcode::vand, t.get(rd), every(t, e.lane, kept_bits));
    t.set(rd, clip(t, e, t.ir.vector(Opcode::vor, value, kept)));
}
void shift_left_insert(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    insert(t, e, rd, shifted(t, Opcode::vshl_imm, e.lane, t.get(rn), shift.left()), low_mask(shift.left()));
}
void shift_right_insert(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    insert(t, e, rd, shifted(t, Opcode::vshr_imm, e.lane, t.get(rn), shift.right()),
           ~low_mask(shift.bits() - shift.right()));
}

template <Shifter Shift>
void shift_right_narrow(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    const Lane wide = doubled(e.lane);
    set_narrow(t, e, rd, t.ir.vector(Opcode::vnarrow, wide, Shift(t, wide, t.get(rn), shift.right())));
}
template <Shifter Shift, Saturation S>
void shift_right_narrow_saturating(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    set_narrow(t, e, rd, saturate_to<S>(t, e, Shift(t, doubled(e.lane), t.get(rn), shift.right())));
}

template <Opcode Widen>
void shift_left_long(Lifter& t, Elements e, ShiftField shift, VReg rn, VReg rd) {
    const Value widened = t.ir.vector(Widen, e.lane, part(t, e, t.get(rn)));
    set_wide(t, e, rd, shifted(t, Opcode::vshl_imm, doubled(e.lane), widened, shift.left()));
}

template <auto Operation>
struct ShiftForms {
    template <LaneSet Lanes>
    static void vector(Lifter& t, Q q, ShiftField shift, VReg rn, VReg rd) {
        SimdForms<Operation>::template vector<Lanes>(t, q, shift.size(), shift, rn, rd);
    }
    template <LaneSet Lanes>
    static void scalar(Lifter& t, ShiftField shift, VReg rn, VReg rd) {
        SimdForms<Operation>::template scalar<Lanes>(t, shift.size(), shift, rn, rd);
    }
};

template <Shifter Shift>
using Right = ShiftForms<&shift_right<Shift>>;
template <Shifter Shift>
using RightAccumulate = ShiftForms<&shift_right_accumulate<Shift>>;
using Left = ShiftForms<&shift_left>;
using LeftInsert = ShiftForms<&shift_left_insert>;
using RightInsert = ShiftForms<&shift_right_insert>;
template <class Operation, Sign S>
using LeftSaturating = ShiftForms<&shift_left_saturating<&saturating_left<Operation, S>>>;
template <Shifter Shift>
using RightNarrow = ShiftForms<&shift_right_narrow<Shift>>;
template <Shifter Shift, Saturation S>
using RightNarrowSaturating = ShiftForms<&shift_right_narrow_saturating<Shift, S>>;
template <Opcode Widen>
using LeftLong = ShiftForms<&shift_left_long<Widen>>;

constexpr Opcode kSar = Opcode::vsar_imm;
constexpr Opcode kShr = Opcode::vshr_imm;
using SaturatingShift = ShiftByRegister<false, true>;

/// With immh 0000 the word is a modified immediate, or of scalar forms unallocated.
template <PatternText P, auto Semantics>
consteval Instruction shift(std::string_view name) {
    return instruction<P, Semantics>(name).template except<"--- ------ 0000 --- ----- - ----- -----">();
}

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    shift<"0 q 0 011110 iiiiiii 00000 1 nnnnn ddddd", &Right<&plain<kSar>>::vector<kBhsd>>("SSHR"),
    shift<"0 q 1 011110 iiiiiii 00000 1 nnnnn ddddd", &Right<&plain<kShr>>::vector<kBhsd>>("USHR"),
    shift<"0 q 0 011110 iiiiiii 00010 1 nnnnn ddddd", &RightAccumulate<&plain<kSar>>::vector<kBhsd>>("SSRA"),
    shift<"0 q 1 011110 iiiiiii 00010 1 nnnnn ddddd", &RightAccumulate<&plain<kShr>>::vector<kBhsd>>("USRA"),
    shift<"0 q 0 011110 iiiiiii 00100 1 nnnnn ddddd", &Right<&rounding<kSar>>::vector<kBhsd>>("SRSHR"),
    shift<"0 q 1 011110 iiiiiii 00100 1 nnnnn ddddd", &Right<&rounding<kShr>>::vector<kBhsd>>("URSHR"),
    shift<"0 q 0 011110 iiiiiii 00110 1 nnnnn ddddd", &RightAccumulate<&rounding<kSar>>::vector<kBhsd>>("SRSRA"),
    shift<"0 q 1 011110 iiiiiii 00110 1 nnnnn ddddd", &RightAccumulate<&rounding<kShr>>::vector<kBhsd>>("URSRA"),
    shift<"0 q 1 011110 iiiiiii 01000 1 nnnnn ddddd", &RightInsert::vector<kBhsd>>("SRI"),
    shift<"0 q 0 011110 iiiiiii 01010 1 nnnnn ddddd", &Left::vector<kBhsd>>("SHL"),
    shift<"0 q 1 011110 iiiiiii 01010 1 nnnnn ddddd", &LeftInsert::vector<kBhsd>>("SLI"),
    shift<"0 q 1 011110 iiiiiii 01100 1 nnnnn ddddd", &LeftSaturating<ShiftLeftToUnsigned, Sign::is_unsigned>::vector<kBhsd>>("SQSHLU"),
    shift<"0 q 0 011110 iiiiiii 01110 1 nnnnn ddddd", &LeftSaturating<SaturatingShift, Sign::is_signed>::vector<kBhsd>>("SQSHL (immediate)"),
    shift<"0 q 1 011110 iiiiiii 01110 1 nnnnn ddddd", &LeftSaturating<SaturatingShift, Sign::is_unsigned>::vector<kBhsd>>("UQSHL (immediate)"),
    shift<"0 q 0 011110 iiiiiii 10000 1 nnnnn ddddd", &RightNarrow<&plain<kShr>>::vector<kBhs>>("SHRN"),
    shift<"0 q 1 011110 iiiiiii 10000 1 nnnnn ddddd", &RightNarrowSaturating<&plain<kSar>, Saturation::signed_to_unsigned>::vector<kBhs>>("SQSHRUN"),
    shift<"0 q 0 011110 iiiiiii 10001 1 nnnnn ddddd", &RightNarrow<&rounding_for_narrow>::vector<kBhs>>("RSHRN"),
    shift<"0 q 1 011110 iiiiiii 10001 1 nnnnn ddddd", &RightNarrowSaturating<&rounding<kSar>, Saturation::signed_to_unsigned>::vector<kBhs>>("SQRSHRUN"),
    shift<"0 q 0 011110 iiiiiii 10010 1 nnnnn ddddd", &RightNarrowSaturating<&plain<kSar>, Saturation::of_signed>::vector<kBhs>>("SQSHRN"),
    shift<"0 q 1 011110 iiiiiii 10010 1 nnnnn ddddd", &RightNarrowSaturating<&plain<kShr>, Saturation::of_unsigned>::vector<kBhs>>("UQSHRN"),
    shift<"0 q 0 011110 iiiiiii 10011 1 nnnnn ddddd", &RightNarrowSaturating<&rounding<kSar>, Saturation::of_signed>::vector<kBhs>>("SQRSHRN"),
    shift<"0 q 1 011110 iiiiiii 10011 1 nnnnn ddddd", &RightNarrowSaturating<&rounding<kShr>, Saturation::of_unsigned>::vector<kBhs>>("UQRSHRN"),
    shift<"0 q 0 011110 iiiiiii 10100 1 nnnnn ddddd", &LeftLong<Opcode::vwiden_s>::vector<kBhs>>("SSHLL"),
    shift<"0 q 1 011110 iiiiiii 10100 1 nnnnn ddddd", &LeftLong<Opcode::vwiden_u>::vector<kBhs>>("USHLL"),

    shift<"01 0 111110 iiiiiii 00000 1 nnnnn ddddd", &Right<&plain<kSar>>::scalar<kD>>("SSHR"),
    shift<"01 1 111110 iiiiiii 00000 1 nnnnn ddddd", &Right<&plain<kShr>>::scalar<kD>>("USHR"),
    shift<"01 0 111110 iiiiiii 00010 1 nnnnn ddddd", &RightAccumulate<&plain<kSar>>::scalar<kD>>("SSRA"),
    shift<"01 1 111110 iiiiiii 00010 1 nnnnn ddddd", &RightAccumulate<&plain<kShr>>::scalar<kD>>("USRA"),
    shift<"01 0 111110 iiiiiii 00100 1 nnnnn ddddd", &Right<&rounding<kSar>>::scalar<kD>>("SRSHR"),
    shift<"01 1 111110 iiiiiii 00100 1 nnnnn ddddd", &Right<&rounding<kShr>>::scalar<kD>>("URSHR"),
    shift<"01 0 111110 iiiiiii 00110 1 nnnnn ddddd", &RightAccumulate<&rounding<kSar>>::scalar<kD>>("SRSRA"),
    shift<"01 1 111110 iiiiiii 00110 1 nnnnn ddddd", &RightAccumulate<&rounding<kShr>>::scalar<kD>>("URSRA"),
    shift<"01 1 111110 iiiiiii 01000 1 nnnnn ddddd", &RightInsert::scalar<kD>>("SRI"),
    shift<"01 0 111110 iiiiiii 01010 1 nnnnn ddddd", &Left::scalar<kD>>("SHL"),
    shift<"01 1 111110 iiiiiii 01010 1 nnnnn ddddd", &LeftInsert::scalar<kD>>("SLI"),
    shift<"01 1 111110 iiiiiii 01100 1 nnnnn ddddd", &LeftSaturating<ShiftLeftToUnsigned, Sign::is_unsigned>::scalar<kBhsd>>("SQSHLU"),
    shift<"01 0 111110 iiiiiii 01110 1 nnnnn ddddd", &LeftSaturating<SaturatingShift, Sign::is_signed>::scalar<kBhsd>>("SQSHL (immediate)"),
    shift<"01 1 111110 iiiiiii 01110 1 nnnnn ddddd", &LeftSaturating<SaturatingShift, Sign::is_unsigned>::scalar<kBhsd>>("UQSHL (immediate)"),
    shift<"01 1 111110 iiiiiii 10000 1 nnnnn ddddd", &RightNarrowSaturating<&plain<kSar>, Saturation::signed_to_unsigned>::scalar<kBhs>>("SQSHRUN"),
    shift<"01 1 111110 iiiiiii 10001 1 nnnnn ddddd", &RightNarrowSaturating<&rounding<kSar>, Saturation::signed_to_unsigned>::scalar<kBhs>>("SQRSHRUN"),
    shift<"01 0 111110 iiiiiii 10010 1 nnnnn ddddd", &RightNarrowSaturating<&plain<kSar>, Saturation::of_signed>::scalar<kBhs>>("SQSHRN"),
    shift<"01 1 111110 iiiiiii 10010 1 nnnnn ddddd", &RightNarrowSaturating<&plain<kShr>, Saturation::of_unsigned>::scalar<kBhs>>("UQSHRN"),
    shift<"01 0 111110 iiiiiii 10011 1 nnnnn ddddd", &RightNarrowSaturating<&rounding<kSar>, Saturation::of_signed>::scalar<kBhs>>("SQRSHRN"),
    shift<"01 1 111110 iiiiiii 10011 1 nnnnn ddddd", &RightNarrowSaturating<&rounding<kShr>, Saturation::of_unsigned>::scalar<kBhs>>("UQRSHRN"),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_shift_immediate() {
    return kInstructions;
}

}  // namespace kelvin::arm64
