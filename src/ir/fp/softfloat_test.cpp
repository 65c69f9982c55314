// SPDX-License-Identifier: Apache-2.0
// What AArch64 defines beyond IEEE 754, from the pseudocode in Arm ARM DDI 0487 J1.3 (shared/functions/float).
#include "ir/fp/softfloat.h"

#include <gtest/gtest.h>

namespace kelvin::fp {
namespace {

constexpr u32 kOne = 0x3F800000;
constexpr u32 kInfinity = 0x7F800000;
constexpr u32 kMinusInfinity = 0xFF800000;
constexpr u32 kDefaultNan = 0x7FC00000;
constexpr u32 kQuiet1 = 0x7FC00001;
constexpr u32 kQuiet2 = 0xFFC00002;
constexpr u32 kSignaling1 = 0x7F800011;
constexpr u32 kSignaling2 = 0xFF800012;
constexpr u32 kSignaling1Quieted = 0x7FC00011;
constexpr u32 kSignaling2Quieted = 0xFFC00012;
constexpr u32 kMinNormal = 0x00800000;
constexpr u32 kDenormal = 0x00400000;
constexpr u32 kMinusZero = 0x80000000;

/// Expects `call`, made with an Environment `e` initialised by `settings`, to give a result and exceptions.
#define EXPECT_FP(call, result, raised, ...)        \
    {                                               \
        Environment e{__VA_ARGS__};                 \
        EXPECT_EQ(call, result) << #call;           \
        EXPECT_EQ(e.exceptions, (raised)) << #call; \
    }

TEST(Environment, FpcrFields) {
    const Environment e = environment_from_fpcr(1u << 26 | 1u << 25 | 1u << 24 | 2u << 22 | 1u << 19);
    EXPECT_EQ(e.rounding, Rounding::minus_infinity);
    EXPECT_TRUE(e.alternative_half && e.default_nan && e.flush_to_zero && e.flush_to_zero_16);
    EXPECT_EQ(environment_from_fpcr(1u << 22).rounding, Rounding::plus_infinity);
    EXPECT_FALSE(environment_from_fpcr(3u << 22).flush_to_zero);
}

TEST(Nans, SignalingBeforeQuietThenFirstOperand) {
    EXPECT_FP(add<Single>(kQuiet1, kQuiet2, e), kQuiet1, 0u);
    EXPECT_FP(add<Single>(kOne, kQuiet2, e), kQuiet2, 0u);
    EXPECT_FP(add<Single>(kQuiet1, kSignaling2, e), kSignaling2Quieted, kInvalidOperation);
    EXPECT_FP(mul<Single>(kSignaling1, kSignaling2, e), kSignaling1Quieted, kInvalidOperation);
    EXPECT_FP(sub<Single>(kOne, kQuiet2, e), kQuiet2, 0u);
    EXPECT_FP(sqrt<Single>(kSignaling2, e), kSignaling2Quieted, kInvalidOperation);
}

TEST(Nans, DefaultNanReplacesPayloads) {
    EXPECT_FP(add<Single>(kQuiet2, kOne, e), kDefaultNan, 0u, .default_nan = true);
    EXPECT_FP(add<Single>(kSignaling2, kOne, e), kDefaultNan, kInvalidOperation, .default_nan = true);
}

TEST(Nans, InvalidOperationsGiveThePositiveDefault) {
    EXPECT_FP(sub<Single>(kInfinity, kInfinity, e), kDefaultNan, kInvalidOperation);
    EXPECT_FP(div<Single>(0, kMinusZero, e), kDefaultNan, kInvalidOperation);
    EXPECT_FP(sqrt<Double>(0xBFF0000000000000, e), 0x7FF8000000000000u, kInvalidOperation);
    EXPECT_FP(sqrt<Single>(kMinusZero, e), kMinusZero, 0u);
    EXPECT_FP(mul<Half>(0x7C00, 0, e), 0x7E00, kInvalidOperation);
}

TEST(Nans, FusedMultiplyAddTakesTheAddendFirst) {
    EXPECT_FP(mul_add<Single>(kQuiet1, kOne, kQuiet2, e), kQuiet2, 0u);
    EXPECT_FP(mul_add<Single>(kQuiet1, kSignaling1, kQuiet2, e), kSignaling1Quieted, kInvalidOperation);
    EXPECT_FP(mul_add<Single>(kSignaling1, kOne, kSignaling2, e), kSignaling2Quieted, kInvalidOperation);
    EXPECT_FP(mul_add<Single>(0, kInfinity, kQuiet2, e), kDefaultNan, kInvalidOperation);
    EXPECT_FP(mul_add<Single>(0, kInfinity, kSignaling2, e), kSignaling2Quieted, kInvalidOperation);
    EXPECT_FP(mul_add<Single>(kDenormal, kInfinity, kQuiet2, e), kDefaultNan, kInvalidOperation | kInputDenormal,
              .flush_to_zero = true);
}

TEST(Nans, WideningMultiplyAddKeepsTheTopOfThePayload) {
    EXPECT_FP(mul_add_long(0xFC01, 0x3C00, kOne, e), 0xFFC02000u, kInvalidOperation);
    EXPECT_FP(mul_add_long(0x3C00, 0x7E03, kOne, e), 0x7FC06000u, 0u);
    EXPECT_FP(mul_add_long(0x4000, 0x4200, kOne, e), 0x40E00000u, 0u);
}

TEST(Nans, StepsNegateTheFirstOperandEvenANan) {
    EXPECT_FP(recip_step<Single>(kQuiet1, kOne, e), kQuiet1 | kMinusZero, 0u);
    EXPECT_FP(rsqrt_step<Single>(kOne, kQuiet1, e), kQuiet1, 0u);
}

TEST(Steps, ZeroTimesInfinity) {
    EXPECT_FP(recip_step<Single>(0, kMinusInfinity, e), 0x40000000u, 0u);
    EXPECT_FP(rsqrt_step<Single>(0, kMinusInfinity, e), 0x3FC00000u, 0u);
    EXPECT_FP(mulx<Single>(0, kMinusInfinity, e), 0xC0000000u, 0u);
    EXPECT_FP(recip_step<Single>(kOne, 0x40000000, e), kMinusZero, 0u, .rounding = Rounding::minus_infinity);
}

TEST(Zeros, SignOfAnExactZeroSum) {
    EXPECT_FP(sub<Single>(kOne, kOne, e), 0u, 0u);
    EXPECT_FP(sub<Single>(kOne, kOne, e), kMinusZero, 0u, .rounding = Rounding::minus_infinity);
    EXPECT_FP(add<Single>(kMinusZero, kMinusZero, e), kMinusZero, 0u);
    EXPECT_FP(mul_add<Single>(kOne, kMinusZero, kMinusZero, e), kMinusZero, 0u);
    EXPECT_FP(mul_add<Single>(kOne, kOne, 0xBF800000, e), 0u, 0u);
}

TEST(Tininess, IsSeenBeforeRounding) {
    // 0x007FFFFF.8 rounds to the smallest normal number, and still underflows.
    EXPECT_FP(mul<Single>(0x00FFFFFF, 0x3F000000, e), kMinNormal, kUnderflow | kInexact);
    EXPECT_FP(mul<Single>(kMinNormal, 0x3F000000, e), kDenormal, 0u);
}

TEST(FlushToZero, InputsAndResults) {
    EXPECT_FP(add<Single>(kDenormal, kMinusZero, e), 0u, kInputDenormal, .flush_to_zero = true);
    EXPECT_FP(mul<Single>(kMinNormal, 0xBF000000, e), kMinusZero, kUnderflow, .flush_to_zero = true);
    // Flushed even where rounding would reach the smallest normal number.
    EXPECT_FP(mul<Single>(0x00FFFFFF, 0x3F000000, e), 0u, kUnderflow, .flush_to_zero = true);
    EXPECT_FP(div<Single>(kOne, kDenormal, e), kInfinity, kDivideByZero | kInputDenormal, .flush_to_zero = true);
    EXPECT_FP(max<Single>(kDenormal, kMinusZero, e), 0u, kInputDenormal, .flush_to_zero = true);
    EXPECT_FP(compare_eq<Single>(kDenormal, 0, e), true, kInputDenormal, .flush_to_zero = true);
    EXPECT_FP(round_to_integral<Single>(kDenormal, Rounding::plus_infinity, true, e), 0u, kInputDenormal,
              .flush_to_zero = true);
}

TEST(FlushToZero, HalfHasItsOwnControlAndNoInputDenormal) {
    EXPECT_FP(add<Half>(0x0200, 0, e), 0x0200, 0u, .flush_to_zero = true);
    EXPECT_FP(add<Half>(0x0200, 0, e), 0, 0u, .flush_to_zero_16 = true);
    EXPECT_FP(mul<Half>(0x0400, 0x3800, e), 0, kUnderflow, .flush_to_zero_16 = true);
    EXPECT_FP(add<Single>(kDenormal, 0, e), kDenormal, 0u, .flush_to_zero_16 = true);
    EXPECT_FP(from_unsigned<Half>(1, 20, e), 0, kUnderflow, .flush_to_zero_16 = true);
}

TEST(Maximum, ZerosAndNans) {
    EXPECT_FP(max<Single>(kMinusZero, 0, e), 0u, 0u);
    EXPECT_FP(min<Single>(0, kMinusZero, e), kMinusZero, 0u);
    EXPECT_FP(max<Single>(kOne, kQuiet2, e), kQuiet2, 0u);
    EXPECT_FP(maxnm<Single>(kMinusInfinity, kQuiet2, e), kMinusInfinity, 0u);
    EXPECT_FP(minnm<Single>(kQuiet1, kOne, e), kOne, 0u);
    EXPECT_FP(minnm<Single>(kQuiet1, kQuiet2, e), kQuiet1, 0u);
    EXPECT_FP(minnm<Single>(kQuiet1, kSignaling2, e), kSignaling2Quieted, kInvalidOperation);
}

TEST(Compare, QuietAndSignaling) {
    EXPECT_FP(compare_quiet<Single>(kQuiet1, kOne, e), Ordering::unordered, 0u);
    EXPECT_FP(compare_quiet<Single>(kSignaling1, kOne, e), Ordering::unordered, kInvalidOperation);
    EXPECT_FP(compare_signaling<Single>(kOne, kQuiet1, e), Ordering::unordered, kInvalidOperation);
    EXPECT_FP(compare_quiet<Single>(0, kMinusZero, e), Ordering::equal, 0u);
    EXPECT_FP(compare_quiet<Single>(0xBF800000, 0xC0000000, e), Ordering::greater, 0u);
    EXPECT_FP(compare_eq<Single>(kQuiet1, kQuiet1, e), false, 0u);
    EXPECT_FP(compare_ge<Single>(kQuiet1, kQuiet1, e), false, kInvalidOperation);
    EXPECT_FP(compare_gt<Single>(kInfinity, kOne, e), true, 0u);
}

TEST(Convert, Nans) {
    EXPECT_FP((convert<Double, Single>(kSignaling2, e)), 0xFFF8000240000000u, kInvalidOperation);
    EXPECT_FP((convert<Half, Double>(0xFFF0040000000001, e)), 0xFE01, kInvalidOperation);
    EXPECT_FP((convert<Half, Double>(0xFFF8040000000000, e)), 0x7E00, 0u, .default_nan = true);
}

TEST(Convert, AlternativeHalf) {
    EXPECT_FP((convert<Single, Half>(0x7FFF, e)), 0x47FFE000u, 0u, .alternative_half = true);
    EXPECT_FP((convert<Half, Single>(0x47FFE000, e)), 0x7FFF, 0u, .alternative_half = true);
    EXPECT_FP((convert<Half, Single>(0xC8000000, e)), 0xFFFF, kInvalidOperation, .alternative_half = true);
    EXPECT_FP((convert<Half, Single>(kMinusInfinity, e)), 0xFFFF, kInvalidOperation, .alternative_half = true);
    EXPECT_FP((convert<Half, Single>(kQuiet2, e)), 0x8000, kInvalidOperation, .alternative_half = true);
    // Arithmetic does not know it.
    EXPECT_FP(add<Half>(0x7C00, 0x3C00, e), 0x7C00, 0u, .alternative_half = true);
}

TEST(Convert, FlushingRules) {
    EXPECT_FP((convert<Single, Half>(0x0001, e)), 0x33800000u, 0u, .flush_to_zero = true, .flush_to_zero_16 = true);
    EXPECT_FP((convert<Half, Single>(0x33800000, e)), 0x0001, 0u, .flush_to_zero = true, .flush_to_zero_16 = true);
    EXPECT_FP((convert<Double, Single>(kDenormal, e)), 0u, kInputDenormal, .flush_to_zero = true);
    EXPECT_FP((convert<Single, Double>(0x3800000000000000, e)), 0u, kUnderflow, .flush_to_zero = true);
}

TEST(Convert, ToOdd) {
    EXPECT_FP(convert_to_odd(0x3FF0000000000001, e), 0x3F800001u, kInexact);
    EXPECT_FP(convert_to_odd(0x3FF0000030000000, e), 0x3F800001u, kInexact);
    EXPECT_FP(convert_to_odd(0x7FEFFFFFFFFFFFFF, e), 0x7F7FFFFFu, kOverflow | kInexact);
    EXPECT_FP(convert_to_odd(1, e), 0x00000001u, kUnderflow | kInexact);
}

TEST(ToInteger, SaturatesAndReports) {
    constexpr IntegerType kI32{32, true};
    constexpr IntegerType kU32{32, false};
    constexpr IntegerType kU64{64, false};
    EXPECT_FP(to_integer<Single>(kQuiet1, kI32, 0, Rounding::zero, e), 0u, kInvalidOperation);
    EXPECT_FP(to_integer<Single>(kMinusInfinity, kI32, 0, Rounding::zero, e), 0x80000000u, kInvalidOperation);
    EXPECT_FP(to_integer<Single>(0x4F000000, kI32, 0, Rounding::zero, e), 0x7FFFFFFFu, kInvalidOperation);
    EXPECT_FP(to_integer<Single>(0xCF000000, kI32, 0, Rounding::zero, e), 0x80000000u, 0u);
    EXPECT_FP(to_integer<Single>(0xBF000000, kU32, 0, Rounding::zero, e), 0u, kInexact);
    EXPECT_FP(to_integer<Single>(0xBF000000, kU32, 0, Rounding::minus_infinity, e), 0u, kInvalidOperation);
    EXPECT_FP(to_integer<Single>(0xC0200000, kI32, 0, Rounding::nearest_away, e), 0xFFFFFFFDu, kInexact);
    EXPECT_FP(to_integer<Single>(0x3F000000, kU64, 64, Rounding::zero, e), u64{1} << 63, 0u);
    EXPECT_FP(to_integer<Single>(kOne, kU64, 64, Rounding::zero, e), ~u64{0}, kInvalidOperation);
    EXPECT_FP(to_integer<Half>(0xFBFF, (IntegerType{16, true}), 0, Rounding::zero, e), 0x8000u, kInvalidOperation);
    EXPECT_FP(to_integer<Single>(kDenormal, kI32, 0, Rounding::plus_infinity, e), 0u, kInputDenormal,
              .flush_to_zero = true);
}

TEST(FromInteger, Extremes) {
    EXPECT_FP(from_signed<Double>(INT64_MIN, 0, e), 0xC3E0000000000000u, 0u);
    EXPECT_FP(from_unsigned<Single>(UINT64_MAX, 0, e), 0x5F800000u, kInexact);
    EXPECT_FP(from_unsigned<Single>(UINT64_MAX, 64, e), 0x3F7FFFFFu, kInexact, .rounding = Rounding::zero);
    EXPECT_FP(from_signed<Half>(-70000, 0, e), 0xFC00, kOverflow | kInexact);
    EXPECT_FP(from_signed<Single>(0, 0, e), 0u, 0u, .rounding = Rounding::minus_infinity);
}

TEST(ToJavaScriptInteger, WrapsAndTellsExactness) {
    const auto expect = [](u64 value, u32 integer, bool exact, u32 raised, bool flush = false) {
        Environment e{.flush_to_zero = flush};
        const JavaScriptInteger result = to_javascript_integer(value, e);
        EXPECT_EQ(result.value, integer) << std::hex << value;
        EXPECT_EQ(result.exact, exact) << std::hex << value;
        EXPECT_EQ(e.exceptions, raised) << std::hex << value;
    };
    expect(0, 0, true, 0);
    expect(0x8000000000000000, 0, false, 0);
    expect(0xBFF0000000000000, 0xFFFFFFFF, true, 0);
    expect(0x3FF8000000000000, 1, false, kInexact);
    expect(0xC1E0000000000000, 0x80000000, true, 0);
    expect(0x41E0000000000000, 0x80000000, false, kInvalidOperation);
    expect(0xC1F0000000100000, 0xFFFFFFFF, false, kInvalidOperation);  // -(2^32 + 1)
    expect(0x4520000000000001, 0x80000000, false, kInvalidOperation);  // 2^83 + 2^31
    expect(0x7FF0000000000000, 0, false, kInvalidOperation);
    expect(0x7FF8000000000000, 0, false, kInvalidOperation);
    expect(1, 0, false, kInputDenormal, true);
}

TEST(RoundToSizedIntegral, OutOfRangeIsTheMostNegative) {
    EXPECT_FP(round_to_sized_integral<Single>(kQuiet1, Rounding::zero, 32, e), 0xCF000000u, kInvalidOperation);
    EXPECT_FP(round_to_sized_integral<Single>(0x4F000000, Rounding::zero, 32, e), 0xCF000000u, kInvalidOperation);
    EXPECT_FP(round_to_sized_integral<Single>(0xCF000000, Rounding::zero, 32, e), 0xCF000000u, 0u);
    EXPECT_FP(round_to_sized_integral<Double>(kDefaultNan, Rounding::zero, 64, e), 0u, kInexact);
    EXPECT_FP(round_to_sized_integral<Double>(0x7FF0000000000000, Rounding::zero, 64, e), 0xC3E0000000000000u,
              kInvalidOperation);
    EXPECT_FP(round_to_sized_integral<Double>(0x41DFFFFFFFE00000, Rounding::nearest_even, 32, e), 0xC1E0000000000000u,
              kInvalidOperation);
}

TEST(RoundToIntegral, KeepsTheSignOfZeroAndReportsOnlyWhenExact) {
    EXPECT_FP(round_to_integral<Single>(0xBE800000, Rounding::nearest_even, true, e), kMinusZero, kInexact);
    EXPECT_FP(round_to_integral<Single>(0x40200000, Rounding::nearest_even, false, e), 0x40000000u, 0u);
    EXPECT_FP(round_to_integral<Single>(0x40200000, Rounding::nearest_away, false, e), 0x40400000u, 0u);
    EXPECT_FP(round_to_integral<Single>(kSignaling1, Rounding::zero, false, e), kSignaling1Quieted, kInvalidOperation);
}

TEST(Estimates, Reciprocal) {
    EXPECT_FP(recip_estimate<Single>(kOne, e), 0x3F7F8000u, 0u);
    EXPECT_FP(recip_estimate<Single>(kMinusZero, e), kMinusInfinity, kDivideByZero);
    EXPECT_FP(recip_estimate<Single>(kMinusInfinity, e), kMinusZero, 0u);
    EXPECT_FP(recip_estimate<Single>(0x001FFFFF, e), kInfinity, kOverflow | kInexact);
    EXPECT_FP(recip_estimate<Single>(0x801FFFFF, e), 0xFF7FFFFFu, kOverflow | kInexact,
              .rounding = Rounding::plus_infinity);
    EXPECT_FP(recip_estimate<Single>(0x7F000000, e), 0x003FE000u, 0u);
    EXPECT_FP(recip_estimate<Single>(0xFF000000, e), kMinusZero, kUnderflow, .flush_to_zero = true);
}

TEST(Estimates, ReciprocalSquareRoot) {
    EXPECT_FP(rsqrt_estimate<Single>(kOne, e), 0x3F7F8000u, 0u);
    EXPECT_FP(rsqrt_estimate<Single>(0x40800000, e), 0x3EFF8000u, 0u);
    EXPECT_FP(rsqrt_estimate<Single>(0xBF800000, e), kDefaultNan, kInvalidOperation);
    EXPECT_FP(rsqrt_estimate<Single>(kMinusZero, e), kMinusInfinity, kDivideByZero);
    EXPECT_FP(rsqrt_estimate<Single>(kInfinity, e), 0u, 0u);
}

TEST(Estimates, Exponent) {
    EXPECT_FP(recip_exponent<Single>(0xC0490FDB, e), 0xBF800000u, 0u);
    EXPECT_FP(recip_exponent<Single>(kDenormal, e), 0x7F000000u, 0u);
    EXPECT_FP(recip_exponent<Single>(kInfinity, e), 0u, 0u);
}

TEST(Estimates, Unsigned) {
    EXPECT_EQ(unsigned_recip_estimate(0x7FFFFFFF), 0xFFFFFFFF);
    EXPECT_EQ(unsigned_recip_estimate(0x80000000), 0xFF800000);
    EXPECT_EQ(unsigned_recip_estimate(0xFFFFFFFF), 0x80000000);
    EXPECT_EQ(unsigned_rsqrt_estimate(0x3FFFFFFF), 0xFFFFFFFF);
    EXPECT_EQ(unsigned_rsqrt_estimate(0x40000000), 0xFF800000);
    EXPECT_EQ(unsigned_rsqrt_estimate(0xFFFFFFFF), 0x80000000);
}

}  // namespace
}  // namespace kelvin::fp
