// SPDX-License-Identifier: Apache-2.0
// What the operations share: operands taken apart (FPUnpack), real numbers rounded and packed (FPRound), NaN rules.
// Internal to ir/fp.
#pragma once

#include <bit>

#include "base/bits.h"
#include "ir/fp/softfloat.h"

namespace kelvin::fp {

/// (-1)^sign * significand * 2^(exponent - 63). The significand is normalised (bit 63 set) or 0; then the exponent is
/// so small that zero needs no case of its own in sums and products. A significand's bit 0 may stand for all bits below
/// it
/// ("sticky"), which keeps rounding exact as every format leaves at least ten spare bits.
struct Real {
    bool sign;
    i32 exponent;
    u64 significand;
};

constexpr i32 kZeroExponent = -0x10000;

enum class Kind : u8 { zero, finite, infinity, quiet_nan, signaling_nan };

struct Operand : Real {
    Kind kind;
    u64 bits;

    bool is_zero() const { return kind == Kind::zero; }
    bool is_infinity() const { return kind == Kind::infinity; }
    bool is_nan() const { return kind >= Kind::quiet_nan; }
};

template <class F>
struct Format {
    static constexpr unsigned kFraction = F::kFractionBits;
    static constexpr u64 kMaxExponent = low_mask(F::kExponentBits);
    static constexpr i32 kBias = static_cast<i32>(kMaxExponent >> 1);
    static constexpr u64 kSign = u64{1} << (F::kExponentBits + kFraction);
    static constexpr u64 kQuiet = u64{1} << (kFraction - 1);
    static constexpr u64 kInfinity = kMaxExponent << kFraction;
    static constexpr u64 kDefaultNan = kInfinity | kQuiet;
    static constexpr u64 kMaxNormal = kInfinity - 1;

    /// `magnitude` with a sign.
    static Bits<F> with_sign(bool sign, u64 magnitude) {
        return static_cast<Bits<F>>(sign ? kSign | magnitude : magnitude);
    }
    static bool flushes(const Environment& environment) {
        return sizeof(Bits<F>) == 2 ? environment.flush_to_zero_16 : environment.flush_to_zero;
    }
    static Bits<F> invalid(Environment& environment) {
        environment.exceptions |= kInvalidOperation;
        return static_cast<Bits<F>>(kDefaultNan);
    }
};

/// Shifts right, folding all bits shifted out into bit 0.
inline u64 shift_right_sticky(u64 value, u32 count) {
    if (count >= 64) {
        return value != 0;
    }
    return (value >> count) | ((value & low_mask(count)) != 0);
}

inline u128 shift_right_sticky(u128 value, u32 count) {
    if (count >= 128) {
        return value != 0;
    }
    const u128 lost = value & ((u128{1} << count) - 1);
    return (value >> count) | (lost != 0);
}

/// significand * 2^(exponent - 63) as a Real; the significand need not be normalised.
inline Real normalised(bool sign, i32 exponent, u64 significand) {
    if (significand == 0) {
        return {sign, kZeroExponent, 0};
    }
    const int shift = std::countl_zero(significand);
    return {sign, exponent - shift, significand << shift};
}

/// Whether the discarded `fraction` (in units of 2^-64, sticky) moves a magnitude, odd or even, away from zero.
inline bool rounds_up(Rounding rounding, bool sign, bool is_odd, u64 fraction) {
    constexpr u64 kHalf = u64{1} << 63;
    switch (rounding) {
        case Rounding::nearest_even:
            return fraction > kHalf || (fraction == kHalf && is_odd);
        case Rounding::nearest_away:
            return fraction >= kHalf;
        case Rounding::plus_infinity:
            return fraction != 0 && !sign;
        case Rounding::minus_infinity:
            return fraction != 0 && sign;
        case Rounding::zero:
            return false;
        case Rounding::odd:
            return fraction != 0 && !is_odd;
    }
    return false;
}

/// Whether a magnitude too large becomes infinity rather than the largest number.
inline bool overflows_to_infinity(Rounding rounding, bool sign) {
    switch (rounding) {
        case Rounding::nearest_even:
        case Rounding::nearest_away:
            return true;
        case Rounding::plus_infinity:
            return !sign;
        case Rounding::minus_infinity:
            return sign;
        case Rounding::zero:
        case Rounding::odd:
            return false;
    }
    return false;
}

struct UnpackRules {
    bool flush;             ///< denormals are zeros
    bool alternative_half;  ///< the largest exponent is one more binade, not infinity and NaNs
};

/// FPUnpackBase.
template <class F>
Operand unpack(Bits<F> value, UnpackRules rules, Environment& environment) {
    using Fmt = Format<F>;
    const bool sign = (value & Fmt::kSign) != 0;
    const u64 exponent = (value >> Fmt::kFraction) & Fmt::kMaxExponent;
    const u64 fraction = value & low_mask(Fmt::kFraction);
    if (exponent == Fmt::kMaxExponent && !rules.alternative_half) {
        const Kind nan = (fraction & Fmt::kQuiet) ? Kind::quiet_nan : Kind::signaling_nan;
        return {{sign, 0, 0}, fraction == 0 ? Kind::infinity : nan, value};
    }
    if (exponent != 0) {
        const u64 significand = (fraction << (63 - Fmt::kFraction)) | (u64{1} << 63);
        return {{sign, static_cast<i32>(exponent) - Fmt::kBias, significand}, Kind::finite, value};
    }
    if (fraction != 0 && !rules.flush) {
        return {normalised(sign, 1 - Fmt::kBias, fraction << (63 - Fmt::kFraction)), Kind::finite, value};
    }
    if (fraction != 0 && sizeof(Bits<F>) != 2) {
        environment.exceptions |= kInputDenormal;
    }
    return {{sign, kZeroExponent, 0}, Kind::zero, value};
}

/// FPUnpack.
template <class F>
Operand unpack(Bits<F> value, Environment& environment) {
    return unpack<F>(value, {Format<F>::flushes(environment), false}, environment);
}

struct RoundRules {
    Rounding rounding;
    bool flush;             ///< results that would be denormal are zeros
    bool alternative_half;  ///< as in UnpackRules
};

/// What FPRoundBase gives for a magnitude above the format's largest.
template <class F>
Bits<F> overflowed(bool sign, RoundRules rules, Environment& environment) {
    using Fmt = Format<F>;
    if (rules.alternative_half) {
        environment.exceptions |= kInvalidOperation;
        return Fmt::with_sign(sign, Fmt::kSign - 1);
    }
    environment.exceptions |= kOverflow | kInexact;
    return Fmt::with_sign(sign, overflows_to_infinity(rules.rounding, sign) ? Fmt::kInfinity : Fmt::kMaxNormal);
}

/// FPRoundBase; zero keeps its sign. Tininess is seen before rounding, and underflows only when also inexact.
template <class F>
Bits<F> round(const Real& value, RoundRules rules, Environment& environment) {
    using Fmt = Format<F>;
    constexpr unsigned kDropped = 63 - Fmt::kFraction;
    if (value.significand == 0) {
        return Fmt::with_sign(value.sign, 0);
    }
    if (value.exponent > Fmt::kBias + 1) {
        return overflowed<F>(value.sign, rules, environment);
    }
    const i32 biased = value.exponent + Fmt::kBias;
    const bool tiny = biased <= 0;
    if (tiny && rules.flush) {
        environment.exceptions |= kUnderflow;
        return Fmt::with_sign(value.sign, 0);
    }
    const u64 significand =
        tiny ? shift_right_sticky(value.significand, static_cast<u32>(1 - biased)) : value.significand;
    const u64 fraction = significand << (64 - kDropped);
    // A normal number's leading one adds the last 1 to its exponent field, and so does a carry out of the fraction.
    u64 magnitude = (significand >> kDropped) + (tiny ? 0 : static_cast<u64>(biased - 1) << Fmt::kFraction);
    magnitude += rounds_up(rules.rounding, value.sign, magnitude & 1, fraction);
    if (magnitude >= (rules.alternative_half ? Fmt::kSign : Fmt::kInfinity)) {
        return overflowed<F>(value.sign, rules, environment);
    }
    if (fraction != 0) {
        environment.exceptions |= tiny ? kUnderflow | kInexact : kInexact;
    }
    return Fmt::with_sign(value.sign, magnitude);
}

/// FPRound with FPCR's rounding mode.
template <class F>
Bits<F> round(const Real& value, Environment& environment) {
    return round<F>(value, {environment.rounding, Format<F>::flushes(environment), false}, environment);
}

/// FPProcessNaN.
template <class F>
Bits<F> process_nan(const Operand& nan, Environment& environment) {
    if (nan.kind == Kind::signaling_nan) {
        environment.exceptions |= kInvalidOperation;
    }
    return static_cast<Bits<F>>(environment.default_nan ? Format<F>::kDefaultNan : nan.bits | Format<F>::kQuiet);
}

/// FPProcessNaNs, of which at least one operand is a NaN: signaling ones go first, then the order of operands decides.
template <class F>
Bits<F> process_nans(const Operand& a, const Operand& b, Environment& environment) {
    const bool first = a.kind == Kind::signaling_nan || (b.kind != Kind::signaling_nan && a.is_nan());
    return process_nan<F>(first ? a : b, environment);
}

}  // namespace kelvin::fp
