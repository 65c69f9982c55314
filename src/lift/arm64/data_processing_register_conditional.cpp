// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Register: conditional compare and select, and what works on the flags themselves.
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::Builder;
using ir::Cond;
using ir::Type;
using FlagsOperation = ir::Value (Builder::*)(Type, ir::Value, ir::Value);

template <FlagsOperation FlagsOp>
void compare_if(Lifter& t, Sf sf, ir::Value operand, CondField cond, Reg rn, Imm<4> otherwise) {
    const ir::Value compared = (t.ir.*FlagsOp)(sf.type(), t.get(rn), operand);
    t.ir.set_flags(t.ir.select_flags(cond.cond(), t.ir.flags(), compared, otherwise.value));
}

template <FlagsOperation FlagsOp>
void compare_register_if(Lifter& t, Sf sf, Reg rm, CondField cond, Reg rn, Imm<4> otherwise) {
    compare_if<FlagsOp>(t, sf, t.get(rm), cond, rn, otherwise);
}

template <FlagsOperation FlagsOp>
void compare_immediate_if(Lifter& t, Sf sf, Imm<5> imm, CondField cond, Reg rn, Imm<4> otherwise) {
    compare_if<FlagsOp>(t, sf, t.ir.constant(sf.type(), imm.value), cond, rn, otherwise);
}

enum class Otherwise { same, increment, invert, negate };

template <Otherwise O>
void conditional_select(Lifter& t, Sf sf, Reg rm, CondField cond, Reg rn, Reg rd) {
    const Type type = sf.type();
    // CSET and CSETM.
    if (rn.value == 31 && rm.value == 31 && cond.cond() < Cond::al &&
        (O == Otherwise::increment || O == Otherwise::invert)) {
        const ir::Value one = t.ir.cond_set(type, ir::invert(cond.cond()), t.ir.flags());
        return t.set(rd, O == Otherwise::increment ? one : t.ir.neg(type, one));
    }
    ir::Value otherwise = t.get(rm);
    switch (O) {
        case Otherwise::same:
            break;
        case Otherwise::increment:
            otherwise = t.ir.add(type, otherwise, t.ir.constant(type, 1));
            break;
        case Otherwise::invert:
            otherwise = t.ir.not_(type, otherwise);
            break;
        case Otherwise::negate:
            otherwise = t.ir.neg(type, otherwise);
            break;
    }
    t.set(rd, t.ir.select(type, cond.cond(), t.ir.flags(), t.get(rn), otherwise));
}

/// The flags with those in `mask` (bits 31:28) taken from `nzcv`.
void replace_flags(Lifter& t, ir::Value nzcv, u32 mask) {
    const ir::Value old = t.ir.and_(Type::i32, t.ir.nzcv_from_flags(t.ir.flags()), t.ir.i32c(~mask));
    const ir::Value fresh = t.ir.and_(Type::i32, nzcv, t.ir.i32c(mask));
    t.ir.set_flags(t.ir.flags_from_nzcv(t.ir.or_(Type::i32, old, fresh)));
}

/// N and Z of the low `Width` bits, V if the bit above them differs from their top one.
template <unsigned Width>
void set_flags_of_part(Lifter& t, Reg rn) {
    const ir::Value value = t.get(rn);
    const ir::Value part = t.ir.shl(Type::i32, value, 32 - Width);
    const ir::Value nz = t.ir.nzcv_from_flags(t.ir.logic_flags(Type::i32, part));
    const ir::Value overflow =
        t.ir.xor_(Type::i32, t.ir.ubfx(Type::i32, value, Width, 1), t.ir.ubfx(Type::i32, value, Width - 1, 1));
    replace_flags(t, t.ir.or_(Type::i32, nz, t.ir.shl(Type::i32, overflow, 28)), 0xd0000000);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"z 01 11010010 mmmmm cccc 00 nnnnn 0 ffff", &compare_register_if<&Builder::add_flags>>(
        "CCMN (register)"),
    instruction<"z 11 11010010 mmmmm cccc 00 nnnnn 0 ffff", &compare_register_if<&Builder::sub_flags>>(
        "CCMP (register)"),
    instruction<"z 01 11010010 iiiii cccc 10 nnnnn 0 ffff", &compare_immediate_if<&Builder::add_flags>>(
        "CCMN (immediate)"),
    instruction<"z 11 11010010 iiiii cccc 10 nnnnn 0 ffff", &compare_immediate_if<&Builder::sub_flags>>(
        "CCMP (immediate)"),

    instruction<"z 00 11010100 mmmmm cccc 00 nnnnn ddddd", &conditional_select<Otherwise::same>>("CSEL"),
    instruction<"z 00 11010100 mmmmm cccc 01 nnnnn ddddd", &conditional_select<Otherwise::increment>>("CSINC"),
    instruction<"z 10 11010100 mmmmm cccc 00 nnnnn ddddd", &conditional_select<Otherwise::invert>>("CSINV"),
    instruction<"z 10 11010100 mmmmm cccc 01 nnnnn ddddd", &conditional_select<Otherwise::negate>>("CSNEG"),

    instruction<"1 01 11010000 iiiiii 00001 nnnnn 0 kkkk",
                +[](Lifter& t, Imm<6> amount, Reg rn, Imm<4> mask) {
                    const ir::Value rotated = t.ir.ror(Type::i64, t.get(rn), amount.value);
                    replace_flags(t, t.ir.shl(Type::i32, rotated, 28), mask.value << 28);
                }>("RMIF", Feature::flagm),
    instruction<"0 01 11010000 000000 0 0010 nnnnn 0 1101", &set_flags_of_part<8>>("SETF8", Feature::flagm),
    instruction<"0 01 11010000 000000 1 0010 nnnnn 0 1101", &set_flags_of_part<16>>("SETF16", Feature::flagm),
    instruction<"1101010100 0 00 000 0100 0000 000 11111",
                +[](Lifter& t) {
                    const ir::Value nzcv = t.ir.nzcv_from_flags(t.ir.flags());
                    t.ir.set_flags(t.ir.flags_from_nzcv(t.ir.xor_(Type::i32, nzcv, t.ir.i32c(1u << 29))));
                }>("CFINV", Feature::flagm),
    // From the flags of an FP comparison in another form (Z and C both set: unordered) to Arm's, and back.
    instruction<"1101010100 0 00 000 0100 0000 001 11111",
                +[](Lifter& t) {
                    const ir::Value nzcv = t.ir.nzcv_from_flags(t.ir.flags());
                    const ir::Value c = t.ir.ubfx(Type::i32, nzcv, 29, 1);
                    const ir::Value z = t.ir.ubfx(Type::i32, nzcv, 30, 1);
                    const ir::Value not_c = t.ir.xor_(Type::i32, c, t.ir.i32c(1));
                    const ir::Value not_z = t.ir.xor_(Type::i32, z, t.ir.i32c(1));
                    ir::Value result = t.ir.shl(Type::i32, t.ir.and_(Type::i32, not_c, not_z), 31);
                    result = t.ir.or_(Type::i32, result, t.ir.shl(Type::i32, t.ir.and_(Type::i32, z, c), 30));
                    result = t.ir.or_(Type::i32, result, t.ir.shl(Type::i32, t.ir.or_(Type::i32, c, z), 29));
                    result = t.ir.or_(Type::i32, result, t.ir.shl(Type::i32, t.ir.and_(Type::i32, not_c, z), 28));
                    t.ir.set_flags(t.ir.flags_from_nzcv(result));
                }>("XAFLAG", Feature::flagm2),
    instruction<"1101010100 0 00 000 0100 0000 010 11111",
                +[](Lifter& t) {
                    const ir::Value nzcv = t.ir.nzcv_from_flags(t.ir.flags());
                    const ir::Value v = t.ir.ubfx(Type::i32, nzcv, 28, 1);
                    const ir::Value c = t.ir.ubfx(Type::i32, nzcv, 29, 1);
                    const ir::Value z = t.ir.or_(Type::i32, t.ir.ubfx(Type::i32, nzcv, 30, 1), v);
                    const ir::Value result = t.ir.or_(Type::i32, t.ir.shl(Type::i32, z, 30),
                                                      t.ir.shl(Type::i32, t.ir.andn(Type::i32, c, v), 29));
                    t.ir.set_flags(t.ir.flags_from_nzcv(result));
                }>("AXFLAG", Feature::flagm2),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_data_processing_register_conditional() {
    return kInstructions;
}

}  // namespace kelvin::arm64
