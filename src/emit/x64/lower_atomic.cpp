// SPDX-License-Identifier: Apache-2.0
// Emitters of exclusive and atomic accesses and of fences. Locked instructions are full barriers and plain loads
// acquire, so no order asks for more.
//
// All check the slot for writing, as these pages are written sooner or later: exclusive loads need not refill it for
// the store that follows. On a miss C++ does it all.
#include "emit/x64/lower_memory.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64::lower {

namespace {

using enum Gpr;

#define RT(field) Emitter::runtime(offsetof(Runtime, field))
static_assert(offsetof(Runtime, exclusive_value) % 16 == 0);

constexpr Mem kPlace = mem(rdx, rax, 1);

// ColdPath::registers of a miss: operands b and c, and the result, which is in rax unless said otherwise.
constexpr unsigned kFirst = 0;
constexpr unsigned kResult = 2;

const void* slow_function(const RuntimeCalls& calls, IrOp code) {
    switch (code) {
        case IrOp::load_exclusive:
        case IrOp::vload_exclusive:
            return reinterpret_cast<const void*>(calls.load_exclusive);
        case IrOp::store_exclusive:
        case IrOp::vstore_exclusive:
            return reinterpret_cast<const void*>(calls.store_exclusive);
        case IrOp::atomic_rmw:
            return reinterpret_cast<const void*>(calls.atomic_rmw);
        default:
            return reinterpret_cast<const void*>(calls.compare_and_swap);
    }
}

void miss(Emitter& e, ColdPath& self) {
    look_up(e, self, true, self.op->memory().size_log2);
    const ir::OpInfo& info = ir::info(self.op->code);
    for (unsigned i = 1; i < info.arguments.size(); i++) {
        const u8 reg = self.registers[kFirst + i - 1];
        if (info.arguments[i] == 'V') {
            e.a.vex(vop::vmovups_store, argument(i - 1), Xmm{reg});
        } else {
            e.a.mov(Width::w64, argument(i - 1), Gpr{reg});
        }
    }
    const u32 kind = self.op->code == IrOp::atomic_rmw ? u32{self.op->aux} << 28 : 0;
    call_memory(e, slow_function(e.stubs().calls(), self.op->code), self.op->memory().pack() | kind);
    const u8 result = self.registers[kResult];
    if (info.result == ir::ResultKind::V) {
        e.a.vex(vop::vmovaps, Xmm{result}, RT(result));
    } else if (Gpr{result} != rax) {
        e.a.mov(Width::w64, Gpr{result}, rax);
    }
    jump_to(e, self.resume);
}

Width size_of(const Op& op) {
    return static_cast<Width>(op.memory().size_log2);
}
/// Of instructions on registers, whose upper parts do not matter.
Width at_least_32(Width w) {
    return w == Width::w64 ? w : Width::w32;
}

/// Address in rdx, and rax taken.
void begin(Emitter& e) {
    const Op& op = e.current();
    // Hardware faults on 16 bytes that are not aligned.
    KELVIN_ASSERT(op.memory().aligned || op.memory().size_log2 < 4);
    e.take(rax);
    e.take(rdx);
    e.use_into(rdx, op.a);
    if (op.offset() != 0) {
        e.a.lea(Width::w64, rdx, mem(rdx, op.offset()));
    }
}

ColdPath& check(Emitter& e, std::initializer_list<unsigned> operands, unsigned result = number(rax)) {
    e.clobber_flags();
    ColdPath& path = e.cold(&miss);
    unsigned i = kFirst;
    for (const unsigned operand : operands) {
        path.registers[i++] = static_cast<u8>(operand);
    }
    path.registers[kResult] = static_cast<u8>(result);
    check_page(e, path, {rdx, 0}, true, e.current().memory().size_log2, e.current_index());
    return path;
}

void finish(Emitter& e, ColdPath& path) {
    path.resume = e.a.cursor();
}

/// The result is in rax.
void finish_in_rax(Emitter& e, ColdPath& path) {
    finish(e, path);
    if (e.has_uses()) {
        e.define_in(rax);
    }
}

}  // namespace

void load_exclusive(Emitter& e) {
    begin(e);
    const Gpr result = e.define();
    ColdPath& path = check(e, {}, number(result));
    e.a.movzx(size_of(e.current()), result, kPlace);
    e.a.mov(Width::w64, RT(exclusive_address), rdx);
    e.a.mov(Width::w32, RT(exclusive_size), e.current().memory().size_log2);
    e.a.mov(Width::w64, RT(exclusive_value), result);
    finish(e, path);
}

void vload_exclusive(Emitter& e) {
    begin(e);
    const Xmm result = e.define_xmm();
    ColdPath& path = check(e, {}, number(result));
    // Hosts with AVX load 16 aligned bytes at once (Intel SDM 3A 9.1.1, AMD APM 2 7.3.2). On others the pair may be of
    // two moments; then the exclusive store, which compares all of it, fails.
    e.a.vex(e.current().memory().size_log2 == 4 ? vop::vmovaps : vop::vmovsd, result, kPlace);
    e.a.mov(Width::w64, RT(exclusive_address), rdx);
    e.a.mov(Width::w32, RT(exclusive_size), e.current().memory().size_log2);
    e.a.vex(vop::vmovaps_store, RT(exclusive_value), result);
    finish(e, path);
}

namespace {

/// Closes the monitor; unless it was open for the address in rdx, the status is 1 and the rest is skipped.
ColdPath& check_monitor(Emitter& e) {
    ColdPath& closed = e.cold(+[](Emitter& em, ColdPath& self) {
        em.a.mov_imm(rax, 1);
        jump_to(em, self.resume);
    });
    e.a.cmp(Width::w64, rdx, RT(exclusive_address));
    e.a.mov(Width::w64, RT(exclusive_address), -1);
    e.a.jcc(x64::Cond::ne, closed.entry);
    return closed;
}

/// The status is whether ZF is clear.
void finish_store(Emitter& e, ColdPath& path, ColdPath& closed) {
    e.a.setcc(x64::Cond::ne, rax);
    e.a.movzx(Width::w8, rax, rax);
    closed.resume = e.a.cursor();
    finish_in_rax(e, path);
}

/// For exchange_pair().
void take_pair(Emitter& e) {
    e.take(rcx);
    if (e.current().memory().size_log2 == 4) {
        e.take(r10);
        e.take(r11);
    }
}

/// What is at kPlace becomes `desired` if it is `expected`; what was there is in rdx:rax or, of 8 bytes, in rax.
void exchange_pair(Emitter& e, Xmm expected, Xmm desired) {
    if (e.current().memory().size_log2 == 3) {
        e.a.lea(Width::w64, rdx, kPlace);
        e.a.vex(vop::vmovq_gpr_store, rax, expected);
        e.a.vex(vop::vmovq_gpr_store, rcx, desired);
        e.a.lock_cmpxchg(Width::w64, mem(rdx), rcx);
        return;
    }
    e.a.lea(Width::w64, r10, kPlace);
    e.a.mov(Width::w64, r11, rbx);  // rbx is pinned
    e.a.vex(vop::vmovq_gpr_store, rax, expected);
    e.a.vex(vop::vpextrq, rdx, expected, 1);
    e.a.vex(vop::vmovq_gpr_store, rbx, desired);
    e.a.vex(vop::vpextrq, rcx, desired, 1);
    e.a.lock_cmpxchg16b(mem(r10));
    e.a.mov(Width::w64, rbx, r11);
}

}  // namespace

void store_exclusive(Emitter& e) {
    begin(e);
    const Gpr value = e.use(e.current().b);
    ColdPath& path = check(e, {number(value)});
    ColdPath& closed = check_monitor(e);
    e.a.lea(Width::w64, rdx, kPlace);
    e.a.mov(Width::w64, rax, RT(exclusive_value));
    e.a.lock_cmpxchg(size_of(e.current()), mem(rdx), value);
    finish_store(e, path, closed);
}

void vstore_exclusive(Emitter& e) {
    begin(e);
    take_pair(e);
    const Xmm value = e.use_xmm(e.current().b);
    const Xmm expected = e.temp_xmm();
    ColdPath& path = check(e, {number(value)});
    ColdPath& closed = check_monitor(e);
    e.a.vex(vop::vmovaps, expected, RT(exclusive_value));
    exchange_pair(e, expected, value);
    finish_store(e, path, closed);
}

void clear_exclusive(Emitter& e) {
    e.a.mov(Width::w64, RT(exclusive_address), -1);
}

namespace {

/// Without the old value one instruction does.
void rmw_without_result(Emitter& e, Alu operation) {
    const Gpr value = e.use(e.current().b);
    const bool complement = operation == Alu::and_;
    const Gpr operand = complement ? e.temp() : value;
    ColdPath& path = check(e, {number(value)});
    if (complement) {
        e.a.mov(Width::w64, operand, value);
        e.a.not_(Width::w64, operand);
    }
    e.a.lock_alu(operation, size_of(e.current()), kPlace, operand);
    finish(e, path);
}

void exchange(Emitter& e, bool add) {
    const Width w = size_of(e.current());
    const Gpr value = e.use(e.current().b);
    const Gpr result = e.define_over(value);
    ColdPath& path = check(e, {number(value)}, number(result));
    if (result != value) {
        e.a.mov(Width::w64, result, value);
    }
    if (add) {
        e.a.lock_xadd(w, kPlace, result);
    } else {
        e.a.xchg(w, kPlace, result);
    }
    if (w < Width::w32) {
        e.a.movzx(w, result, result);
    }
    finish(e, path);
}

/// into = what goes to memory instead of rax.
void combine(Emitter& e, ir::AtomicKind kind, Gpr into, Gpr value) {
    const Width w = size_of(e.current());
    const Width wide = at_least_32(w);
    const auto select = [&](x64::Cond keep) {
        e.a.mov(wide, into, value);
        e.a.cmp(w, rax, value);
        e.a.cmov(keep, wide, into, rax);
    };
    switch (kind) {
        case ir::AtomicKind::clear:
            if (e.features().v3) {
                e.a.andn(wide, into, value, rax);
            } else {
                e.a.mov(wide, into, value);
                e.a.not_(wide, into);
                e.a.and_(wide, into, rax);
            }
            break;
        case ir::AtomicKind::exclusive_or:
            e.a.mov(wide, into, value);
            e.a.xor_(wide, into, rax);
            break;
        case ir::AtomicKind::set:
            e.a.mov(wide, into, value);
            e.a.or_(wide, into, rax);
            break;
        case ir::AtomicKind::smax:
            select(x64::Cond::g);
            break;
        case ir::AtomicKind::smin:
            select(x64::Cond::l);
            break;
        case ir::AtomicKind::umax:
            select(x64::Cond::a);
            break;
        default:
            KELVIN_ASSERT(kind == ir::AtomicKind::umin);
            select(x64::Cond::b);
            break;
    }
}

/// By comparing and exchanging, until nobody has come between.
void rmw_by_exchange(Emitter& e, ir::AtomicKind kind) {
    const Width w = size_of(e.current());
    const Gpr value = e.use(e.current().b);
    const Gpr combined = e.temp();
    ColdPath& path = check(e, {number(value)});
    e.a.lea(Width::w64, rdx, kPlace);
    e.a.movzx(w, rax, mem(rdx));
    Label again;
    e.a.bind(again);
    combine(e, kind, combined, value);
    e.a.lock_cmpxchg(w, mem(rdx), combined);
    e.a.jcc(x64::Cond::ne, again);
    finish_in_rax(e, path);
}

}  // namespace

void atomic_rmw(Emitter& e) {
    const auto kind = static_cast<ir::AtomicKind>(e.current().aux);
    const bool wanted = e.has_uses();
    begin(e);
    switch (kind) {
        case ir::AtomicKind::add:
            return wanted ? exchange(e, true) : rmw_without_result(e, Alu::add);
        case ir::AtomicKind::swap:
            return exchange(e, false);
        case ir::AtomicKind::clear:
            return wanted ? rmw_by_exchange(e, kind) : rmw_without_result(e, Alu::and_);
        case ir::AtomicKind::set:
            return wanted ? rmw_by_exchange(e, kind) : rmw_without_result(e, Alu::or_);
        case ir::AtomicKind::exclusive_or:
            return wanted ? rmw_by_exchange(e, kind) : rmw_without_result(e, Alu::xor_);
        default:
            return rmw_by_exchange(e, kind);
    }
}

void atomic_cas(Emitter& e) {
    const Width w = size_of(e.current());
    begin(e);
    const Gpr expected = e.use(e.current().b);
    const Gpr desired = e.use(e.current().c);
    ColdPath& path = check(e, {number(expected), number(desired)});
    e.a.lea(Width::w64, rdx, kPlace);
    e.a.movzx(w, rax, expected);
    e.a.lock_cmpxchg(w, mem(rdx), desired);
    finish_in_rax(e, path);
}

void vatomic_cas(Emitter& e) {
    begin(e);
    take_pair(e);
    const Xmm expected = e.use_xmm(e.current().b);
    const Xmm desired = e.use_xmm(e.current().c);
    const Xmm result = e.define_xmm();
    ColdPath& path = check(e, {number(expected), number(desired)}, number(result));
    exchange_pair(e, expected, desired);
    e.a.vex(vop::vmovq_gpr, result, rax);
    if (e.current().memory().size_log2 == 4) {
        e.a.vex(vop::vpinsrq, result, result, rdx, 1);
    }
    finish(e, path);
}

void fence(Emitter& e) {
    // x86 keeps loads in order, and stores: only a store before a load can pass, which the full barrier forbids. What
    // lies below the stack pointer is nobody's; mfence takes many times as long.
    const auto kind = static_cast<ir::FenceKind>(e.current().aux);
    if (kind == ir::FenceKind::full) {
        e.clobber_flags();
        e.a.lock_alu(Alu::or_, Width::w32, mem(rsp, -8), kState);
    } else if (kind == ir::FenceKind::clock) {
        e.a.mov(Width::w32, RT(clock_fence), 1);
    }
}

#undef RT

}  // namespace kelvin::x64::lower
