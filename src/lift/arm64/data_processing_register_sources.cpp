// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Register: one, two and three sources, CRC32.
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::Builder;
using ir::Type;
using UnaryOperation = ir::Value (Builder::*)(Type, ir::Value);
using Operation = ir::Value (Builder::*)(Type, ir::Value, ir::Value);

template <UnaryOperation Op>
void one_source(Lifter& t, Sf sf, Reg rn, Reg rd) {
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(rn)));
}

/// The forms of one width only.
template <UnaryOperation Op, Type T>
void one_source_of(Lifter& t, Reg rn, Reg rd) {
    t.set(rd, (t.ir.*Op)(T, t.get(rn)));
}

void reverse_words(Lifter& t, Reg rn, Reg rd) {
    t.set(rd, t.ir.bswap32(t.get(rn)));
}

template <Operation Op>
void two_sources(Lifter& t, Sf sf, Reg rm, Reg rn, Reg rd) {
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(rn), t.get(rm)));
}

template <bool Castagnoli>
void crc32(Lifter& t, Sf sf, Reg rm, Size size, Reg rn, Reg rd) {
    if ((size.value == 3) != (sf.value == 1)) {
        return t.undefined();
    }
    t.set(rd, t.ir.crc32(t.get(rn), t.get(rm), size.value, Castagnoli));
}

template <Operation Op>
void multiply_accumulate(Lifter& t, Sf sf, Reg rm, Reg ra, Reg rn, Reg rd) {
    const ir::Value product = t.ir.mul(sf.type(), t.get(rn), t.get(rm));
    t.set(rd, (t.ir.*Op)(sf.type(), t.get(ra), product));
}

template <Operation Op, bool Signed>
void multiply_accumulate_long(Lifter& t, Reg rm, Reg ra, Reg rn, Reg rd) {
    const auto operand = [&](Reg reg) {
        return Signed ? t.ir.sign_extend(Type::i64, t.get(reg), 32) : t.get(reg, Type::i32);
    };
    t.set(rd, (t.ir.*Op)(Type::i64, t.get(ra), t.ir.mul(Type::i64, operand(rn), operand(rm))));
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"z 10 11010110 00000 000000 nnnnn ddddd", &one_source<&Builder::rbit>>("RBIT"),
    instruction<"z 10 11010110 00000 000001 nnnnn ddddd", &one_source<&Builder::bswap16>>("REV16"),
    instruction<"0 10 11010110 00000 000010 nnnnn ddddd", &one_source_of<&Builder::bswap, Type::i32>>("REV"),
    instruction<"1 10 11010110 00000 000011 nnnnn ddddd", &one_source_of<&Builder::bswap, Type::i64>>("REV"),
    instruction<"1 10 11010110 00000 000010 nnnnn ddddd", &reverse_words>("REV32"),
    instruction<"z 10 11010110 00000 000100 nnnnn ddddd", &one_source<&Builder::clz>>("CLZ"),
    instruction<"z 10 11010110 00000 000101 nnnnn ddddd", &one_source<&Builder::cls>>("CLS"),

    instruction<"z 00 11010110 mmmmm 000010 nnnnn ddddd", &two_sources<&Builder::udiv>>("UDIV"),
    instruction<"z 00 11010110 mmmmm 000011 nnnnn ddddd", &two_sources<&Builder::sdiv>>("SDIV"),
    instruction<"z 00 11010110 mmmmm 001000 nnnnn ddddd", &two_sources<&Builder::shl>>("LSLV"),
    instruction<"z 00 11010110 mmmmm 001001 nnnnn ddddd", &two_sources<&Builder::shr>>("LSRV"),
    instruction<"z 00 11010110 mmmmm 001010 nnnnn ddddd", &two_sources<&Builder::sar>>("ASRV"),
    instruction<"z 00 11010110 mmmmm 001011 nnnnn ddddd", &two_sources<&Builder::ror>>("RORV"),
    instruction<"z 00 11010110 mmmmm 0100 ss nnnnn ddddd", &crc32<false>>("CRC32", Feature::crc32),
    instruction<"z 00 11010110 mmmmm 0101 ss nnnnn ddddd", &crc32<true>>("CRC32C", Feature::crc32),

    instruction<"z 00 11011 000 mmmmm 0 aaaaa nnnnn ddddd", &multiply_accumulate<&Builder::add>>("MADD"),
    instruction<"z 00 11011 000 mmmmm 1 aaaaa nnnnn ddddd", &multiply_accumulate<&Builder::sub>>("MSUB"),
    instruction<"1 00 11011 001 mmmmm 0 aaaaa nnnnn ddddd", &multiply_accumulate_long<&Builder::add, true>>("SMADDL"),
    instruction<"1 00 11011 001 mmmmm 1 aaaaa nnnnn ddddd", &multiply_accumulate_long<&Builder::sub, true>>("SMSUBL"),
    instruction<"1 00 11011 101 mmmmm 0 aaaaa nnnnn ddddd", &multiply_accumulate_long<&Builder::add, false>>("UMADDL"),
    instruction<"1 00 11011 101 mmmmm 1 aaaaa nnnnn ddddd", &multiply_accumulate_long<&Builder::sub, false>>("UMSUBL"),
    // Ra should be 31; other values are CONSTRAINED UNPREDICTABLE, here unallocated.
    instruction<"1 00 11011 010 mmmmm 0 11111 nnnnn ddddd",
                +[](Lifter& t, Reg rm, Reg rn, Reg rd) { t.set(rd, t.ir.smulh(t.get(rn), t.get(rm))); }>("SMULH"),
    instruction<"1 00 11011 110 mmmmm 0 11111 nnnnn ddddd",
                +[](Lifter& t, Reg rm, Reg rn, Reg rd) { t.set(rd, t.ir.umulh(t.get(rn), t.get(rm))); }>("UMULH"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_data_processing_register_sources() {
    return kInstructions;
}

}  // namespace kelvin::arm64
