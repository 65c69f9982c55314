// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::kCode;
using testing::kRam;
using testing::TestMachine;

constexpr u64 kEnables = u64{1} << 31 | u64{1} << 30 | u64{1} << 27 | u64{1} << 13;
constexpr u64 kPointer = 0x0000'7fff'1234'5678;

/// D8.9 as the manual's functions say it, with FEAT_PAuth2 and without FEAT_FPAC, of an address in x1.
struct Manual {
    u64 tcr;

    bool tbi(u64 pointer, bool data) const {
        const unsigned half = static_cast<unsigned>(bit(pointer, 55));
        return bit(tcr, 37 + half) && (data || !bit(tcr, 51 + half));
    }
    bool selects_by_55(bool data) const { return tbi(0, data) || tbi(u64{1} << 55, data); }
    unsigned bottom(bool upper) const {
        const u64 size = upper ? bits(tcr, 21, 16) : bits(tcr, 5, 0);
        return 64 - static_cast<unsigned>(std::clamp<u64>(size, 16, 48));
    }
    static u64 extend(u64 pointer, bool sign, bool keep_top, unsigned bottom) {
        const u64 mask = ~low_mask(bottom) & (keep_top ? low_mask(56) : ~u64{0});
        return sign ? pointer | mask : pointer & ~mask;
    }
    static u64 code(u64 extended, u64 modifier, const u64 (&key)[2], u64 ignored) {
        const __uint128_t product =
            static_cast<__uint128_t>((extended & ~ignored) ^ key[0]) * (modifier ^ key[1] ^ u64{0xffffffff9e3779b9});
        return static_cast<u64>(product) ^ static_cast<u64>(product >> 64);
    }
};

class PointerAuthentication : public ::testing::Test {
  protected:
    PointerAuthentication() {
        m.state.sctlr[1] |= kEnables;
        m.state.tcr[1] = 16 | 16 << 16;  // 48-bit addresses
        for (auto& key : m.state.apkey) {
            key[0] = random();
            key[1] = random();
        }
        m.state.x[2] = 99;
    }
    u64 run(u64 pointer, std::initializer_list<u32> words) {
        m.state.x[1] = pointer;
        m.run(words);
        return m.state.x[1];
    }
    u64 with_extension() { return static_cast<u64>(sign_extend(random(), 20 + static_cast<unsigned>(random() % 44))); }
    std::mt19937_64 random{1};
    TestMachine m;
};

constexpr u32 kPacia = 0xdac10041, kAutia = 0xdac11041, kAutib = 0xdac11441, kPacda = 0xdac10841;  // x1, x2
constexpr u32 kXpaci = 0xdac143e1, kXpacd = 0xdac147e1, kPacga = 0x9ac33041;                       // x1; x1; x1, x2, x3

TEST_F(PointerAuthentication, SignedPointersAuthenticate) {
    for (const u64 pointer : {kPointer, u64{0xffff'8000'1234'5678}}) {
        const u64 with_code = run(pointer, {kPacia});
        EXPECT_NE(with_code, pointer);
        EXPECT_EQ((with_code ^ pointer) & 0x0080'ffff'ffff'ffff, 0u);
        EXPECT_EQ(run(with_code, {kAutia}), pointer);
        EXPECT_NE(run(with_code, {kAutib}), pointer);
        EXPECT_EQ(run(with_code, {kXpaci}), pointer);
    }
}

TEST_F(PointerAuthentication, ModifiersAndKeysMatter) {
    const u64 with_code = run(kPointer, {kPacia});
    m.state.x[2] = 98;
    EXPECT_NE(run(with_code, {kAutia}), kPointer);
    m.state.x[2] = 99;
    m.state.apkey[0][1]++;
    EXPECT_NE(run(with_code, {kAutia}), kPointer);
}

TEST_F(PointerAuthentication, BitsAreWhereTheManualHasThem) {
    for (int i = 0; i < 20000; i++) {
        const u64 sizes = (10 + random() % 45) | (10 + random() % 45) << 16;
        m.state.tcr[1] = sizes | (random() & (u64{3} << 37 | u64{3} << 51));
        m.state.x[2] = random();
        const Manual manual{m.state.tcr[1]};
        const bool data = random() % 2 != 0;
        const u64 pointer = random() % 2 != 0 ? random() : with_extension();
        const bool tbi = manual.tbi(pointer, data);
        const u64 kept = ~(low_mask(56)) * tbi;

        const bool sign = bit(pointer, manual.selects_by_55(data) ? 55 : 63);
        const unsigned bottom = manual.bottom(sign);
        const u64 places = ~low_mask(bottom) & ~kept & ~(u64{1} << 55);
        const u64 code =
            Manual::code(Manual::extend(pointer, sign, tbi, bottom), m.state.x[2], m.state.apkey[data ? 2 : 0], places);
        const u64 with_sign = (pointer & ~(u64{1} << 55)) | u64{sign} << 55;
        const u64 with_code = run(pointer, {data ? kPacda : kPacia});
        ASSERT_EQ(with_code, with_sign ^ (code & places)) << std::hex << pointer << " " << m.state.tcr[1];

        const unsigned own_bottom = manual.bottom(bit(pointer, 55));
        ASSERT_EQ(run(pointer, {data ? kXpacd : kXpaci}), Manual::extend(pointer, bit(pointer, 55), tbi, own_bottom));
    }
}

TEST_F(PointerAuthentication, TheTopByteIsKeptWhereItIsIgnored) {
    m.state.tcr[1] |= u64{1} << 37;
    const u64 tagged = kPointer | u64{0xab} << 56;
    const u64 with_code = run(tagged, {kPacia});
    EXPECT_EQ(with_code >> 56, 0xabu);
    EXPECT_EQ(run(with_code, {kAutia}), tagged);
    EXPECT_NE(run(with_code ^ u64{1} << 56, {kAutia}), tagged ^ u64{1} << 56);
}

TEST_F(PointerAuthentication, DisabledKeysDoNothing) {
    m.state.sctlr[1] &= ~(u64{1} << 31);
    for (const u64 pointer : {kPointer, kPointer | u64{1} << 55, ~kPointer}) {
        EXPECT_EQ(run(pointer, {kPacia}), pointer);
        EXPECT_EQ(run(pointer, {kAutia}), pointer);
    }
    EXPECT_NE(run(kPointer, {kPacda}), kPointer);
    EXPECT_EQ(run(kPointer | u64{1} << 60, {kXpaci}), kPointer);  // strips all the same
}

TEST_F(PointerAuthentication, GenericCodesFillTheUpperHalf) {
    m.state.sctlr[1] &= ~kEnables;
    const u64 code = run(0, {kPacga});
    EXPECT_EQ(code & 0xffffffff, 0u);
    EXPECT_NE(code, 0u);
    m.state.x[3] ^= 1;
    EXPECT_NE(run(0, {kPacga}), code);
}

TEST_F(PointerAuthentication, ZeroKeysSignToo) {
    m.state.apkey[0][0] = m.state.apkey[0][1] = 0;
    EXPECT_NE(run(kPointer, {0xdac123e1}), kPointer);  // paciza x1
}

TEST_F(PointerAuthentication, ReturnsAndLoadsUseTheAddress) {
    m.state.sp = kRam + 64;
    m.state.x[30] = kCode + 16;
    m.run({0xd503233f, 0xaa1e03e5, 0xd65f0bff, 0xd4200000,
           0x52800e00});  // paciasp; mov x5, x30; retaa; brk; mov w0, #112
    EXPECT_EQ(m.exception_class(), 0xff);
    EXPECT_NE(m.state.x[5], kCode + 16);
    EXPECT_EQ(m.state.x[30], m.state.x[5]);
    EXPECT_EQ(m.state.x[0], 112u);
    m.memory.ram[24] = 77;
    m.state.x[2] = 0;
    EXPECT_NE(run(kRam, {kPacda}), kRam);
    m.run({0xf8203c20 | 3u << 12 | 0u});  // ldraa x0, [x1, #24]!
    EXPECT_EQ(m.state.x[0], 77u);
    EXPECT_EQ(m.state.x[1], kRam + 24);
}

}  // namespace
}  // namespace kelvin::arm64
