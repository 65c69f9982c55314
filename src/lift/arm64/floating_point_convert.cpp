// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Scalar Floating-Point: to and from integers and fixed-point numbers in general
// registers, FMOV between register files.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::FpShape;
using ir::Lane;
using ir::Opcode;
using ir::Type;

template <RoundingChoice Choice, bool Unsigned>
void to_integer(Lifter& t, Sf sf, Ftype type, VReg rn, Reg rd) {
    if (!type.allocated(t)) {
        return t.undefined();
    }
    if (t.fp_enabled()) {
        const auto rounding = static_cast<u8>(rounding_of(t, Choice));
        t.set(rd, t.ir.fto_int(sf.type(), type.shape(), t.get(rn), rounding, Unsigned, 0));
    }
}

template <bool Unsigned>
void from_integer(Lifter& t, Sf sf, Ftype type, Reg rn, VReg rd) {
    if (!type.allocated(t)) {
        return t.undefined();
    }
    if (t.fp_enabled()) {
        t.set(rd, t.ir.ffrom_int(type.shape(), sf.type(), t.get(rn), Unsigned, 0));
    }
}

/// A fixed-point number's "scale", which is 64 less the number of fraction bits.
struct Scale : OperandField<6> {
    bool allocated(Sf sf) const { return fraction_bits() <= sf.bits(); }
    unsigned fraction_bits() const { return 64 - value; }
};

template <bool Unsigned>
void to_fixed(Lifter& t, Sf sf, Ftype type, Scale scale, VReg rn, Reg rd) {
    if (!type.allocated(t) || !scale.allocated(sf)) {
        return t.undefined();
    }
    if (t.fp_enabled()) {
        const auto rounding = static_cast<u8>(fp::Rounding::zero);
        const ir::Value source = t.get(rn);
        t.set(rd, t.ir.fto_int(sf.type(), type.shape(), source, rounding, Unsigned, scale.fraction_bits()));
    }
}

template <bool Unsigned>
void from_fixed(Lifter& t, Sf sf, Ftype type, Scale scale, Reg rn, VReg rd) {
    if (!type.allocated(t) || !scale.allocated(sf)) {
        return t.undefined();
    }
    if (t.fp_enabled()) {
        t.set(rd, t.ir.ffrom_int(type.shape(), sf.type(), t.get(rn), Unsigned, scale.fraction_bits()));
    }
}

template <Lane L, unsigned Element = 0>
void move_to_general(Lifter& t, VReg rn, Reg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vextract(L == Lane::d ? Type::i64 : Type::i32, L, t.get(rn), Element));
    }
}

template <Lane L>
void move_from_general(Lifter& t, Reg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Opcode::vfrom_gpr, L, t.get(rn)));
    }
}

void move_from_general_to_top(Lifter& t, Reg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Opcode::vinsert_gpr, Lane::d, t.get(rd), t.get(rn), ir::kNoValue, 1));
    }
}

/// The integer, and above it PSTATE.Z.
u64 to_javascript_integer(State& state, u64 value) {
    fp::Environment environment = fp::environment_from_fpcr(state.fpcr);
    const fp::JavaScriptInteger result = fp::to_javascript_integer(value, environment);
    state.fpsr |= environment.exceptions;
    return result.value | u64{result.exact} << 32;
}
constexpr ir::Helper kToJavascriptInteger = ir::helper<&to_javascript_integer>("fjcvtzs", ir::kHelperReadsState);

void convert_javascript(Lifter& t, VReg rn, Reg rd) {
    if (!t.fp_enabled()) {
        return;
    }
    const ir::Value result = t.ir.call(kToJavascriptInteger, {t.ir.vextract(Type::i64, Lane::d, t.get(rn), 0)});
    const ir::Value z = t.ir.ubfx(Type::i64, result, 32, 1);
    t.ir.set_flags(t.ir.flags_from_nzcv(t.ir.shl(Type::i32, z, 30)));
    t.set(rd, t.narrow(result, Type::i32));
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"z 00 11110 tt 1 00 000 000000 nnnnn ddddd", &to_integer<RoundingChoice::nearest_even, false>>(
        "FCVTNS (scalar)"),
    instruction<"z 00 11110 tt 1 00 001 000000 nnnnn ddddd", &to_integer<RoundingChoice::nearest_even, true>>(
        "FCVTNU (scalar)"),
    instruction<"z 00 11110 tt 1 00 010 000000 nnnnn ddddd", &from_integer<false>>("SCVTF (scalar, integer)"),
    instruction<"z 00 11110 tt 1 00 011 000000 nnnnn ddddd", &from_integer<true>>("UCVTF (scalar, integer)"),
    instruction<"z 00 11110 tt 1 00 100 000000 nnnnn ddddd", &to_integer<RoundingChoice::nearest_away, false>>(
        "FCVTAS (scalar)"),
    instruction<"z 00 11110 tt 1 00 101 000000 nnnnn ddddd", &to_integer<RoundingChoice::nearest_away, true>>(
        "FCVTAU (scalar)"),
    instruction<"z 00 11110 tt 1 01 000 000000 nnnnn ddddd", &to_integer<RoundingChoice::plus_infinity, false>>(
        "FCVTPS (scalar)"),
    instruction<"z 00 11110 tt 1 01 001 000000 nnnnn ddddd", &to_integer<RoundingChoice::plus_infinity, true>>(
        "FCVTPU (scalar)"),
    instruction<"z 00 11110 tt 1 10 000 000000 nnnnn ddddd", &to_integer<RoundingChoice::minus_infinity, false>>(
        "FCVTMS (scalar)"),
    instruction<"z 00 11110 tt 1 10 001 000000 nnnnn ddddd", &to_integer<RoundingChoice::minus_infinity, true>>(
        "FCVTMU (scalar)"),
    instruction<"z 00 11110 tt 1 11 000 000000 nnnnn ddddd", &to_integer<RoundingChoice::zero, false>>(
        "FCVTZS (scalar, integer)"),
    instruction<"z 00 11110 tt 1 11 001 000000 nnnnn ddddd", &to_integer<RoundingChoice::zero, true>>(
        "FCVTZU (scalar, integer)"),

    instruction<"z 00 11110 tt 0 00 010 ssssss nnnnn ddddd", &from_fixed<false>>("SCVTF (scalar, fixed-point)"),
    instruction<"z 00 11110 tt 0 00 011 ssssss nnnnn ddddd", &from_fixed<true>>("UCVTF (scalar, fixed-point)"),
    instruction<"z 00 11110 tt 0 11 000 ssssss nnnnn ddddd", &to_fixed<false>>("FCVTZS (scalar, fixed-point)"),
    instruction<"z 00 11110 tt 0 11 001 ssssss nnnnn ddddd", &to_fixed<true>>("FCVTZU (scalar, fixed-point)"),

    instruction<"0 00 11110 00 1 00 110 000000 nnnnn ddddd", &move_to_general<Lane::s>>("FMOV (general)"),
    instruction<"0 00 11110 00 1 00 111 000000 nnnnn ddddd", &move_from_general<Lane::s>>("FMOV (general)"),
    instruction<"1 00 11110 01 1 00 110 000000 nnnnn ddddd", &move_to_general<Lane::d>>("FMOV (general)"),
    instruction<"1 00 11110 01 1 00 111 000000 nnnnn ddddd", &move_from_general<Lane::d>>("FMOV (general)"),
    instruction<"1 00 11110 10 1 01 110 000000 nnnnn ddddd", &move_to_general<Lane::d, 1>>("FMOV (general)"),
    instruction<"1 00 11110 10 1 01 111 000000 nnnnn ddddd", &move_from_general_to_top>("FMOV (general)"),
    instruction<"- 00 11110 11 1 00 110 000000 nnnnn ddddd", &move_to_general<Lane::h>>("FMOV (general)",
                                                                                        Feature::fp16),
    instruction<"- 00 11110 11 1 00 111 000000 nnnnn ddddd", &move_from_general<Lane::h>>("FMOV (general)",
                                                                                          Feature::fp16),

    instruction<"0 00 11110 01 1 11 110 000000 nnnnn ddddd", &convert_javascript>("FJCVTZS", Feature::jscvt),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_floating_point_convert() {
    return kInstructions;
}

}  // namespace kelvin::arm64
