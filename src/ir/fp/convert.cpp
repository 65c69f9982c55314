// SPDX-License-Identifier: Apache-2.0
// Conversions between formats, to and from integers, and rounding to an integral value.
#include "ir/fp/core.h"

namespace kelvin::fp {
namespace {

/// A magnitude cut at the binary point.
struct Split {
    u64 integer;
    u64 fraction;  ///< in units of 2^-64, sticky
};

/// `value` must be below 2^64.
Split split(const Real& value) {
    const u128 fixed =
        shift_right_sticky(static_cast<u128>(value.significand) << 64, static_cast<u32>(63 - value.exponent));
    return {static_cast<u64>(fixed >> 64), static_cast<u64>(fixed)};
}

u64 saturated(bool sign, IntegerType type) {
    if (!type.is_signed) {
        return sign ? 0 : low_mask(type.width);
    }
    return sign ? u64{1} << (type.width - 1) : low_mask(type.width - 1u);
}

/// FPRoundIntN's answer to all that has no integer of that size.
template <class F>
Bits<F> unrepresentable(unsigned integer_bits, Environment& environment) {
    environment.exceptions |= kInvalidOperation;
    return round<F>({true, static_cast<i32>(integer_bits) - 1, u64{1} << 63}, environment);
}

/// FPConvertNaN: the payload keeps its most significant bits.
template <class To, class From>
u64 converted_payload(u64 fraction) {
    constexpr unsigned kTo = To::kFractionBits;
    constexpr unsigned kFrom = From::kFractionBits;
    if constexpr (kTo >= kFrom) {
        return fraction << (kTo - kFrom);
    } else {
        return fraction >> (kFrom - kTo);
    }
}

/// FPConvert. Conversions ignore FZ16, and FZ where the format is half.
template <class To, class From>
Bits<To> convert_rounding(Bits<From> value, Rounding rounding, Environment& environment) {
    constexpr bool kFromHalf = sizeof(Bits<From>) == 2;
    constexpr bool kToHalf = sizeof(Bits<To>) == 2;
    const bool alternative = kToHalf && environment.alternative_half;
    const Operand operand = unpack<From>(
        value, {!kFromHalf && environment.flush_to_zero, kFromHalf && environment.alternative_half}, environment);
    if (operand.is_nan()) {
        if (operand.kind == Kind::signaling_nan || alternative) {
            environment.exceptions |= kInvalidOperation;
        }
        if (alternative) {
            return Format<To>::with_sign(operand.sign, 0);
        }
        const u64 payload = converted_payload<To, From>(value & low_mask(From::kFractionBits));
        return environment.default_nan ? static_cast<Bits<To>>(Format<To>::kDefaultNan)
                                       : Format<To>::with_sign(operand.sign, Format<To>::kDefaultNan | payload);
    }
    const RoundRules rules{rounding, !kToHalf && environment.flush_to_zero, alternative};
    if (operand.is_infinity()) {
        return alternative ? overflowed<To>(operand.sign, rules, environment)
                           : Format<To>::with_sign(operand.sign, Format<To>::kInfinity);
    }
    return round<To>(operand, rules, environment);
}

}  // namespace

template <class To, class From>
Bits<To> convert(Bits<From> value, Environment& environment) {
    return convert_rounding<To, From>(value, environment.rounding, environment);
}

u32 convert_to_odd(u64 value, Environment& environment) {
    return convert_rounding<Single, Double>(value, Rounding::odd, environment);
}

template <class F>
Bits<F> round_to_integral(Bits<F> value, Rounding rounding, bool exact, Environment& environment) {
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan()) {
        return process_nan<F>(operand, environment);
    }
    if (operand.is_zero()) {
        return Format<F>::with_sign(operand.sign, 0);
    }
    if (operand.is_infinity() || operand.exponent >= static_cast<i32>(F::kFractionBits)) {
        return value;
    }
    const Split parts = split(operand);
    const u64 magnitude = parts.integer + rounds_up(rounding, operand.sign, parts.integer & 1, parts.fraction);
    if (exact && parts.fraction != 0) {
        environment.exceptions |= kInexact;
    }
    return round<F>(normalised(operand.sign, 63, magnitude), environment);
}

template <class F>
Bits<F> round_to_sized_integral(Bits<F> value, Rounding rounding, unsigned integer_bits, Environment& environment) {
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan() || operand.is_infinity() || operand.exponent >= static_cast<i32>(integer_bits)) {
        return unrepresentable<F>(integer_bits, environment);
    }
    const Split parts = split(operand);
    const u64 magnitude = parts.integer + rounds_up(rounding, operand.sign, parts.integer & 1, parts.fraction);
    const u64 limit = u64{1} << (integer_bits - 1);
    if (magnitude > limit || (magnitude == limit && !operand.sign)) {
        return unrepresentable<F>(integer_bits, environment);
    }
    if (parts.fraction != 0) {
        environment.exceptions |= kInexact;
    }
    return round<F>(normalised(operand.sign, 63, magnitude), environment);
}

template <class F>
u64 to_integer(Bits<F> value, IntegerType type, unsigned fraction_bits, Rounding rounding, Environment& environment) {
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan()) {
        environment.exceptions |= kInvalidOperation;
        return 0;
    }
    Real scaled = operand;
    scaled.exponent += static_cast<i32>(fraction_bits);
    if (operand.is_infinity() || scaled.exponent > 63) {
        environment.exceptions |= kInvalidOperation;
        return saturated(operand.sign, type);
    }
    const Split parts = split(scaled);
    const bool up = rounds_up(rounding, operand.sign, parts.integer & 1, parts.fraction);
    const u64 magnitude = parts.integer + up;
    const bool wrapped = up && magnitude == 0;
    const u64 negative_limit = type.is_signed ? u64{1} << (type.width - 1) : 0;
    const u64 limit = operand.sign ? negative_limit : low_mask(type.width - (type.is_signed ? 1u : 0u));
    if (wrapped || magnitude > limit) {
        environment.exceptions |= kInvalidOperation;
        return saturated(operand.sign, type);
    }
    if (parts.fraction != 0) {
        environment.exceptions |= kInexact;
    }
    return (operand.sign ? 0 - magnitude : magnitude) & low_mask(type.width);
}

template <class F>
Bits<F> from_signed(i64 integer, unsigned fraction_bits, Environment& environment) {
    const bool negative = integer < 0;
    const u64 magnitude = negative ? 0 - static_cast<u64>(integer) : static_cast<u64>(integer);
    return round<F>(normalised(negative, 63 - static_cast<i32>(fraction_bits), magnitude), environment);
}

template <class F>
Bits<F> from_unsigned(u64 integer, unsigned fraction_bits, Environment& environment) {
    return round<F>(normalised(false, 63 - static_cast<i32>(fraction_bits), integer), environment);
}

JavaScriptInteger to_javascript_integer(u64 value, Environment& environment) {
    const Operand operand = unpack<Double>(value, environment);
    if (operand.is_nan() || operand.is_infinity()) {
        environment.exceptions |= kInvalidOperation;
        return {0, false};
    }
    if (operand.exponent > 63) {
        environment.exceptions |= kInvalidOperation;
        const u32 shift = static_cast<u32>(operand.exponent - 63);
        const u32 low = shift < 32 ? static_cast<u32>(operand.significand << shift) : 0;
        return {operand.sign ? 0 - low : low, false};
    }
    const Split parts = split(operand);
    const u32 low = static_cast<u32>(operand.sign ? 0 - parts.integer : parts.integer);
    const u64 limit = operand.sign ? u64{1} << 31 : low_mask(31);
    if (parts.integer > limit) {
        environment.exceptions |= kInvalidOperation;
        return {low, false};
    }
    if (parts.fraction != 0) {
        environment.exceptions |= kInexact;
        return {low, false};
    }
    // -0 and a flushed denormal are no integers to JavaScript.
    return {low, !operand.is_zero() || value == 0};
}

#define KELVIN_INSTANTIATE(F)                                                           \
    template Bits<F> round_to_integral<F>(Bits<F>, Rounding, bool, Environment&);       \
    template u64 to_integer<F>(Bits<F>, IntegerType, unsigned, Rounding, Environment&); \
    template Bits<F> from_signed<F>(i64, unsigned, Environment&);                       \
    template Bits<F> from_unsigned<F>(u64, unsigned, Environment&);
KELVIN_INSTANTIATE(Half)
KELVIN_INSTANTIATE(Single)
KELVIN_INSTANTIATE(Double)
#undef KELVIN_INSTANTIATE

template Bits<Single> round_to_sized_integral<Single>(Bits<Single>, Rounding, unsigned, Environment&);
template Bits<Double> round_to_sized_integral<Double>(Bits<Double>, Rounding, unsigned, Environment&);
template Bits<Half> convert<Half, Single>(Bits<Single>, Environment&);
template Bits<Half> convert<Half, Double>(Bits<Double>, Environment&);
template Bits<Single> convert<Single, Half>(Bits<Half>, Environment&);
template Bits<Single> convert<Single, Double>(Bits<Double>, Environment&);
template Bits<Double> convert<Double, Half>(Bits<Half>, Environment&);
template Bits<Double> convert<Double, Single>(Bits<Single>, Environment&);

}  // namespace kelvin::fp
