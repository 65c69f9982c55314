// SPDX-License-Identifier: Apache-2.0
#include "ir/evaluate.h"

#include <gtest/gtest.h>

#include <random>

namespace kelvin::ir {
namespace {

Datum integer(u64 value) {
    return {.integer = value};
}

u64 evaluate_integer(const Op& op, u64 a = 0, u64 b = 0, u64 c = 0) {
    const Datum operands[3] = {integer(a), integer(b), integer(c)};
    return evaluate(op, operands, {}).integer;
}

u64 i32(Opcode code, u64 a, u64 b = 0, u8 aux = 0, u64 imm = 0) {
    return evaluate_integer({.code = code, .type = Type::i32, .aux = aux, .imm = imm}, a, b);
}
u64 i64(Opcode code, u64 a, u64 b = 0, u8 aux = 0, u64 imm = 0) {
    return evaluate_integer({.code = code, .type = Type::i64, .aux = aux, .imm = imm}, a, b);
}

constexpr u64 kMin64 = u64{1} << 63;
constexpr u64 kOnes = ~u64{0};

TEST(EvaluateInteger, I32OpsIgnoreAndClearTheUpperHalf) {
    constexpr u64 kJunk = u64{0xdeadbeef} << 32;
    EXPECT_EQ(i32(Opcode::add, kJunk | 0xffffffff, kJunk | 2), 1u);
    EXPECT_EQ(i32(Opcode::sub, kJunk | 1, kJunk | 2), 0xffffffffu);
    EXPECT_EQ(i32(Opcode::neg, kJunk | 1), 0xffffffffu);
    EXPECT_EQ(i32(Opcode::not_, kJunk), 0xffffffffu);
    EXPECT_EQ(i32(Opcode::shr, kJunk | 0x80000000, kJunk | 31), 1u);
    EXPECT_EQ(i32(Opcode::sar, kJunk | 0x80000000, 31), 0xffffffffu);
    EXPECT_EQ(i32(Opcode::ror, kJunk | 1, 1), 0x80000000u);
    EXPECT_EQ(i32(Opcode::clz, kJunk | 1), 31u);
    EXPECT_EQ(i32(Opcode::udiv, kJunk | 7, kJunk | 2), 3u);
}

TEST(EvaluateInteger, Multiplication) {
    EXPECT_EQ(i64(Opcode::mul, 0x100000001, 0x100000001), 0x200000001u);
    EXPECT_EQ(i64(Opcode::umulh, kOnes, kOnes), kOnes - 1);
    EXPECT_EQ(i64(Opcode::smulh, kOnes, kOnes), 0u);
    EXPECT_EQ(i64(Opcode::smulh, kMin64, kMin64), u64{1} << 62);
    EXPECT_EQ(i64(Opcode::smulh, kMin64, 1), kOnes);
    EXPECT_EQ(i64(Opcode::mulfold, kOnes, 3), (kOnes - 2) ^ 2);
}

TEST(EvaluateInteger, DivisionNeverTraps) {
    EXPECT_EQ(i64(Opcode::udiv, 5, 0), 0u);
    EXPECT_EQ(i64(Opcode::sdiv, 5, 0), 0u);
    EXPECT_EQ(i64(Opcode::sdiv, kMin64, kOnes), kMin64);
    EXPECT_EQ(i32(Opcode::sdiv, 0x80000000, 0xffffffff), 0x80000000u);
    EXPECT_EQ(i64(Opcode::sdiv, static_cast<u64>(-7), 2), static_cast<u64>(-3));
    EXPECT_EQ(i32(Opcode::sdiv, 0xfffffff9, 2), 0xfffffffdu);
}

TEST(EvaluateInteger, ShiftsTakeTheCountModuloTheWidth) {
    EXPECT_EQ(i64(Opcode::shl, 1, 64), 1u);
    EXPECT_EQ(i64(Opcode::shl, 1, 65), 2u);
    EXPECT_EQ(i32(Opcode::shl, 1, 33), 2u);
    EXPECT_EQ(i64(Opcode::ror, 0x1234, 0), 0x1234u);
    EXPECT_EQ(i64(Opcode::ror, 0x1234, 8), 0x3400000000000012u);
    EXPECT_EQ(i64(Opcode::sar, kMin64, 63), kOnes);
    EXPECT_EQ(i64(Opcode::extract_pair, 0x1122334455667788, 0x99aabbccddeeff00, 0, 8), 0x8899aabbccddeeffu);
    EXPECT_EQ(i32(Opcode::extract_pair, 0x11223344, 0x55667788, 0, 16), 0x33445566u);
    EXPECT_EQ(i64(Opcode::extract_pair, 1, 2, 0, 0), 2u);
}

TEST(EvaluateInteger, Fields) {
    EXPECT_EQ(i64(Opcode::ubfx, 0x123456789abcdef0, 0, 4, 8), 0xefu);
    EXPECT_EQ(i64(Opcode::ubfx, kOnes, 0, 0, 64), kOnes);
    EXPECT_EQ(i64(Opcode::sbfx, 0x123456789abcdef0, 0, 4, 8), 0xffffffffffffffefu);
    EXPECT_EQ(i32(Opcode::sbfx, 0x80, 0, 0, 8), 0xffffff80u);
    EXPECT_EQ(i64(Opcode::sbfx, kOnes, 0, 0, 64), kOnes);
    EXPECT_EQ(i64(Opcode::bfi, kOnes, 0x12, 8, 16), 0xffffffffff0012ffu);
    EXPECT_EQ(i32(Opcode::bfi, 0, kOnes, 28, 4), 0xf0000000u);
    EXPECT_EQ(i64(Opcode::bfi, 5, 7, 0, 64), 7u);
}

TEST(EvaluateInteger, BitsAndBytes) {
    EXPECT_EQ(i64(Opcode::clz, 0), 64u);
    EXPECT_EQ(i32(Opcode::clz, 0), 32u);
    EXPECT_EQ(i64(Opcode::clz, 1), 63u);
    EXPECT_EQ(i64(Opcode::cls, 0), 63u);
    EXPECT_EQ(i64(Opcode::cls, kOnes), 63u);
    EXPECT_EQ(i32(Opcode::cls, 0xffff0000), 15u);
    EXPECT_EQ(i64(Opcode::cls, 0x4000000000000000), 0u);
    EXPECT_EQ(i64(Opcode::rbit, 1), kMin64);
    EXPECT_EQ(i32(Opcode::rbit, 0x12345678), 0x1e6a2c48u);
    EXPECT_EQ(i64(Opcode::bswap, 0x0102030405060708), 0x0807060504030201u);
    EXPECT_EQ(i32(Opcode::bswap, 0x01020304), 0x04030201u);
    EXPECT_EQ(i64(Opcode::bswap16, 0x0102030405060708), 0x0201040306050807u);
    EXPECT_EQ(i64(Opcode::bswap32, 0x0102030405060708), 0x0403020108070605u);
}

/// A CRC as programs use it: begun and ended with all ones inverted. The check values are those of the CRC catalogues
/// for "123456789".
TEST(EvaluateInteger, Crc) {
    const auto check = [](Opcode code) {
        u64 state = 0xffffffff;
        state = i32(code, state, 0x3837363534333231, 3);
        state = i32(code, state, '9', 0);
        return state ^ 0xffffffff;
    };
    EXPECT_EQ(check(Opcode::crc32), 0xcbf43926u);
    EXPECT_EQ(check(Opcode::crc32c), 0xe3069283u);
    // Data above its size is ignored; half-words are their bytes, lowest first.
    const u64 low_first = i32(Opcode::crc32, i32(Opcode::crc32, 7, 0xffcd, 0), 0xab, 0);
    EXPECT_EQ(i32(Opcode::crc32, 7, 0xffffabcd, 1), low_first);
}

TEST(EvaluateFlags, ConditionsHold) {
    // Of C1.2.4: eq ne cs cc mi pl vs vc hi ls ge lt gt le al nv.
    for (u32 nzcv = 0; nzcv < 16; ++nzcv) {
        const bool n = nzcv & 8, z = nzcv & 4, c = nzcv & 2, v = nzcv & 1;
        const bool expected[16] = {z,       !z,     c,      !c,           n,           !n,   v,   !v, c && !z,
                                   !c || z, n == v, n != v, !z && n == v, z || n != v, true, true};
        for (unsigned cond = 0; cond < 16; ++cond) {
            // What is arbitrary in the stored form must not matter.
            for (const u32 junk :
                 {0u, ~(stored_flags::kN | stored_flags::kZ | stored_flags::kNotC | stored_flags::kV)}) {
                const u32 flags = stored_flags::from_nzcv(nzcv << 28) | junk;
                EXPECT_EQ(holds(static_cast<Cond>(cond), flags), expected[cond]) << cond << " of " << nzcv;
                EXPECT_EQ(i64(Opcode::cond_set, flags, 0, static_cast<u8>(cond)), expected[cond]);
            }
        }
        EXPECT_EQ(stored_flags::to_nzcv(stored_flags::from_nzcv(nzcv << 28)), nzcv << 28);
    }
}

u32 nzcv(Datum flags) {
    return stored_flags::to_nzcv(static_cast<u32>(flags.integer)) >> 28;
}

/// Overflow by signs and carry by comparison, rather than by wider arithmetic as evaluate() does it.
u32 expected_add(u64 a, u64 b, bool carry, unsigned width) {
    const u64 mask = width == 64 ? kOnes : (u64{1} << width) - 1;
    const u64 sum = (a + b + carry) & mask;
    const u64 top = u64{1} << (width - 1);
    const bool c = carry ? sum <= (a & mask) : sum < (a & mask);
    const bool v = ((a ^ sum) & (b ^ sum) & top) != 0;
    return u32{(sum & top) != 0} << 3 | u32{sum == 0} << 2 | u32{c} << 1 | u32{v};
}

TEST(EvaluateFlags, AdditionAndSubtraction) {
    std::mt19937_64 random(1);
    const u64 special[] = {0, 1, kOnes, kMin64, kMin64 - 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000};
    const auto pick = [&] { return random() % 2 == 0 ? special[random() % std::size(special)] : random(); };
    for (unsigned i = 0; i < 20000; ++i) {
        const u64 a = pick();
        const u64 b = pick();
        const bool carry = random() & 1;
        const Datum operands[3] = {integer(a), integer(b), integer(stored_flags::from_nzcv(u32{carry} << 29))};
        for (const Type type : {Type::i32, Type::i64}) {
            const unsigned width = type == Type::i32 ? 32 : 64;
            const auto flags = [&](Opcode code) { return nzcv(evaluate({.code = code, .type = type}, operands, {})); };
            ASSERT_EQ(flags(Opcode::add_flags), expected_add(a, b, false, width)) << a << " " << b;
            ASSERT_EQ(flags(Opcode::sub_flags), expected_add(a, ~b, true, width)) << a << " " << b;
            ASSERT_EQ(flags(Opcode::adc_flags), expected_add(a, b, carry, width)) << a << " " << b;
            ASSERT_EQ(flags(Opcode::sbc_flags), expected_add(a, ~b, carry, width)) << a << " " << b;
            const u64 mask = width == 64 ? kOnes : 0xffffffff;
            ASSERT_EQ(evaluate({.code = Opcode::adc, .type = type}, operands, {}).integer, (a + b + carry) & mask);
            ASSERT_EQ(evaluate({.code = Opcode::sbc, .type = type}, operands, {}).integer, (a - b - !carry) & mask);
        }
    }
}

TEST(EvaluateFlags, LogicAndMoves) {
    const auto logic = [](Type type, u64 a) {
        const Datum operands[3] = {integer(a), {}, {}};
        return nzcv(evaluate({.code = Opcode::logic_flags, .type = type}, operands, {}));
    };
    EXPECT_EQ(logic(Type::i64, 0), 0b0100u);
    EXPECT_EQ(logic(Type::i64, kMin64), 0b1000u);
    EXPECT_EQ(logic(Type::i32, kMin64), 0b0100u);
    EXPECT_EQ(logic(Type::i32, 0x80000000), 0b1000u);
    EXPECT_EQ(logic(Type::i64, 0x80000000), 0u);
    for (u32 value = 0; value < 16; ++value) {
        const u64 flags = i32(Opcode::flags_from_nzcv, u64{value} << 28 | 0xfffffff);
        EXPECT_EQ(i32(Opcode::nzcv_from_flags, flags), u64{value} << 28);
    }
    const u64 zero_set = stored_flags::from_nzcv(0x40000000);
    const u64 other = stored_flags::from_nzcv(0x80000000);
    const auto selected = [&](Cond cond) {
        const Datum operands[3] = {integer(zero_set), integer(other), {}};
        return nzcv(evaluate(
            {.code = Opcode::select_flags, .type = Type::flags, .aux = static_cast<u8>(cond), .imm = 0x30000000},
            operands, {}));
    };
    EXPECT_EQ(selected(Cond::eq), 0b1000u);
    EXPECT_EQ(selected(Cond::ne), 0b0011u);
    EXPECT_EQ(evaluate_integer({.code = Opcode::select, .type = Type::i32, .aux = static_cast<u8>(Cond::eq)}, zero_set,
                               kOnes, 2),
              0xffffffffu);
    EXPECT_EQ(
        evaluate_integer({.code = Opcode::select, .type = Type::i64, .aux = static_cast<u8>(Cond::ne)}, zero_set, 1, 2),
        2u);
}

TEST(Evaluate, KnowsEveryOpThatOnlyMakesAValue) {
    EXPECT_TRUE(is_evaluable(Opcode::constant));
    EXPECT_TRUE(is_evaluable(Opcode::vqsub_u));
    EXPECT_TRUE(is_evaluable(Opcode::fvnarrow));
    for (const Opcode code :
         {Opcode::page_address, Opcode::insn_start, Opcode::nop, Opcode::get, Opcode::set, Opcode::load_field,
          Opcode::store_field, Opcode::read_clock, Opcode::load, Opcode::vatomic_cas, Opcode::clear_exclusive,
          Opcode::fence, Opcode::call, Opcode::exit_state}) {
        EXPECT_FALSE(is_evaluable(code));
    }
}

}  // namespace
}  // namespace kelvin::ir
