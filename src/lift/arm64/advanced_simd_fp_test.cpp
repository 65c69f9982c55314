// SPDX-License-Identifier: Apache-2.0
// Advanced SIMD floating point: what the lifter decides. Results to the last bit are softfloat's (ir/fp), measured for
// each entry in floating_point_measured_test.cpp. Words assembled by GNU as.
#include <bit>

#include "ir/fp/softfloat.h"
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::TestMachine;

constexpr u32 kSignalingNan = 0x7f80'0001;

V128 singles(float a, float b, float c, float d) {
    return std::bit_cast<V128>(std::array{a, b, c, d});
}
V128 doubles(double a, double b) {
    return std::bit_cast<V128>(std::array{a, b});
}

/// V0 after `word`.
V128 result(u32 word, V128 v1, V128 v2 = {}, V128 v0 = {}) {
    TestMachine m;
    m.state.v[0] = v0;
    m.state.v[1] = v1;
    m.state.v[2] = v2;
    m.run({word});
    EXPECT_EQ(m.exception_class(), 0xff);
    return m.state.v[0];
}

u32 exceptions_of(u32 word, V128 v1, V128 v2 = {}) {
    TestMachine m;
    m.state.v[1] = v1;
    m.state.v[2] = v2;
    m.run({word});
    return m.state.fpsr;
}

TEST(AdvancedSimdFp, PairsAreOfBothRegisters) {
    const V128 a = singles(1, 2, 3, 4);
    const V128 b = singles(10, 20, 30, 40);
    EXPECT_EQ(result(0x6e22d420, a, b), singles(3, 7, 30, 70));   // faddp v0.4s, v1.4s, v2.4s
    EXPECT_EQ(result(0x2e22d420, a, b), singles(3, 30, 0, 0));    // faddp v0.2s, v1.2s, v2.2s
    EXPECT_EQ(result(0x7e70d820, doubles(1, 2)), doubles(3, 0));  // faddp d0, v1.2d
}

TEST(AdvancedSimdFp, ShortVectorsIgnoreTheUpperHalf) {
    V128 a = singles(1, 2, 3, 4);
    a.s[2] = kSignalingNan;
    EXPECT_EQ(result(0x2e22d420, a, a), singles(3, 3, 0, 0));  // faddp v0.2s, v1.2s, v2.2s
    EXPECT_EQ(exceptions_of(0x2e22d420, a, a), 0u);
    EXPECT_EQ(exceptions_of(0x6e22d420, a, a), fp::kInvalidOperation);
    EXPECT_EQ(exceptions_of(0x2ea2ec20, a, a), 0u);  // facgt v0.2s, v1.2s, v2.2s
    EXPECT_EQ(exceptions_of(0x0ea1d820, a), 0u);     // frecpe v0.2s, v1.2s
}

TEST(AdvancedSimdFp, ShortHalfPrecisionReductionsIgnoreTheUpperHalf) {
    const V128 a = v128(0x4000'3c00'4400'4200, 0x7c01'7c01'7c01'7c01);
    EXPECT_EQ(result(0x0e30f820, a), v128(0x4400));  // fmaxv h0, v1.4h
    EXPECT_EQ(exceptions_of(0x0e30f820, a), 0u);
    EXPECT_EQ(exceptions_of(0x4e30f820, a), fp::kInvalidOperation);  // fmaxv h0, v1.8h
}

TEST(AdvancedSimdFp, ReductionsMeetNeighboursFirst) {
    EXPECT_EQ(result(0x6e30f820, singles(1, 7, 3, 4)), singles(7, 0, 0, 0));  // fmaxv s0, v1.4s
    V128 nans = singles(1, 2, 3, 4);
    nans.s[1] = 0x7fc00001;
    nans.s[2] = 0x7fc00002;
    EXPECT_EQ(result(0x6e30f820, nans), v128(0x7fc00001));
    EXPECT_EQ(result(0x6e30c820, nans), singles(4, 0, 0, 0));  // fmaxnmv s0, v1.4s
}

TEST(AdvancedSimdFp, ElementsOfTheMultiplier) {
    const V128 a = singles(1, 2, 3, 4);
    EXPECT_EQ(result(0x4fa25820, a, singles(0, 0, 0, 10), singles(1, 1, 1, 1)),
              singles(-9, -19, -29, -39));  // fmls v0.4s, v1.4s, v2.s[3]
    EXPECT_EQ(result(0x5fc21820, doubles(3, 9), doubles(0, 5), doubles(1, 1)), doubles(16, 0));  // fmla d0, d1, v2.d[1]
    EXPECT_EQ(result(0x4f329820, v128(0x4000'3c00'4000'3c00, 0x4000'3c00'4000'3c00), v128(0, u64{0x4200} << 48)),
              v128(0x4600'4200'4600'4200, 0x4600'4200'4600'4200));  // fmul v0.8h, v1.8h, v2.h[7]
}

TEST(AdvancedSimdFp, ConversionsOfHalves) {
    EXPECT_EQ(result(0x0e616820, doubles(1, 2), {}, singles(9, 9, 9, 9)), singles(1, 2, 0, 0));  // fcvtn v0.2s, v1.2d
    EXPECT_EQ(result(0x4e616820, doubles(1, 2), {}, singles(9, 8, 7, 6)), singles(9, 8, 1, 2));  // fcvtn2 v0.4s, v1.2d
    EXPECT_EQ(result(0x4e617820, singles(1, 2, 3, 4)), doubles(3, 4));                           // fcvtl2 v0.2d, v1.4s
    EXPECT_EQ(result(0x7e616820, doubles(0x1.000001p0, 5)), v128(0x3f800001));  // fcvtxn s0, d1: to odd
}

TEST(AdvancedSimdFp, FixedPoint) {
    V128 fixed{};
    fixed.s[0] = 0x18000;
    fixed.s[3] = 0xffff8000;
    EXPECT_EQ(result(0x4f30e420, fixed), singles(1.5f, 0, 0, -0.5f));  // scvtf v0.4s, v1.4s, #16
    EXPECT_EQ(result(0x6f7cfc20, doubles(1.5, -1)), v128(24, 0));      // fcvtzu v0.2d, v1.2d, #4
}

TEST(AdvancedSimdFp, ComparisonsWithZeroOnEitherSide) {
    const V128 a = singles(-1, 0, 1, -0.0f);
    EXPECT_EQ(result(0x4ea0e820, a), v128(0xffffffff));                          // fcmlt v0.4s, v1.4s, #0.0
    EXPECT_EQ(result(0x4ea0c820, a), v128(0, 0xffffffff));                       // fcmgt
    EXPECT_EQ(result(0x6ea0d820, a), v128(~u64{0}, 0xffffffff'00000000));        // fcmle
    EXPECT_EQ(result(0x6ea2d420, a, singles(1, 1, 1, 1)), singles(2, 1, 0, 1));  // fabd
    EXPECT_EQ(result(0x2ea2ec20, singles(-3, 1, 0, 0), singles(2, -1, 0, 0)), v128(0xffffffff));  // facgt v0.2s
}

TEST(AdvancedSimdFp, ComplexProduct) {
    // (1 + 2i) * (3 + 4i) = -5 + 10i, (0 + i) * (1 - i) = 1 + i: FCMLA by 0, then by 90 degrees.
    TestMachine m;
    m.state.v[1] = singles(1, 2, 0, 1);
    m.state.v[2] = singles(3, 4, 1, -1);
    m.run({0x6e82c420, 0x6e82cc20});
    EXPECT_EQ(m.state.v[0], singles(-5, 10, 1, 1));
    m.run({0x6f821823, 0x6f823823});  // the same by v2.s[1]
    EXPECT_EQ(m.state.v[3], singles(3, 1, 1, 1));
}

TEST(AdvancedSimdFp, ComplexSumWithARotatedNumber) {
    EXPECT_EQ(result(0x6ec2e420, doubles(10, 20), doubles(1, 2)), doubles(8, 21));   // fcadd v0.2d, ..., #90
    EXPECT_EQ(result(0x6ec2f420, doubles(10, 20), doubles(1, 2)), doubles(12, 19));  // fcadd v0.2d, ..., #270
}

TEST(AdvancedSimdFp, IntegerEstimates) {
    V128 a{};
    a.s[0] = 0x80000000;
    a.s[1] = 0x7fffffff;
    a.s[2] = 0xffffffff;
    const V128 estimates = result(0x4ea1c820, a);  // urecpe v0.4s, v1.4s
    EXPECT_EQ(estimates.s[0], 0xff800000u);
    EXPECT_EQ(estimates.s[1], 0xffffffffu);
    EXPECT_EQ(estimates.s[2], 0x80000000u);
    EXPECT_EQ(result(0x0ea1c820, a).d[1], 0u);
}

}  // namespace
}  // namespace kelvin::arm64
