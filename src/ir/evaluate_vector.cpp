// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "ir/evaluate_ops.h"
#include "ir/lanes.h"

namespace kelvin::ir::meaning {

namespace {

unsigned index_of(Input in) {
    return static_cast<unsigned>(in.op.imm);
}

/// The bytes of (high:low), `first` onwards.
V128 bytes_of_pair(const V128& low, const V128& high, unsigned first) {
    V128 result{};
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned from = first + i;
        result.b[i] = from < 16 ? low.b[from] : from < 32 ? high.b[from - 16] : 0;
    }
    return result;
}

/// Interleaved elements of a and b: element i of the result is a's or b's element `pick(i / 2)`.
template <class Pick>
Datum interleave(Input in, Pick pick) {
    return build(in.op.lane(),
                 [&](unsigned i) { return element(i % 2 == 0 ? in.va() : in.vb(), in.op.lane(), pick(i / 2)); });
}

/// Every other element of (b:a), from `first` on.
Datum deinterleave(Input in, unsigned first) {
    const unsigned count = lane_count(in.op.lane());
    return build(in.op.lane(), [&](unsigned i) {
        const unsigned from = 2 * i + first;
        return from < count ? element(in.va(), in.op.lane(), from) : element(in.vb(), in.op.lane(), from - count);
    });
}

/// Elements in reverse order within each group of `group_bits`.
Datum reverse_elements(Input in, unsigned group_bits) {
    const unsigned per_group = group_bits / lane_bits(in.op.lane());
    return build(in.op.lane(), [&](unsigned i) { return element(in.va(), in.op.lane(), i ^ (per_group - 1)); });
}

}  // namespace

Datum vconstant(Input in) {
    return vector_result(v128(in.op.imm, in.op.imm));
}
Datum vfrom_gpr(Input in) {
    V128 result{};
    set_element(result, in.op.lane(), 0, in.operands[0].integer);
    return vector_result(result);
}
Datum vdup_gpr(Input in) {
    return build(in.op.lane(), [&](unsigned) { return in.operands[0].integer; });
}
Datum vinsert_gpr(Input in) {
    V128 result = in.va();
    set_element(result, in.op.lane(), index_of(in), in.operands[1].integer);
    return vector_result(result);
}
Datum vextract(Input in) {
    return in.result(element(in.va(), in.op.lane(), index_of(in)));
}
Datum vextract_signed(Input in) {
    return in.result(static_cast<u64>(signed_element(in.va(), in.op.lane(), index_of(in))));
}
Datum vlow64(Input in) {
    return vector_result(v128(in.va().d[0]));
}
Datum vlow32(Input in) {
    return vector_result(v128(in.va().s[0]));
}
Datum vlow_lane(Input in) {
    return vector_result(v128(element(in.va(), in.op.lane(), 0)));
}
Datum vdup_lane(Input in) {
    return build(in.op.lane(), [&](unsigned) { return element(in.va(), in.op.lane(), index_of(in)); });
}
Datum vinsert_lane(Input in) {
    V128 result = in.va();
    set_element(result, in.op.lane(), index_of(in) & 15, element(in.vb(), in.op.lane(), index_of(in) >> 4));
    return vector_result(result);
}
Datum vcombine_low(Input in) {
    return vector_result(v128(in.va().d[0], in.vb().d[0]));
}
Datum vcombine_high(Input in) {
    return vector_result(v128(in.va().d[1], in.vb().d[1]));
}
Datum vzip1(Input in) {
    return interleave(in, [](unsigned pair) { return pair; });
}
Datum vzip2(Input in) {
    return interleave(in, [&](unsigned pair) { return pair + lane_count(in.op.lane()) / 2; });
}
Datum vuzp1(Input in) {
    return deinterleave(in, 0);
}
Datum vuzp2(Input in) {
    return deinterleave(in, 1);
}
Datum vtrn1(Input in) {
    return interleave(in, [](unsigned pair) { return 2 * pair; });
}
Datum vtrn2(Input in) {
    return interleave(in, [](unsigned pair) { return 2 * pair + 1; });
}
Datum vext(Input in) {
    return vector_result(bytes_of_pair(in.va(), in.vb(), index_of(in)));
}
Datum vreverse16(Input in) {
    return reverse_elements(in, 16);
}
Datum vreverse32(Input in) {
    return reverse_elements(in, 32);
}
Datum vreverse64(Input in) {
    return reverse_elements(in, 64);
}
Datum vtable(Input in) {
    return build(Lane::b, [&](unsigned i) { return in.vb().b[i] < 16 ? u64{in.va().b[in.vb().b[i]]} : 0; });
}
Datum vand(Input in) {
    return vector_result(v128(in.va().d[0] & in.vb().d[0], in.va().d[1] & in.vb().d[1]));
}
Datum vor(Input in) {
    return vector_result(v128(in.va().d[0] | in.vb().d[0], in.va().d[1] | in.vb().d[1]));
}
Datum vxor(Input in) {
    return vector_result(v128(in.va().d[0] ^ in.vb().d[0], in.va().d[1] ^ in.vb().d[1]));
}
Datum vandn(Input in) {
    return vector_result(v128(in.va().d[0] & ~in.vb().d[0], in.va().d[1] & ~in.vb().d[1]));
}
Datum vnot(Input in) {
    return vector_result(v128(~in.va().d[0], ~in.va().d[1]));
}
Datum vselect(Input in) {
    return build(Lane::d, [&](unsigned i) { return (in.vb().d[i] & in.va().d[i]) | (in.vc().d[i] & ~in.va().d[i]); });
}
Datum vselect_cond(Input in) {
    return holds(in.op.cond(), in.flags(0)) ? in.operands[1] : in.operands[2];
}

}  // namespace kelvin::ir::meaning
