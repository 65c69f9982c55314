// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/address_groups.h"

#include <algorithm>

namespace kelvin::x64 {

namespace {

using ir::Op;
using IrOp = ir::Opcode;

/// Of a group; longer ones are in one page less often.
constexpr i32 kMostBytes = 256;
/// From the root.
constexpr i64 kFarthest = 1 << 20;

bool is_plain_access(const Op& op) {
    if (!is_access(op.code)) {
        return false;
    }
    const ir::MemInfo memory = op.memory();
    return !memory.unprivileged && !memory.aligned && memory.order == ir::Order::plain;
}

/// Takes additions of constants off `value`.
i64 strip_constants(const ir::Region& region, ir::Value& value) {
    i64 sum = 0;
    for (unsigned depth = 0; depth < 8; depth++) {
        const Op& op = region.op(value);
        if ((op.code != IrOp::add && op.code != IrOp::sub) || op.type != ir::Type::i64 || !region.is_constant(op.b)) {
            break;
        }
        const i64 number = static_cast<i64>(region.constant(op.b));
        if (number > kFarthest || number < -kFarthest) {
            break;
        }
        sum += op.code == IrOp::add ? number : -number;
        value = op.a;
    }
    return sum;
}

}  // namespace

void AddressGroups::plan(const ir::Region& region, u32 index, bool pair) {
    const Op& op = region.ops[index];
    if (ends_groups(op)) {
        known_.fill(AccessPlan{});
    }
    if (!is_plain_access(op)) {
        return;
    }
    AccessPlan plan;
    plan.root = op.a;
    const i64 place = strip_constants(region, plan.root) + op.offset();
    if (place > kFarthest || place < -kFarthest || region.is_constant(plan.root)) {
        return;
    }
    plan.place = static_cast<i32>(place);
    plan.low = plan.place;
    plan.high = plan.place + (1 << (op.memory().size_log2 + (pair ? 1 : 0)));
    plan.write = op.code == IrOp::store || op.code == IrOp::vstore;
    plan.own_end = plan.end = index + (pair ? 1 : 0);
    auto* same = std::ranges::find(known_, plan.root, &AccessPlan::root);
    if (same == known_.end()) {
        same = &known_[next_++ % known_.size()];
    } else if (std::max(plan.high, same->high) - std::min(plan.low, same->low) <= kMostBytes) {
        plan.low = std::min(plan.low, same->low);
        plan.high = std::max(plan.high, same->high);
        plan.write |= same->write;
        plan.end = same->end;
    }
    *same = plan;
    number_[index] = static_cast<u32>(plans_.size());
    plans_.push_back(plan);
}

GroupUse AddressGroups::find(u32 index, unsigned size, bool write) const {
    const AccessPlan& wanted = plan_of(index);
    for (unsigned i = 0; i < live_.size() && wanted.root != ir::kNoValue; i++) {
        const AccessPlan& group = live_[i];
        if (has(kRegisters[i]) && group.root == wanted.root && wanted.place >= group.low &&
            wanted.place + static_cast<i32>(size) <= group.high && (group.write || !write)) {
            return {.role = GroupUse::Role::follows, .write = group.write, .addend = kRegisters[i]};
        }
    }
    return {};
}

GroupUse AddressGroups::lead(u32 index, Gpr addend) {
    const AccessPlan& plan = plan_of(index);
    live_[place_of(addend)] = plan;
    registers_ |= 1u << number(addend);
    return {.role = GroupUse::Role::leads,
            .write = plan.write,
            .addend = addend,
            .low = plan.low - plan.place,
            .length = static_cast<u32>(plan.high - plan.low)};
}

}  // namespace kelvin::x64
