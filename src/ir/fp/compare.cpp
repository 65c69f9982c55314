// SPDX-License-Identifier: Apache-2.0
// Comparisons, minimum and maximum.
#include "ir/fp/core.h"

namespace kelvin::fp {
namespace {

/// Neither is a NaN.
Ordering order(const Operand& a, const Operand& b) {
    if (a.is_zero() && b.is_zero()) {
        return Ordering::equal;
    }
    if (a.sign != b.sign) {
        return a.sign ? Ordering::less : Ordering::greater;
    }
    // A flushed denormal has kept its bits, which may exceed only other denormals: all of them zeros, met above.
    if (a.bits == b.bits) {
        return Ordering::equal;
    }
    return (a.bits < b.bits) != a.sign ? Ordering::less : Ordering::greater;
}

/// `any_nan`: quiet NaNs are invalid operations, too.
template <class F>
Ordering compare(Bits<F> a, Bits<F> b, bool any_nan, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        if (any_nan || left.kind == Kind::signaling_nan || right.kind == Kind::signaling_nan) {
            environment.exceptions |= kInvalidOperation;
        }
        return Ordering::unordered;
    }
    return order(left, right);
}

/// FPMax (`wins` is greater) and FPMin (less). Of two zeros the sign decides.
template <class F>
Bits<F> extreme(Bits<F> a, Bits<F> b, Ordering wins, Environment& environment) {
    const Operand left = unpack<F>(a, environment);
    const Operand right = unpack<F>(b, environment);
    if (left.is_nan() || right.is_nan()) {
        return process_nans<F>(left, right, environment);
    }
    if (left.is_zero() && right.is_zero()) {
        const bool negative = wins == Ordering::greater ? left.sign && right.sign : left.sign || right.sign;
        return Format<F>::with_sign(negative, 0);
    }
    const Operand& winner = order(left, right) == wins ? left : right;
    return winner.is_zero() ? Format<F>::with_sign(winner.sign, 0) : static_cast<Bits<F>>(winner.bits);
}

template <class F>
bool is_quiet_nan(Bits<F> value) {
    return (value & Format<F>::kDefaultNan) == Format<F>::kDefaultNan;
}

/// FPMaxNum and FPMinNum: a single quiet NaN is replaced by the infinity that cannot win.
template <class F>
Bits<F> extreme_number(Bits<F> a, Bits<F> b, Ordering wins, Environment& environment) {
    const Bits<F> loser = Format<F>::with_sign(wins == Ordering::greater, Format<F>::kInfinity);
    const bool left_quiet = is_quiet_nan<F>(a);
    const bool right_quiet = is_quiet_nan<F>(b);
    return extreme<F>(left_quiet && !right_quiet ? loser : a, right_quiet && !left_quiet ? loser : b, wins,
                      environment);
}

}  // namespace

template <class F>
Bits<F> min(Bits<F> a, Bits<F> b, Environment& environment) {
    return extreme<F>(a, b, Ordering::less, environment);
}

template <class F>
Bits<F> max(Bits<F> a, Bits<F> b, Environment& environment) {
    return extreme<F>(a, b, Ordering::greater, environment);
}

template <class F>
Bits<F> minnm(Bits<F> a, Bits<F> b, Environment& environment) {
    return extreme_number<F>(a, b, Ordering::less, environment);
}

template <class F>
Bits<F> maxnm(Bits<F> a, Bits<F> b, Environment& environment) {
    return extreme_number<F>(a, b, Ordering::greater, environment);
}

template <class F>
Ordering compare_quiet(Bits<F> a, Bits<F> b, Environment& environment) {
    return compare<F>(a, b, false, environment);
}

template <class F>
Ordering compare_signaling(Bits<F> a, Bits<F> b, Environment& environment) {
    return compare<F>(a, b, true, environment);
}

template <class F>
bool compare_eq(Bits<F> a, Bits<F> b, Environment& environment) {
    return compare<F>(a, b, false, environment) == Ordering::equal;
}

template <class F>
bool compare_ge(Bits<F> a, Bits<F> b, Environment& environment) {
    const Ordering ordering = compare<F>(a, b, true, environment);
    return ordering == Ordering::greater || ordering == Ordering::equal;
}

template <class F>
bool compare_gt(Bits<F> a, Bits<F> b, Environment& environment) {
    return compare<F>(a, b, true, environment) == Ordering::greater;
}

#define KELVIN_INSTANTIATE(F)                                               \
    template Bits<F> min<F>(Bits<F>, Bits<F>, Environment&);                \
    template Bits<F> max<F>(Bits<F>, Bits<F>, Environment&);                \
    template Bits<F> minnm<F>(Bits<F>, Bits<F>, Environment&);              \
    template Bits<F> maxnm<F>(Bits<F>, Bits<F>, Environment&);              \
    template Ordering compare_quiet<F>(Bits<F>, Bits<F>, Environment&);     \
    template Ordering compare_signaling<F>(Bits<F>, Bits<F>, Environment&); \
    template bool compare_eq<F>(Bits<F>, Bits<F>, Environment&);            \
    template bool compare_ge<F>(Bits<F>, Bits<F>, Environment&);            \
    template bool compare_gt<F>(Bits<F>, Bits<F>, Environment&);
KELVIN_INSTANTIATE(Half)
KELVIN_INSTANTIATE(Single)
KELVIN_INSTANTIATE(Double)
#undef KELVIN_INSTANTIATE

}  // namespace kelvin::fp
