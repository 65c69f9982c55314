// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "ir/evaluate_ops.h"
#include "ir/lanes.h"

namespace kelvin::ir::meaning {

namespace {

constexpr u32 kSaturated = 1u << 27;  ///< FPSR.QC

Lane doubled(Lane lane) {
    return static_cast<Lane>(static_cast<unsigned>(lane) + 1);
}
Lane halved(Lane lane) {
    return static_cast<Lane>(static_cast<unsigned>(lane) - 1);
}

u64 all_if(bool condition) {
    return condition ? ~u64{0} : 0;
}

/// USHL and SSHL: left by the signed low byte of b's element, right if it is negative.
template <class Right>
Datum shift_by_register(Input in, Right right) {
    const Lane lane = in.op.lane();
    return build(lane, [&](unsigned i) -> u64 {
        const int count = static_cast<i8>(element(in.vb(), lane, i) & 0xff);
        if (count >= 0) {
            return static_cast<unsigned>(count) < lane_bits(lane) ? element(in.va(), lane, i) << count : 0;
        }
        return right(i, static_cast<unsigned>(-count));
    });
}

u64 shift_right(u64 value, u64 count) {
    return count < 64 ? value >> count : 0;
}
u64 shift_right_signed(i64 value, u64 count) {
    return static_cast<u64>(value >> std::min<u64>(count, 63));
}

/// `exact` fits 66 bits, `low` and `high` are the lane's limits.
u64 saturate(Input in, i128 exact, i128 low, i128 high) {
    const i128 result = std::clamp(exact, low, high);
    if (result != exact && in.fp.status != nullptr) {
        *in.fp.status |= kSaturated;
    }
    return static_cast<u64>(result);
}

template <class Function>
Datum saturating_signed(Input in, Function function) {
    const i128 limit = i128{1} << (lane_bits(in.op.lane()) - 1);
    return each_signed(in, [&](i64 a, i64 b) { return saturate(in, function(i128{a}, i128{b}), -limit, limit - 1); });
}

template <class Function>
Datum saturating_unsigned(Input in, Function function) {
    const i128 limit = static_cast<i128>(low_mask(lane_bits(in.op.lane())));
    return each_unsigned(
        in, [&](u64 a, u64 b) { return saturate(in, function(static_cast<i128>(a), static_cast<i128>(b)), 0, limit); });
}

u128 carryless_product(u64 a, u64 b) {
    u128 product = 0;
    for (unsigned i = 0; i < 64; ++i) {
        product ^= bit(b, i) ? u128{a} << i : 0;
    }
    return product;
}

}  // namespace

Datum vadd(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return a + b; });
}
Datum vsub(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return a - b; });
}
Datum vmul(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return a * b; });
}
Datum vneg(Input in) {
    return build(in.op.lane(), [&](unsigned i) { return 0 - element(in.va(), in.op.lane(), i); });
}
Datum vabs(Input in) {
    return build(in.op.lane(), [&](unsigned i) {
        const i64 value = signed_element(in.va(), in.op.lane(), i);
        return value < 0 ? 0 - static_cast<u64>(value) : static_cast<u64>(value);
    });
}
Datum vsmin(Input in) {
    return each_signed(in, [](i64 a, i64 b) { return std::min(a, b); });
}
Datum vsmax(Input in) {
    return each_signed(in, [](i64 a, i64 b) { return std::max(a, b); });
}
Datum vumin(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return std::min(a, b); });
}
Datum vumax(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return std::max(a, b); });
}
Datum vcmpeq(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return all_if(a == b); });
}
Datum vcmpgt(Input in) {
    return each_signed(in, [](i64 a, i64 b) { return all_if(a > b); });
}
Datum vcmpge(Input in) {
    return each_signed(in, [](i64 a, i64 b) { return all_if(a >= b); });
}
Datum vcmphi(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return all_if(a > b); });
}
Datum vcmphs(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return all_if(a >= b); });
}
Datum vshl_imm(Input in) {
    return build(in.op.lane(), [&](unsigned i) { return element(in.va(), in.op.lane(), i) << in.op.imm; });
}
Datum vshr_imm(Input in) {
    return build(in.op.lane(), [&](unsigned i) { return shift_right(element(in.va(), in.op.lane(), i), in.op.imm); });
}
Datum vsar_imm(Input in) {
    return build(in.op.lane(),
                 [&](unsigned i) { return shift_right_signed(signed_element(in.va(), in.op.lane(), i), in.op.imm); });
}
Datum vushl(Input in) {
    return shift_by_register(
        in, [&](unsigned i, unsigned count) { return shift_right(element(in.va(), in.op.lane(), i), count); });
}
Datum vsshl(Input in) {
    return shift_by_register(in, [&](unsigned i, unsigned count) {
        return shift_right_signed(signed_element(in.va(), in.op.lane(), i), count);
    });
}
Datum vurhadd(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return static_cast<u64>((u128{a} + b + 1) >> 1); });
}
Datum vuhadd(Input in) {
    return each_unsigned(in, [](u64 a, u64 b) { return static_cast<u64>((u128{a} + b) >> 1); });
}
Datum vpopcount(Input in) {
    return build(Lane::b, [&](unsigned i) { return static_cast<u64>(std::popcount(in.va().b[i])); });
}
Datum vclz(Input in) {
    const Lane lane = in.op.lane();
    return build(lane, [&](unsigned i) {
        return u64{lane_bits(lane)} - static_cast<u64>(std::bit_width(element(in.va(), lane, i)));
    });
}
Datum vrbit8(Input in) {
    return build(Lane::b, [&](unsigned i) {
        u64 value = in.va().b[i];
        value = (value >> 4) | (value & 0x0f) << 4;
        value = (value >> 2 & 0x33) | (value & 0x33) << 2;
        return (value >> 1 & 0x55) | (value & 0x55) << 1;
    });
}
Datum vaddpair(Input in) {
    const Lane lane = in.op.lane();
    const unsigned half = lane_count(lane) / 2;
    return build(lane, [&](unsigned i) {
        const V128& source = i < half ? in.va() : in.vb();
        const unsigned from = 2 * (i % half);
        return element(source, lane, from) + element(source, lane, from + 1);
    });
}
Datum vreduce_add(Input in) {
    const Lane lane = in.op.lane();
    u64 sum = 0;
    for (unsigned i = 0; i < lane_count(lane); ++i) {
        sum += element(in.va(), lane, i);
    }
    return vector_result(v128(sum & low_mask(lane_bits(lane))));
}
Datum vwiden_u(Input in) {
    return build(doubled(in.op.lane()), [&](unsigned i) { return element(in.va(), in.op.lane(), i); });
}
Datum vwiden_s(Input in) {
    return build(doubled(in.op.lane()), [&](unsigned i) { return signed_element(in.va(), in.op.lane(), i); });
}
Datum vnarrow(Input in) {
    V128 result{};
    for (unsigned i = 0; i < lane_count(in.op.lane()); ++i) {
        set_element(result, halved(in.op.lane()), i, element(in.va(), in.op.lane(), i));
    }
    return vector_result(result);
}
Datum vmul_wide_u(Input in) {
    const Lane lane = in.op.lane();
    return build(doubled(lane), [&](unsigned i) { return element(in.va(), lane, i) * element(in.vb(), lane, i); });
}
Datum vmul_wide_s(Input in) {
    const Lane lane = in.op.lane();
    return build(doubled(lane),
                 [&](unsigned i) { return signed_element(in.va(), lane, i) * signed_element(in.vb(), lane, i); });
}
Datum vpmul_wide(Input in) {
    if (in.op.lane() == Lane::d) {
        const u128 product = carryless_product(in.va().d[0], in.vb().d[0]);
        return vector_result(v128(static_cast<u64>(product), static_cast<u64>(product >> 64)));
    }
    return build(Lane::h, [&](unsigned i) { return static_cast<u64>(carryless_product(in.va().b[i], in.vb().b[i])); });
}
Datum vqadd_s(Input in) {
    return saturating_signed(in, [](i128 a, i128 b) { return a + b; });
}
Datum vqadd_u(Input in) {
    return saturating_unsigned(in, [](i128 a, i128 b) { return a + b; });
}
Datum vqsub_s(Input in) {
    return saturating_signed(in, [](i128 a, i128 b) { return a - b; });
}
Datum vqsub_u(Input in) {
    return saturating_unsigned(in, [](i128 a, i128 b) { return a - b; });
}

}  // namespace kelvin::ir::meaning
