// SPDX-License-Identifier: Apache-2.0
// Flags that are made from their operands when they are wanted, instead of being kept across what overwrites EFLAGS.
#include <algorithm>

#include "emit/x64/emitter.h"

namespace kelvin::x64 {

using ir::index;
using ir::kNoValue;

namespace {

/// Ops whose emitters leave EFLAGS alone while they are wanted. (One that is missing costs a comparison, one too many a
/// save.)
constexpr auto kKeepsFlags = [] {
    std::array<bool, ir::kOpInfo.size()> keeps{};
    for (const IrOp code :
         {IrOp::constant,   IrOp::vconstant,    IrOp::insn_start,  IrOp::nop,      IrOp::get,   IrOp::set,
          IrOp::load_field, IrOp::page_address, IrOp::store_field, IrOp::add,      IrOp::not_,  IrOp::shl,
          IrOp::shr,        IrOp::sar,          IrOp::select,      IrOp::cond_set, IrOp::bswap, IrOp::mul,
          IrOp::umulh,      IrOp::jump,         IrOp::branch}) {
        keeps[static_cast<std::size_t>(code)] = true;
    }
    return keeps;
}();

bool uses_value(const Op& op, Value value) {
    return op.a == value || op.b == value || op.c == value;
}

bool keeps_flags(const Op& op) {
    return kKeepsFlags[static_cast<std::size_t>(op.code)];
}

}  // namespace

bool Emitter::flags_wanted() const {
    if (host_flags_ == kNoValue) {
        return false;
    }
    const ValueState& state = state_of(host_flags_);
    return state.place == Place::host_flags && state.uses != 0 && state.home == kNothing && !state.holds;
}

bool Emitter::lost_before_first_use(Value flags) const {
    for (u32 i = index_ + 1; i < ops_.size(); i++) {
        if (uses_value(ops_[i], flags)) {
            return false;
        }
        if (!keeps_flags(ops_[i])) {
            return true;
        }
    }
    return false;
}

bool Emitter::lost_before_last_use(Value flags) const {
    u32 uses = state_of(flags).uses;
    bool lost = false;
    for (u32 i = std::max(index_, index(flags)) + 1; i < ops_.size() && uses != 0; i++) {
        const Op& op = ops_[i];
        if (uses_value(op, flags)) {
            if (lost) {
                return true;
            }
            uses--;
        }
        lost = lost || !keeps_flags(op);
    }
    return false;
}

Emitter::FlagsRecipe Emitter::recipe(Value flags) const {
    const Op& made = op(flags);
    const Width w = width(made.type);
    if (made.code == IrOp::sub_flags || made.code == IrOp::add_flags) {
        return {made.code == IrOp::sub_flags ? Alu::cmp : Alu::add, w, made.a, made.b};
    }
    KELVIN_ASSERT(made.code == IrOp::logic_flags);
    const Op& tested = op(made.a);
    if (left_to_user(made.a)) {
        return {Alu::and_, w, tested.a, tested.b};
    }
    return {Alu::and_, w, made.a, kNoValue};
}

bool Emitter::leave_to_add() {
    const Op& shift = current();
    const Value self = current_value();
    if (uses(self) != 1 || shift.type != Type::i64 || !is_constant(shift.b) || region_->constant(shift.b) > 3) {
        return false;
    }
    u32 next = index_ + 1;
    while (next < ops_.size() && ops_[next].code == IrOp::get) {
        next++;
    }
    const Op& add = ops_[next];
    if (add.code != IrOp::add || add.type != Type::i64 || add.b != self || add.a == self) {
        return false;
    }
    // An addition does not end its block, so something follows it.
    const Op& after = ops_[next + 1];
    if (after.code == IrOp::add_flags && after.b == self) {
        return false;
    }
    skip(shift.b);
    states_[index_].left_to_user = true;
    return true;
}

bool Emitter::leave_to_test() {
    if (uses(current_value()) != 1) {
        return false;
    }
    states_[index_].left_to_user = true;
    return true;
}

void Emitter::drop_recipe(Value flags) {
    const FlagsRecipe made = recipe(flags);
    state_of(flags).holds = false;
    skip(made.a);
    if (made.b != kNoValue) {
        skip(made.b);
    }
}

bool Emitter::defer_flags() {
    if (!has_uses() || !lost_before_first_use(current_value())) {
        return false;
    }
    states_[index_].place = Place::deferred;
    states_[index_].holds = true;
    return true;
}

bool Emitter::flags_follow(IrOp flags_code) const {
    if (index_ + 1 >= ops_.size()) {
        return false;
    }
    const Op& next = ops_[index_ + 1];
    return next.code == flags_code && next.type == op_->type && next.a == op_->a && next.b == op_->b &&
           next.c == op_->c && states_[index_ + 1].uses != 0;
}

void Emitter::fuse_next() {
    const Value next{index_ + 1};
    const IrOp code = op(next).code;
    const bool made_from_operands = code == IrOp::add_flags || code == IrOp::sub_flags || code == IrOp::logic_flags;
    if (made_from_operands && lost_before_last_use(next)) {
        state_of(next).holds = true;
    } else {
        each_operand(*region_, op(next), [&](Value value) { state_of(value).uses--; });
    }
}

void Emitter::make_flags() {
    if (!has_uses()) {
        drop_recipe(current_value());
    } else if (!defer_flags()) {
        make_flags(current_value());
    }
}

void Emitter::ensure_flags(Value flags) {
    if (state_of(flags).place == Place::deferred) {
        make_flags(flags);
    }
}

void Emitter::make_flags(Value flags) {
    const FlagsRecipe made = recipe(flags);
    ValueState& state = state_of(flags);
    clobber_flags();
    // While an op that uses them makes them, that use is still to come.
    state.holds = lost_before_last_use(flags) || (index(flags) != index_ && state.uses > 1);
    if (state.holds) {
        state_of(made.a).uses++;
        if (made.b != kNoValue) {
            state_of(made.b).uses++;
        }
    }
    const u32 locked = gprs_.locked;
    i32 imm = 0;
    if (made.b == kNoValue) {
        const Gpr tested = use(made.a);
        a.test(made.width, tested, tested);
    } else if (immediate(made.b, op(flags).type, imm)) {
        skip(made.b);
        make_flags_with(made, imm);
    } else {
        make_flags_of_two(made);
    }
    gprs_.locked = locked;
    host_flags_ = flags;
    sense_ = made.alu == Alu::cmp ? Sense::borrow : Sense::carry;
    state.place = Place::host_flags;
}

void Emitter::make_flags_with(const FlagsRecipe& made, i32 imm) {
    if (made.alu == Alu::cmp && in_memory(made.a)) {
        a.cmp(made.width, memory_operand(made.a), imm);
    } else if (made.alu == Alu::cmp) {
        a.cmp(made.width, use(made.a), imm);
    } else if (made.alu == Alu::and_) {
        a.test(made.width, use(made.a), imm);
    } else {
        a.alu(made.alu, made.width, use_copy(made.a), imm);
    }
}

void Emitter::make_flags_of_two(const FlagsRecipe& made) {
    if (made.alu == Alu::and_) {
        const Gpr left = use(made.a);
        a.test(made.width, left, use(made.b));
        return;
    }
    const Gpr left = made.alu == Alu::cmp ? use(made.a) : use_copy(made.a);
    if (in_memory(made.b)) {
        a.alu(made.alu, made.width, left, memory_operand(made.b));
    } else {
        a.alu(made.alu, made.width, left, use(made.b));
    }
}

}  // namespace kelvin::x64
