// SPDX-License-Identifier: Apache-2.0
// Flags values: in EFLAGS while they last, else in stored form (ir/guest_desc.h) in the state, a register or a spill
// place.
#include "emit/x64/emitter.h"

namespace kelvin::x64 {

using ir::index;
using ir::kNoValue;

namespace {

/// The stored-form bit that decides a condition alone, and whether the condition holds when it is set; 0 if it takes
/// more.
struct SingleBit {
    u32 mask;
    bool set;
};

constexpr SingleBit single_bit(ir::Cond cond) {
    namespace stored = ir::stored_flags;
    switch (cond) {
        case ir::Cond::eq:
            return {stored::kZ, true};
        case ir::Cond::ne:
            return {stored::kZ, false};
        case ir::Cond::cs:
            return {stored::kNotC, false};
        case ir::Cond::cc:
            return {stored::kNotC, true};
        case ir::Cond::mi:
            return {stored::kN, true};
        case ir::Cond::pl:
            return {stored::kN, false};
        case ir::Cond::vs:
            return {stored::kV, true};
        case ir::Cond::vc:
            return {stored::kV, false};
        default:
            return {0, false};
    }
}

/// The host condition after a subtraction: CF = borrow = NOT C.
constexpr Cond borrow_condition(ir::Cond cond) {
    constexpr Cond kMap[] = {Cond::e,  Cond::ne, Cond::ae, Cond::b,  Cond::s, Cond::ns, Cond::o,
                             Cond::no, Cond::a,  Cond::be, Cond::ge, Cond::l, Cond::g,  Cond::le};
    return kMap[static_cast<unsigned>(cond)];
}

/// After ucomis, which raises CF, ZF and PF together for unordered: the conditions that one test decides.
constexpr bool fp_condition(ir::Cond cond, Cond& host) {
    switch (cond) {
        case ir::Cond::gt:
            host = Cond::a;
            return true;
        case ir::Cond::ge:
            host = Cond::ae;
            return true;
        case ir::Cond::lt:
            host = Cond::b;
            return true;
        case ir::Cond::le:
            host = Cond::be;
            return true;
        case ir::Cond::vs:
            host = Cond::p;
            return true;
        case ir::Cond::vc:
            host = Cond::np;
            return true;
        default:
            return false;
    }
}

}  // namespace

Mem Emitter::stored_flags_place(const ValueState& flags) const {
    return flags.place == Place::stored_flags ? slot_place(flags.home) : spill_place(flags.spill);
}

void Emitter::define_flags(Sense sense) {
    host_flags_ = current_value();
    sense_ = sense;
    states_[index_].place = Place::host_flags;
}

void Emitter::define_next_flags(Sense sense) {
    host_flags_ = Value{index_ + 1};
    sense_ = sense;
    states_[index_ + 1].place = Place::host_flags;
}

void Emitter::define_flags_in_eax() {
    define_in(Gpr::rax);
}

// Makes eax the stored form of what EFLAGS hold; EFLAGS go on holding it.
void Emitter::host_flags_into_eax() {
    if (sense_ == Sense::fp) {
        // Greater, less (CF), equal (ZF), unordered (these and PF). Nothing here changes EFLAGS.
        namespace stored = ir::stored_flags;
        const auto choose = [&](Cond cond, u32 form) {
            a.cmov(cond, Width::w32, Gpr::rax, mem_rip(stubs_.vector_constant(v128(form))));
        };
        a.mov_imm(Gpr::rax, 0);
        choose(Cond::b, stored::kN | stored::kNotC);
        choose(Cond::e, stored::kZ);
        choose(Cond::p, stored::kV);
        return;
    }
    if (sense_ == Sense::carry) {
        a.cmc();
        sense_ = Sense::borrow;
    }
    a.lahf();
    a.setcc(Cond::o, Gpr::rax);
}

// EFLAGS are about to change: if a value is only there and wanted later, it is put into a spill place.
void Emitter::clobber_flags() {
    if (host_flags_ == kNoValue) {
        return;
    }
    ValueState& state = state_of(host_flags_);
    if (state.place == Place::host_flags) {
        if (state.uses == 0) {
            state.place = Place::none;
        } else if (state.holds) {
            state.place = Place::deferred;
        } else if (state.home != kNothing) {
            state.place = Place::stored_flags;
        } else {
            save_host_flags();
        }
    }
    host_flags_ = kNoValue;
}

void Emitter::save_host_flags() {
    ValueState& state = state_of(host_flags_);
    state.spill = allocate_spill();
    state.place = Place::spill;
    const Mem keep = runtime(offsetof(Runtime, saved[6]));
    a.mov(Width::w64, keep, Gpr::rax);
    host_flags_into_eax();
    a.mov(Width::w32, spill_place(state.spill), Gpr::rax);
    a.mov(Width::w64, Gpr::rax, keep);
}

void Emitter::flags_into_eax(Value flags) {
    ensure_flags(flags);
    ValueState& state = state_of(flags);
    if (state.place == Place::host_flags) {
        host_flags_into_eax();
    } else if (state.place == Place::gpr) {
        if (state.reg != number(Gpr::rax)) {
            a.mov(Width::w32, Gpr::rax, Gpr{state.reg});
        }
    } else {
        a.mov(Width::w32, Gpr::rax, stored_flags_place(state));
    }
    state.uses--;
    if (state.uses == 0) {
        dying_[dying_count_++] = flags;
    }
}

Cond Emitter::condition(ir::Cond cond, Value flags) {
    if (cond >= ir::Cond::al) {
        // Only where the builder does not simplify.
        skip(flags);
        clobber_flags();
        a.cmp(Width::w32, Gpr::rax, Gpr::rax);
        return Cond::e;
    }
    ensure_flags(flags);
    ValueState& state = state_of(flags);
    if (host_flags_ == flags) {
        Cond host{};
        if (sense_ != Sense::fp) {
            if (sense_ == Sense::carry &&
                (cond == ir::Cond::cs || cond == ir::Cond::cc || cond == ir::Cond::hi || cond == ir::Cond::ls)) {
                a.cmc();
                sense_ = Sense::borrow;
            }
            state.uses--;
            if (state.uses == 0) {
                dying_[dying_count_++] = flags;
            }
            return borrow_condition(cond);
        }
        if (fp_condition(cond, host)) {
            state.uses--;
            if (state.uses == 0) {
                dying_[dying_count_++] = flags;
            }
            return host;
        }
    }
    const SingleBit test = single_bit(cond);
    if (test.mask != 0 && (state.place == Place::gpr || state.home != kNothing || state.place == Place::spill)) {
        clobber_flags();
        state.uses--;
        if (state.uses == 0) {
            dying_[dying_count_++] = flags;
        }
        if (state.place == Place::gpr) {
            a.test(Width::w32, Gpr{state.reg}, static_cast<i32>(test.mask));
        } else {
            a.test(Width::w32, stored_flags_place(state), static_cast<i32>(test.mask));
        }
        return test.set ? Cond::ne : Cond::e;
    }
    take(Gpr::rax);
    flags_into_eax(flags);
    clobber_flags();
    if (test.mask != 0) {
        a.test(Width::w32, Gpr::rax, static_cast<i32>(test.mask));
        return test.set ? Cond::ne : Cond::e;
    }
    // al = V; adding 7f overflows exactly if it is 1, and sahf leaves OF alone.
    a.add(Width::w8, Gpr::rax, 0x7f);
    a.sahf();
    return borrow_condition(cond);
}

void Emitter::carry_into_cf(Value flags, bool borrow) {
    ensure_flags(flags);
    ValueState& state = state_of(flags);
    if (host_flags_ == flags && sense_ != Sense::fp) {
        state.uses--;
        if (state.uses != 0 && state.holds) {
            state.place = Place::deferred;
        } else if (state.uses != 0 && state.home == kNothing) {
            save_host_flags();
        } else if (state.uses != 0) {
            state.place = Place::stored_flags;
        } else {
            dying_[dying_count_++] = flags;
        }
        host_flags_ = kNoValue;
        if ((sense_ == Sense::borrow) != borrow) {
            a.cmc();
        }
        return;
    }
    flags_into_eax(flags);
    clobber_flags();
    a.bt(Width::w32, Gpr::rax, 8);
    if (!borrow) {
        a.cmc();
    }
}

}  // namespace kelvin::x64
