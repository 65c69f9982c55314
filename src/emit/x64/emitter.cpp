// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/emitter.h"

#include <algorithm>
#include <bit>

#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {

using ir::index;
using ir::kNoValue;

namespace {

constexpr u32 bit_of(unsigned reg) {
    return 1u << reg;
}

/// Operands of an op in order; calls keep theirs beside the op.
template <class Visit>
void each_operand(const ir::Region& region, const Op& op, Visit visit) {
    if (op.code == IrOp::call) {
        const ir::Call& call = region.calls[op.imm];
        for (unsigned i = 0; i < call.helper->argument_count; i++) {
            visit(call.arguments[i]);
        }
        return;
    }
    const Value operands[3] = {op.a, op.b, op.c};
    for (std::size_t i = 0; i < ir::info(op.code).arguments.size(); i++) {
        visit(operands[i]);
    }
}

}  // namespace

template <>
Emitter::Bank& Emitter::bank<Gpr>() {
    return gprs_;
}
template <>
Emitter::Bank& Emitter::bank<Xmm>() {
    return xmms_;
}
template <>
Gpr Emitter::pin_of<Gpr>(u8 slot) const {
    return pins_.gpr(slot);
}
template <>
Xmm Emitter::pin_of<Xmm>(u8 slot) const {
    return pins_.xmm(slot);
}

void Emitter::emit(const ir::Region& region, CodeBuffer buffer, u32 first_link) {
    a.restart(buffer);
    region_ = &region;
    links_.clear();
    first_link_ = first_link;
    states_.assign(region.ops.size(), ValueState{});
    cold_count_ = 0;
    block_labels_.assign(region.blocks.size(), Label{});
    region_start_ = 0;
    for (const Op& op : region.ops) {
        if (op.code == IrOp::insn_start) {
            region_start_ = static_cast<u32>(op.imm);
            break;
        }
    }
    page_offset_ = region_start_;
    // Blocks are emitted as their ops lie, which `is_next_block` relies on; their numbers are in the order of
    // reservation.
    block_order_.clear();
    for (u32 b = 0; b < region.blocks.size(); b++) {
        if (region.blocks[b].first != region.blocks[b].end) {
            block_order_.push_back(b);
        }
    }
    std::sort(block_order_.begin(), block_order_.end(),
              [&](u32 x, u32 y) { return region.blocks[x].first < region.blocks[y].first; });
    for (const u32 b : block_order_) {
        a.bind(block_labels_[b]);
        begin_block(region.blocks[b]);
        for (u32 i = region.blocks[b].first; i < region.blocks[b].end; i++) {
            emit_op(i);
        }
    }
    emit_cold_paths();
}

void Emitter::begin_block(const ir::Block& block) {
    gprs_.owner.fill(kNoValue);
    xmms_.owner.fill(kNoValue);
    home_of_.fill(kNoValue);
    gprs_.locked = xmms_.locked = 0;
    spills_in_use_ = 0;
    dying_count_ = 0;
    host_flags_ = kNoValue;
    aligned_stack_ = kNothing;
    analyse(block);
}

// Backwards: counts uses, and finds for each value the pinned register that it ends up in, if it can be made there. It
// can unless, between its making and the `set`, the old content is read or an op needs the state to be exact.
void Emitter::analyse(const ir::Block& block) {
    std::array<Value, 256> pending;  // per slot; only read where `active` says so
    std::array<u8, 32> active;
    unsigned active_count = 0;
    const auto drop = [&](unsigned i) {
        states_[index(pending[active[i]])].hint = kNothing;
        active[i] = active[--active_count];
    };
    for (u32 i = block.end; i-- > block.first;) {
        const Op& op = region_->ops[i];
        const Value self{i};
        if (op.code == IrOp::set) {
            const u8 slot = static_cast<u8>(op.imm);
            for (unsigned k = 0; k < active_count; k++) {
                if (active[k] == slot) {
                    drop(k);
                    break;
                }
            }
            if (pinned(slot) && states_[index(op.a)].hint == kNothing && !is_constant(op.a) && active_count < 32) {
                const IrOp maker = region_->op(op.a).code;
                if (maker != IrOp::get) {
                    states_[index(op.a)].hint = slot;
                    pending[slot] = op.a;
                    active[active_count++] = slot;
                }
            }
            states_[index(op.a)].uses++;
            continue;
        }
        const ir::Effects effects = ir::info(op.code).effects;
        const bool exact = (effects & (ir::kMayFault | ir::kCall)) != 0;
        for (unsigned k = 0; k < active_count;) {
            const bool made_here = pending[active[k]] == self;
            if (made_here) {
                active[k] = active[--active_count];
            } else if (exact || (op.code == IrOp::get && op.imm == active[k])) {
                drop(k);
            } else {
                k++;
            }
        }
        each_operand(*region_, op, [&](Value value) { states_[index(value)].uses++; });
    }
}

void Emitter::emit_op(u32 i) {
    index_ = i;
    op_ = &region_->ops[i];
    if (op_->code == IrOp::insn_start) {
        page_offset_ = static_cast<u32>(op_->imm);
        return;
    }
    lower_function(op_->code)(*this);
    end_op();
}

void Emitter::end_op() {
    gprs_.locked = xmms_.locked = 0;
    for (unsigned i = 0; i < dying_count_; i++) {
        release(dying_[i]);
    }
    dying_count_ = 0;
    // A result that nobody wants gives its register back.
    if (states_[index_].uses == 0 && states_[index_].place != Place::none) {
        release(current_value());
    }
}

void Emitter::emit_cold_paths() {
    for (std::size_t i = 0; i < cold_count_; i++) {
        ColdPath& path = cold_[i];
        a.bind(path.entry);
        op_ = path.op;
        page_offset_ = path.page_offset;
        path.emit(*this, path);
    }
}

ColdPath& Emitter::cold(void (*emit_path)(Emitter&, ColdPath&)) {
    if (cold_count_ == cold_.size()) {
        cold_.emplace_back();
    }
    ColdPath& path = cold_[cold_count_++];
    path = ColdPath{};
    path.emit = emit_path;
    path.op = op_;
    path.page_offset = page_offset_;
    return path;
}

ColdPath& Emitter::exit_path(u64 target) {
    ColdPath& path = cold(+[](Emitter& e, ColdPath& self) {
        const u32 number = self.registers[0] | u32{self.registers[1]} << 8;
        e.links_[number].unlinked = e.a.execution_address();
        e.a.mov(Width::w32, runtime(offsetof(Runtime, exit_link)), static_cast<i32>(e.first_link_ + number));
        e.a.mov(Width::w32, runtime(offsetof(Runtime, page_offset)), static_cast<i32>(self.data));
        e.a.jmp(e.stubs().exit_position());
    });
    path.data = target;
    path.registers[0] = static_cast<u8>(links_.size());
    path.registers[1] = static_cast<u8>(links_.size() >> 8);
    return path;
}

void Emitter::link_exit(u64 target) {
    ColdPath& path = exit_path(target);
    links_.push_back({a.patchable_jmp(path.entry), target, nullptr});
}

void Emitter::link_exit_if(Cond cond, u64 target) {
    ColdPath& path = exit_path(target);
    links_.push_back({a.patchable_jcc(cond, path.entry), target, nullptr});
}

void Emitter::unlock_all() {
    gprs_.locked = xmms_.locked = 0;
}

void Emitter::skip(Value value) {
    ValueState& state = state_of(value);
    KELVIN_ASSERT(state.uses != 0);
    state.uses--;
    if (state.uses == 0) {
        dying_[dying_count_++] = value;
    }
}

void Emitter::drop_operands() {
    each_operand(*region_, *op_, [&](Value value) { skip(value); });
}

void Emitter::fuse_next() {
    each_operand(*region_, region_->ops[index_ + 1], [&](Value value) { state_of(value).uses--; });
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

const Op* Emitter::plain_exit(u32 block) const {
    const ir::Block& target = region_->blocks[block];
    if (target.end != target.first + 1) {
        return nullptr;
    }
    const Op& op = region_->ops[target.first];
    const bool forward = static_cast<i64>(op.imm) > static_cast<i64>(page_offset_) && op.imm < 4096;
    return op.code == IrOp::exit_direct && forward ? &op : nullptr;
}

bool Emitter::is_next_block(u32 block) const {
    return region_->blocks[block].first == index_ + 1;
}

bool Emitter::immediate(Value value, Type type, i32& out) const {
    if (!is_constant(value)) {
        return false;
    }
    const u64 number = region_->constant(value);
    const i64 wide = type == Type::i32 ? static_cast<i32>(static_cast<u32>(number)) : static_cast<i64>(number);
    out = static_cast<i32>(wide);
    return wide == out;
}

// Registers.

template <class Reg>
void Emitter::bind(Value value, Reg reg) {
    ValueState& state = state_of(value);
    state.place = std::is_same_v<Reg, Gpr> ? Place::gpr : Place::xmm;
    state.reg = static_cast<u8>(number(reg));
    bank<Reg>().owner[number(reg)] = value;
}

template <class Reg>
void Emitter::unbind(Value value) {
    ValueState& state = state_of(value);
    bank<Reg>().owner[state.reg] = kNoValue;
    state.reg = kNothing;
    state.place = Place::none;
}

void Emitter::move(Xmm to, Xmm from) {
    a.vex(vop::vmovaps, to, from);
}

u8 Emitter::allocate_spill() {
    const unsigned free = static_cast<unsigned>(std::countr_one(spills_in_use_));
    KELVIN_ASSERT(free < 64);
    spills_in_use_ |= u64{1} << free;
    return static_cast<u8>(free);
}

void Emitter::spill_to_memory(Value value, u8 reg, bool vector) {
    ValueState& state = state_of(value);
    state.spill = allocate_spill();
    state.place = Place::spill;
    if (vector) {
        a.vex(vop::vmovaps_store, spill_place(state.spill), Xmm{reg});
    } else {
        a.mov(Width::w64, spill_place(state.spill), Gpr{reg});
    }
}

// Makes a local register free. What it held is still to be had elsewhere, or is put there.
template <class Reg>
void Emitter::evict(Reg reg) {
    const Value value = bank<Reg>().owner[number(reg)];
    if (value == kNoValue) {
        return;
    }
    ValueState& state = state_of(value);
    unbind<Reg>(value);
    if (state.uses == 0) {
        return;
    }
    if (is_constant(value)) {
        state.place = Place::constant;
    } else if (state.home != kNothing) {
        state.place = ir::makes_flags(op(value)) || op(value).type == Type::flags ? Place::stored_flags : Place::home;
    } else {
        spill_to_memory(value, static_cast<u8>(number(reg)), std::is_same_v<Reg, Xmm>);
    }
}

template <class Reg>
Reg Emitter::allocate(u32 excluded) {
    Bank& b = bank<Reg>();
    const auto& locals = [] -> const auto& {
        if constexpr (std::is_same_v<Reg, Gpr>) {
            return kLocalGprs;
        } else {
            return kLocalXmms;
        }
    }
    ();
    const u32 forbidden = b.locked | excluded;
    const Reg* best = nullptr;
    for (const Reg& reg : locals) {
        if ((forbidden & bit_of(number(reg))) != 0) {
            continue;
        }
        const Value owner = b.owner[number(reg)];
        if (owner == kNoValue || state_of(owner).uses == 0) {
            best = &reg;
            break;
        }
        const bool cheap = state_of(owner).home != kNothing || is_constant(owner);
        if (best == nullptr || cheap) {
            best = &reg;
        }
    }
    KELVIN_ASSERT(best != nullptr);
    evict(*best);
    b.locked |= bit_of(number(*best));
    return *best;
}

void Emitter::take(Gpr reg) {
    const Value owner = gprs_.owner[number(reg)];
    KELVIN_ASSERT((gprs_.locked & bit_of(number(reg))) == 0);
    gprs_.locked |= bit_of(number(reg));
    if (owner == kNoValue) {
        return;
    }
    // Elsewhere if there is room, as the value is still wanted.
    if (state_of(owner).uses != 0 && state_of(owner).home == kNothing && !is_constant(owner)) {
        for (const Gpr other : kLocalGprs) {
            if ((gprs_.locked & bit_of(number(other))) == 0 && gprs_.owner[number(other)] == kNoValue) {
                unbind<Gpr>(owner);
                move(other, reg);
                bind(owner, other);
                return;
            }
        }
    }
    evict(reg);
}

Gpr Emitter::temp() {
    return allocate<Gpr>();
}
Xmm Emitter::temp_xmm() {
    return allocate<Xmm>();
}

void Emitter::load_place(Gpr to, const ValueState& from, Value value) {
    switch (from.place) {
        case Place::gpr:
            if (from.reg != number(to)) {
                move(to, Gpr{from.reg});
            }
            break;
        case Place::home:
            if (pinned(from.home)) {
                if (pins_.gpr(from.home) != to) {
                    move(to, pins_.gpr(from.home));
                }
            } else {
                a.mov(Width::w64, to, slot_place(from.home));
            }
            break;
        case Place::spill:
            a.mov(Width::w64, to, spill_place(from.spill));
            break;
        default:
            KELVIN_ASSERT(is_constant(value));
            a.mov_imm(to, op(value).type == Type::i32 ? static_cast<u32>(op(value).imm) : op(value).imm);
            break;
    }
}

void Emitter::load_place(Xmm to, const ValueState& from, Value) {
    switch (from.place) {
        case Place::xmm:
            if (from.reg != number(to)) {
                move(to, Xmm{from.reg});
            }
            break;
        case Place::home:
            if (!pinned(from.home)) {
                a.vex(vop::vmovaps, to, slot_place(from.home));
            } else if (pins_.xmm(from.home) != to) {
                move(to, pins_.xmm(from.home));
            }
            break;
        default:
            KELVIN_ASSERT(from.place == Place::spill);
            a.vex(vop::vmovaps, to, spill_place(from.spill));
            break;
    }
}

void Emitter::release(Value value) {
    ValueState& state = state_of(value);
    if (state.uses != 0) {
        return;
    }
    if (state.place == Place::gpr) {
        unbind<Gpr>(value);
    } else if (state.place == Place::xmm) {
        unbind<Xmm>(value);
    }
    if (state.spill != kNothing) {
        spills_in_use_ &= ~(u64{1} << state.spill);
        state.spill = kNothing;
    }
    if (state.home != kNothing && home_of_[state.home] == value) {
        home_of_[state.home] = kNoValue;
        state.home = kNothing;
    }
    if (host_flags_ == value) {
        host_flags_ = kNoValue;
    }
    state.place = Place::none;
}

// The register that holds `value`, which stays there until the op ends. Accounts for one use.
template <class Reg>
Reg Emitter::fetch(Value value) {
    ValueState& state = state_of(value);
    KELVIN_ASSERT(state.uses != 0);
    state.uses--;
    if (state.uses == 0) {
        KELVIN_ASSERT(dying_count_ < dying_.size());
        dying_[dying_count_++] = value;
    }
    Bank& b = bank<Reg>();
    constexpr Place kHere = std::is_same_v<Reg, Gpr> ? Place::gpr : Place::xmm;
    if (state.place == kHere) {
        b.locked |= bit_of(state.reg);
        return Reg{state.reg};
    }
    if (state.place == Place::home && pinned(state.home)) {
        const Reg pin = pin_of<Reg>(state.home);
        b.locked |= bit_of(number(pin));
        return pin;
    }
    const Reg reg = allocate<Reg>();
    load_place(reg, state, value);
    if (state.spill != kNothing) {
        spills_in_use_ &= ~(u64{1} << state.spill);
        state.spill = kNothing;
    }
    bind(value, reg);
    return reg;
}

Gpr Emitter::use(Value value) {
    return fetch<Gpr>(value);
}
Xmm Emitter::use_xmm(Value value) {
    return fetch<Xmm>(value);
}

Gpr Emitter::use_copy(Value value) {
    const Gpr from = use(value);
    const Gpr to = temp();
    move(to, from);
    return to;
}

Xmm Emitter::use_copy_xmm(Value value) {
    const Xmm from = use_xmm(value);
    const Xmm to = temp_xmm();
    move(to, from);
    return to;
}

void Emitter::use_into(Gpr reg, Value value) {
    ValueState& state = state_of(value);
    load_place(reg, state, value);
    state.uses--;
    if (state.uses == 0) {
        dying_[dying_count_++] = value;
    }
}

void Emitter::use_into(Xmm reg, Value value) {
    ValueState& state = state_of(value);
    load_place(reg, state, value);
    state.uses--;
    if (state.uses == 0) {
        dying_[dying_count_++] = value;
    }
}

bool Emitter::in_memory(Value value) const {
    const ValueState& state = state_of(value);
    return state.uses == 1 && ((state.place == Place::home && !pinned(state.home)) || (state.place == Place::spill));
}

Mem Emitter::memory_operand(Value value) {
    ValueState& state = state_of(value);
    state.uses--;
    dying_[dying_count_++] = value;
    return state.place == Place::spill ? spill_place(state.spill) : slot_place(state.home);
}

template <class Reg>
Reg Emitter::destination(bool avoid_operands, const Reg* over) {
    const Value value = current_value();
    ValueState& state = states_[index_];
    Bank& b = bank<Reg>();
    if (state.hint != kNothing) {
        const Reg pin = pin_of<Reg>(state.hint);
        const Value old = home_of_[state.hint];
        const bool read_later = old != kNoValue && state_of(old).uses != 0;
        const bool operand = (b.locked & bit_of(number(pin))) != 0;
        if (!read_later && !(operand && avoid_operands)) {
            if (old != kNoValue) {
                state_of(old).home = kNothing;
                if (state_of(old).place == Place::home) {
                    state_of(old).place = Place::none;
                }
            }
            home_of_[state.hint] = value;
            state.home = state.hint;
            state.place = Place::home;
            return pin;
        }
    }
    if (over != nullptr && (b.locals & bit_of(number(*over))) != 0) {
        const Value owner = b.owner[number(*over)];
        if (owner == kNoValue || state_of(owner).uses == 0) {
            if (owner != kNoValue) {
                unbind<Reg>(owner);
            }
            bind(value, *over);
            return *over;
        }
    }
    const Reg reg = allocate<Reg>();
    bind(value, reg);
    return reg;
}

Gpr Emitter::define(bool avoid_operands) {
    return destination<Gpr>(avoid_operands, nullptr);
}
Xmm Emitter::define_xmm(bool avoid_operands) {
    return destination<Xmm>(avoid_operands, nullptr);
}
Gpr Emitter::define_over(Gpr operand) {
    return destination<Gpr>(false, &operand);
}
Xmm Emitter::define_over(Xmm operand) {
    return destination<Xmm>(false, &operand);
}

void Emitter::define_in(Gpr reg) {
    const Value owner = gprs_.owner[number(reg)];
    if (owner != kNoValue) {
        unbind<Gpr>(owner);
    }
    bind(current_value(), reg);
}

// Guest registers.

void Emitter::relocate_home(u8 slot) {
    const Value old = home_of_[slot];
    if (old == kNoValue) {
        return;
    }
    home_of_[slot] = kNoValue;
    ValueState& state = state_of(old);
    if (state.place == Place::home && state.uses != 0) {
        if (region_->guest->slots[slot].type == Type::v128) {
            const Xmm reg = allocate<Xmm>();
            load_place(reg, state, old);
            bind(old, reg);
        } else {
            const Gpr reg = allocate<Gpr>();
            load_place(reg, state, old);
            bind(old, reg);
        }
    } else if (state.place == Place::stored_flags && state.uses != 0) {
        const Gpr reg = allocate<Gpr>();
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
    ValueState& state = state_of(value);
    const Type type = region_->guest->slots[slot].type;
    if (state.home == slot && home_of_[slot] == value && state.place != Place::host_flags) {
        state.uses--;
        if (state.uses == 0) {
            dying_[dying_count_++] = value;
        }
        return;
    }
    if (type == Type::flags && state.place == Place::gpr) {
        const Gpr reg = use(value);
        relocate_home(slot);
        a.mov(Width::w32, slot_place(slot), reg);
    } else if (type == Type::flags) {
        take(Gpr::rax);
        if (home_of_[slot] != value) {
            relocate_home(slot);
        }
        flags_into_eax(value);
        a.mov(Width::w32, slot_place(slot), Gpr::rax);
    } else if (type == Type::v128) {
        const Xmm reg = use_xmm(value);
        relocate_home(slot);
        if (pinned(slot)) {
            move(pins_.xmm(slot), reg);
        } else {
            a.vex(vop::vmovaps_store, slot_place(slot), reg);
        }
    } else {
        i32 number = 0;
        if (is_constant(value)) {
            relocate_home(slot);
            skip(value);
            if (pinned(slot)) {
                a.mov_imm(pins_.gpr(slot), region_->constant(value));
                return;
            }
            if (!immediate(value, Type::i64, number)) {
                const Gpr reg = temp();
                a.mov_imm(reg, region_->constant(value));
                a.mov(Width::w64, slot_place(slot), reg);
                return;
            }
            a.mov(Width::w64, slot_place(slot), number);
            return;
        }
        const Gpr reg = use(value);
        relocate_home(slot);
        if (pinned(slot)) {
            move(pins_.gpr(slot), reg);
        } else {
            a.mov(Width::w64, slot_place(slot), reg);
        }
    }
    // From now on the guest register holds the value; a local register that did is free if it was the only reason.
    if (state.uses != 0 && state.home == kNothing) {
        home_of_[slot] = value;
        state.home = slot;
        if (pinned(slot)) {
            if (state.place == Place::gpr) {
                unbind<Gpr>(value);
            } else if (state.place == Place::xmm) {
                unbind<Xmm>(value);
            }
            state.place = Place::home;
        }
    }
}

void Emitter::detach_homes() {
    for (std::size_t slot = 0; slot < region_->guest->slots.size(); slot++) {
        relocate_home(static_cast<u8>(slot));
    }
}

void Emitter::evict_locals() {
    for (const Gpr reg : kLocalGprs) {
        evict(reg);
    }
    for (const Xmm reg : kLocalXmms) {
        evict(reg);
    }
}

}  // namespace kelvin::x64
