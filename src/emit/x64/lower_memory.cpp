// SPDX-License-Identifier: Apache-2.0
// Emitters of guest memory accesses: the inline check against a page slot, and behind the block what a miss does.
#include "emit/x64/lower_memory.h"

#include "emit/x64/vector_ops.h"

namespace kelvin::x64::lower {

namespace {

#define RT(field) Emitter::runtime(offsetof(Runtime, field))

unsigned slot_index(ir::MemInfo memory) {
    const unsigned base = memory.base > kOtherSlot ? kOtherSlot : memory.base;
    return base + (memory.unprivileged ? kSlotsPerPrivilege : 0);
}

Mem slot_field(unsigned slot, std::size_t field) {
    return Emitter::runtime(offsetof(Runtime, slots) + slot * sizeof(PageSlot) + field);
}

}  // namespace

void address_into_rdx(Emitter& e) {
    const Op& op = e.current();
    e.take(Gpr::rdx);
    const i32 offset = op.offset();
    if (e.is_constant(op.a) || offset == 0) {
        e.use_into(Gpr::rdx, op.a);
        if (offset != 0) {
            e.a.lea(Width::w64, Gpr::rdx, mem(Gpr::rdx, offset));
        }
        return;
    }
    const Gpr base = e.use(op.a);
    e.a.lea(Width::w64, Gpr::rdx, mem(base, offset));
}

namespace {

/// The stack pointer behind this access must be a multiple of 16; else C++ raises the exception.
void check_stack(Emitter& e) {
    const u8 slot = e.current().memory().base;
    if (!e.must_check_stack(slot)) {
        return;
    }
    ColdPath& misaligned = e.cold(+[](Emitter& em, ColdPath& self) {
        call_memory(em, reinterpret_cast<const void*>(em.stubs().calls().load), self.op->memory().pack());
        em.a.jmp(em.stubs().exit_position());
    });
    e.test_stack(slot);
    e.a.jcc(x64::Cond::ne, misaligned.entry);
}

}  // namespace

void check_page(Emitter& e, ColdPath& path, bool write) {
    const ir::MemInfo memory = e.current().memory();
    const unsigned slot = slot_index(memory);
    if (memory.stack) {
        check_stack(e);
    }
    const std::size_t tag = write ? offsetof(PageSlot, write_tag) : offsetof(PageSlot, read_tag);
    e.a.mov(Width::w64, Gpr::rax, Gpr::rdx);
    e.a.xor_(Width::w64, Gpr::rax, slot_field(slot, tag));
    if (memory.aligned && memory.size_log2 != 0) {
        // Low bits that are not zero become high ones and fail the comparison.
        e.a.rorx(Width::w64, Gpr::rax, Gpr::rax, memory.size_log2);
        e.a.cmp(Width::w64, Gpr::rax, 4096 >> memory.size_log2);
        e.a.jcc(x64::Cond::ae, path.entry);
    } else {
        e.a.cmp(Width::w64, Gpr::rax, 4096 - (1 << memory.size_log2));
        e.a.jcc(x64::Cond::a, path.entry);
    }
    e.a.mov(Width::w64, Gpr::rax, slot_field(slot, offsetof(PageSlot, addend)));
    path.retry = e.a.cursor();
}

void jump_to(Emitter& e, const u8* write_address) {
    e.a.jmp(write_address + e.a.rw_to_rx());
}

void look_up(Emitter& e, const ColdPath& path, bool write) {
    const ir::MemInfo memory = e.current().memory();
    const std::size_t slot = offsetof(Runtime, slots) + slot_index(memory) * sizeof(PageSlot);
    e.a.mov_imm(Gpr::rax, static_cast<u64>(static_cast<i64>(runtime_displacement(slot))));
    e.a.near_call(e.stubs().miss(memory, write));
    const u8* before = e.a.cursor();
    jump_to(e, path.retry);
    KELVIN_ASSERT(e.a.overflowed() || e.a.cursor() - before == static_cast<std::ptrdiff_t>(Stubs::kSkip));
    e.note_position();
    e.a.mov_imm(Gpr::rax, memory.pack());
}

void call_memory(Emitter& e, const void* function, u32 memory) {
    e.note_position();
    e.a.mov(Width::w64, RT(saved[5]), Gpr::rcx);
    e.a.mov_imm(Gpr::rcx, memory);
    e.a.mov_imm(Gpr::rax, reinterpret_cast<u64>(function));
    e.a.near_call(e.stubs().memory_call());
    e.a.mov(Width::w64, Gpr::rcx, RT(saved[5]));
}

namespace {

/// Brings what the C++ has loaded (rax, zero-extended) to the form the op promises.
void finish_slow_load(Emitter& e, const Op& op, Gpr result) {
    const ir::MemInfo memory = op.memory();
    const Width from = static_cast<Width>(memory.size_log2);
    if (memory.sign_extend) {
        e.a.movsx(Emitter::width(op.type), from, result, Gpr::rax);
    } else if (result != Gpr::rax) {
        e.a.mov(Width::w64, result, Gpr::rax);
    }
}

}  // namespace

void load(Emitter& e) {
    const Op& op = e.current();
    const ir::MemInfo memory = op.memory();
    e.take(Gpr::rax);
    address_into_rdx(e);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, false);
        em.a.near_call(em.stubs().slow_load());
        finish_slow_load(em, *self.op, Gpr{self.registers[0]});
        jump_to(em, self.resume);
    });
    check_page(e, path, false);
    const Mem place = mem(Gpr::rdx, Gpr::rax, 1);
    e.unlock(Gpr::rax);
    const Gpr result = e.define();
    const Width from = static_cast<Width>(memory.size_log2);
    if (memory.sign_extend) {
        e.a.movsx(Emitter::width(op.type), from, result, place);
    } else {
        e.a.movzx(from, result, place);
    }
    path.registers[0] = static_cast<u8>(number(result));
    path.resume = e.a.cursor();
}

void vload(Emitter& e) {
    e.take(Gpr::rax);
    address_into_rdx(e);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, false);
        em.a.near_call(em.stubs().slow_load());
        em.a.vex(vop::vmovaps, Xmm{self.registers[0]}, RT(result));
        jump_to(em, self.resume);
    });
    const Xmm result = e.define_xmm();
    check_page(e, path, false);
    const Mem place = mem(Gpr::rdx, Gpr::rax, 1);
    switch (e.current().memory().size_log2) {
        case 0:
        case 1:
            e.a.movzx(static_cast<Width>(e.current().memory().size_log2), Gpr::rax, place);
            e.a.vex(vop::vmovd_gpr, result, Gpr::rax);
            break;
        case 2:
            e.a.vex(vop::vmovss, result, place);
            break;
        case 3:
            e.a.vex(vop::vmovsd, result, place);
            break;
        default:
            e.a.vex(vop::vmovups, result, place);
            break;
    }
    path.registers[0] = static_cast<u8>(number(result));
    path.resume = e.a.cursor();
}

namespace {

/// A store is not complete before later loads only if it must be: STLR.
void order_store(Emitter& e) {
    const ir::Order order = e.current().memory().order;
    if (order == ir::Order::release || order == ir::Order::acquire_release) {
        e.a.lock_alu(Alu::or_, Width::w32, mem(Gpr::rsp, -8), Gpr::rax);
    }
}

}  // namespace

void store(Emitter& e) {
    const Op& op = e.current();
    const Width w = static_cast<Width>(op.memory().size_log2);
    e.take(Gpr::rax);
    address_into_rdx(e);
    i32 imm = 0;
    const bool by_immediate = e.immediate(op.b, w == Width::w64 ? Type::i64 : Type::i32, imm);
    Gpr value = Gpr::rax;
    if (by_immediate) {
        e.skip(op.b);
    } else {
        value = e.use(op.b);
    }
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, true);
        if (self.registers[1] != 0) {
            em.a.mov(Width::w64, argument(0), static_cast<i32>(self.data));
        } else {
            em.a.mov(Width::w64, argument(0), Gpr{self.registers[0]});
        }
        em.a.near_call(em.stubs().slow_store());
        jump_to(em, self.resume);
    });
    path.registers[0] = static_cast<u8>(number(value));
    path.registers[1] = by_immediate;
    path.data = static_cast<u32>(imm);
    check_page(e, path, true);
    const Mem place = mem(Gpr::rdx, Gpr::rax, 1);
    if (by_immediate) {
        e.a.mov(w, place, imm);
    } else {
        e.a.mov(w, place, value);
    }
    path.resume = e.a.cursor();
    order_store(e);
}

void vstore(Emitter& e) {
    const Op& op = e.current();
    e.take(Gpr::rax);
    address_into_rdx(e);
    const Xmm value = e.use_xmm(op.b);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, true);
        em.a.vex(vop::vmovups_store, argument(0), Xmm{self.registers[0]});
        em.a.near_call(em.stubs().slow_store());
        jump_to(em, self.resume);
    });
    path.registers[0] = static_cast<u8>(number(value));
    check_page(e, path, true);
    const Mem place = mem(Gpr::rdx, Gpr::rax, 1);
    switch (op.memory().size_log2) {
        case 0:
            e.a.vex(vop::vpextrb, place, value, 0);
            break;
        case 1:
            e.a.vex(vop::vpextrw, place, value, 0);
            break;
        case 2:
            e.a.vex(vop::vmovss_store, place, value);
            break;
        case 3:
            e.a.vex(vop::vmovsd_store, place, value);
            break;
        default:
            e.a.vex(vop::vmovups_store, place, value);
            break;
    }
    path.resume = e.a.cursor();
}

#undef RT

}  // namespace kelvin::x64::lower
