// SPDX-License-Identifier: Apache-2.0
// Emitters that make flags, take them in, or choose by them.
#include "emit/x64/lower.h"

namespace kelvin::x64::lower {

namespace {

/// The right operand of an addition or a subtraction, where it is.
struct RightOperand {
    enum class Kind : u8 { immediate, memory, reg };
    Kind kind = Kind::reg;
    i32 immediate = 0;
    Mem memory{};
    Gpr reg{};
};

RightOperand right_operand(Emitter& e) {
    const Op& op = e.current();
    RightOperand right;
    if (e.immediate(op.b, op.type, right.immediate)) {
        e.skip(op.b);
        right.kind = RightOperand::Kind::immediate;
    } else if (op.a != op.b && e.in_memory(op.b)) {
        right.memory = e.memory_operand(op.b);
        right.kind = RightOperand::Kind::memory;
    } else {
        right.reg = e.use(op.b);
    }
    return right;
}

// Host adc and sbb take CF, so the carry is brought there after the operands are in place.
void with_carry(Emitter& e, Alu alu, bool want_flags) {
    using Kind = RightOperand::Kind;
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const bool borrow = alu == Alu::sbb;
    const bool fused = !want_flags && e.flags_follow(borrow ? IrOp::sbc_flags : IrOp::adc_flags);
    if (fused) {
        e.fuse_next();
    }
    e.ensure_flags(op.c);
    if (!e.carry_in_host(op.c)) {
        e.take(Gpr::rax);
    }
    const Gpr left = e.use(op.a);
    RightOperand right = right_operand(e);
    const Gpr result = want_flags ? e.temp() : e.define_over(left);
    if (right.kind == Kind::reg && result == right.reg && result != left) {
        right.reg = e.temp();
        e.a.mov(w, right.reg, result);
    }
    if (result != left) {
        e.a.mov(w, result, left);
    }
    e.carry_into_cf(op.c, borrow);
    if (right.kind == Kind::immediate) {
        e.a.alu(alu, w, result, right.immediate);
    } else if (right.kind == Kind::memory) {
        e.a.alu(alu, w, result, right.memory);
    } else {
        e.a.alu(alu, w, result, right.reg);
    }
    if (want_flags || fused) {
        const auto sense = borrow ? Emitter::Sense::borrow : Emitter::Sense::carry;
        want_flags ? e.define_flags(sense) : e.define_next_flags(sense);
    }
}

}  // namespace

void adc(Emitter& e) {
    with_carry(e, Alu::adc, false);
}
void sbc(Emitter& e) {
    with_carry(e, Alu::sbb, false);
}
void adc_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        with_carry(e, Alu::adc, true);
    }
}
void sbc_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        with_carry(e, Alu::sbb, true);
    }
}

void select(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const x64::Cond cond = e.condition(op.cond(), op.a);
    const Gpr if_true = e.use(op.b);
    const Gpr if_false = e.use(op.c);
    const Gpr result = e.define_over(if_false);
    if (result == if_true && result != if_false) {
        e.a.cmov(x64::invert(cond), w, result, if_false);
        return;
    }
    if (result != if_false) {
        e.a.mov(w, result, if_false);
    }
    e.a.cmov(cond, w, result, if_true);
}

void cond_set(Emitter& e) {
    const Op& op = e.current();
    const x64::Cond cond = e.condition(op.cond(), op.a);
    const Gpr result = e.define();
    e.a.setcc(cond, result);
    e.a.movzx(Width::w8, result, result);
}

void sub_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        e.make_flags();
    }
}
void add_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        e.make_flags();
    }
}
void logic_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        e.make_flags();
    }
}

namespace {

constexpr i32 kStoredBits =
    ir::stored_flags::kN | ir::stored_flags::kZ | ir::stored_flags::kNotC | ir::stored_flags::kV;

}  // namespace

void flags_from_nzcv(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    e.take(Gpr::rax);
    const Gpr source = e.use(op.a);
    // N Z C V from bits 31:28 to bits 15, 14, 8 and 0, C complemented: from bits 3:0 by a sum of shifts by 12, 7 and 0.
    e.a.mov(Width::w32, Gpr::rax, source);
    e.a.shr(Width::w32, Gpr::rax, 28);
    e.a.imul(Width::w32, Gpr::rax, Gpr::rax, 1 << 12 | 1 << 7 | 1);
    e.a.and_(Width::w32, Gpr::rax, kStoredBits);
    e.a.xor_(Width::w32, Gpr::rax, ir::stored_flags::kNotC);
    e.define_flags_in_eax();
}

void nzcv_from_flags(Emitter& e) {
    const Op& op = e.current();
    e.take(Gpr::rax);
    e.flags_into_eax(op.a);
    e.clobber_flags();
    // The other way round, by shifts by 16, 21 and 28; what goes elsewhere is cut.
    e.a.and_(Width::w32, Gpr::rax, kStoredBits);
    e.a.imul(Width::w32, Gpr::rax, Gpr::rax, 1 << 28 | 1 << 21 | 1 << 16);
    e.a.and_(Width::w32, Gpr::rax, static_cast<i32>(0xf0000000));
    e.a.xor_(Width::w32, Gpr::rax, 1 << 29);
    e.define_in(Gpr::rax);
}

void select_flags(Emitter& e) {
    const Op& op = e.current();
    const u32 otherwise = ir::stored_flags::from_nzcv(static_cast<u32>(op.imm));
    e.take(Gpr::rax);
    e.flags_into_eax(op.b);
    const Gpr taken = e.temp();
    e.a.mov(Width::w32, taken, Gpr::rax);
    e.unlock(Gpr::rax);
    const x64::Cond cond = e.condition(op.cond(), op.a);
    const Gpr other = e.temp();
    e.a.mov_imm(other, otherwise);
    e.a.cmov(cond, Width::w32, other, taken);
    e.define_in(other);
}

}  // namespace kelvin::x64::lower
