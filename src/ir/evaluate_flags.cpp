// SPDX-License-Identifier: Apache-2.0
#include "ir/evaluate_ops.h"
#include "ir/fp/softfloat.h"
#include "ir/fp_shapes.h"

namespace kelvin::ir::meaning {

namespace {

Datum flags_result(bool n, bool z, bool c, bool v) {
    return {.integer = (n ? stored_flags::kN : 0) | (z ? stored_flags::kZ : 0) | (c ? 0 : stored_flags::kNotC) |
                       (v ? stored_flags::kV : 0)};
}

/// AddWithCarry() of the Arm ARM, J1.3.
Datum add_with_carry(Input in, u64 a, u64 b, bool carry_in) {
    const unsigned width = in.width();
    const u128 sum = u128{a} + b + carry_in;
    const i128 signed_sum = i128{sign_extend(a, width)} + sign_extend(b, width) + carry_in;
    const u64 result = static_cast<u64>(sum) & in.mask();
    return flags_result(bit(result, width - 1), result == 0, sum != result, signed_sum != sign_extend(result, width));
}

bool carry(u32 flags) {
    return (flags & stored_flags::kNotC) == 0;
}

}  // namespace

Datum add_flags(Input in) {
    return add_with_carry(in, in.a(), in.b(), false);
}
Datum sub_flags(Input in) {
    return add_with_carry(in, in.a(), ~in.b() & in.mask(), true);
}
Datum adc_flags(Input in) {
    return add_with_carry(in, in.a(), in.b(), carry(in.flags(2)));
}
Datum sbc_flags(Input in) {
    return add_with_carry(in, in.a(), ~in.b() & in.mask(), carry(in.flags(2)));
}
Datum logic_flags(Input in) {
    return flags_result(bit(in.a(), in.width() - 1), in.a() == 0, false, false);
}
Datum flags_from_nzcv(Input in) {
    return {.integer = stored_flags::from_nzcv(static_cast<u32>(in.operands[0].integer))};
}
Datum nzcv_from_flags(Input in) {
    return {.integer = stored_flags::to_nzcv(in.flags(0))};
}
Datum select_flags(Input in) {
    return holds(in.op.cond(), in.flags(0)) ? in.operands[1]
                                            : Datum{.integer = stored_flags::from_nzcv(static_cast<u32>(in.op.imm))};
}

Datum fcompare(Input in) {
    FpEnvironment environment(in.fp);
    const auto ordering = with_format(in.op.shape(), [&]<class F>(F) {
        const auto a = fp_element<F>(in.va(), 0);
        const auto b = fp_element<F>(in.vb(), 0);
        return in.op.imm != 0 ? fp::compare_signaling<F>(a, b, environment.value)
                              : fp::compare_quiet<F>(a, b, environment.value);
    });
    // FPCompare() of the Arm ARM, J1.3.
    switch (ordering) {
        case fp::Ordering::less:
            return flags_result(true, false, false, false);
        case fp::Ordering::equal:
            return flags_result(false, true, true, false);
        case fp::Ordering::greater:
            return flags_result(false, false, true, false);
        case fp::Ordering::unordered:
            break;
    }
    return flags_result(false, false, true, true);
}

}  // namespace kelvin::ir::meaning
