// SPDX-License-Identifier: Apache-2.0
// Emitters of integer arithmetic.
#include <climits>

#include "emit/x64/lower.h"

namespace kelvin::x64::lower {

namespace {

enum class Commutes : bool { no, yes };

/// result = a op b in the two-operand form. True if EFLAGS are those of the operation.
void two_operand(Emitter& e, Alu alu, Commutes commutes) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    Assembler& a = e.a;
    i32 imm = 0;
    if (e.immediate(op.b, op.type, imm)) {
        e.skip(op.b);
        const Gpr source = e.use(op.a);
        const Gpr result = e.define_over(source);
        if (result != source) {
            a.mov(w, result, source);
        }
        a.alu(alu, w, result, imm);
        return;
    }
    if (e.in_memory(op.b) && op.a != op.b) {
        const Gpr source = e.use(op.a);
        const Mem right = e.memory_operand(op.b);
        const Gpr result = e.define_over(source);
        if (result != source) {
            a.mov(w, result, source);
        }
        a.alu(alu, w, result, right);
        return;
    }
    const Gpr left = e.use(op.a);
    const Gpr right = e.use(op.b);
    const Gpr result = e.define_over(left);
    if (result == right && result != left) {
        if (commutes == Commutes::yes) {
            a.alu(alu, w, result, left);
            return;
        }
        const Gpr copy = e.temp();
        a.mov(w, copy, right);
        a.mov(w, result, left);
        a.alu(alu, w, result, copy);
        return;
    }
    if (result != left) {
        a.mov(w, result, left);
    }
    a.alu(alu, w, result, right);
}

}  // namespace

void add(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    i32 imm = 0;
    if (e.left_to_user(op.b)) {
        const Op& shift = e.op(op.b);
        e.skip(op.b);
        const Gpr left = e.use(op.a);
        const Gpr scaled = e.use(shift.a);
        e.a.lea(w, e.define(), mem(left, scaled, 1u << e.region().constant(shift.b)));
        return;
    }
    if (e.flags_follow(IrOp::add_flags)) {
        e.clobber_flags();
        e.fuse_next();
        two_operand(e, Alu::add, Commutes::yes);
        e.define_next_flags(Emitter::Sense::carry);
        return;
    }
    if (e.immediate(op.b, op.type, imm)) {
        e.skip(op.b);
        const Gpr source = e.use(op.a);
        const Gpr result = e.define_over(source);
        e.a.lea(w, result, mem(source, imm));
        return;
    }
    const bool keep_flags = e.flags_wanted();
    if (e.in_memory(op.b) && op.a != op.b && !keep_flags) {
        e.clobber_flags();
        two_operand(e, Alu::add, Commutes::yes);
        return;
    }
    const Gpr left = e.use(op.a);
    const Gpr right = e.use(op.b);
    const Gpr result = e.define_over(left);
    if (keep_flags) {
        e.a.lea(w, result, mem(left, right, 1));
    } else if (result == left) {
        e.clobber_flags();
        e.a.add(w, result, right);
    } else if (result == right) {
        e.clobber_flags();
        e.a.add(w, result, left);
    } else {
        e.a.lea(w, result, mem(left, right, 1));
    }
}

void sub(Emitter& e) {
    const bool fused = e.flags_follow(IrOp::sub_flags);
    const Op& op = e.current();
    i32 imm = 0;
    if (!fused && e.immediate(op.b, op.type, imm) && imm != INT32_MIN) {
        e.skip(op.b);
        const Gpr source = e.use(op.a);
        const Gpr result = e.define_over(source);
        e.a.lea(Emitter::width(op.type), result, mem(source, -imm));
        return;
    }
    e.clobber_flags();
    if (!fused) {
        two_operand(e, Alu::sub, Commutes::no);
        return;
    }
    e.fuse_next();
    two_operand(e, Alu::sub, Commutes::no);
    e.define_next_flags(Emitter::Sense::borrow);
}

void and_(Emitter& e) {
    const Op& op = e.current();
    const Value next_value{index(e.current_value()) + 1};
    const bool fused = index(next_value) < e.region().ops.size() && e.op(next_value).code == IrOp::logic_flags &&
                       e.op(next_value).a == e.current_value() && e.op(next_value).type == op.type &&
                       e.uses(next_value) != 0;
    if (fused && e.leave_to_test()) {
        return;
    }
    if (!fused && op.type == Type::i64 && e.is_constant(op.b) && e.region().constant(op.b) == ~u32{0}) {
        e.skip(op.b);
        const Gpr source = e.use(op.a);
        e.a.mov(Width::w32, e.define_over(source), source);
        return;
    }
    e.clobber_flags();
    if (!fused) {
        two_operand(e, Alu::and_, Commutes::yes);
        return;
    }
    two_operand(e, Alu::and_, Commutes::yes);
    e.fuse_next();
    e.define_next_flags(Emitter::Sense::carry);
}
void or_(Emitter& e) {
    e.clobber_flags();
    two_operand(e, Alu::or_, Commutes::yes);
}
void xor_(Emitter& e) {
    e.clobber_flags();
    two_operand(e, Alu::xor_, Commutes::yes);
}

void andn(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    const Gpr left = e.use(op.a);
    const Gpr right = e.use(op.b);
    const Width w = Emitter::width(op.type);
    if (e.features().v3) {
        e.a.andn(w, e.define_over(left), right, left);
        return;
    }
    const Gpr mask = e.temp();
    e.a.mov(w, mask, right);
    e.a.not_(w, mask);
    e.a.and_(w, mask, left);
    e.define_in(mask);
}

namespace {

/// Long multiplications multiply between the additions of a chain of carries.
void multiply_beside_flags(Emitter& e) {
    const Op& op = e.current();
    e.take(Gpr::rdx);
    e.use_into(Gpr::rdx, op.a);
    const Gpr right = e.use(op.b);
    const Gpr high = e.temp();
    e.a.mulx(Emitter::width(op.type), high, e.define(), right);
}

}  // namespace

void mul(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    if (e.features().v3 && e.flags_wanted()) {
        multiply_beside_flags(e);
        return;
    }
    e.clobber_flags();
    i32 imm = 0;
    if (e.immediate(op.b, op.type, imm)) {
        e.skip(op.b);
        const Gpr source = e.use(op.a);
        e.a.imul(w, e.define_over(source), source, imm);
        return;
    }
    const Gpr left = e.use(op.a);
    const Gpr right = e.use(op.b);
    const Gpr result = e.define_over(left);
    if (result == right) {
        e.a.imul(w, result, left);
        return;
    }
    if (result != left) {
        e.a.mov(w, result, left);
    }
    e.a.imul(w, result, right);
}

namespace {

/// rdx:rax = a * b.
void multiply_wide(Emitter& e, bool is_signed) {
    const Op& op = e.current();
    e.clobber_flags();
    e.take(Gpr::rdx);
    e.take(Gpr::rax);
    e.use_into(Gpr::rax, op.a);
    const Gpr right = e.use(op.b);
    if (is_signed) {
        e.a.imul(Width::w64, right);
    } else {
        e.a.mul(Width::w64, right);
    }
}

}  // namespace

void umulh(Emitter& e) {
    const Op& op = e.current();
    if (!e.features().v3) {
        multiply_wide(e, false);
        e.define_in(Gpr::rdx);
        return;
    }
    e.take(Gpr::rdx);
    e.use_into(Gpr::rdx, op.a);
    const Gpr right = e.use(op.b);
    const Gpr low = e.temp();
    const Gpr high = e.define();
    e.a.mulx(Width::w64, high, low, right);
}

void mulfold(Emitter& e) {
    const Op& op = e.current();
    if (!e.features().v3) {
        multiply_wide(e, false);
        e.a.xor_(Width::w64, Gpr::rax, Gpr::rdx);
        e.define_in(Gpr::rax);
        return;
    }
    e.clobber_flags();
    e.take(Gpr::rdx);
    e.use_into(Gpr::rdx, op.a);
    const Gpr right = e.use(op.b);
    const Gpr high = e.temp();
    const Gpr low = e.define_over(right);
    e.a.mulx(Width::w64, high, low, right);
    e.a.xor_(Width::w64, low, high);
}

void smulh(Emitter& e) {
    multiply_wide(e, true);
    e.define_in(Gpr::rdx);
}

namespace {

void divide(Emitter& e, bool is_signed) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    Assembler& a = e.a;
    e.clobber_flags();
    e.take(Gpr::rax);
    e.take(Gpr::rdx);
    e.use_into(Gpr::rax, op.a);
    const Gpr divisor = e.use(op.b);
    Label zero, minus_one, done;
    a.test(w, divisor, divisor);
    a.jcc(x64::Cond::e, zero);
    if (is_signed) {
        // The host faults on the most negative number divided by -1; the guest negates.
        a.cmp(w, divisor, -1);
        a.jcc(x64::Cond::e, minus_one);
        if (w == Width::w64) {
            a.cqo();
        } else {
            a.cdq();
        }
        a.idiv(w, divisor);
        a.jmp(done);
        a.bind(minus_one);
        a.neg(w, Gpr::rax);
        a.jmp(done);
    } else {
        a.zero(Gpr::rdx);
        a.div(w, divisor);
        a.jmp(done);
    }
    a.bind(zero);
    a.zero(Gpr::rax);
    a.bind(done);
    e.define_in(Gpr::rax);
}

}  // namespace

void udiv(Emitter& e) {
    divide(e, false);
}
void sdiv(Emitter& e) {
    divide(e, true);
}

void neg(Emitter& e) {
    e.clobber_flags();
    in_place(e, [&](Width w, Gpr reg) { e.a.neg(w, reg); });
}
void not_(Emitter& e) {
    in_place(e, [&](Width w, Gpr reg) { e.a.not_(w, reg); });
}

}  // namespace kelvin::x64::lower
