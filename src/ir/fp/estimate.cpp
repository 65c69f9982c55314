// SPDX-License-Identifier: Apache-2.0
// The estimates of FRECPE, FRSQRTE, URECPE, URSQRTE and FRECPX, bit for bit.
#include "ir/fp/core.h"

namespace kelvin::fp {
namespace {

/// RecipEstimate: `scaled` is 256 to 511 for 0.5 to 1.0, the result likewise for 1.0 to 2.0.
u32 recip_table(u32 scaled) {
    return ((u32{1} << 19) / (scaled * 2 + 1) + 1) / 2;
}

/// RecipSqrtEstimate: `scaled` is 128 to 511 for 0.25 to 1.0, the result 256 to 511 for 1.0 to 2.0.
u32 rsqrt_table(u32 scaled) {
    const u32 middle = scaled < 256 ? scaled * 2 + 1 : ((scaled & ~1u) + 1) * 2;
    // The largest root with middle * root^2 below 2^28; it has ten bits, the first of which is set.
    u32 root = 512;
    for (u32 step = 256; step != 0; step >>= 1) {
        const u32 trial = root | step;
        if (u64{middle} * trial * trial < (u64{1} << 28)) {
            root = trial;
        }
    }
    return (root + 1) / 2;
}

/// The eight fraction bits after a significand's leading one.
u32 leading_fraction(const Real& value) {
    return static_cast<u32>(bits(value.significand, 62, 55));
}

/// The significand of an estimate of 256 to 511.
u64 estimate_significand(u32 estimate) {
    return static_cast<u64>(estimate) << 55;
}

}  // namespace

template <class F>
Bits<F> recip_estimate(Bits<F> value, Environment& environment) {
    using Fmt = Format<F>;
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan()) {
        return process_nan<F>(operand, environment);
    }
    if (operand.is_infinity()) {
        return Fmt::with_sign(operand.sign, 0);
    }
    if (operand.is_zero()) {
        environment.exceptions |= kDivideByZero;
        return Fmt::with_sign(operand.sign, Fmt::kInfinity);
    }
    if (operand.exponent < -Fmt::kBias - 1) {
        return overflowed<F>(operand.sign, {environment.rounding, false, false}, environment);
    }
    if (Fmt::flushes(environment) && operand.exponent >= Fmt::kBias - 1) {
        environment.exceptions |= kUnderflow;
        return Fmt::with_sign(operand.sign, 0);
    }
    const u64 significand = estimate_significand(recip_table(256 + leading_fraction(operand)));
    const i32 biased = Fmt::kBias - 1 - operand.exponent;
    // The result, and a denormal's lower bits, are not rounded and raise nothing.
    const u64 shifted = significand >> (63 - Fmt::kFraction);
    const u64 magnitude =
        biased > 0 ? shifted + (static_cast<u64>(biased - 1) << Fmt::kFraction) : shifted >> (1 - biased);
    return Fmt::with_sign(operand.sign, magnitude);
}

template <class F>
Bits<F> rsqrt_estimate(Bits<F> value, Environment& environment) {
    using Fmt = Format<F>;
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan()) {
        return process_nan<F>(operand, environment);
    }
    if (operand.is_zero()) {
        environment.exceptions |= kDivideByZero;
        return Fmt::with_sign(operand.sign, Fmt::kInfinity);
    }
    if (operand.sign) {
        return Fmt::invalid(environment);
    }
    if (operand.is_infinity()) {
        return 0;
    }
    // 0.25 to 1.0 times an even power of two: an odd exponent leaves 0.5 to 1.0.
    const u32 scaled = 256 + leading_fraction(operand);
    const u32 estimate = rsqrt_table(operand.exponent & 1 ? scaled : scaled >> 1);
    return round<F>({false, (-1 - operand.exponent) >> 1, estimate_significand(estimate)}, environment);
}

template <class F>
Bits<F> recip_exponent(Bits<F> value, Environment& environment) {
    using Fmt = Format<F>;
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan()) {
        return process_nan<F>(operand, environment);
    }
    const u64 exponent = value & Fmt::kInfinity;
    const u64 largest = (Fmt::kMaxExponent - 1) << Fmt::kFraction;
    return Fmt::with_sign(operand.sign, exponent == 0 ? largest : exponent ^ Fmt::kInfinity);
}

u32 unsigned_recip_estimate(u32 value) {
    return value < 0x80000000 ? 0xFFFFFFFF : recip_table(value >> 23) << 23;
}

u32 unsigned_rsqrt_estimate(u32 value) {
    return value < 0x40000000 ? 0xFFFFFFFF : rsqrt_table(value >> 23) << 23;
}

#define KELVIN_INSTANTIATE(F)                                  \
    template Bits<F> recip_estimate<F>(Bits<F>, Environment&); \
    template Bits<F> rsqrt_estimate<F>(Bits<F>, Environment&); \
    template Bits<F> recip_exponent<F>(Bits<F>, Environment&);
KELVIN_INSTANTIATE(Half)
KELVIN_INSTANTIATE(Single)
KELVIN_INSTANTIATE(Double)
#undef KELVIN_INSTANTIATE

}  // namespace kelvin::fp
