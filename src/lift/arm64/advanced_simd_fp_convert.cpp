// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD conversions between formats, and to and from integers and fixed-point numbers (shift by
// immediate), with their scalar and FP16 kin.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;

template <RoundingChoice Choice, bool Unsigned>
void to_integer(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    const u64 imm = static_cast<u64>(rounding_of(t, Choice)) | (Unsigned ? kUnsigned : 0);
    t.set(rd, t.ir.fp(Opcode::fvto_int, shape, t.get(rn), ir::kNoValue, ir::kNoValue, imm));
}

template <bool Unsigned>
void from_integer(Lifter& t, FpShape shape, VReg rn, VReg rd) {
    t.set(rd, t.ir.fp(Opcode::fvfrom_int, shape, t.get(rn), ir::kNoValue, ir::kNoValue, Unsigned ? kUnsigned : 0));
}

/// immh:immb is twice the element's bits less the number of fraction bits; `Width` of its bits come after the leading
/// one, which says what the element is.
template <unsigned Width>
u64 fraction_bits(Imm<Width> imm) {
    return u64{(1u << Width) - imm.value} << 8;
}

template <bool Unsigned, unsigned Width>
void to_fixed(Lifter& t, FpShape shape, Imm<Width> imm, VReg rn, VReg rd) {
    const u64 attributes =
        static_cast<u64>(fp::Rounding::zero) | (Unsigned ? kUnsigned : 0) | fraction_bits<Width>(imm);
    t.set(rd, t.ir.fp(Opcode::fvto_int, shape, t.get(rn), ir::kNoValue, ir::kNoValue, attributes));
}

template <bool Unsigned, unsigned Width>
void from_fixed(Lifter& t, FpShape shape, Imm<Width> imm, VReg rn, VReg rd) {
    const u64 attributes = (Unsigned ? kUnsigned : 0) | fraction_bits<Width>(imm);
    t.set(rd, t.ir.fp(Opcode::fvfrom_int, shape, t.get(rn), ir::kNoValue, ir::kNoValue, attributes));
}

void widen(Lifter& t, Q upper, Sz sz, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        const FpShape source = sz.lane() == Lane::d ? FpShape::v2s : FpShape::v4h;
        ir::Value half = t.get(rn);
        if (upper.full()) {
            half = t.ir.vector(Opcode::vcombine_high, half, half);
        }
        t.set(rd, t.ir.fp(Opcode::fvwiden, source, half));
    }
}

/// `low` in the lower half and zero, or in the upper half and what was in the lower.
void set_half(Lifter& t, VReg rd, Q upper, ir::Value low) {
    t.set(rd, upper.full() ? t.ir.vector(Opcode::vcombine_low, t.get(rd), low) : low);
}

void narrow(Lifter& t, Q upper, Sz sz, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        const FpShape source = sz.lane() == Lane::d ? FpShape::v2d : FpShape::v4s;
        set_half(t, rd, upper, t.ir.fp(Opcode::fvnarrow, source, t.get(rn)));
    }
}

V128 convert_to_odd(State& state, const V128& value, u32 count) {
    fp::Environment environment = fp::environment_from_fpcr(state.fpcr);
    V128 result{};
    for (unsigned i = 0; i < count; i++) {
        result.s[i] = fp::convert_to_odd(value.d[i], environment);
    }
    state.fpsr |= environment.exceptions;
    return result;
}
constexpr ir::Helper kConvertToOdd = ir::helper<&convert_to_odd>("fcvtxn", ir::kHelperReadsState);

void narrow_to_odd(Lifter& t, Q upper, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        set_half(t, rd, upper, t.ir.call(kConvertToOdd, {t.get(rn), t.ir.i32c(2)}));
    }
}

void narrow_to_odd_scalar(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.call(kConvertToOdd, {t.get(rn), t.ir.i32c(1)}));
    }
}

template <RoundingChoice Choice, bool Unsigned>
using ToInteger = Forms<&to_integer<Choice, Unsigned>>;
template <bool Unsigned>
using FromInteger = Forms<&from_integer<Unsigned>>;
template <bool Unsigned, unsigned Width>
using ToFixed = Forms<&to_fixed<Unsigned, Width>>;
template <bool Unsigned, unsigned Width>
using FromFixed = Forms<&from_fixed<Unsigned, Width>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 0 s 10000 10110 10 nnnnn ddddd", &narrow>("FCVTN"),
    instruction<"0 q 0 01110 0 s 10000 10111 10 nnnnn ddddd", &widen>("FCVTL"),
    instruction<"0 q 1 01110 0 1 10000 10110 10 nnnnn ddddd", &narrow_to_odd>("FCVTXN"),
    instruction<"01 1 11110 0 1 10000 10110 10 nnnnn ddddd", &narrow_to_odd_scalar>("FCVTXN"),

    instruction<"0 q 0 01110 0 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_even, false>::vector>(
        "FCVTNS (vector)"),
    instruction<"0 q 0 01110 0 s 10000 11011 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::minus_infinity, false>::vector>("FCVTMS (vector)"),
    instruction<"0 q 0 01110 0 s 10000 11100 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_away, false>::vector>(
        "FCVTAS (vector)"),
    instruction<"0 q 0 01110 1 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::plus_infinity, false>::vector>(
        "FCVTPS (vector)"),
    instruction<"0 q 0 01110 1 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, false>::vector>(
        "FCVTZS (vector, integer)"),
    instruction<"0 q 0 01110 0 s 10000 11101 10 nnnnn ddddd", &FromInteger<false>::vector>("SCVTF (vector, integer)"),
    instruction<"0 q 1 01110 0 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_even, true>::vector>(
        "FCVTNU (vector)"),
    instruction<"0 q 1 01110 0 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::minus_infinity, true>::vector>(
        "FCVTMU (vector)"),
    instruction<"0 q 1 01110 0 s 10000 11100 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_away, true>::vector>(
        "FCVTAU (vector)"),
    instruction<"0 q 1 01110 1 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::plus_infinity, true>::vector>(
        "FCVTPU (vector)"),
    instruction<"0 q 1 01110 1 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, true>::vector>(
        "FCVTZU (vector, integer)"),
    instruction<"0 q 1 01110 0 s 10000 11101 10 nnnnn ddddd", &FromInteger<true>::vector>("UCVTF (vector, integer)"),

    instruction<"01 0 11110 0 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_even, false>::scalar>(
        "FCVTNS (vector)"),
    instruction<"01 0 11110 0 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::minus_infinity, false>::scalar>(
        "FCVTMS (vector)"),
    instruction<"01 0 11110 0 s 10000 11100 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_away, false>::scalar>(
        "FCVTAS (vector)"),
    instruction<"01 0 11110 1 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::plus_infinity, false>::scalar>(
        "FCVTPS (vector)"),
    instruction<"01 0 11110 1 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, false>::scalar>(
        "FCVTZS (vector, integer)"),
    instruction<"01 0 11110 0 s 10000 11101 10 nnnnn ddddd", &FromInteger<false>::scalar>("SCVTF (vector, integer)"),
    instruction<"01 1 11110 0 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_even, true>::scalar>(
        "FCVTNU (vector)"),
    instruction<"01 1 11110 0 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::minus_infinity, true>::scalar>(
        "FCVTMU (vector)"),
    instruction<"01 1 11110 0 s 10000 11100 10 nnnnn ddddd", &ToInteger<RoundingChoice::nearest_away, true>::scalar>(
        "FCVTAU (vector)"),
    instruction<"01 1 11110 1 s 10000 11010 10 nnnnn ddddd", &ToInteger<RoundingChoice::plus_infinity, true>::scalar>(
        "FCVTPU (vector)"),
    instruction<"01 1 11110 1 s 10000 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, true>::scalar>(
        "FCVTZU (vector, integer)"),
    instruction<"01 1 11110 0 s 10000 11101 10 nnnnn ddddd", &FromInteger<true>::scalar>("UCVTF (vector, integer)"),

    instruction<"0 q 0 01110 0 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_even, false>::vector_half>("FCVTNS (vector)", Feature::fp16),
    instruction<"0 q 0 01110 0 111100 11011 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::minus_infinity, false>::vector_half>("FCVTMS (vector)", Feature::fp16),
    instruction<"0 q 0 01110 0 111100 11100 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_away, false>::vector_half>("FCVTAS (vector)", Feature::fp16),
    instruction<"0 q 0 01110 1 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::plus_infinity, false>::vector_half>("FCVTPS (vector)", Feature::fp16),
    instruction<"0 q 0 01110 1 111100 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, false>::vector_half>(
        "FCVTZS (vector, integer)", Feature::fp16),
    instruction<"0 q 0 01110 0 111100 11101 10 nnnnn ddddd", &FromInteger<false>::vector_half>(
        "SCVTF (vector, integer)", Feature::fp16),
    instruction<"0 q 1 01110 0 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_even, true>::vector_half>("FCVTNU (vector)", Feature::fp16),
    instruction<"0 q 1 01110 0 111100 11011 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::minus_infinity, true>::vector_half>("FCVTMU (vector)", Feature::fp16),
    instruction<"0 q 1 01110 0 111100 11100 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_away, true>::vector_half>("FCVTAU (vector)", Feature::fp16),
    instruction<"0 q 1 01110 1 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::plus_infinity, true>::vector_half>("FCVTPU (vector)", Feature::fp16),
    instruction<"0 q 1 01110 1 111100 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, true>::vector_half>(
        "FCVTZU (vector, integer)", Feature::fp16),
    instruction<"0 q 1 01110 0 111100 11101 10 nnnnn ddddd", &FromInteger<true>::vector_half>("UCVTF (vector, integer)",
                                                                                              Feature::fp16),

    instruction<"01 0 11110 0 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_even, false>::scalar_half>("FCVTNS (vector)", Feature::fp16),
    instruction<"01 0 11110 0 111100 11011 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::minus_infinity, false>::scalar_half>("FCVTMS (vector)", Feature::fp16),
    instruction<"01 0 11110 0 111100 11100 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_away, false>::scalar_half>("FCVTAS (vector)", Feature::fp16),
    instruction<"01 0 11110 1 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::plus_infinity, false>::scalar_half>("FCVTPS (vector)", Feature::fp16),
    instruction<"01 0 11110 1 111100 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, false>::scalar_half>(
        "FCVTZS (vector, integer)", Feature::fp16),
    instruction<"01 0 11110 0 111100 11101 10 nnnnn ddddd", &FromInteger<false>::scalar_half>("SCVTF (vector, integer)",
                                                                                              Feature::fp16),
    instruction<"01 1 11110 0 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_even, true>::scalar_half>("FCVTNU (vector)", Feature::fp16),
    instruction<"01 1 11110 0 111100 11011 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::minus_infinity, true>::scalar_half>("FCVTMU (vector)", Feature::fp16),
    instruction<"01 1 11110 0 111100 11100 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::nearest_away, true>::scalar_half>("FCVTAU (vector)", Feature::fp16),
    instruction<"01 1 11110 1 111100 11010 10 nnnnn ddddd",
                &ToInteger<RoundingChoice::plus_infinity, true>::scalar_half>("FCVTPU (vector)", Feature::fp16),
    instruction<"01 1 11110 1 111100 11011 10 nnnnn ddddd", &ToInteger<RoundingChoice::zero, true>::scalar_half>(
        "FCVTZU (vector, integer)", Feature::fp16),
    instruction<"01 1 11110 0 111100 11101 10 nnnnn ddddd", &FromInteger<true>::scalar_half>("UCVTF (vector, integer)",
                                                                                             Feature::fp16),

    instruction<"0 q 0 011110 001 iiii 11100 1 nnnnn ddddd", &FromFixed<false, 4>::vector_of<Lane::h>>(
        "SCVTF (vector, fixed-point)", Feature::fp16),
    instruction<"01 0 111110 001 iiii 11100 1 nnnnn ddddd", &FromFixed<false, 4>::scalar_of<Lane::h>>(
        "SCVTF (vector, fixed-point)", Feature::fp16),
    instruction<"0 q 0 011110 01 iiiii 11100 1 nnnnn ddddd", &FromFixed<false, 5>::vector_of<Lane::s>>(
        "SCVTF (vector, fixed-point)"),
    instruction<"01 0 111110 01 iiiii 11100 1 nnnnn ddddd", &FromFixed<false, 5>::scalar_of<Lane::s>>(
        "SCVTF (vector, fixed-point)"),
    instruction<"0 q 0 011110 1 iiiiii 11100 1 nnnnn ddddd", &FromFixed<false, 6>::vector_of<Lane::d>>(
        "SCVTF (vector, fixed-point)"),
    instruction<"01 0 111110 1 iiiiii 11100 1 nnnnn ddddd", &FromFixed<false, 6>::scalar_of<Lane::d>>(
        "SCVTF (vector, fixed-point)"),
    instruction<"0 q 1 011110 001 iiii 11100 1 nnnnn ddddd", &FromFixed<true, 4>::vector_of<Lane::h>>(
        "UCVTF (vector, fixed-point)", Feature::fp16),
    instruction<"01 1 111110 001 iiii 11100 1 nnnnn ddddd", &FromFixed<true, 4>::scalar_of<Lane::h>>(
        "UCVTF (vector, fixed-point)", Feature::fp16),
    instruction<"0 q 1 011110 01 iiiii 11100 1 nnnnn ddddd", &FromFixed<true, 5>::vector_of<Lane::s>>(
        "UCVTF (vector, fixed-point)"),
    instruction<"01 1 111110 01 iiiii 11100 1 nnnnn ddddd", &FromFixed<true, 5>::scalar_of<Lane::s>>(
        "UCVTF (vector, fixed-point)"),
    instruction<"0 q 1 011110 1 iiiiii 11100 1 nnnnn ddddd", &FromFixed<true, 6>::vector_of<Lane::d>>(
        "UCVTF (vector, fixed-point)"),
    instruction<"01 1 111110 1 iiiiii 11100 1 nnnnn ddddd", &FromFixed<true, 6>::scalar_of<Lane::d>>(
        "UCVTF (vector, fixed-point)"),
    instruction<"0 q 0 011110 001 iiii 11111 1 nnnnn ddddd", &ToFixed<false, 4>::vector_of<Lane::h>>(
        "FCVTZS (vector, fixed-point)", Feature::fp16),
    instruction<"01 0 111110 001 iiii 11111 1 nnnnn ddddd", &ToFixed<false, 4>::scalar_of<Lane::h>>(
        "FCVTZS (vector, fixed-point)", Feature::fp16),
    instruction<"0 q 0 011110 01 iiiii 11111 1 nnnnn ddddd", &ToFixed<false, 5>::vector_of<Lane::s>>(
        "FCVTZS (vector, fixed-point)"),
    instruction<"01 0 111110 01 iiiii 11111 1 nnnnn ddddd", &ToFixed<false, 5>::scalar_of<Lane::s>>(
        "FCVTZS (vector, fixed-point)"),
    instruction<"0 q 0 011110 1 iiiiii 11111 1 nnnnn ddddd", &ToFixed<false, 6>::vector_of<Lane::d>>(
        "FCVTZS (vector, fixed-point)"),
    instruction<"01 0 111110 1 iiiiii 11111 1 nnnnn ddddd", &ToFixed<false, 6>::scalar_of<Lane::d>>(
        "FCVTZS (vector, fixed-point)"),
    instruction<"0 q 1 011110 001 iiii 11111 1 nnnnn ddddd", &ToFixed<true, 4>::vector_of<Lane::h>>(
        "FCVTZU (vector, fixed-point)", Feature::fp16),
    instruction<"01 1 111110 001 iiii 11111 1 nnnnn ddddd", &ToFixed<true, 4>::scalar_of<Lane::h>>(
        "FCVTZU (vector, fixed-point)", Feature::fp16),
    instruction<"0 q 1 011110 01 iiiii 11111 1 nnnnn ddddd", &ToFixed<true, 5>::vector_of<Lane::s>>(
        "FCVTZU (vector, fixed-point)"),
    instruction<"01 1 111110 01 iiiii 11111 1 nnnnn ddddd", &ToFixed<true, 5>::scalar_of<Lane::s>>(
        "FCVTZU (vector, fixed-point)"),
    instruction<"0 q 1 011110 1 iiiiii 11111 1 nnnnn ddddd", &ToFixed<true, 6>::vector_of<Lane::d>>(
        "FCVTZU (vector, fixed-point)"),
    instruction<"01 1 111110 1 iiiiii 11111 1 nnnnn ddddd", &ToFixed<true, 6>::scalar_of<Lane::d>>(
        "FCVTZU (vector, fixed-point)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_convert() {
    return kInstructions;
}

}  // namespace kelvin::arm64
