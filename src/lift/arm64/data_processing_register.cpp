// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Register: logical and arithmetic operations.
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::Builder;
using ir::Type;
using Operation = ir::Value (Builder::*)(Type, ir::Value, ir::Value);
using FlagsOperation = ir::Value (Builder::*)(Type, ir::Value, ir::Value);
using CarryOperation = ir::Value (Builder::*)(Type, ir::Value, ir::Value, ir::Value);

/// ShiftReg: LSL, LSR, ASR, ROR. `amount` is less than the width.
ir::Value shift_register(Lifter& t, Type type, Reg reg, u32 shift, unsigned amount) {
    const ir::Value value = t.get(reg);
    if (amount == 0) {
        return value;
    }
    switch (shift) {
        case 0:
            return t.ir.shl(type, value, amount);
        case 1:
            return t.ir.shr(type, value, amount);
        case 2:
            return t.ir.sar(type, value, amount);
        default:
            return t.ir.ror(type, value, amount);
    }
}

/// ExtendReg: UXTB to SXTX, then a shift left by `amount`.
ir::Value extend_register(Lifter& t, Type type, Reg reg, u32 option, unsigned amount) {
    ir::Value value = t.get(reg);
    const unsigned width = 8u << (option & 3);
    if (width < (type == Type::i64 ? 64u : 32u)) {
        value = (option & 4) != 0 ? t.ir.sign_extend(type, value, width) : t.ir.zero_extend(type, value, width);
    }
    return amount == 0 ? value : t.ir.shl(type, value, amount);
}

enum class Invert { no, yes };

template <Operation Op, Invert I>
void logical_shifted(Lifter& t, Sf sf, Imm<2> shift, Reg rm, Imm<6> amount, Reg rn, Reg rd) {
    if (amount.value >= sf.bits()) {
        return t.undefined();
    }
    ir::Value operand = shift_register(t, sf.type(), rm, shift.value, amount.value);
    if (I == Invert::yes) {
        operand = t.ir.not_(sf.type(), operand);
    }
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(rn), operand));
}

template <Operation Op>
void logical_shifted_flags(Lifter& t, Sf sf, Imm<2> shift, Reg rm, Imm<6> amount, Reg rn, Reg rd) {
    if (amount.value >= sf.bits()) {
        return t.undefined();
    }
    const ir::Value operand = shift_register(t, sf.type(), rm, shift.value, amount.value);
    const ir::Value result = (t.ir.*Op)(sf.type(), t.get(rn), operand);
    t.ir.set_flags(t.ir.logic_flags(sf.type(), result));
    t.set(rd, result);
}

bool arithmetic_shift_valid(Sf sf, Imm<2> shift, Imm<6> amount) {
    return shift.value != 3 && amount.value < sf.bits();
}

template <Operation Op>
void arithmetic_shifted(Lifter& t, Sf sf, Imm<2> shift, Reg rm, Imm<6> amount, Reg rn, Reg rd) {
    if (!arithmetic_shift_valid(sf, shift, amount)) {
        return t.undefined();
    }
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(rn), shift_register(t, sf.type(), rm, shift.value, amount.value)));
}

template <Operation Op, FlagsOperation FlagsOp>
void arithmetic_shifted_flags(Lifter& t, Sf sf, Imm<2> shift, Reg rm, Imm<6> amount, Reg rn, Reg rd) {
    if (!arithmetic_shift_valid(sf, shift, amount)) {
        return t.undefined();
    }
    const ir::Value a = t.get(rn);
    const ir::Value b = shift_register(t, sf.type(), rm, shift.value, amount.value);
    const ir::Value result = (t.ir.*Op)(sf.type(), a, b);
    t.ir.set_flags((t.ir.*FlagsOp)(sf.type(), a, b));
    t.set(rd, result);
}

template <Operation Op>
void arithmetic_extended(Lifter& t, Sf sf, Reg rm, Imm<3> option, Imm<3> amount, RegSp rn, RegSp rd) {
    if (amount.value > 4) {
        return t.undefined();
    }
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(rn), extend_register(t, sf.type(), rm, option.value, amount.value)));
}

template <Operation Op, FlagsOperation FlagsOp>
void arithmetic_extended_flags(Lifter& t, Sf sf, Reg rm, Imm<3> option, Imm<3> amount, RegSp rn, Reg rd) {
    if (amount.value > 4) {
        return t.undefined();
    }
    const ir::Value a = t.get(rn);
    const ir::Value b = extend_register(t, sf.type(), rm, option.value, amount.value);
    const ir::Value result = (t.ir.*Op)(sf.type(), a, b);
    t.ir.set_flags((t.ir.*FlagsOp)(sf.type(), a, b));
    t.set(rd, result);
}

template <CarryOperation Op>
void with_carry(Lifter& t, Sf sf, Reg rm, Reg rn, Reg rd) {
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(rn), t.get(rm), t.ir.flags()));
}

template <CarryOperation Op, CarryOperation FlagsOp>
void with_carry_flags(Lifter& t, Sf sf, Reg rm, Reg rn, Reg rd) {
    const ir::Value a = t.get(rn);
    const ir::Value b = t.get(rm);
    const ir::Value carry = t.ir.flags();
    const ir::Value result = (t.ir.*Op)(sf.type(), a, b, carry);
    t.ir.set_flags((t.ir.*FlagsOp)(sf.type(), a, b, carry));
    t.set(rd, result);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"z 00 01010 ss 0 mmmmm iiiiii nnnnn ddddd", &logical_shifted<&Builder::and_, Invert::no>>(
        "AND (shifted register)"),
    instruction<"z 00 01010 ss 1 mmmmm iiiiii nnnnn ddddd", &logical_shifted<&Builder::andn, Invert::no>>(
        "BIC (shifted register)"),
    instruction<"z 01 01010 ss 0 mmmmm iiiiii nnnnn ddddd", &logical_shifted<&Builder::or_, Invert::no>>(
        "ORR (shifted register)"),
    instruction<"z 01 01010 ss 1 mmmmm iiiiii nnnnn ddddd", &logical_shifted<&Builder::or_, Invert::yes>>(
        "ORN (shifted register)"),
    instruction<"z 10 01010 ss 0 mmmmm iiiiii nnnnn ddddd", &logical_shifted<&Builder::xor_, Invert::no>>(
        "EOR (shifted register)"),
    instruction<"z 10 01010 ss 1 mmmmm iiiiii nnnnn ddddd", &logical_shifted<&Builder::xor_, Invert::yes>>(
        "EON (shifted register)"),
    instruction<"z 11 01010 ss 0 mmmmm iiiiii nnnnn ddddd", &logical_shifted_flags<&Builder::and_>>(
        "ANDS (shifted register)"),
    instruction<"z 11 01010 ss 1 mmmmm iiiiii nnnnn ddddd", &logical_shifted_flags<&Builder::andn>>(
        "BICS (shifted register)"),

    instruction<"z 00 01011 ss 0 mmmmm iiiiii nnnnn ddddd", &arithmetic_shifted<&Builder::add>>(
        "ADD (shifted register)"),
    instruction<"z 01 01011 ss 0 mmmmm iiiiii nnnnn ddddd",
                &arithmetic_shifted_flags<&Builder::add, &Builder::add_flags>>("ADDS (shifted register)"),
    instruction<"z 10 01011 ss 0 mmmmm iiiiii nnnnn ddddd", &arithmetic_shifted<&Builder::sub>>(
        "SUB (shifted register)"),
    instruction<"z 11 01011 ss 0 mmmmm iiiiii nnnnn ddddd",
                &arithmetic_shifted_flags<&Builder::sub, &Builder::sub_flags>>("SUBS (shifted register)"),

    instruction<"z 00 01011 00 1 mmmmm ooo iii nnnnn ddddd", &arithmetic_extended<&Builder::add>>(
        "ADD (extended register)"),
    instruction<"z 01 01011 00 1 mmmmm ooo iii nnnnn ddddd",
                &arithmetic_extended_flags<&Builder::add, &Builder::add_flags>>("ADDS (extended register)"),
    instruction<"z 10 01011 00 1 mmmmm ooo iii nnnnn ddddd", &arithmetic_extended<&Builder::sub>>(
        "SUB (extended register)"),
    instruction<"z 11 01011 00 1 mmmmm ooo iii nnnnn ddddd",
                &arithmetic_extended_flags<&Builder::sub, &Builder::sub_flags>>("SUBS (extended register)"),

    instruction<"z 00 11010000 mmmmm 000000 nnnnn ddddd", &with_carry<&Builder::adc>>("ADC"),
    instruction<"z 01 11010000 mmmmm 000000 nnnnn ddddd", &with_carry_flags<&Builder::adc, &Builder::adc_flags>>(
        "ADCS"),
    instruction<"z 10 11010000 mmmmm 000000 nnnnn ddddd", &with_carry<&Builder::sbc>>("SBC"),
    instruction<"z 11 11010000 mmmmm 000000 nnnnn ddddd", &with_carry_flags<&Builder::sbc, &Builder::sbc_flags>>(
        "SBCS"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_data_processing_register() {
    return kInstructions;
}

}  // namespace kelvin::arm64
