// SPDX-License-Identifier: Apache-2.0
#include "ir/evaluate.h"

#include "ir/evaluate_ops.h"

namespace kelvin::ir {

namespace {

using Evaluator = Datum (*)(meaning::Input);

constexpr std::array<Evaluator, kOpInfo.size()> kEvaluators = {
#define OP(name, result, arguments, effects) is_evaluable(Opcode::name) ? &meaning::name : nullptr,
#include "ir/ops.def"
#undef OP
};

}  // namespace

Datum evaluate(const Op& op, const Datum operands[3], const FpContext& fp) {
    const Evaluator evaluator = kEvaluators[static_cast<std::size_t>(op.code)];
    KELVIN_ASSERT(evaluator != nullptr);
    return evaluator({op, operands, fp});
}

bool holds(Cond cond, u32 flags) {
    const bool n = (flags & stored_flags::kN) != 0;
    const bool z = (flags & stored_flags::kZ) != 0;
    const bool c = (flags & stored_flags::kNotC) == 0;
    const bool v = (flags & stored_flags::kV) != 0;
    bool result = true;
    // ConditionHolds() of the Arm ARM, J1.3.
    switch (static_cast<unsigned>(cond) >> 1) {
        case 0:
            result = z;
            break;
        case 1:
            result = c;
            break;
        case 2:
            result = n;
            break;
        case 3:
            result = v;
            break;
        case 4:
            result = c && !z;
            break;
        case 5:
            result = n == v;
            break;
        case 6:
            result = n == v && !z;
            break;
        default:
            return true;
    }
    return (static_cast<unsigned>(cond) & 1) != 0 ? !result : result;
}

}  // namespace kelvin::ir
