// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Immediate.
#include <bit>
#include <optional>

#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::Type;

/// DecodeBitMasks(immN, imms, immr, immediate = TRUE): the mask, or nothing where it is reserved.
std::optional<u64> decode_bit_masks(u32 n, u32 imms, u32 immr) {
    const u32 key = n << 6 | (~imms & 0x3f);
    if (key < 2) {
        return {};
    }
    const unsigned length = static_cast<unsigned>(std::bit_width(key)) - 1;
    const unsigned size = 1u << length;
    const unsigned ones = (imms & (size - 1)) + 1;
    const unsigned rotation = immr & (size - 1);
    if (ones == size) {
        return {};
    }
    const u64 run = low_mask(ones);
    u64 mask = rotation == 0 ? run : ((run >> rotation) | (run << (size - rotation))) & low_mask(size);
    for (unsigned width = size; width < 64; width *= 2) {
        mask |= mask << width;
    }
    return mask;
}

enum class Logic { and_, or_, xor_, ands };

template <Logic L>
void logical_immediate(Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, u32 rd) {
    const auto mask = decode_bit_masks(n.value, imms.value, immr.value);
    if (!mask || (sf.value == 0 && n)) {
        return t.undefined();
    }
    const ir::Value operand = t.ir.constant(sf.type(), sf.value != 0 ? *mask : static_cast<u32>(*mask));
    const ir::Value source = t.get(rn);
    switch (L) {
        case Logic::and_:
            return t.set(RegSp{rd}, t.ir.and_(sf.type(), source, operand));
        case Logic::or_:
            return t.set(RegSp{rd}, t.ir.or_(sf.type(), source, operand));
        case Logic::xor_:
            return t.set(RegSp{rd}, t.ir.xor_(sf.type(), source, operand));
        case Logic::ands: {
            const ir::Value result = t.ir.and_(sf.type(), source, operand);
            t.ir.set_flags(t.ir.logic_flags(sf.type(), result));
            return t.set(Reg{rd}, result);
        }
    }
}

ir::Value add_immediate(Lifter& t, Sf sf, Flag shift, Imm<12> imm) {
    return t.ir.constant(sf.type(), u64{imm.value} << (shift ? 12 : 0));
}

/// MOVN, MOVZ and MOVK of a 32-bit register shift by 0 or 16 only.
bool move_shift_valid(Sf sf, Imm<2> hw) {
    return sf.value != 0 || hw.value < 2;
}

template <bool Signed>
void bitfield_move(Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, Reg rd) {
    if (n.value != sf.value || (sf.value == 0 && ((immr.value | imms.value) & 0x20) != 0)) {
        return t.undefined();
    }
    const unsigned r = immr.value;
    const unsigned s = imms.value;
    const Type type = sf.type();
    const ir::Value source = t.get(rn);
    if (s >= r) {
        return t.set(rd, Signed ? t.ir.sbfx(type, source, r, s - r + 1) : t.ir.ubfx(type, source, r, s - r + 1));
    }
    const ir::Value field = Signed ? t.ir.sbfx(type, source, 0, s + 1) : t.ir.ubfx(type, source, 0, s + 1);
    t.set(rd, t.ir.shl(type, field, sf.bits() - r));
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 ll 10000 hhhhhhhhhhhhhhhhhhh ddddd",
                +[](Lifter& t, Imm<2> low, SImm<19> high, Reg rd) { t.set(rd, t.pc(high.number() * 4 + low.value)); }>(
        "ADR"),
    instruction<"1 ll 10000 hhhhhhhhhhhhhhhhhhh ddddd",
                +[](Lifter& t, Imm<2> low, SImm<19> high, Reg rd) {
                    t.set(rd, t.ir.page_address((high.number() * 4 + low.value) * 4096));
                }>("ADRP"),

    instruction<"z 0 0 100010 s iiiiiiiiiiii nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag shift, Imm<12> imm, RegSp rn, RegSp rd) {
                    t.set(rd, t.ir.add(sf.type(), t.get(rn), add_immediate(t, sf, shift, imm)));
                }>("ADD (immediate)"),
    instruction<"z 0 1 100010 s iiiiiiiiiiii nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag shift, Imm<12> imm, RegSp rn, Reg rd) {
                    const ir::Value a = t.get(rn);
                    const ir::Value b = add_immediate(t, sf, shift, imm);
                    const ir::Value result = t.ir.add(sf.type(), a, b);
                    t.ir.set_flags(t.ir.add_flags(sf.type(), a, b));
                    t.set(rd, result);
                }>("ADDS (immediate)"),
    instruction<"z 1 0 100010 s iiiiiiiiiiii nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag shift, Imm<12> imm, RegSp rn, RegSp rd) {
                    t.set(rd, t.ir.sub(sf.type(), t.get(rn), add_immediate(t, sf, shift, imm)));
                }>("SUB (immediate)"),
    instruction<"z 1 1 100010 s iiiiiiiiiiii nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag shift, Imm<12> imm, RegSp rn, Reg rd) {
                    const ir::Value a = t.get(rn);
                    const ir::Value b = add_immediate(t, sf, shift, imm);
                    const ir::Value result = t.ir.sub(sf.type(), a, b);
                    t.ir.set_flags(t.ir.sub_flags(sf.type(), a, b));
                    t.set(rd, result);
                }>("SUBS (immediate)"),

    instruction<"z 00 100100 N rrrrrr ssssss nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, RegSp rd) {
                    logical_immediate<Logic::and_>(t, sf, n, immr, imms, rn, rd.value);
                }>("AND (immediate)"),
    instruction<"z 01 100100 N rrrrrr ssssss nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, RegSp rd) {
                    logical_immediate<Logic::or_>(t, sf, n, immr, imms, rn, rd.value);
                }>("ORR (immediate)"),
    instruction<"z 10 100100 N rrrrrr ssssss nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, RegSp rd) {
                    logical_immediate<Logic::xor_>(t, sf, n, immr, imms, rn, rd.value);
                }>("EOR (immediate)"),
    instruction<"z 11 100100 N rrrrrr ssssss nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, Reg rd) {
                    logical_immediate<Logic::ands>(t, sf, n, immr, imms, rn, rd.value);
                }>("ANDS (immediate)"),

    instruction<"z 00 100101 hh iiiiiiiiiiiiiiii ddddd",
                +[](Lifter& t, Sf sf, Imm<2> hw, Imm<16> imm, Reg rd) {
                    if (!move_shift_valid(sf, hw)) {
                        return t.undefined();
                    }
                    const u64 value = ~(u64{imm.value} << (16 * hw.value));
                    t.set(rd, t.ir.constant(sf.type(), sf.value != 0 ? value : static_cast<u32>(value)));
                }>("MOVN"),
    instruction<"z 10 100101 hh iiiiiiiiiiiiiiii ddddd",
                +[](Lifter& t, Sf sf, Imm<2> hw, Imm<16> imm, Reg rd) {
                    if (!move_shift_valid(sf, hw)) {
                        return t.undefined();
                    }
                    t.set(rd, t.ir.constant(sf.type(), u64{imm.value} << (16 * hw.value)));
                }>("MOVZ"),
    instruction<"z 11 100101 hh iiiiiiiiiiiiiiii ddddd",
                +[](Lifter& t, Sf sf, Imm<2> hw, Imm<16> imm, Reg rd) {
                    if (!move_shift_valid(sf, hw)) {
                        return t.undefined();
                    }
                    t.set(rd, t.ir.bfi(sf.type(), t.get(rd), t.ir.constant(sf.type(), imm.value), 16 * hw.value, 16));
                }>("MOVK"),

    instruction<"z 00 100110 N rrrrrr ssssss nnnnn ddddd", &bitfield_move<true>>("SBFM"),
    instruction<"z 01 100110 N rrrrrr ssssss nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag n, Imm<6> immr, Imm<6> imms, Reg rn, Reg rd) {
                    if (n.value != sf.value || (sf.value == 0 && ((immr.value | imms.value) & 0x20) != 0)) {
                        return t.undefined();
                    }
                    const unsigned r = immr.value;
                    const unsigned s = imms.value;
                    const ir::Value source = t.get(rn);
                    t.set(rd, s >= r ? t.ir.bfi(sf.type(), t.get(rd), t.ir.ubfx(sf.type(), source, r, s - r + 1), 0,
                                                s - r + 1)
                                     : t.ir.bfi(sf.type(), t.get(rd), source, sf.bits() - r, s + 1));
                }>("BFM"),
    instruction<"z 10 100110 N rrrrrr ssssss nnnnn ddddd", &bitfield_move<false>>("UBFM"),

    instruction<"z 00 100111 N 0 mmmmm ssssss nnnnn ddddd",
                +[](Lifter& t, Sf sf, Flag n, Reg rm, Imm<6> imms, Reg rn, Reg rd) {
                    if (n.value != sf.value || imms.value >= sf.bits()) {
                        return t.undefined();
                    }
                    t.set(rd, t.ir.extract_pair(sf.type(), t.get(rn), t.get(rm), imms.value));
                }>("EXTR"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_data_processing_immediate() {
    return kInstructions;
}

}  // namespace kelvin::arm64
