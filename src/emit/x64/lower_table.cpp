// SPDX-License-Identifier: Apache-2.0
// Which emitter each op has. An op that is not named is evaluated by C++.
#include <array>

#include "emit/x64/lower.h"

namespace kelvin::x64 {

namespace {

constexpr auto kTable = [] {
    std::array<LowerFunction, static_cast<std::size_t>(IrOp::count)> table{};
    table.fill(&lower::fallback);
    const auto put = [&](IrOp op, LowerFunction function) { table[static_cast<std::size_t>(op)] = function; };
    put(IrOp::nop, &lower::nothing);
    put(IrOp::insn_start, &lower::nothing);
    put(IrOp::get, [](Emitter& e) { e.emit_get(); });
    put(IrOp::set, [](Emitter& e) { e.emit_set(); });
#define EMITTER(op) put(IrOp::op, &lower::op);
#include "emit/x64/emitters.def"
#undef EMITTER
    return table;
}();

}  // namespace

LowerFunction lower_function(IrOp code) {
    return kTable[static_cast<std::size_t>(code)];
}

}  // namespace kelvin::x64
