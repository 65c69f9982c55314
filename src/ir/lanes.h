// SPDX-License-Identifier: Apache-2.0
// Elements of vectors by lane, for evaluate().
#pragma once

#include "base/bits.h"
#include "ir/evaluate_ops.h"

namespace kelvin::ir::meaning {

inline u64 element(const V128& value, Lane lane, unsigned i) {
    switch (lane) {
        case Lane::b:
            return value.b[i];
        case Lane::h:
            return value.h[i];
        case Lane::s:
            return value.s[i];
        default:
            return value.d[i];
    }
}

inline i64 signed_element(const V128& value, Lane lane, unsigned i) {
    return sign_extend(element(value, lane, i), lane_bits(lane));
}

inline void set_element(V128& value, Lane lane, unsigned i, u64 content) {
    switch (lane) {
        case Lane::b:
            value.b[i] = static_cast<u8>(content);
            break;
        case Lane::h:
            value.h[i] = static_cast<u16>(content);
            break;
        case Lane::s:
            value.s[i] = static_cast<u32>(content);
            break;
        default:
            value.d[i] = content;
            break;
    }
}

/// A vector whose element i is the low bits of `function(i)`.
template <class Function>
Datum build(Lane lane, Function function) {
    V128 result{};
    for (unsigned i = 0; i < lane_count(lane); ++i) {
        set_element(result, lane, i, static_cast<u64>(function(i)));
    }
    return vector_result(result);
}

/// Element by element, `function(a, b)` on zero-extended elements.
template <class Function>
Datum each_unsigned(Input in, Function function) {
    const Lane lane = in.op.lane();
    return build(lane, [&](unsigned i) { return function(element(in.va(), lane, i), element(in.vb(), lane, i)); });
}

/// Element by element, `function(a, b)` on sign-extended elements.
template <class Function>
Datum each_signed(Input in, Function function) {
    const Lane lane = in.op.lane();
    return build(
        lane, [&](unsigned i) { return function(signed_element(in.va(), lane, i), signed_element(in.vb(), lane, i)); });
}

}  // namespace kelvin::ir::meaning
