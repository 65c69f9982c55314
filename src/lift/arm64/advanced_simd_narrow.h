// SPDX-License-Identifier: Apache-2.0
// Saturating narrowing.
#pragma once

#include "lift/arm64/advanced_simd_calls.h"

namespace kelvin::arm64 {

enum class Saturation : u8 { of_signed, of_unsigned, signed_to_unsigned };

namespace detail {

/// Elements of type Wide saturated to Narrow, in the low half.
template <class Wide, class Narrow>
V128 narrow_elements(State& state, const V128& a) {
    const auto wide = std::bit_cast<Elems<Wide>>(a);
    Elems<Narrow> result{};
    bool saturated = false;
    for (std::size_t i = 0; i < wide.size(); i++) {
        result[i] = saturate<Narrow>(wide[i], saturated);
    }
    if (saturated) {
        state.fpsr |= kFpsrQc;
    }
    return std::bit_cast<V128>(result);
}

template <class Wide, class Narrow>
inline constexpr ir::Helper kNarrow = ir::helper<&narrow_elements<Wide, Narrow>>("simd_narrow", ir::kHelperReadsState);

template <Saturation S>
inline constexpr const ir::Helper* kNarrowHelpers[3] = {};
template <>
inline constexpr const ir::Helper* kNarrowHelpers<Saturation::of_signed>[3] = {&kNarrow<i16, i8>, &kNarrow<i32, i16>,
                                                                               &kNarrow<i64, i32>};
template <>
inline constexpr const ir::Helper* kNarrowHelpers<Saturation::of_unsigned>[3] = {&kNarrow<u16, u8>, &kNarrow<u32, u16>,
                                                                                 &kNarrow<u64, u32>};
template <>
inline constexpr const ir::Helper* kNarrowHelpers<Saturation::signed_to_unsigned>[3] = {
    &kNarrow<i16, u8>, &kNarrow<i32, u16>, &kNarrow<i64, u32>};

}  // namespace detail

/// The elements of `value`, twice as wide as e.lane, narrowed into the low half; zeros above.
template <Saturation S>
ir::Value saturate_to(Lifter& t, Elements e, ir::Value value) {
    if (e.extent == Extent::element) {
        value = t.ir.vector(ir::Opcode::vlow_lane, doubled(e.lane), value);
    }
    return t.ir.call(*detail::kNarrowHelpers<S>[static_cast<std::size_t>(e.lane)], { value });
}

}  // namespace kelvin::arm64
