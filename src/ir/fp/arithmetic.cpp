// SPDX-License-Identifier: Apache-2.0
#include "ir/fp/core.h"

namespace kelvin::fp {
namespace {

/// FPAdd's sign of a zero sum: that of both zeros, or what the rounding direction says of x - x.
bool zero_sign(bool a, bool b, Rounding rounding) {
    return a == b ? a : rounding == Rounding::minus_infinity;
}

Real sum(const Real& a, const Real& b, Rounding rounding) {
    const bool a_first = a.exponent > b.exponent || (a.exponent == b.exponent && a.significand >= b.significand);
    const Real& big = a_first ? a : b;
    const Real& small = a_first ? b : a;
    // One bit of headroom; the formats' spare bits keep a small operand one binade away exact.
    const u64 left = big.significand >> 1;
    const u64 right = shift_right_sticky(small.significand, static_cast<u32>(big.exponent - small.exponent) + 1);
    const u64 magnitude = a.sign == b.sign ? left + right : left - right;
    if (magnitude == 0) {
        return {zero_sign(a.sign, b.sign, rounding), kZeroExponent, 0};
    }
    return normalised(big.sign, big.exponent + 1, magnitude);
}

Real product(const Real& a, const Real& b) {
    const u128 magnitude = static_cast<u128>(a.significand) * b.significand;
    const u64 high = static_cast<u64>(magnitude >> 64);
    const bool lost = static_cast<u64>(magnitude) != 0;
    if (magnitude == 0) {
        return {a.sign != b.sign, kZeroExponent, 0};
    }
    return normalised(a.sign != b.sign, a.exponent + b.exponent + 1, high | lost);
}

/// Neither is zero.
Real quotient(const Real& a, const Real& b) {
    const bool below_one = a.significand < b.significand;
    const u128 dividend = static_cast<u128>(a.significand) << (below_one ? 64 : 63);
    const u64 magnitude = static_cast<u64>(dividend / b.significand);
    const bool lost = static_cast<u128>(magnitude) * b.significand != dividend;
    return {a.sign != b.sign, a.exponent - b.exponent - below_one, magnitude | lost};
}

/// The square root of a positive number, to `digits` bits and a sticky one.
Real square_root(const Real& value, unsigned digits) {
    const i32 exponent = value.exponent >> 1;
    // The radicand, 1 to 4 in units of 2^-62, gives up two bits for each bit of the root.
    u64 low = value.exponent & 1 ? value.significand : value.significand >> 1;
    u64 remainder = 0;
    u64 root = 0;
    for (unsigned i = 0; i < digits; ++i) {
        remainder = (remainder << 2) | (low >> 62);
        low <<= 2;
        const u64 trial = (root << 2) | 1;
        root <<= 1;
        if (remainder >= trial) {
            remainder -= trial;
            root |= 1;
        }
    }
    return {false, exponent, (root << (64 - digits)) | (remainder != 0 || low != 0)};
}

/// a * b + addend.
Real multiply_add(const Real& a, const Real& b, const Real& addend, Rounding rounding) {
    const bool sign = a.sign != b.sign;
    const i32 exponent = a.exponent + b.exponent + 1;
    // Both in units of 2^(exponent - 126): a bit of headroom above, and enough spare bits below that what is shifted
    // out sticks only when the other operand decides the leading bits.
    const u128 left = (static_cast<u128>(a.significand) * b.significand) >> 1;
    const u128 right = static_cast<u128>(addend.significand) << 63;
    const i32 distance = addend.exponent - exponent;
    const u128 left_aligned = distance > 0 ? shift_right_sticky(left, static_cast<u32>(distance)) : left;
    const u128 right_aligned = distance < 0 ? shift_right_sticky(right, static_cast<u32>(-distance)) : right;
    const bool left_wins = left_aligned >= right_aligned;
    const u128 magnitude = sign == addend.sign ? left_aligned + right_aligned
                           : left_wins         ? left_aligned - right_aligned
                                               : right_aligned - left_aligned;
    if (magnitude == 0) {
        return {zero_sign(sign, addend.sign, rounding), kZeroExponent, 0};
    }
    const u64 high = static_cast<u64>(magnitude >> 64);
    const int shift = high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<u64>(magnitude));
    const u128 leading = magnitude << shift;
    const i32 top = (distance > 0 ? addend.exponent : exponent) + 1 - shift;
    return {left_wins ? sign : addend.sign, top, static_cast<u64>(leading >> 64) | (static_cast<u64>(leading) != 0)};
}

template <class F>
Bits<F> sum_of(const Operand& a, const Operand& b, Environment& environment) {
    if (a.is_infinity() || b.is_infinity()) {
        if (a.is_infinity() && b.is_infinity() && a.sign != b.sign) {
            return Format<F>::invalid(environment);
        }
        return Format<F>::with_sign(a.is_infinity() ? a.sign : b.sign, Format<F>::kInfinity);
    }
    return round<F>(sum(a, b, environment.rounding), environment);
}

bool is_zero_times_infinity(const Operand& a, const Operand& b) {
    return (a.is_zero() && b.is_infinity()) || (a.is_infinity() && b.is_zero());
}

template <class F>
Bits<F> product_of(const Operand& a, const Operand& b, Environment& environment) {
    if (a.is_infinity() || b.is_infinity()) {
        return Format<F>::with_sign(a.sign != b.sign, Format<F>::kInfinity);
    }
    return round<F>(product(a, b), environment);
}

/// (constant - a * b) * 2^scale: FPRecipStepFused and FPRSqrtStepFused. They negate a NaN `a`, too.
template <class F>
Bits<F> step(Bits<F> a, Bits<F> b, Real constant, i32 scale, Environment& environment) {
    const Operand left = unpack<F>(static_cast<Bits<F>>(a ^ Format<F>::kSign), environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    Real result = constant;
    if (!is_zero_times_infinity(left, right)) {
        if (left.is_infinity() || right.is_infinity()) {
            return Format<F>::with_sign(left.sign != right.sign, Format<F>::kInfinity);
        }
        result = multiply_add(left, right, constant, environment.rounding);
    }
    result.exponent += scale;
    return round<F>(result, environment);
}

/// FPMulAdd, once unpacked.
template <class F>
Bits<F> fused(const Operand& left, const Operand& right, const Operand& last, Environment& environment) {
    const bool invalid_product = is_zero_times_infinity(left, right);
    if (last.is_nan() || left.is_nan() || right.is_nan()) {
        // Zero times infinity is invalid even beside a quiet NaN, but not beside a signaling one.
        if (invalid_product && last.kind == Kind::quiet_nan) {
            return Format<F>::invalid(environment);
        }
        const bool first = last.kind == Kind::signaling_nan ||
                           (last.is_nan() && left.kind != Kind::signaling_nan && right.kind != Kind::signaling_nan);
        return first ? process_nan<F>(last, environment) : process_nans<F>(left, right, environment);
    }
    const bool sign = left.sign != right.sign;
    const bool infinite_product = left.is_infinity() || right.is_infinity();
    if (invalid_product || (infinite_product && last.is_infinity() && sign != last.sign)) {
        return Format<F>::invalid(environment);
    }
    if (infinite_product || last.is_infinity()) {
        return Format<F>::with_sign(infinite_product ? sign : last.sign, Format<F>::kInfinity);
    }
    return round<F>(multiply_add(left, right, last, environment.rounding), environment);
}

/// A half factor of a single sum; a NaN as FPConvertNaN widens it, still signaling if it was.
Operand unpack_long(u16 value, Environment& environment) {
    Operand operand = unpack<Half>(value, environment);
    const u64 fraction = value & low_mask(Half::kFractionBits);
    operand.bits = Format<Single>::with_sign(operand.sign, Format<Single>::kInfinity | (fraction << 13));
    return operand;
}

}  // namespace

template <class F>
Bits<F> add(Bits<F> a, Bits<F> b, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    return sum_of<F>(left, right, environment);
}

template <class F>
Bits<F> sub(Bits<F> a, Bits<F> b, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    right.sign = !right.sign;
    return sum_of<F>(left, right, environment);
}

template <class F>
Bits<F> mul(Bits<F> a, Bits<F> b, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    if (is_zero_times_infinity(left, right)) {
        return Format<F>::invalid(environment);
    }
    return product_of<F>(left, right, environment);
}

template <class F>
Bits<F> mulx(Bits<F> a, Bits<F> b, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    if (is_zero_times_infinity(left, right)) {
        return round<F>({left.sign != right.sign, 1, u64{1} << 63}, environment);
    }
    return product_of<F>(left, right, environment);
}

template <class F>
Bits<F> div(Bits<F> a, Bits<F> b, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    if ((left.is_infinity() && right.is_infinity()) || (left.is_zero() && right.is_zero())) {
        return Format<F>::invalid(environment);
    }
    const bool sign = left.sign != right.sign;
    if (left.is_infinity() || right.is_zero()) {
        environment.exceptions |= left.is_infinity() ? 0 : kDivideByZero;
        return Format<F>::with_sign(sign, Format<F>::kInfinity);
    }
    if (left.is_zero() || right.is_infinity()) {
        return Format<F>::with_sign(sign, 0);
    }
    return round<F>(quotient(left, right), environment);
}

template <class F>
Bits<F> sqrt(Bits<F> value, Environment& environment) {
    const Operand operand = unpack<F>(value, environment);
    if (operand.is_nan()) {
        return process_nan<F>(operand, environment);
    }
    if (operand.is_zero()) {
        return Format<F>::with_sign(operand.sign, 0);
    }
    if (operand.sign) {
        return Format<F>::invalid(environment);
    }
    if (operand.is_infinity()) {
        return value;
    }
    // A root as long as the format's significand and one bit to round by.
    return round<F>(square_root(operand, Format<F>::kFraction + 2), environment);
}

template <class F>
Bits<F> mul_add(Bits<F> a, Bits<F> b, Bits<F> addend, Environment& environment) {
    return fused<F>(unpack<F>(a, environment), unpack<F>(b, environment), unpack<F>(addend, environment), environment);
}

u32 mul_add_long(u16 a, u16 b, u32 addend, Environment& environment) {
    return fused<Single>(unpack_long(a, environment), unpack_long(b, environment), unpack<Single>(addend, environment),
                         environment);
}

template <class F>
Bits<F> recip_step(Bits<F> a, Bits<F> b, Environment& environment) {
    return step<F>(a, b, {false, 1, u64{1} << 63}, 0, environment);
}

template <class F>
Bits<F> rsqrt_step(Bits<F> a, Bits<F> b, Environment& environment) {
    return step<F>(a, b, {false, 1, u64{3} << 62}, -1, environment);
}

#define KELVIN_INSTANTIATE(F)                                             \
    template Bits<F> add<F>(Bits<F>, Bits<F>, Environment&);              \
    template Bits<F> sub<F>(Bits<F>, Bits<F>, Environment&);              \
    template Bits<F> mul<F>(Bits<F>, Bits<F>, Environment&);              \
    template Bits<F> mulx<F>(Bits<F>, Bits<F>, Environment&);             \
    template Bits<F> div<F>(Bits<F>, Bits<F>, Environment&);              \
    template Bits<F> sqrt<F>(Bits<F>, Environment&);                      \
    template Bits<F> mul_add<F>(Bits<F>, Bits<F>, Bits<F>, Environment&); \
    template Bits<F> recip_step<F>(Bits<F>, Bits<F>, Environment&);       \
    template Bits<F> rsqrt_step<F>(Bits<F>, Bits<F>, Environment&);
KELVIN_INSTANTIATE(Half)
KELVIN_INSTANTIATE(Single)
KELVIN_INSTANTIATE(Double)
#undef KELVIN_INSTANTIATE

}  // namespace kelvin::fp
