// SPDX-License-Identifier: Apache-2.0
// Integer Advanced SIMD operations that the IR has no op for, as calls of C++ loops over elements.
//
// An operation is a struct with kName and `template <class T> static T of(T..., bool& saturated)` on one element of
// each operand; T's signedness is the instruction's. FPSR is no slot, so that helpers, though they set FPSR.QC, need no
// kHelperWritesState.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <type_traits>

#include "lift/arm64/advanced_simd.h"

namespace kelvin::arm64 {

inline constexpr u32 kFpsrQc = 1u << 27;

namespace detail {

template <class T>
using Elems = std::array<T, 16 / sizeof(T)>;

template <class Operation, class T, class... V>
V128 each_element_of(State& state, const V&... operands) {
    Elems<T> result;
    bool saturated = false;
    for (std::size_t i = 0; i < result.size(); i++) {
        result[i] = Operation::template of<T>(std::bit_cast<Elems<T>>(operands)[i]..., saturated);
    }
    if (saturated) {
        state.fpsr |= kFpsrQc;
    }
    return std::bit_cast<V128>(result);
}

template <class Operation, class T>
V128 each_of_two(State& state, const V128& a, const V128& b) {
    return each_element_of<Operation, T>(state, a, b);
}
template <class Operation, class T>
V128 each_of_three(State& state, const V128& a, const V128& b, const V128& c) {
    return each_element_of<Operation, T>(state, a, b, c);
}

template <class Operation, class... T>
inline constexpr ir::Helper kOfTwo[] = {
    ir::helper<&each_of_two<Operation, T>>(Operation::kName, ir::kHelperReadsState)...};
template <class Operation, class... T>
inline constexpr ir::Helper kOfThree[] = {
    ir::helper<&each_of_three<Operation, T>>(Operation::kName, ir::kHelperReadsState)...};

}  // namespace detail

enum class Sign : u8 { is_signed, is_unsigned };

template <class Operation, Sign S>
ir::Value call_binary(Lifter& t, ir::Lane lane, ir::Value a, ir::Value b) {
    const auto index = static_cast<std::size_t>(lane);
    if constexpr (S == Sign::is_signed) {
        return t.ir.call(detail::kOfTwo<Operation, i8, i16, i32, i64>[index], { a, b });
    } else {
        return t.ir.call(detail::kOfTwo<Operation, u8, u16, u32, u64>[index], { a, b });
    }
}

/// Of signed half-words and words.
template <class Operation>
ir::Value call_ternary(Lifter& t, ir::Lane lane, ir::Value a, ir::Value b, ir::Value c) {
    return t.ir.call(detail::kOfThree<Operation, i16, i32>[lane == ir::Lane::h ? 0 : 1], { a, b, c });
}

/// SatQ(): `exact` as a T.
template <class T>
T saturate(i128 exact, bool& saturated) {
    constexpr i128 kLow = std::numeric_limits<T>::min();
    constexpr i128 kHigh = std::numeric_limits<T>::max();
    saturated = saturated || exact < kLow || exact > kHigh;
    return static_cast<T>(std::clamp(exact, kLow, kHigh));
}

/// Shifts by the signed low byte of the count's element, left, or right if it is negative.
template <bool Rounding, bool Saturating>
struct ShiftByRegister {
    static constexpr const char* kName = "simd_shift_by_register";

    template <class T>
    static T of(T value, T count_element, bool& saturated) {
        constexpr int kBits = 8 * sizeof(T);
        const int count = static_cast<i8>(count_element);
        if (count < 0) {
            const int right = -count;
            if (right > kBits) {
                return static_cast<T>(!Rounding && value < 0 ? -1 : 0);
            }
            const i128 rounding = Rounding ? i128{1} << (right - 1) : 0;
            return static_cast<T>((i128{value} + rounding) >> right);
        }
        if constexpr (Saturating) {
            if (count >= kBits) {
                saturated = saturated || value != 0;
                return value == 0 ? T{0} : value < 0 ? std::numeric_limits<T>::min() : std::numeric_limits<T>::max();
            }
            return saturate<T>(i128{value} * (i128{1} << count), saturated);
        } else {
            return count < kBits ? static_cast<T>(static_cast<std::make_unsigned_t<T>>(value) << count) : T{0};
        }
    }
};

/// SQSHLU: a signed value to the left, saturated to unsigned. T is the unsigned type.
struct ShiftLeftToUnsigned {
    static constexpr const char* kName = "simd_shift_left_to_unsigned";

    template <class T>
    static T of(T value, T count, bool& saturated) {
        return saturate<T>(i128{static_cast<std::make_signed_t<T>>(value)} << static_cast<unsigned>(count), saturated);
    }
};

}  // namespace kelvin::arm64
