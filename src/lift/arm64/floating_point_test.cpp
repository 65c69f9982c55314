// SPDX-License-Identifier: Apache-2.0
// Scalar floating point: what the lifter decides. Results to the last bit are softfloat's (ir/fp), measured for each
// entry in floating_point_measured_test.cpp. Words assembled by GNU as.
#include <bit>

#include "ir/fp/softfloat.h"
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::TestMachine;

constexpr u32 kN = 8u << 28, kZ = 4u << 28, kC = 2u << 28, kV = 1u << 28;
constexpr u64 kGarbage = 0xdead'beef'dead'beef;
constexpr u32 kSignalingNan = 0x7f80'0001;
constexpr u8 kEcUnknown = 0, kEcFpTrap = 7, kNoException = 0xff;

/// V1 to V3, garbage above.
void set_doubles(TestMachine& m, double v1, double v2, double v3 = 0) {
    m.state.v[1] = v128(std::bit_cast<u64>(v1), kGarbage);
    m.state.v[2] = v128(std::bit_cast<u64>(v2), kGarbage);
    m.state.v[3] = v128(std::bit_cast<u64>(v3), kGarbage);
}
void set_singles(TestMachine& m, u32 v1, u32 v2) {
    m.state.v[1] = v128(kGarbage << 32 | v1, kGarbage);
    m.state.v[2] = v128(kGarbage << 32 | v2, kGarbage);
}
u32 single(float value) {
    return std::bit_cast<u32>(value);
}

void expect_v0(const TestMachine& m, u64 low, u64 high = 0) {
    EXPECT_EQ(m.state.v[0].d[0], low);
    EXPECT_EQ(m.state.v[0].d[1], high);
}
void expect_d0(const TestMachine& m, double value) {
    expect_v0(m, std::bit_cast<u64>(value));
}

u8 exception_of(u32 word, TestMachine&& m = TestMachine()) {
    m.run({word});
    return m.exception_class();
}

TestMachine without(Feature feature) {
    Model model = TestMachine::all_features();
    model.features.reset(static_cast<std::size_t>(feature));
    return TestMachine(model);
}

TEST(FloatingPoint, ResultsAreZeroAboveTheScalar) {
    TestMachine m;
    set_singles(m, single(1.5f), single(2.25f));
    m.state.v[0] = v128(kGarbage, kGarbage);
    m.run({0x1e222820});  // fadd s0, s1, s2
    expect_v0(m, single(3.75f));
}

TEST(FloatingPoint, MultiplyAddsDifferInTheirSigns) {
    const std::pair<u32, double> cases[] = {{0x1f420c20, 10 + 2 * 3},    // fmadd d0, d1, d2, d3
                                            {0x1f428c20, 10 - 2 * 3},    // fmsub
                                            {0x1f620c20, -10 - 2 * 3},   // fnmadd
                                            {0x1f628c20, -10 + 2 * 3}};  // fnmsub
    for (const auto& [word, result] : cases) {
        TestMachine m;
        set_doubles(m, 2, 3, 10);
        m.run({word});
        expect_d0(m, result);
    }
}

TEST(FloatingPoint, AccessIsTrappedWhereCpacrForbids) {
    for (const u32 word : {0x1e222820u,     // fadd s0, s1, s2
                           0x1e624020u,     // fcvt s0, d1
                           0x1e202038u,     // fcmpe s1, #0.0
                           0x1e6e1000u,     // fmov d0, #1.0
                           0x1e780020u,     // fcvtzs w0, d1
                           0x9e670020u,     // fmov d0, x1
                           0x1e7e0020u,     // fjcvtzs w0, d1
                           0x4e22d420u,     // fadd v0.4s, v1.4s, v2.4s
                           0x0e616820u,     // fcvtn v0.2s, v1.2d
                           0x4ea1c820u,     // urecpe v0.4s, v1.4s
                           0x0f00f400u,     // fmov v0.2s, #2.0
                           0x6e82c420u}) {  // fcmla v0.4s, v1.4s, v2.4s, #0
        TestMachine m;
        m.state.cpacr = 0;
        m.run({word});
        EXPECT_EQ(m.exception_class(), kEcFpTrap) << std::hex << word;
        EXPECT_EQ(m.state.esr[1] & 0x1ffffff, 0x1e00000u);  // CV = 1, COND = 0b1110
    }
}

TEST(FloatingPoint, UnallocatedEncodingsAreUndefinedEvenWhereAccessIsTrapped) {
    for (const u32 word : {0x1ea22820u,     // fadd, ftype 10
                           0x1e224020u,     // fcvt from single to single
                           0x1e634020u,     // fcvt from double to opc 10
                           0x1e020020u,     // scvtf s0, w1 with 64 fraction bits
                           0x2ee2d420u,     // fabd of doubles in half a register
                           0x0e62cc20u}) {  // fmla of doubles in half a register
        TestMachine m;
        m.state.cpacr = 0;
        m.run({word});
        EXPECT_EQ(m.exception_class(), kEcUnknown) << std::hex << word;
    }
}

TEST(FloatingPoint, HalfPrecisionArithmeticIsAFeatureButConversionIsNot) {
    EXPECT_EQ(exception_of(0x1ee22820), kNoException);  // fadd h0, h1, h2
    EXPECT_EQ(exception_of(0x1ee22820, without(Feature::fp16)), kEcUnknown);
    EXPECT_EQ(exception_of(0x4e421420, without(Feature::fp16)), kEcUnknown);    // fadd v0.8h, v1.8h, v2.8h
    EXPECT_EQ(exception_of(0x6e42c420, without(Feature::fp16)), kEcUnknown);    // fcmla v0.8h, v1.8h, v2.8h, #0
    EXPECT_EQ(exception_of(0x1ee24020, without(Feature::fp16)), kNoException);  // fcvt s0, h1
    EXPECT_EQ(exception_of(0x1e7e0020, without(Feature::jscvt)), kEcUnknown);   // fjcvtzs w0, d1
    EXPECT_EQ(exception_of(0x1e284020, without(Feature::frint)), kEcUnknown);   // frint32z s0, s1
    EXPECT_EQ(exception_of(0x6e82c420, without(Feature::fcma)), kEcUnknown);    // fcmla v0.4s, v1.4s, v2.4s, #0
}

TEST(FloatingPoint, ComparisonsSetTheFlags) {
    const struct {
        float a, b;
        u32 nzcv;
    } cases[] = {{1, 2, kN}, {2, 2, kZ | kC}, {3, 2, kC}, {-0.0f, 0, kZ | kC}};
    for (const auto& c : cases) {
        TestMachine m;
        set_singles(m, single(c.a), single(c.b));
        m.run({0x1e222020});  // fcmp s1, s2
        EXPECT_EQ(m.state.nzcv(), c.nzcv);
    }
    TestMachine m;
    set_singles(m, 0x7fc00000, single(1));
    m.run({0x1e222020});  // a quiet NaN
    EXPECT_EQ(m.state.nzcv(), kC | kV);
    EXPECT_EQ(m.state.fpsr, 0u);
    m.run({0x1e202038});  // fcmpe s1, #0.0
    EXPECT_EQ(m.state.nzcv(), kC | kV);
    EXPECT_EQ(m.state.fpsr, fp::kInvalidOperation);
}

TEST(FloatingPoint, ConditionalComparisonThatIsNotMadeRaisesNothing) {
    TestMachine m;
    set_singles(m, kSignalingNan, single(1));
    m.state.set_nzcv(kC);
    m.run({0x1e220429});  // fccmp s1, s2, #9, eq
    EXPECT_EQ(m.state.nzcv(), kN | kV);
    EXPECT_EQ(m.state.fpsr, 0u);
    m.state.set_nzcv(kZ);
    m.run({0x1e220429});
    EXPECT_EQ(m.state.nzcv(), kC | kV);
    EXPECT_EQ(m.state.fpsr, fp::kInvalidOperation);
}

TEST(FloatingPoint, ConditionalComparisonOnAlwaysIsMade) {
    TestMachine m;
    set_singles(m, single(1), single(1));
    m.run({0x1e22f424});  // fccmp s1, s2, #4, nv
    EXPECT_EQ(m.state.nzcv(), kZ | kC);
}

TEST(FloatingPoint, CodeGoesOnAfterAConditionalComparison) {
    TestMachine m;
    set_singles(m, single(1), single(2));
    m.state.set_nzcv(kZ);
    m.run({0x1e220424, 0x1e224c23});  // fccmp s1, s2, #4, eq; fcsel s3, s1, s2, mi
    EXPECT_EQ(m.state.v[3].d[0], single(1));
    EXPECT_EQ(m.state.v[3].d[1], 0u);
}

TEST(FloatingPoint, Select) {
    for (const bool holds : {true, false}) {
        TestMachine m;
        set_doubles(m, 1, 2);
        m.state.set_nzcv(holds ? kN | kV : kV);
        m.run({0x1e62ac20});  // fcsel d0, d1, d2, ge
        expect_d0(m, holds ? 1.0 : 2.0);
    }
}

TEST(FloatingPoint, ImmediatesAreExpanded) {
    const std::pair<u32, u64> cases[] = {
        {0x1e6e1000, std::bit_cast<u64>(1.0)},
        {0x1e381000, single(-0.125f)},
        {0x1ee7f000, 0x4fc0},               // 31.0
        {0x0f00f400, 0x40000000'40000000},  // fmov v0.2s, #2.0
    };
    for (const auto& [word, low] : cases) {
        TestMachine m;
        m.run({word});
        expect_v0(m, low);
    }
    TestMachine m;
    m.run({0x6f03f7e0});  // fmov v0.2d, #1.9375
    expect_v0(m, std::bit_cast<u64>(1.9375), std::bit_cast<u64>(1.9375));
}

TEST(FloatingPoint, MovesBetweenRegisterFiles) {
    TestMachine m;
    m.state.x[1] = 0x1122334455667788;
    m.state.v[1] = v128(1, 2);
    m.state.v[0] = v128(3, 4);
    m.run({0x9eaf0020, 0x9eae0020});  // fmov v0.d[1], x1; fmov x0, v1.d[1]
    expect_v0(m, 3, 0x1122334455667788);
    EXPECT_EQ(m.state.x[0], 2u);
    m.run({0x9e670020});  // fmov d0, x1
    expect_v0(m, 0x1122334455667788);
}

TEST(FloatingPoint, ToIntegersSaturating) {
    TestMachine m;
    set_doubles(m, -1.75, 0);
    m.run({0x1e780020});  // fcvtzs w0, d1
    EXPECT_EQ(m.state.x[0], 0xffffffffu);
    EXPECT_EQ(m.state.fpsr, fp::kInexact);
    m.run({0x1e790020});  // fcvtzu w0, d1
    EXPECT_EQ(m.state.x[0], 0u);
    EXPECT_EQ(m.state.fpsr, fp::kInexact | fp::kInvalidOperation);
    m.run({0x1e58f020});  // fcvtzs w0, d1, #4
    EXPECT_EQ(m.state.x[0], 0xffffffe4u);
}

TEST(FloatingPoint, FromIntegersOfTheRegistersWidth) {
    TestMachine m;
    m.state.x[1] = 0xffff'ffff'8000'0000;
    m.run({0x1e42e020});  // scvtf d0, w1, #8
    expect_d0(m, -8388608.0);
    m.run({0x9e230020});  // ucvtf s0, x1
    expect_v0(m, single(18446744073709551616.0f));
}

TEST(FloatingPoint, JavaScriptConversionTellsWhetherItWasExact) {
    TestMachine m;
    set_doubles(m, 4294967297.0, 0);
    m.run({0x1e7e0020});  // fjcvtzs w0, d1
    EXPECT_EQ(m.state.x[0], 1u);
    EXPECT_EQ(m.state.nzcv(), 0u);
    set_doubles(m, -5, 0);
    m.run({0x1e7e0020});
    EXPECT_EQ(m.state.x[0], 0xfffffffbu);
    EXPECT_EQ(m.state.nzcv(), kZ);
    set_doubles(m, -0.0, 0);
    m.run({0x1e7e0020});
    EXPECT_EQ(m.state.nzcv(), 0u);
}

TEST(FloatingPoint, SizedRoundingOfWhatDoesNotFit) {
    TestMachine m;
    set_singles(m, single(3e9f), 0);
    m.run({0x1e284020});  // frint32z s0, s1
    expect_v0(m, single(-2147483648.0f));
    EXPECT_EQ(m.state.fpsr, fp::kInvalidOperation);
}

TEST(FloatingPoint, RoundingModeIsTheRegions) {
    const double results[] = {2, 3, 2, 2};  // nearest, up, down, to zero
    for (u32 mode = 0; mode < 4; mode++) {
        TestMachine m;
        m.state.fpcr = mode << 22;
        set_doubles(m, 2.5, 0);
        m.run({0x1e67c020});  // frinti d0, d1
        expect_d0(m, results[mode]);
        EXPECT_EQ(m.state.fpsr, 0u);
        m.run({0x1e674020});  // frintx d0, d1
        expect_d0(m, results[mode]);
        EXPECT_EQ(m.state.fpsr, fp::kInexact);
    }
}

}  // namespace
}  // namespace kelvin::arm64
