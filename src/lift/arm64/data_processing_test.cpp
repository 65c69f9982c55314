// SPDX-License-Identifier: Apache-2.0
// Expectations: the manual's pseudocode worked by hand. Words assembled by GNU as.
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::kCode;
using testing::TestMachine;

constexpr u32 kN = 8u << 28, kZ = 4u << 28, kC = 2u << 28, kV = 1u << 28;

TEST(DataProcessing, ThirtyTwoBitResultsClearTheUpperHalf) {
    TestMachine m;
    m.state.x[1] = 0x1'ffff'ffff;
    m.state.x[2] = 0xdead'0000'0000'0005;
    m.run({
        0x2a0103e0,  // mov w0, w1
        0x0b020023,  // add w3, w1, w2
        0x2a2203e4,  // mvn w4, w2
        0x11000425,  // add w5, w1, #1
        0x4a010026,  // eor w6, w1, w1
    });
    EXPECT_EQ(m.state.x[0], 0xffffffffu);
    EXPECT_EQ(m.state.x[3], 4u);
    EXPECT_EQ(m.state.x[4], 0xfffffffau);
    EXPECT_EQ(m.state.x[5], 0u);
    EXPECT_EQ(m.state.x[6], 0u);
}

TEST(DataProcessing, AddressesAreRelativeToTheCode) {
    TestMachine m;
    m.run({0x100000a1, 0xb0000002});  // adr x1, .+20; adrp x2, .+0x1000
    EXPECT_EQ(m.state.x[1], kCode + 20);
    EXPECT_EQ(m.state.x[2], kCode + 0x1000);
}

TEST(DataProcessing, LogicalImmediatesAreRepeatedAndRotatedRuns) {
    TestMachine m;
    m.state.x[1] = ~u64{0};
    m.run({0x92781c20, 0x3200cfe2, 0xd24003e3});  // and x0, x1, #0xff00; mov w2, #0x0f0f0f0f; mov x3, #1 ^ 0
    EXPECT_EQ(m.state.x[0], 0xff00u);
    EXPECT_EQ(m.state.x[2], 0x0f0f0f0fu);
    EXPECT_EQ(m.state.x[3], 1u);
}

TEST(DataProcessing, ReservedLogicalImmediatesAreUndefined) {
    for (const u32 word : {0x9240fc20u,     // N = 1, imms = 0b111111
                           0x12400020u,     // N = 1 of a 32-bit form
                           0x1200f820u}) {  // imms = 0b111110: a run that fills the element
        TestMachine m;
        m.run({word});
        EXPECT_EQ(m.exception_class(), 0) << std::hex << word;
    }
}

TEST(DataProcessing, WideMoves) {
    TestMachine m;
    m.state.x[2] = 0x1111'2222'3333'4444;
    m.run({0x92a00020, 0x52824681, 0xf2ffffe2});  // mov x0, #~0x10000; mov w1, #0x1234; movk x2, #0xffff, lsl #48
    EXPECT_EQ(m.state.x[0], ~u64{0x10000});
    EXPECT_EQ(m.state.x[1], 0x1234u);
    EXPECT_EQ(m.state.x[2], 0xffff'2222'3333'4444);
}

TEST(DataProcessing, Bitfields) {
    TestMachine m;
    m.state.x[2] = 0x200;  // bits 9:3 = 0b1000000
    m.state.x[3] = ~u64{0};
    m.state.x[4] = 0x15;
    m.state.x[5] = 0x80;
    m.run({
        0x93432441,  // sbfx x1, x2, #3, #7
        0x331b1483,  // bfi w3, w4, #5, #6
        0xd37cec46,  // lsl x6, x2, #4
        0x13001ca7,  // sxtb w7, w5
        0x937c1ca8,  // sbfiz x8, x5, #4, #8
    });
    EXPECT_EQ(m.state.x[1], ~u64{0x3f});
    EXPECT_EQ(m.state.x[3], 0xffff'fabfu);
    EXPECT_EQ(m.state.x[6], 0x2000u);
    EXPECT_EQ(m.state.x[7], 0xffff'ff80u);
    EXPECT_EQ(m.state.x[8], ~u64{0x7ff});
}

TEST(DataProcessing, FlagsOfAdditionAndSubtraction) {
    TestMachine m;
    m.state.x[1] = 0x7fff'ffff'ffff'ffff;
    m.state.x[2] = 1;
    m.run({0xab020020});  // adds x0, x1, x2
    EXPECT_EQ(m.state.x[0], u64{1} << 63);
    EXPECT_EQ(m.state.nzcv(), kN | kV);
    m.run({0xeb020043});  // subs x3, x2, x2
    EXPECT_EQ(m.state.nzcv(), kZ | kC);
    m.run({0x6b01005f});  // cmp w2, w1: 1 - 0xffffffff
    EXPECT_EQ(m.state.nzcv(), 0u);
    m.run({0xfa020044});  // sbcs x4, x2, x2: borrow
    EXPECT_EQ(m.state.x[4], ~u64{0});
    EXPECT_EQ(m.state.nzcv(), kN);
}

TEST(DataProcessing, StackPointerAndZeroRegisterInTheRightPlaces) {
    TestMachine m;
    m.state.sp = 0x1000;
    m.state.x[3] = 0xffff'ffff'0000'0001;
    m.run({
        0x8b234be1,  // add x1, sp, w3, uxtw #2
        0xd10043ff,  // sub sp, sp, #16
        0xeb2383ff,  // cmp sp, w3, sxtb
        0x910003e2,  // mov x2, sp
        0x9100001f,  // mov sp, x0
    });
    EXPECT_EQ(m.state.x[1], 0x1004u);
    EXPECT_EQ(m.state.x[2], 0xff0u);
    EXPECT_EQ(m.state.sp, 0u);
    EXPECT_EQ(m.state.nzcv(), kC);
}

TEST(DataProcessing, ConditionalCompareTakesTheImmediateFlagsWhereTheConditionFails) {
    TestMachine m;
    m.state.x[1] = 5;
    m.state.set_nzcv(kZ);
    m.run({0xfa450820});  // ccmp x1, #5, #0, eq
    EXPECT_EQ(m.state.nzcv(), kZ | kC);
    m.run({0x7a47182b});  // ccmp w1, #7, #11, ne
    EXPECT_EQ(m.state.nzcv(), kN | kC | kV);
}

TEST(DataProcessing, ConditionalSelects) {
    TestMachine m;
    m.state.x[2] = 2;
    m.state.x[3] = 3;
    m.state.set_nzcv(kZ);
    m.run({
        0x9a830044,  // csel x4, x2, x3, eq
        0x9a831445,  // csinc x5, x2, x3, ne
        0x5a831046,  // csinv w6, w2, w3, ne
        0xda831447,  // csneg x7, x2, x3, ne
        0x1a9f17e8,  // cset w8, eq
        0xda9f13e9,  // csetm x9, eq
        0x9a9fe7ea,  // csinc x10, xzr, xzr, al
    });
    EXPECT_EQ(m.state.x[4], 2u);
    EXPECT_EQ(m.state.x[5], 4u);
    EXPECT_EQ(m.state.x[6], 0xffff'fffcu);
    EXPECT_EQ(m.state.x[7], ~u64{2});
    EXPECT_EQ(m.state.x[8], 1u);
    EXPECT_EQ(m.state.x[9], ~u64{0});
    EXPECT_EQ(m.state.x[10], 0u);
}

TEST(DataProcessing, DivisionNeverTraps) {
    TestMachine m;
    m.state.x[1] = u64{1} << 63;
    m.state.x[2] = ~u64{0};
    m.run({0x9ac20c23, 0x9adf0824});  // sdiv x3, x1, x2; udiv x4, x1, xzr
    EXPECT_EQ(m.state.x[3], u64{1} << 63);
    EXPECT_EQ(m.state.x[4], 0u);
}

TEST(DataProcessing, CrcOfTheCheckString) {
    TestMachine m;
    // "12345678" and '9': 0xcbf43926 after the final inversion, 0xe3069283 for CRC-32C.
    m.state.x[1] = 0xffffffff;
    m.state.x[2] = 0x3837363534333231;
    m.state.x[3] = '9';
    m.state.x[4] = 0xffffffff;
    m.run({0x9ac24c21, 0x1ac34021, 0x9ac25c84, 0x1ac35084});  // crc32x, crc32b, crc32cx, crc32cb
    EXPECT_EQ(m.state.x[1], 0xcbf43926u ^ 0xffffffff);
    EXPECT_EQ(m.state.x[4], 0xe3069283u ^ 0xffffffff);
    m.state.pc = kCode;
    TestMachine other;
    other.run({0x1ac34c21});  // sf = 0 with a doubleword
    EXPECT_EQ(other.exception_class(), 0);
}

TEST(DataProcessing, FlagManipulation) {
    TestMachine m;
    m.state.x[1] = 0x180;
    m.state.set_nzcv(kC);
    m.run({0x3a00082d});  // setf8 w1: 0x80 with bit 8 set: N, no V
    EXPECT_EQ(m.state.nzcv(), kN | kC);
    m.run({0xd500401f});  // cfinv
    EXPECT_EQ(m.state.nzcv(), kN);
    m.state.x[1] = 0b0110 << 5;
    m.run({0xba02842c});  // rmif x1, #5, #12: N and Z only
    EXPECT_EQ(m.state.nzcv(), kZ);
    m.state.set_nzcv(kC | kV);
    m.run({0xd500405f});  // axflag: unordered
    EXPECT_EQ(m.state.nzcv(), kZ);
    m.state.set_nzcv(kZ | kC);
    m.run({0xd500403f});  // xaflag: equal stays equal
    EXPECT_EQ(m.state.nzcv(), kZ | kC);
}

}  // namespace
}  // namespace kelvin::arm64
