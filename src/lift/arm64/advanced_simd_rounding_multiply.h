// SPDX-License-Identifier: Apache-2.0
// SQRDMLAH and SQRDMLSH.
#pragma once

#include "lift/arm64/advanced_simd_calls.h"

namespace kelvin::arm64 {

namespace detail {

/// The sum is rounded and saturated once, with the product exact.
template <bool Subtract>
struct RoundingMultiplyAccumulate {
    static constexpr const char* kName = Subtract ? "simd_sqrdmlsh" : "simd_sqrdmlah";

    template <class T>
    static T of(T d, T n, T m, bool& saturated) {
        constexpr unsigned kBits = 8 * sizeof(T);
        const i128 product = i128{n} * m * 2;
        const i128 sum = i128{d} * (i128{1} << kBits) + (Subtract ? -product : product) + (i128{1} << (kBits - 1));
        return saturate<T>(sum >> kBits, saturated);
    }
};

}  // namespace detail

template <bool Subtract>
ir::Value rounding_multiply_accumulate(Lifter& t, ir::Lane lane, ir::Value d, ir::Value n, ir::Value m) {
    return call_ternary<detail::RoundingMultiplyAccumulate<Subtract>>(t, lane, d, n, m);
}

}  // namespace kelvin::arm64
