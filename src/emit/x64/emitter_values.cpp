// SPDX-License-Identifier: Apache-2.0
// The registers of values: allocated, filled, evicted and given back.
#include <algorithm>
#include <bit>

#include "emit/x64/emitter.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64 {

using ir::kNoValue;

namespace {

constexpr u32 bit_of(unsigned reg) {
    return 1u << reg;
}

/// The registers that are not pinned.
template <class Reg>
constexpr const auto& locals() {
    if constexpr (std::is_same_v<Reg, Gpr>) {
        return kLocalGprs;
    } else {
        return kLocalXmms;
    }
}

}  // namespace

template <>
Gpr Emitter::pin_of<Gpr>(u8 slot) const {
    return pins_.gpr(slot);
}
template <>
Xmm Emitter::pin_of<Xmm>(u8 slot) const {
    return pins_.xmm(slot);
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

template void Emitter::evict(Gpr reg);  // for emitter_groups.cpp

template <class Reg>
Reg Emitter::allocate(u32 excluded) {
    Bank& b = bank<Reg>();
    const u32 forbidden = b.locked | excluded;
    const Reg* best = nullptr;
    // Holds an addend: making that again is dearer than what is cheap, but not than a spill.
    const Reg* grouped = nullptr;
    bool best_cheap = false;
    for (const Reg& reg : locals<Reg>()) {
        if ((forbidden & bit_of(number(reg))) != 0) {
            continue;
        }
        if constexpr (std::is_same_v<Reg, Gpr>) {
            if (groups_.holds(reg, index_)) {
                grouped = &reg;
                continue;
            }
        }
        const Value owner = b.owner[number(reg)];
        if (owner == kNoValue || state_of(owner).uses == 0) {
            best = &reg;
            best_cheap = true;
            break;
        }
        const bool cheap = state_of(owner).home != kNothing || is_constant(owner);
        if (best == nullptr || cheap) {
            best = &reg;
            best_cheap = cheap;
        }
    }
    if (grouped != nullptr && !best_cheap) {
        best = grouped;
    }
    KELVIN_ASSERT(best != nullptr);
    evict(*best);
    if constexpr (std::is_same_v<Reg, Gpr>) {
        groups_.forget(*best);
    }
    b.locked |= bit_of(number(*best));
    return *best;
}

void Emitter::take(Gpr reg) {
    const Value owner = gprs_.owner[number(reg)];
    KELVIN_ASSERT((gprs_.locked & bit_of(number(reg))) == 0);
    gprs_.locked |= bit_of(number(reg));
    groups_.forget(reg);
    if (owner == kNoValue) {
        return;
    }
    // Elsewhere if there is room, as the value is still wanted.
    if (state_of(owner).uses != 0 && state_of(owner).home == kNothing && !is_constant(owner)) {
        for (const bool from_group : {false, true}) {
            for (const Gpr other : kLocalGprs) {
                if ((gprs_.locked & bit_of(number(other))) == 0 && gprs_.owner[number(other)] == kNoValue &&
                    (from_group || !groups_.holds(other, index_))) {
                    groups_.forget(other);
                    unbind<Gpr>(owner);
                    move(other, reg);
                    bind(owner, other);
                    return;
                }
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
        case Place::state:
            a.mov(Width::w64, to, Emitter::state(static_cast<u32>(op(value).imm)));
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
    if (state.holds) {
        drop_recipe(value);
    }
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
    return state.uses == 1 && ((state.place == Place::home && !pinned(state.home)) || state.place == Place::spill ||
                               state.place == Place::state);
}

Mem Emitter::memory_operand(Value value) {
    ValueState& state = state_of(value);
    state.uses--;
    dying_[dying_count_++] = value;
    switch (state.place) {
        case Place::spill:
            return spill_place(state.spill);
        case Place::state:
            return Emitter::state(static_cast<u32>(op(value).imm));
        default:
            return slot_place(state.home);
    }
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
    if (over != nullptr && std::ranges::find(locals<Reg>(), *over) != std::end(locals<Reg>())) {
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

void Emitter::evict_locals() {
    groups_.forget_all();
    for (const Gpr reg : kLocalGprs) {
        evict(reg);
    }
    for (const Xmm reg : kLocalXmms) {
        evict(reg);
    }
}

}  // namespace kelvin::x64
