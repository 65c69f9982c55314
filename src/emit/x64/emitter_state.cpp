// SPDX-License-Identifier: Apache-2.0
// Guest registers, read and written; the values that live in them.
#include "emit/x64/emitter.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {

using ir::kNoValue;

void Emitter::relocate_home(u8 slot) {
    const Value old = home_of_[slot];
    if (old == kNoValue) {
        return;
    }
    home_of_[slot] = kNoValue;
    ValueState& state = state_of(old);
    if (state.place == Place::home && state.uses != 0) {
        if (region_->guest->slots[slot].type == Type::v128) {
            const Xmm reg = temp_xmm();
            load_place(reg, state, old);
            bind(old, reg);
        } else {
            const Gpr reg = temp();
            load_place(reg, state, old);
            bind(old, reg);
        }
    } else if (state.place == Place::stored_flags && state.uses != 0) {
        const Gpr reg = temp();
        a.mov(Width::w32, reg, slot_place(slot));
        bind(old, reg);
    }
    state.home = kNothing;
    if (state.place == Place::home || state.place == Place::stored_flags) {
        state.place = Place::none;
    }
}

void Emitter::emit_get() {
    const u8 slot = static_cast<u8>(op_->imm);
    ValueState& state = states_[index_];
    if (state.uses == 0) {
        return;
    }
    relocate_home(slot);
    home_of_[slot] = current_value();
    state.home = slot;
    state.place = region_->guest->slots[slot].type == Type::flags ? Place::stored_flags : Place::home;
}

void Emitter::emit_set() {
    const u8 slot = static_cast<u8>(op_->imm);
    const Value value = op_->a;
    if (slot == aligned_stack_) {
        note_stack_moved(value);
    }
    const ValueState& state = state_of(value);
    if (state.home == slot && home_of_[slot] == value && state.place != Place::host_flags) {
        skip(value);
        return;
    }
    const Type type = region_->guest->slots[slot].type;
    if (type == Type::flags) {
        set_flags(slot, value);
    } else if (type == Type::v128) {
        set_vector(slot, value);
    } else if (is_constant(value)) {
        set_constant(slot, value);
        return;  // a constant needs no home
    } else {
        set_general(slot, value);
    }
    settle_in_home(slot, value);
}

void Emitter::set_flags(u8 slot, Value value) {
    if (state_of(value).place == Place::gpr) {
        const Gpr reg = use(value);
        relocate_home(slot);
        a.mov(Width::w32, slot_place(slot), reg);
        return;
    }
    take(Gpr::rax);
    if (home_of_[slot] != value) {
        relocate_home(slot);
    }
    flags_into_eax(value);
    a.mov(Width::w32, slot_place(slot), Gpr::rax);
}

void Emitter::set_vector(u8 slot, Value value) {
    const Xmm reg = use_xmm(value);
    relocate_home(slot);
    if (pinned(slot)) {
        move(pins_.xmm(slot), reg);
    } else {
        a.vex(vop::vmovaps_store, slot_place(slot), reg);
    }
}

void Emitter::set_constant(u8 slot, Value value) {
    relocate_home(slot);
    skip(value);
    i32 number = 0;
    if (pinned(slot)) {
        a.mov_imm(pins_.gpr(slot), region_->constant(value));
    } else if (immediate(value, Type::i64, number)) {
        a.mov(Width::w64, slot_place(slot), number);
    } else {
        const Gpr reg = temp();
        a.mov_imm(reg, region_->constant(value));
        a.mov(Width::w64, slot_place(slot), reg);
    }
}

void Emitter::set_general(u8 slot, Value value) {
    const Gpr reg = use(value);
    relocate_home(slot);
    if (pinned(slot)) {
        move(pins_.gpr(slot), reg);
    } else {
        a.mov(Width::w64, slot_place(slot), reg);
    }
}

// From now on the guest register holds the value; a local register that did is free if it was the only reason.
void Emitter::settle_in_home(u8 slot, Value value) {
    ValueState& state = state_of(value);
    if (state.uses == 0 || state.home != kNothing) {
        return;
    }
    home_of_[slot] = value;
    state.home = slot;
    if (!pinned(slot)) {
        return;
    }
    if (state.place == Place::gpr) {
        unbind<Gpr>(value);
    } else if (state.place == Place::xmm) {
        unbind<Xmm>(value);
    }
    state.place = Place::home;
}

void Emitter::detach_homes() {
    for (std::size_t slot = 0; slot < region_->guest->slots.size(); slot++) {
        if (home_of_[slot] != kNoValue) {
            relocate_home(static_cast<u8>(slot));
        }
    }
}

bool Emitter::must_check_stack(u8 slot) {
    if (aligned_stack_ == slot) {
        return false;
    }
    aligned_stack_ = slot;
    stack_value_ = home_of_[slot];
    return true;
}

void Emitter::test_stack(u8 slot) {
    if (pinned(slot)) {
        a.test(Width::w32, pins_.gpr(slot), 15);
    } else {
        a.test(Width::w32, slot_place(slot), 15);
    }
}

// A stack pointer that was aligned stays so when it moves by a multiple of 16.
void Emitter::note_stack_moved(Value value) {
    const Op& op = this->op(value);
    const bool moved = (op.code == IrOp::add || op.code == IrOp::sub) && op.a == stack_value_ && is_constant(op.b) &&
                       (region_->constant(op.b) & 15) == 0;
    if (moved) {
        stack_value_ = value;
    } else {
        aligned_stack_ = kNothing;
    }
}

}  // namespace kelvin::x64
