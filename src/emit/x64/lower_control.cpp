// SPDX-License-Identifier: Apache-2.0
// Emitters of constants, state fields, calls and the ends of blocks and regions.
#include "emit/x64/lower.h"
#include "emit/x64/lower_memory.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64::lower {

namespace {

#define RT(field) Emitter::runtime(offsetof(Runtime, field))

/// Puts an operand where calls of C++ find it.
void pass(Emitter& e, unsigned i, Value value) {
    if (e.op(value).type == Type::v128) {
        e.a.vex(vop::vmovups_store, argument(i), e.use_xmm(value));
    } else if (ir::makes_flags(e.op(value)) || e.op(value).type == Type::flags) {
        e.take(Gpr::rax);
        e.flags_into_eax(value);
        e.a.mov(Width::w32, Gpr::rax, Gpr::rax);
        e.a.mov(Width::w64, argument(i), Gpr::rax);
        e.unlock(Gpr::rax);
    } else {
        e.a.mov(Width::w64, argument(i), e.use(value));
    }
    e.unlock_all();
}

void add_displacement(Emitter& e, Gpr reg, i64 displacement) {
    if (displacement == 0) {
        return;
    }
    if (displacement == static_cast<i32>(displacement)) {
        e.a.lea(Width::w64, reg, mem(reg, static_cast<i32>(displacement)));
        return;
    }
    const Gpr scratch = e.temp();
    e.a.mov_imm(scratch, static_cast<u64>(displacement));
    e.a.lea(Width::w64, reg, mem(reg, scratch, 1));
}

}  // namespace

void nothing(Emitter&) {}

void constant(Emitter& e) {
    e.define_constant();
}

void vconstant(Emitter& e) {
    if (!e.has_uses()) {
        return;
    }
    const Xmm result = e.define_xmm();
    const u64 half = e.current().imm;
    if (half == 0) {
        e.a.vex(vop::vpxor, result, result, result);
        return;
    }
    const Gpr scratch = e.temp();
    e.a.mov_imm(scratch, half);
    e.a.vex(vop::vmovq_gpr, result, scratch);
    e.a.vex(vop::vpunpcklqdq, result, result, result);
}

void page_address(Emitter& e) {
    if (!e.has_uses()) {
        return;
    }
    const Gpr result = e.define();
    e.a.mov(Width::w64, result, RT(page));
    add_displacement(e, result, static_cast<i64>(e.current().imm));
}

namespace {

/// True if the current op's value is the right operand of the next op, which can take it from memory, and of nothing
/// else.
bool is_operand_of_next(const Emitter& e) {
    const Value next_value{index(e.current_value()) + 1};
    if (e.uses(e.current_value()) != 1 || index(next_value) >= e.region().ops.size()) {
        return false;
    }
    const Op& next = e.op(next_value);
    switch (next.code) {
        case IrOp::add:
        case IrOp::sub:
        case IrOp::and_:
        case IrOp::or_:
        case IrOp::xor_:
            return next.type == Type::i64 && next.b == e.current_value();
        default:
            return false;
    }
}

}  // namespace

void load_field(Emitter& e) {
    if (!e.has_uses()) {
        return;
    }
    const Op& op = e.current();
    if (static_cast<Width>(op.aux) == Width::w64 && is_operand_of_next(e)) {
        e.define_in_state();
        return;
    }
    e.a.movzx(static_cast<Width>(op.aux), e.define(), Emitter::state(static_cast<u32>(op.imm)));
}

void store_field(Emitter& e) {
    const Op& op = e.current();
    const Width w = static_cast<Width>(op.aux);
    i32 imm = 0;
    if (e.immediate(op.a, w == Width::w64 ? Type::i64 : Type::i32, imm)) {
        e.skip(op.a);
        e.a.mov(w, Emitter::state(static_cast<u32>(op.imm)), imm);
        return;
    }
    const Gpr value = e.use(op.a);
    e.a.mov(w, Emitter::state(static_cast<u32>(op.imm)), value);
}

/// In line while the clock's stretch lasts.
void read_clock(Emitter& e) {
    if (!e.has_uses()) {
        return;
    }
    const auto clock = [](std::size_t field) { return Emitter::runtime(offsetof(Runtime, clock) + field); };
    e.clobber_flags();
    e.take(Gpr::rax);
    e.take(Gpr::rdx);
    ColdPath& ask = e.cold(+[](Emitter& em, ColdPath& self) {
        call_memory(em, reinterpret_cast<const void*>(em.stubs().calls().read_clock), 0);
        em.a.mov(Width::w64, Gpr::rdx, Gpr::rax);
        jump_to(em, self.resume);
    });
    // A fence takes as long as the rest, so it is made where the clock is read, not where it is asked for.
    ColdPath& fence = e.cold(+[](Emitter& em, ColdPath& self) {
        em.a.lfence();
        em.a.mov(Width::w32, RT(clock_fence), 0);
        jump_to(em, self.resume);
    });
    e.a.cmp(Width::w32, RT(clock_fence), 0);
    e.a.jcc(x64::Cond::ne, fence.entry);
    fence.resume = e.a.cursor();
    e.a.rdtsc();
    e.a.shl(Width::w64, Gpr::rdx, 32);
    e.a.or_(Width::w64, Gpr::rax, Gpr::rdx);
    e.a.sub(Width::w64, Gpr::rax, clock(offsetof(ClockStretch, first)));
    e.a.cmp(Width::w64, Gpr::rax, clock(offsetof(ClockStretch, ticks)));
    e.a.jcc(x64::Cond::ae, ask.entry);
    e.a.mul(Width::w64, clock(offsetof(ClockStretch, multiplier)));
    e.a.add(Width::w64, Gpr::rdx, clock(offsetof(ClockStretch, start_ns)));
    ask.resume = e.a.cursor();
    e.define_in(Gpr::rdx);
}

void call(Emitter& e) {
    const ir::Call& call = e.region().calls[e.current().imm];
    const ir::Helper& helper = *call.helper;
    for (unsigned i = 0; i < helper.argument_count; i++) {
        pass(e, i, call.arguments[i]);
    }
    e.clobber_flags();
    e.evict_locals();
    if ((helper.effects & ir::kHelperWritesState) != 0) {
        e.detach_homes();
        e.evict_locals();
    }
    if (helper.effects != ir::kHelperPure) {
        e.note_position();
    }
    e.a.mov_imm(Gpr::rax, reinterpret_cast<u64>(helper.address()));
    e.a.near_call(e.stubs().helper_call(helper));
    if ((helper.effects & ir::kHelperMayExit) != 0) {
        e.a.cmp(Width::w32, Emitter::state(e.region().guest->exception_offset), 0);
        e.a.jcc(x64::Cond::ne, e.stubs().resume());
    }
    if (helper.effects != ir::kHelperPure) {
        e.clear_unexecuted();
    }
    if (!e.has_uses()) {
        return;
    }
    if (helper.result == Type::v128) {
        e.a.vex(vop::vmovaps, e.define_xmm(), RT(result));
    } else if (helper.result != Type::none) {
        if (helper.result == Type::i32) {
            e.a.mov(Width::w32, Gpr::rax, Gpr::rax);
        }
        e.define_in(Gpr::rax);
    }
}

void fallback(Emitter& e) {
    const Op& op = e.current();
    const ir::OpInfo& info = ir::info(op.code);
    const Value operands[3] = {op.a, op.b, op.c};
    const bool changes_state = (info.effects & (ir::kFp | ir::kWritesState)) != 0;
    if (!e.has_uses() && !changes_state) {
        e.drop_operands();
        return;
    }
    for (unsigned i = 0; i < info.arguments.size(); i++) {
        pass(e, i, operands[i]);
    }
    e.clobber_flags();
    e.evict_locals();
    ColdPath& record = e.cold(+[](Emitter& em, ColdPath& self) {
        const FallbackRecord data{*self.op, em.region().fp};
        em.a.data(&data, sizeof data);
    });
    e.a.lea(Width::w64, Gpr::rax, mem_rip(record.entry));
    e.a.near_call(e.stubs().evaluate());
    if (!e.has_uses()) {
        return;
    }
    if (info.result == ir::ResultKind::V) {
        e.a.vex(vop::vmovaps, e.define_xmm(), RT(result));
    } else if (info.result == ir::ResultKind::F) {
        e.define_flags_in_eax();
    } else {
        e.define_in(Gpr::rax);
    }
}

namespace {

/// To where the second jump cache is looked in, for an address that the first does not know.
void jump_to_second(Emitter& e, u32 branch_type) {
    if (!e.counts()) {
        e.a.jcc(x64::Cond::ne, e.stubs().second_jump(branch_type));
        return;
    }
    ColdPath& miss = e.cold(+[](Emitter& em, ColdPath& self) {
        em.count(Counted::jump_misses);
        em.a.jmp(em.stubs().second_jump(static_cast<u32>(self.data)));
    });
    miss.data = branch_type;
    e.a.jcc(x64::Cond::ne, miss.entry);
}

/// Goes on at the guest address in rax, which was taken: through the jump cache, unless another thread wants attention.
/// The code found there is for this branch type, so that only who leaves must be told.
void jump_to_address(Emitter& e, u32 branch_type) {
    Assembler& a = e.a;
    const auto entry = [&](std::size_t field) {
        return mem(Gpr::rdx, Gpr::rcx, 4, static_cast<i32>(sizeof(JumpEntry) * branch_type + field));
    };
    e.count(Counted::jumps);
    a.cmp(Width::w32, RT(kick), 0);
    a.jcc(x64::Cond::ne, e.stubs().second_jump(branch_type));
    a.mov(Width::w64, Gpr::rcx, Gpr::rax);
    a.shr(Width::w64, Gpr::rcx, 12);
    a.xor_(Width::w32, Gpr::rcx, Gpr::rax);
    a.and_(Width::w32, Gpr::rcx, 0x3ffc);
    a.mov(Width::w64, Gpr::rdx, RT(jump_cache));
    a.cmp(Width::w64, Gpr::rax, entry(offsetof(JumpEntry, va)));
    jump_to_second(e, branch_type);
    a.and_(Width::w64, Gpr::rax, -4096);
    a.mov(Width::w64, RT(page), Gpr::rax);
    a.jmp(entry(offsetof(JumpEntry, code)));
}
static_assert(sizeof(JumpEntry) == 16 && kJumpEntries == 4096);

void take_scratch(Emitter& e) {
    e.take(Gpr::rax);
    e.take(Gpr::rcx);
    e.take(Gpr::rdx);
}

/// Every loop has an edge backwards, so this bounds how long an interrupt waits. The jump is conditional, although
/// always taken, for the sake of indirect jumps behind it: see two_way().
void exit_backwards(Emitter& e, u64 target) {
    ColdPath& leave = e.cold(+[](Emitter& em, ColdPath& self) {
        em.a.mov(Width::w32, RT(page_offset), static_cast<i32>(self.data));
        em.a.jmp(em.stubs().exit_position());
    });
    leave.data = target;
    e.a.cmp(Width::w32, RT(kick), 0);
    e.a.jcc(x64::Cond::ne, leave.entry);
    e.link_exit_if(x64::Cond::e, target);
}

}  // namespace

void exit_direct(Emitter& e) {
    const i64 target = static_cast<i64>(e.current().imm);
    e.clobber_flags();
    if (target < 0 || target >= 4096) {
        take_scratch(e);
        e.a.mov(Width::w64, Gpr::rax, RT(page));
        add_displacement(e, Gpr::rax, target);
        jump_to_address(e, 0);
        return;
    }
    if (target > static_cast<i64>(e.page_offset())) {
        e.link_exit(static_cast<u64>(target));
    } else {
        exit_backwards(e, static_cast<u64>(target));
    }
}

void exit_indirect(Emitter& e) {
    take_scratch(e);
    e.use_into(Gpr::rax, e.current().a);
    e.clobber_flags();
    jump_to_address(e, static_cast<u32>(e.current().imm));
}

void exit_state(Emitter& e) {
    e.a.jmp(e.stubs().resume());
}

void jump(Emitter& e) {
    const u32 block = static_cast<u32>(e.current().imm);
    if (!e.is_next_block(block)) {
        e.a.jmp(e.block_label(block));
    }
}

namespace {

/// Goes to the op's first block if `cond`, to its second if not. Where both leave the region, both jumps are
/// conditional: hosts foretell indirect jumps by the conditional ones that were taken before, and some by nothing else,
/// so that an interpreter's loop, or a call of a function through a table, would be foretold wrongly nearly each time.
void two_way(Emitter& e, x64::Cond cond) {
    u32 taken = static_cast<u32>(e.current().imm);
    u32 other = index(e.current().c);
    const auto turn = [&] {
        std::swap(taken, other);
        cond = x64::invert(cond);
    };
    if (e.is_next_block(taken)) {
        turn();
    }
    if (e.plain_exit(taken) == nullptr && e.plain_exit(other) != nullptr) {
        turn();
    }
    if (const Op* exit = e.plain_exit(taken)) {
        e.link_exit_if(cond, exit->imm);
        e.leave_out(taken);
    } else {
        e.a.jcc(cond, e.block_label(taken));
    }
    if (const Op* exit = e.plain_exit(other)) {
        e.link_exit_if(x64::invert(cond), exit->imm);
        e.leave_out(other);
    } else if (!e.is_next_block(other)) {
        e.a.jmp(e.block_label(other));
    }
}

}  // namespace

void branch(Emitter& e) {
    two_way(e, e.condition(e.current().cond(), e.current().a));
}

void branch_zero(Emitter& e) {
    const Width w = Emitter::width(e.current().type);
    e.clobber_flags();
    if (e.in_memory(e.current().a)) {
        e.a.cmp(w, e.memory_operand(e.current().a), 0);
    } else {
        const Gpr value = e.use(e.current().a);
        e.a.test(w, value, value);
    }
    two_way(e, x64::Cond::e);
}

void branch_bit(Emitter& e) {
    const Op& op = e.current();
    e.clobber_flags();
    const Gpr value = e.use(op.a);
    if (op.aux < 31) {
        e.a.test(Width::w32, value, static_cast<i32>(1u << op.aux));
        two_way(e, x64::Cond::ne);
    } else {
        e.a.bt(Width::w64, value, op.aux);
        two_way(e, x64::Cond::b);
    }
}

#undef RT

}  // namespace kelvin::x64::lower
