// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "ir/pass/pass.h"

namespace kelvin::pass {

namespace {

using ir::Op;
using ir::Opcode;

struct Rule {
    u8 operands;
    bool removable;
};

constexpr bool is_removable(const ir::OpInfo& op) {
    // What reads state and gives a value, does nothing else.
    const bool only_reads = op.effects == ir::kReadsState && op.result != ir::ResultKind::N;
    return only_reads || ((op.effects & ir::kPure) != 0 && (op.effects & ir::kFp) == 0);
}

constexpr auto kRules = [] {
    std::array<Rule, ir::kOpInfo.size()> rules{};
    for (std::size_t i = 0; i < rules.size(); ++i) {
        rules[i] = {static_cast<u8>(ir::kOpInfo[i].arguments.size()), is_removable(ir::kOpInfo[i])};
    }
    return rules;
}();

}  // namespace

void dead_code(ir::Region& region, Scratch& scratch) {
    std::vector<u8>& used = scratch.used;
    used.assign(region.ops.size(), 0);
    for (std::size_t i = region.ops.size(); i-- > 0;) {
        Op& op = region.ops[i];
        const Rule rule = kRules[static_cast<std::size_t>(op.code)];
        const bool pure_call = op.code == Opcode::call && region.calls[op.imm].helper->effects == ir::kHelperPure;
        if ((rule.removable || pure_call) && used[i] == 0) {
            op = {.code = Opcode::nop};
            continue;
        }
        const ir::Value operands[] = {op.a, op.b, op.c};
        for (unsigned k = 0; k < rule.operands; ++k) {
            used[ir::index(operands[k])] = 1;
        }
        if (op.code == Opcode::call) {
            const ir::Call& call = region.calls[op.imm];
            for (unsigned k = 0; k < call.helper->argument_count; ++k) {
                used[ir::index(call.arguments[k])] = 1;
            }
        }
    }
}

}  // namespace kelvin::pass
