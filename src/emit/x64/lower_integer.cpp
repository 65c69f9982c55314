// SPDX-License-Identifier: Apache-2.0
// Emitters of integer arithmetic.
#include <climits>

#include "base/bits.h"
#include "emit/x64/lower.h"

namespace kelvin::x64::lower {

namespace {

enum class Commutes : bool { no, yes };

/// True if the op after this one computes the flags of the same operation, so that one instruction serves both.
bool flags_follow(const Emitter& e, IrOp flags_code) {
    const Value next_value{index(e.current_value()) + 1};
    if (index(next_value) >= e.region().ops.size()) {
        return false;
    }
    const Op& next = e.op(next_value);
    const Op& self = e.current();
    return next.code == flags_code && next.type == self.type && next.a == self.a && next.b == self.b &&
           e.uses(next_value) != 0;
}

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
    if (flags_follow(e, IrOp::add_flags)) {
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
    if (e.in_memory(op.b) && op.a != op.b) {
        e.clobber_flags();
        two_operand(e, Alu::add, Commutes::yes);
        return;
    }
    const Gpr left = e.use(op.a);
    const Gpr right = e.use(op.b);
    const Gpr result = e.define_over(left);
    if (result == left) {
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
    const bool fused = flags_follow(e, IrOp::sub_flags);
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
    e.clobber_flags();
    if (!fused) {
        two_operand(e, Alu::and_, Commutes::yes);
        return;
    }
    if (e.uses(e.current_value()) == 1) {
        // Only the flags are wanted.
        const Width w = Emitter::width(op.type);
        const Gpr left = e.use(op.a);
        i32 imm = 0;
        if (e.immediate(op.b, op.type, imm)) {
            e.skip(op.b);
            e.a.test(w, left, imm);
        } else {
            e.a.test(w, left, e.use(op.b));
        }
    } else {
        two_operand(e, Alu::and_, Commutes::yes);
    }
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
    const Gpr result = e.define_over(left);
    e.a.andn(Emitter::width(op.type), result, right, left);
}

namespace {

// Host adc and sbb take CF, so the carry is brought there after the operands are in place.
void with_carry(Emitter& e, Alu alu, bool want_flags) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const bool borrow = alu == Alu::sbb;
    e.take(Gpr::rax);
    e.take(Gpr::rdx);
    e.use_into(Gpr::rdx, op.a);
    const Gpr right = e.use(op.b);
    e.carry_into_cf(op.c, borrow);
    e.a.alu(alu, w, Gpr::rdx, right);
    if (want_flags) {
        e.define_flags(borrow ? Emitter::Sense::borrow : Emitter::Sense::carry);
    } else {
        e.define_in(Gpr::rdx);
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
    with_carry(e, Alu::adc, true);
}
void sbc_flags(Emitter& e) {
    with_carry(e, Alu::sbb, true);
}

void mul(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
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

void umulh(Emitter& e) {
    const Op& op = e.current();
    e.take(Gpr::rdx);
    e.use_into(Gpr::rdx, op.a);
    const Gpr right = e.use(op.b);
    const Gpr low = e.temp();
    const Gpr high = e.define();
    e.a.mulx(Width::w64, high, low, right);
}

void smulh(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    e.take(Gpr::rdx);
    e.take(Gpr::rax);
    e.use_into(Gpr::rax, op.a);
    const Gpr right = e.use(op.b);
    e.a.imul(Width::w64, right);
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

namespace {

template <class Apply>
void in_place(Emitter& e, Apply apply) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const Gpr source = e.use(op.a);
    const Gpr result = e.define_over(source);
    if (result != source) {
        e.a.mov(w, result, source);
    }
    apply(w, result);
}

}  // namespace

void neg(Emitter& e) {
    e.clobber_flags();
    in_place(e, [&](Width w, Gpr reg) { e.a.neg(w, reg); });
}
void not_(Emitter& e) {
    in_place(e, [&](Width w, Gpr reg) { e.a.not_(w, reg); });
}
void bswap(Emitter& e) {
    in_place(e, [&](Width w, Gpr reg) { e.a.bswap(w, reg); });
}

void bswap32(Emitter& e) {
    in_place(e, [&](Width, Gpr reg) {
        e.a.bswap(Width::w64, reg);
        e.a.rorx(Width::w64, reg, reg, 32);
    });
}

namespace {

using ShiftVariable = void (*)(Assembler&, Width, Gpr, Gpr, Gpr);

void shift(Emitter& e, Shift kind, ShiftVariable variable) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    if (e.is_constant(op.b)) {
        const u8 count = static_cast<u8>(e.region().constant(op.b) & (w == Width::w64 ? 63 : 31));
        e.skip(op.b);
        const Gpr source = e.use(op.a);
        if (kind == Shift::ror) {
            e.a.rorx(w, e.define_over(source), source, count);
            return;
        }
        e.clobber_flags();
        const Gpr result = e.define_over(source);
        if (result != source || (w == Width::w32 && count == 0)) {
            e.a.mov(w, result, source);
        }
        if (count != 0) {
            e.a.shift(kind, w, result, count);
        }
        return;
    }
    const Gpr source = e.use(op.a);
    const Gpr count = e.use(op.b);
    variable(e.a, w, e.define_over(source), source, count);
}

}  // namespace

void shl(Emitter& e) {
    shift(
        e, Shift::shl, +[](Assembler& a, Width w, Gpr d, Gpr s, Gpr n) { a.shlx(w, d, s, n); });
}
void shr(Emitter& e) {
    shift(
        e, Shift::shr, +[](Assembler& a, Width w, Gpr d, Gpr s, Gpr n) { a.shrx(w, d, s, n); });
}
void sar(Emitter& e) {
    shift(
        e, Shift::sar, +[](Assembler& a, Width w, Gpr d, Gpr s, Gpr n) { a.sarx(w, d, s, n); });
}

void ror(Emitter& e) {
    const Op& op = e.current();
    if (e.is_constant(op.b)) {
        shift(e, Shift::ror, nullptr);
        return;
    }
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    e.take(Gpr::rcx);
    e.use_into(Gpr::rcx, op.b);
    const Gpr result = e.use_copy(op.a);
    e.a.shift_cl(Shift::ror, w, result);
    if (w == Width::w32) {
        e.a.mov(w, result, result);
    }
    e.define_in(result);
}

void extract_pair(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const Gpr high = e.use(op.a);
    const Gpr low = e.use(op.b);
    e.clobber_flags();
    const Gpr result = e.define(true);
    e.a.mov(w, result, low);
    if (op.imm != 0) {
        e.a.shrd(w, result, high, static_cast<u8>(op.imm));
    }
}

void ubfx(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const unsigned bits = w == Width::w64 ? 64 : 32;
    const unsigned low = op.aux;
    const unsigned count = static_cast<unsigned>(op.imm);
    const Gpr source = e.use(op.a);
    if (low == 0 && (count == 8 || count == 16 || count == 32)) {
        const Width from = count == 8 ? Width::w8 : count == 16 ? Width::w16 : Width::w32;
        e.a.movzx(from, e.define_over(source), source);
        return;
    }
    e.clobber_flags();
    const Gpr result = e.define_over(source);
    if (low + count == bits) {
        if (result != source || count == bits) {
            e.a.mov(w, result, source);
        }
        if (low != 0) {
            e.a.shr(w, result, static_cast<u8>(low));
        }
    } else if (count < 32) {
        if (low != 0) {
            e.a.rorx(w, result, source, static_cast<u8>(low));
        } else if (result != source) {
            e.a.mov(Width::w32, result, source);
        }
        e.a.and_(Width::w32, result, static_cast<i32>(low_mask(count)));
    } else {
        if (result != source) {
            e.a.mov(w, result, source);
        }
        e.a.shl(w, result, static_cast<u8>(bits - low - count));
        e.a.shr(w, result, static_cast<u8>(bits - count));
    }
}

void sbfx(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const unsigned bits = w == Width::w64 ? 64 : 32;
    const unsigned low = op.aux;
    const unsigned count = static_cast<unsigned>(op.imm);
    const Gpr source = e.use(op.a);
    if (low == 0 && (count == 8 || count == 16 || count == 32)) {
        const Width from = count == 8 ? Width::w8 : count == 16 ? Width::w16 : Width::w32;
        e.a.movsx(w, from, e.define_over(source), source);
        return;
    }
    e.clobber_flags();
    const Gpr result = e.define_over(source);
    if (result != source) {
        e.a.mov(w, result, source);
    }
    if (low + count != bits) {
        e.a.shl(w, result, static_cast<u8>(bits - low - count));
    }
    if (count != bits) {
        e.a.sar(w, result, static_cast<u8>(bits - count));
    } else {
        e.a.mov(w, result, result);
    }
}

void bfi(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    const unsigned low = op.aux;
    const u64 mask = low_mask(static_cast<unsigned>(op.imm)) << low;
    e.clobber_flags();
    const Gpr field = e.use_copy(op.b);
    const Gpr into = e.use(op.a);
    const Gpr scratch = e.temp();
    const Gpr result = e.define(true);
    if (low != 0) {
        e.a.shl(w, field, static_cast<u8>(low));
    }
    e.a.mov_imm(scratch, mask);
    e.a.and_(w, field, scratch);
    e.a.andn(w, result, scratch, into);
    e.a.or_(w, result, field);
}

void clz(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    const Gpr source = e.use(op.a);
    const Gpr result = e.define_over(source);
    e.a.lzcnt(Emitter::width(op.type), result, source);
}

void ctz(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    const Gpr source = e.use(op.a);
    const Gpr result = e.define_over(source);
    e.a.tzcnt(Emitter::width(op.type), result, source);
}

void cls(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    // The bits that differ from their neighbour above; a one below them bounds the count.
    const Gpr source = e.use(op.a);
    const Gpr changes = e.temp();
    e.a.lea(w, changes, mem(source, source, 1));
    e.a.xor_(w, changes, source);
    e.a.or_(w, changes, 1);
    e.a.lzcnt(w, e.define(), changes);
}

namespace {

/// Swaps groups of `shift` bits: value = (value >> shift & mask) | (value & mask) << shift.
void swap_groups(Assembler& a, Width w, Gpr value, Gpr mask, Gpr scratch, u8 shift) {
    a.mov(w, scratch, value);
    a.shr(w, scratch, shift);
    a.and_(w, scratch, mask);
    a.and_(w, value, mask);
    a.shl(w, value, shift);
    a.or_(w, value, scratch);
}

}  // namespace

void rbit(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    const Gpr value = e.use_copy(op.a);
    const Gpr mask = e.temp();
    const Gpr scratch = e.temp();
    e.a.bswap(w, value);
    struct Step {
        u8 shift;
        u64 mask;
    };
    for (const Step step : {Step{4, 0x0f0f0f0f0f0f0f0f}, Step{2, 0x3333333333333333}, Step{1, 0x5555555555555555}}) {
        e.a.mov_imm(mask, w == Width::w64 ? step.mask : static_cast<u32>(step.mask));
        swap_groups(e.a, w, value, mask, scratch, step.shift);
    }
    e.define_in(value);
}

void bswap16(Emitter& e) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    e.clobber_flags();
    const Gpr value = e.use_copy(op.a);
    const Gpr mask = e.temp();
    const Gpr scratch = e.temp();
    e.a.mov_imm(mask, w == Width::w64 ? 0x00ff00ff00ff00ff : 0x00ff00ff);
    swap_groups(e.a, w, value, mask, scratch, 8);
    e.define_in(value);
}

void crc32c(Emitter& e) {
    const Op& op = e.current();
    const Gpr result = e.use_copy(op.a);
    const Gpr data = e.use(op.b);
    e.a.mov(Width::w32, result, result);
    e.a.crc32(static_cast<Width>(op.aux), result, data);
    e.define_in(result);
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

namespace {

void compare(Emitter& e, Alu alu, Emitter::Sense sense) {
    const Op& op = e.current();
    const Width w = Emitter::width(op.type);
    if (!e.has_uses()) {
        e.drop_operands();
        return;
    }
    e.clobber_flags();
    i32 imm = 0;
    if (e.immediate(op.b, op.type, imm)) {
        e.skip(op.b);
        const bool by_memory = alu == Alu::cmp && e.in_memory(op.a);
        if (by_memory) {
            e.a.cmp(w, e.memory_operand(op.a), imm);
        } else if (alu == Alu::cmp) {
            const Gpr left = e.use(op.a);
            e.a.cmp(w, left, imm);
        } else {
            const Gpr copy = e.use_copy(op.a);
            e.a.alu(alu, w, copy, imm);
        }
    } else if (alu == Alu::cmp) {
        const Gpr left = e.use(op.a);
        if (e.in_memory(op.b)) {
            e.a.cmp(w, left, e.memory_operand(op.b));
        } else {
            e.a.cmp(w, left, e.use(op.b));
        }
    } else {
        const Gpr copy = e.use_copy(op.a);
        e.a.alu(alu, w, copy, e.use(op.b));
    }
    e.define_flags(sense);
}

}  // namespace

void sub_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        compare(e, Alu::cmp, Emitter::Sense::borrow);
    }
}
void add_flags(Emitter& e) {
    if (!e.flags_in_host(e.current_value())) {
        compare(e, Alu::add, Emitter::Sense::carry);
    }
}

void logic_flags(Emitter& e) {
    const Op& op = e.current();
    if (e.flags_in_host(e.current_value())) {
        return;
    }
    if (!e.has_uses()) {
        e.drop_operands();
        return;
    }
    e.clobber_flags();
    const Gpr source = e.use(op.a);
    e.a.test(Emitter::width(op.type), source, source);
    e.define_flags(Emitter::Sense::carry);
}

void flags_from_nzcv(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    e.take(Gpr::rax);
    const Gpr source = e.use(op.a);
    const Gpr scratch = e.temp();
    // N Z C V from bits 31:28 to bits 15, 14, 8 and 0, C complemented.
    e.a.mov_imm(scratch, 0xf0000000);
    e.a.pext(Width::w32, Gpr::rax, source, scratch);
    e.a.xor_(Width::w32, Gpr::rax, 2);
    e.a.mov_imm(scratch, 0xc101);
    e.a.pdep(Width::w32, Gpr::rax, Gpr::rax, scratch);
    e.define_flags_in_eax();
}

void nzcv_from_flags(Emitter& e) {
    const Op& op = e.current();
    e.take(Gpr::rax);
    e.flags_into_eax(op.a);
    e.clobber_flags();
    const Gpr scratch = e.temp();
    e.a.mov_imm(scratch, 0xc101);
    e.a.pext(Width::w32, Gpr::rax, Gpr::rax, scratch);
    e.a.xor_(Width::w32, Gpr::rax, 2);
    e.a.shl(Width::w32, Gpr::rax, 28);
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
