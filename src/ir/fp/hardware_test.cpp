// SPDX-License-Identifier: Apache-2.0
// The host's SSE, FMA and F16C units as oracle: IEEE 754 fixes all results but NaNs, and all exceptions but when
// tininess is seen (Arm: before rounding, x86: after).
#include <gtest/gtest.h>

#include <bit>

#include "base/bits.h"
#include "ir/fp/softfloat.h"

namespace kelvin::fp {
namespace {

constexpr u32 kMxcsrDefault = 0x1F80;

// Each is one asm statement, so that no floating-point operation moves across the MXCSR accesses.
#define HOST_OPERATION(name, instruction)                                                             \
    u64 name(u64 a, u64 b, u64 c, u32& mxcsr) {                                                       \
        asm volatile("movq %0, %%xmm0\n movq %2, %%xmm1\n movq %3, %%xmm2\n ldmxcsr %1\n" instruction \
                     "\n stmxcsr %1\n ldmxcsr %4\n movq %%xmm0, %0"                                   \
                     : "+r"(a), "+m"(mxcsr)                                                           \
                     : "r"(b), "r"(c), "m"(kMxcsrDefault)                                             \
                     : "rax", "xmm0", "xmm1", "xmm2");                                                \
        return a;                                                                                     \
    }
HOST_OPERATION(add_ss, "addss %%xmm1, %%xmm0")
HOST_OPERATION(sub_ss, "subss %%xmm1, %%xmm0")
HOST_OPERATION(mul_ss, "mulss %%xmm1, %%xmm0")
HOST_OPERATION(div_ss, "divss %%xmm1, %%xmm0")
HOST_OPERATION(sqrt_ss, "sqrtss %%xmm0, %%xmm0")
HOST_OPERATION(fma_ss, "vfmadd213ss %%xmm2, %%xmm1, %%xmm0")
HOST_OPERATION(round_ss, "roundss $4, %%xmm0, %%xmm0")
HOST_OPERATION(to_i64_ss, "cvtss2si %%xmm0, %%rax\n movq %%rax, %%xmm0")
HOST_OPERATION(add_sd, "addsd %%xmm1, %%xmm0")
HOST_OPERATION(sub_sd, "subsd %%xmm1, %%xmm0")
HOST_OPERATION(mul_sd, "mulsd %%xmm1, %%xmm0")
HOST_OPERATION(div_sd, "divsd %%xmm1, %%xmm0")
HOST_OPERATION(sqrt_sd, "sqrtsd %%xmm0, %%xmm0")
HOST_OPERATION(fma_sd, "vfmadd213sd %%xmm2, %%xmm1, %%xmm0")
HOST_OPERATION(round_sd, "roundsd $4, %%xmm0, %%xmm0")
HOST_OPERATION(single_to_double, "cvtss2sd %%xmm0, %%xmm0")
HOST_OPERATION(double_to_single, "cvtsd2ss %%xmm0, %%xmm0")
HOST_OPERATION(half_to_single, "vcvtph2ps %%xmm0, %%xmm0")
HOST_OPERATION(single_to_half, "vcvtps2ph $4, %%xmm0, %%xmm0")
HOST_OPERATION(i64_to_sd, "movq %%xmm0, %%rax\n cvtsi2sd %%rax, %%xmm0")
#undef HOST_OPERATION

template <class F>
struct Layout {
    static constexpr u64 kInfinity = low_mask(F::kExponentBits) << F::kFractionBits;
    static constexpr u64 kMagnitude = kInfinity | low_mask(F::kFractionBits);
    static constexpr u64 kMinNormal = u64{1} << F::kFractionBits;
    static constexpr u64 kSign = kMagnitude + 1;

    static bool is_nan(u64 value) { return (value & kMagnitude) > kInfinity; }
};

/// xorshift64*: the same operands in every run.
class Random {
  public:
    u64 next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_ * 0x2545F4914F6CDD1D;
    }

    /// Denormals, infinities, numbers near 1 and long runs of equal bits more often than chance has them.
    template <class F>
    u64 number() {
        const u64 draw = next();
        u64 exponent = draw >> 8;
        u64 fraction = next() & low_mask(F::kFractionBits);
        switch (draw & 7) {
            case 0:
                exponent = 0;
                break;
            case 1:
                exponent = draw >> 32 & 3;
                break;
            case 2:
                exponent = low_mask(F::kExponentBits) - (draw >> 32 & 1);
                break;
            case 3:
            case 4:
                exponent = (low_mask(F::kExponentBits) >> 1) + (draw >> 32 & 7) - 3;
                break;
            default:
                break;
        }
        if (draw & 0x8) {
            fraction &= fraction << (next() % F::kFractionBits);
        }
        if (draw & 0x10 || (exponent & low_mask(F::kExponentBits)) == low_mask(F::kExponentBits)) {
            fraction = draw & 0x20 ? low_mask(F::kFractionBits) : 0;
        }
        return ((draw & 0x40 ? Layout<F>::kSign : 0) | (exponent << F::kFractionBits & Layout<F>::kInfinity)) +
               fraction;
    }

  private:
    u64 state_ = 0x9E3779B97F4A7C15;
};

u32 mxcsr_for(Rounding rounding) {
    constexpr u32 kControl[] = {0, 2, 1, 3};
    return kMxcsrDefault | kControl[static_cast<u32>(rounding)] << 13;
}

u32 exceptions_of(u32 mxcsr) {
    return (mxcsr & 1 ? kInvalidOperation : 0) | (mxcsr & 4 ? kDivideByZero : 0) | (mxcsr & 8 ? kOverflow : 0) |
           (mxcsr & 16 ? kUnderflow : 0) | (mxcsr & 32 ? kInexact : 0);
}

using HostOperation = u64 (*)(u64, u64, u64, u32&);

/// Runs both on random operands of format From; results are of format To.
template <class From, class To, class Ours>
void compare_with_host(HostOperation host, Ours ours, int count = 20000) {
    Random random;
    for (int i = 0; i < count; ++i) {
        const u64 a = random.number<From>();
        const u64 b = random.number<From>();
        const u64 c = random.number<From>();
        if (Layout<From>::is_nan(a) || Layout<From>::is_nan(b) || Layout<From>::is_nan(c)) {
            continue;
        }
        Environment environment{.rounding = static_cast<Rounding>(i & 3)};
        u32 mxcsr = mxcsr_for(environment.rounding);
        const u64 expected = host(a, b, c, mxcsr) & (Layout<To>::kSign | Layout<To>::kMagnitude);
        const u64 result = ours(a, b, c, environment);
        const u32 late = (expected & Layout<To>::kMagnitude) == Layout<To>::kMinNormal ? kUnderflow : 0;
        ASSERT_EQ(exceptions_of(mxcsr) | late, environment.exceptions | late)
            << std::hex << a << ' ' << b << ' ' << c << " rounding " << (i & 3);
        if (Layout<To>::is_nan(expected)) {
            ASSERT_EQ(result, Layout<To>::kInfinity | Layout<To>::kMinNormal >> 1);
        } else {
            ASSERT_EQ(result, expected) << std::hex << a << ' ' << b << ' ' << c << " rounding " << (i & 3);
        }
    }
}

template <class F, Bits<F> (*operation)(Bits<F>, Bits<F>, Environment&)>
u64 binary(u64 a, u64 b, u64, Environment& environment) {
    return operation(static_cast<Bits<F>>(a), static_cast<Bits<F>>(b), environment);
}

template <class F, Bits<F> (*operation)(Bits<F>, Environment&)>
u64 unary(u64 a, u64, u64, Environment& environment) {
    return operation(static_cast<Bits<F>>(a), environment);
}

template <class F>
u64 fused(u64 a, u64 b, u64 c, Environment& environment) {
    return mul_add<F>(static_cast<Bits<F>>(a), static_cast<Bits<F>>(b), static_cast<Bits<F>>(c), environment);
}

template <class F>
u64 integral(u64 a, u64, u64, Environment& environment) {
    return round_to_integral<F>(static_cast<Bits<F>>(a), environment.rounding, true, environment);
}

template <class To, class From>
u64 converted(u64 a, u64, u64, Environment& environment) {
    return convert<To, From>(static_cast<Bits<From>>(a), environment);
}

TEST(Hardware, SingleArithmetic) {
    compare_with_host<Single, Single>(add_ss, binary<Single, add<Single>>);
    compare_with_host<Single, Single>(sub_ss, binary<Single, sub<Single>>);
    compare_with_host<Single, Single>(mul_ss, binary<Single, mul<Single>>);
    compare_with_host<Single, Single>(div_ss, binary<Single, div<Single>>);
    compare_with_host<Single, Single>(sqrt_ss, unary<Single, sqrt<Single>>);
}

TEST(Hardware, DoubleArithmetic) {
    compare_with_host<Double, Double>(add_sd, binary<Double, add<Double>>);
    compare_with_host<Double, Double>(sub_sd, binary<Double, sub<Double>>);
    compare_with_host<Double, Double>(mul_sd, binary<Double, mul<Double>>);
    compare_with_host<Double, Double>(div_sd, binary<Double, div<Double>>);
    compare_with_host<Double, Double>(sqrt_sd, unary<Double, sqrt<Double>>);
}

TEST(Hardware, FusedMultiplyAdd) {
    if (!__builtin_cpu_supports("fma")) {
        GTEST_SKIP() << "the host has no FMA";
    }
    compare_with_host<Single, Single>(fma_ss, fused<Single>, 100000);
    compare_with_host<Double, Double>(fma_sd, fused<Double>, 100000);
}

TEST(Hardware, RoundingToIntegral) {
    if (!__builtin_cpu_supports("sse4.1")) {
        GTEST_SKIP() << "the host has no SSE4.1";
    }
    compare_with_host<Single, Single>(round_ss, integral<Single>);
    compare_with_host<Double, Double>(round_sd, integral<Double>);
}

TEST(Hardware, ConversionsBetweenFormats) {
    compare_with_host<Single, Double>(single_to_double, converted<Double, Single>);
    compare_with_host<Double, Single>(double_to_single, converted<Single, Double>);
}

TEST(Hardware, ConversionsOfHalf) {
    if (!__builtin_cpu_supports("f16c")) {
        GTEST_SKIP() << "the host has no F16C";
    }
    compare_with_host<Half, Single>(half_to_single, converted<Single, Half>);
    compare_with_host<Single, Half>(single_to_half, converted<Half, Single>);
}

TEST(Hardware, IntegerToDouble) {
    Random random;
    for (u32 i = 0; i < 20000; ++i) {
        const u64 integer = static_cast<u64>(static_cast<i64>(random.next()) >> (random.next() & 63));
        Environment environment{.rounding = static_cast<Rounding>(i & 3)};
        u32 mxcsr = mxcsr_for(environment.rounding);
        ASSERT_EQ(from_signed<Double>(static_cast<i64>(integer), 0, environment), i64_to_sd(integer, 0, 0, mxcsr));
        ASSERT_EQ(environment.exceptions, exceptions_of(mxcsr)) << integer;
    }
}

TEST(Hardware, SingleToInteger) {
    Random random;
    for (u32 i = 0; i < 20000; ++i) {
        const u64 value = random.number<Single>();
        Environment environment{.rounding = static_cast<Rounding>(i & 3)};
        u32 mxcsr = mxcsr_for(environment.rounding);
        const u64 expected = to_i64_ss(value, 0, 0, mxcsr);
        const u64 result =
            to_integer<Single>(static_cast<u32>(value), {64, true}, 0, environment.rounding, environment);
        ASSERT_EQ(environment.exceptions, exceptions_of(mxcsr)) << std::hex << value;
        if (!(environment.exceptions & kInvalidOperation)) {
            ASSERT_EQ(result, expected) << std::hex << value;
        }
    }
}

}  // namespace
}  // namespace kelvin::fp
