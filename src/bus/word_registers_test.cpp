// SPDX-License-Identifier: Apache-2.0
#include "bus/word_registers.h"

#include <gtest/gtest.h>

#include <array>

#include "bus/register_table.h"

namespace kelvin::bus {
namespace {

struct Words : WordRegisters {
    std::array<u32, 4> words{0x33221100, 0x77665544, 0xbbaa9988, 0xffeeddcc};
    int accesses = 0;
    u32 read_word(u64 offset) override {
        ++accesses;
        return words[offset / 4];
    }
    void write_word(u64 offset, u32 value, u32 mask) override {
        ++accesses;
        EXPECT_EQ(value & ~mask, 0U);
        words[offset / 4] = merge(words[offset / 4], value, mask);
    }
};

TEST(WordRegisters, ReadsOfAnyWidthAndAlignment) {
    Words words;
    EXPECT_EQ(words.read(4, 4), 0x77665544U);
    EXPECT_EQ(words.accesses, 1);
    EXPECT_EQ(words.read(5, 1), 0x55U);
    EXPECT_EQ(words.read(6, 2), 0x7766U);
    EXPECT_EQ(words.read(3, 2), 0x4433U);
    EXPECT_EQ(words.read(0, 8), 0x7766554433221100U);
    EXPECT_EQ(words.read(3, 8), 0xaa99887766554433U);
}

TEST(WordRegisters, WritesTouchOnlyTheirBytes) {
    Words words;
    words.write(5, 1, 0x1234);
    EXPECT_EQ(words.words[1], 0x77663444U);
    words.write(3, 8, 0);
    EXPECT_EQ(words.words, (std::array<u32, 4>{0x00221100, 0, 0xbb000000, 0xffeeddcc}));
    words.write(8, 8, 0x0123456789abcdef);
    EXPECT_EQ(words.words[2], 0x89abcdefU);
    EXPECT_EQ(words.words[3], 0x01234567U);
}

struct Toy {
    struct State {
        u32 control = 0;
    };
    u32 status() { return 7; }
    void changed(u32 value) { told = value; }
    u32 told = 0;
};
constexpr std::array<Register<Toy>, 2> kToy{{
    {.name = "CTRL",
     .offset = 0,
     .width = 8,
     .section = "1",
     .reset = 0x10,
     .write_mask = 0x0f,
     .cell = &Toy::State::control,
     .on_write = &Toy::changed},
    {.name = "STAT", .offset = 4, .width = 3, .section = "2", .on_read = &Toy::status},
}};
static_assert(is_sane<Toy>(kToy));

TEST(RegisterTable, ResetsMasksAndCallsHooks) {
    Toy toy;
    Toy::State state;
    const std::span<const Register<Toy>> table = kToy;
    reset_registers(table, state);
    EXPECT_EQ(state.control, 0x10U);
    write_register(*find_register(table, 0), toy, state, 0xffU, 0xffU);
    EXPECT_EQ(read_register(*find_register(table, 0), toy, state), 0x1fU);
    EXPECT_EQ(toy.told, 0x1fU);
    EXPECT_EQ(read_register(*find_register(table, 4), toy, state), 7U);
    EXPECT_EQ(find_register(table, 8), nullptr);
}

TEST(RegisterTable, RefusesNonsense) {
    constexpr std::array<Register<Toy>, 1> kTooWide{
        {{.name = "A", .offset = 0, .width = 4, .section = "", .write_mask = 0x10, .cell = &Toy::State::control}}};
    static_assert(!is_sane<Toy>(kTooWide));
    constexpr std::array<Register<Toy>, 1> kHomeless{
        {{.name = "A", .offset = 0, .width = 4, .section = "", .reset = 1}}};
    static_assert(!is_sane<Toy>(kHomeless));
    constexpr std::array<Register<Toy>, 1> kCrooked{
        {{.name = "A", .offset = 2, .width = 4, .section = "", .on_read = &Toy::status}}};
    static_assert(!is_sane<Toy>(kCrooked));
}

TEST(PrimeCell, IdentityBytes) {
    // PL011 r1: PeriphID 0x11 0x10 0x14 0x00, PCellID 0x0d 0xf0 0x05 0xb1 (DDI 0183, 3.3.14 to 3.3.21).
    constexpr std::array<u32, 8> kExpected{0x11, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
    for (u64 n = 0; n < 8; ++n) {
        EXPECT_EQ(prime_cell_identity(0x011, 1, kPrimeCellIdentity + 4 * n), kExpected[n]) << n;
    }
}

}  // namespace
}  // namespace kelvin::bus
