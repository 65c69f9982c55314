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

GuestAddress address_of(Emitter& e) {
    e.take(Gpr::rax);
    e.take(Gpr::rdx);
    return {e.use(e.current().a), e.current().offset()};
}

namespace {

void address_into_rdx(Emitter& e, const ColdPath& path) {
    if (path.offset != 0) {
        e.a.lea(Width::w64, Gpr::rdx, mem(path.base, path.offset));
    } else if (path.base != Gpr::rdx) {
        e.a.mov(Width::w64, Gpr::rdx, path.base);
    }
}

/// The stack pointer behind this access must be a multiple of 16; else C++ raises the exception.
void check_stack(Emitter& e, GuestAddress address) {
    const u8 slot = e.current().memory().base;
    if (!e.must_check_stack(slot)) {
        return;
    }
    ColdPath& misaligned = e.cold(+[](Emitter& em, ColdPath& self) {
        address_into_rdx(em, self);
        call_memory(em, reinterpret_cast<const void*>(em.stubs().calls().load), self.op->memory().pack());
        em.a.jmp(em.stubs().exit_position());
    });
    misaligned.base = address.base;
    misaligned.offset = address.offset;
    e.test_stack(slot);
    e.a.jcc(x64::Cond::ne, misaligned.entry);
}

}  // namespace

namespace {

/// `difference` is an address whose page was compared with a tag: jumps to `path` if they differ, if the access leaves
/// its page, or if it is misaligned and must not be.
void check_difference(Emitter& e, ColdPath& path, Gpr difference, ir::MemInfo memory, unsigned size_log2) {
    if (path.group.role == GroupUse::Role::leads) {
        e.a.cmp(Width::w64, difference, static_cast<i32>(4096 - path.group.length));
        e.a.jcc(x64::Cond::a, path.entry);
    } else if (memory.aligned && size_log2 != 0) {
        // Low bits that are not zero become high ones and fail the comparison.
        e.a.rotate_right(Width::w64, difference, difference, static_cast<u8>(size_log2));
        e.a.cmp(Width::w64, difference, 4096 >> size_log2);
        e.a.jcc(x64::Cond::ae, path.entry);
    } else {
        e.a.cmp(Width::w64, difference, 4096 - (1 << size_log2));
        e.a.jcc(x64::Cond::a, path.entry);
    }
}

Gpr addend_register(const ColdPath& path) {
    return path.group.role == GroupUse::Role::leads ? path.group.addend : Gpr::rax;
}

/// The address is in rax, and rdx is free.
void check_tlb(Emitter& e, ColdPath& path, ir::MemInfo memory, bool write, unsigned size_log2) {
    const bool user = memory.unprivileged;
    // The mask clears what is left of the offset within the page.
    static_assert(sizeof(TlbEntry) == 16);
    e.a.mov(Width::w64, Gpr::rdx, Gpr::rax);
    e.a.shr(Width::w64, Gpr::rdx, 8);
    e.a.and_(Width::w64, Gpr::rdx, user ? RT(tlb_mask_unprivileged) : RT(tlb_mask));
    e.a.add(Width::w64, Gpr::rdx,
            write ? (user ? RT(tlb_write_unprivileged) : RT(tlb_write))
                  : (user ? RT(tlb_read_unprivileged) : RT(tlb_read)));
    e.a.xor_(Width::w64, Gpr::rax, mem(Gpr::rdx, offsetof(TlbEntry, tag)));
    check_difference(e, path, Gpr::rax, memory, size_log2);
    e.a.mov(Width::w64, addend_register(path), mem(Gpr::rdx, offsetof(TlbEntry, addend)));
}

/// The address is in rax.
void check_slot(Emitter& e, ColdPath& path, ir::MemInfo memory, bool write, unsigned size_log2) {
    const unsigned slot = slot_index(memory);
    const std::size_t tag = write ? offsetof(PageSlot, write_tag) : offsetof(PageSlot, read_tag);
    e.a.xor_(Width::w64, Gpr::rax, slot_field(slot, tag));
    check_difference(e, path, Gpr::rax, memory, size_log2);
    e.a.mov(Width::w64, addend_register(path), slot_field(slot, offsetof(PageSlot, addend)));
}

/// Atomics have their address in rdx, and keep it there.
bool looks_in_tlb(const ir::MemInfo& memory, const ColdPath& path) {
    return memory.scattered && path.base != Gpr::rdx;
}

}  // namespace

GuestAddress check_page(Emitter& e, ColdPath& path, GuestAddress address, bool write, unsigned size_log2, u32 index) {
    using enum GroupUse::Role;
    const ir::MemInfo memory = e.current().memory();
    path.base = address.base;
    path.offset = address.offset;
    if (memory.stack) {
        check_stack(e, address);
    }
    path.group = address.group.role == follows ? address.group : e.join_group(index, 1u << size_log2, write);
    if (path.group.role == follows) {
        e.a.test(Width::w64, path.group.addend, path.group.addend);
        e.a.jcc(x64::Cond::e, path.entry);
        path.retry = e.a.cursor();
        return {address.base, address.offset, path.group.addend};
    }
    e.count(Counted::page_checks);
    write = write || path.group.write;
    const i32 offset = address.offset + path.group.low;
    if (offset != 0) {
        e.a.lea(Width::w64, Gpr::rax, mem(address.base, offset));
    } else {
        e.a.mov(Width::w64, Gpr::rax, address.base);
    }
    if (looks_in_tlb(memory, path)) {
        check_tlb(e, path, memory, write, size_log2);
    } else {
        e.begin_site(path);
        check_slot(e, path, memory, write, size_log2);
    }
    path.retry = e.a.cursor();
    return {address.base, address.offset, addend_register(path)};
}

void end_access(Emitter& e, ColdPath& path) {
    path.resume = e.a.cursor();
    path.addends = e.addends();
}

void jump_to(Emitter& e, const u8* write_address) {
    e.a.jmp(write_address + e.a.rw_to_rx());
}

void look_up(Emitter& e, ColdPath& path, bool write, unsigned size_log2) {
    ir::MemInfo memory = e.current().memory();
    const u32 packed = memory.pack();
    memory.size_log2 = static_cast<u8>(size_log2);
    const std::size_t slot = offsetof(Runtime, slots) + slot_index(memory) * sizeof(PageSlot);
    e.count(Counted::slot_misses);
    address_into_rdx(e, path);
    if (path.group.role != GroupUse::Role::none) {
        e.count_miss(path);
        e.a.mov_imm(Gpr::rax, static_cast<u64>(static_cast<i64>(runtime_displacement(slot))));
        e.a.near_call(e.stubs().miss(memory, write || path.group.write, e.watches_misses()));
        const u8* before = e.a.cursor();
        e.a.jmp(path.hit);
        KELVIN_ASSERT(e.a.overflowed() || e.a.cursor() - before == static_cast<std::ptrdiff_t>(Stubs::kSkip));
        e.note_position();
        e.a.mov_imm(Gpr::rax, packed);
        return;
    }
    if (looks_in_tlb(memory, path)) {
        e.note_position();
        e.a.mov_imm(Gpr::rax, packed);
        return;
    }
    e.count_miss(path);
    e.a.mov_imm(Gpr::rax, static_cast<u64>(static_cast<i64>(runtime_displacement(slot))));
    e.a.near_call(e.stubs().miss(memory, write, e.watches_misses()));
    const u8* before = e.a.cursor();
    jump_to(e, path.retry);
    KELVIN_ASSERT(e.a.overflowed() || e.a.cursor() - before == static_cast<std::ptrdiff_t>(Stubs::kSkip));
    e.note_position();
    e.a.mov_imm(Gpr::rax, packed);
}

namespace {

void forget_addends(Emitter& e, const ColdPath& self) {
    for (const Gpr reg : AddressGroups::kRegisters) {
        if ((self.addends >> number(reg) & 1) != 0) {
            e.a.xor_(Width::w32, reg, reg);
        }
    }
}

}  // namespace

void resume(Emitter& e, const ColdPath& self) {
    forget_addends(e, self);
    jump_to(e, self.resume);
}

bool begin_hit(Emitter& e, ColdPath& self) {
    using enum GroupUse::Role;
    if (self.group.role == none) {
        return false;
    }
    e.a.bind(self.hit);
    if (self.group.role == leads) {
        e.a.lea(Width::w64, Gpr::rdx, mem(self.base, self.offset + self.group.low));
        e.a.and_(Width::w32, Gpr::rdx, 4095);
        e.a.cmp(Width::w32, Gpr::rdx, static_cast<i32>(4096 - self.group.length));
        Label apart;
        e.a.jcc(x64::Cond::a, apart);
        e.a.mov(Width::w64, self.group.addend, Gpr::rax);
        jump_to(e, self.retry);
        e.a.bind(apart);
    }
    return true;
}

void end_hit(Emitter& e, const ColdPath& self) {
    if (self.group.role == GroupUse::Role::leads && (self.addends >> number(self.group.addend) & 1) != 0) {
        e.a.xor_(Width::w32, self.group.addend, self.group.addend);
    }
    jump_to(e, self.resume);
}

void turn_to_second(Emitter& e, const ColdPath& path) {
    e.a.lea(Width::w64, Gpr::rdx, mem(Gpr::rdx, 1 << path.op->memory().size_log2));
    e.note_unexecuted();
    e.a.mov_imm(Gpr::rax, path.op->memory().pack());
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

void load_from(Emitter& e, Gpr result, const Mem& place) {
    const ir::MemInfo memory = e.current().memory();
    const Width from = static_cast<Width>(memory.size_log2);
    if (memory.sign_extend) {
        e.a.movsx(Emitter::width(e.current().type), from, result, place);
    } else {
        e.a.movzx(from, result, place);
    }
}

// Neither result is written before both accesses have been made.
void miss_load_pair(Emitter& e, ColdPath& self) {
    const ir::MemInfo memory = self.op->memory();
    look_up(e, self, false, memory.size_log2 + 1u);
    e.a.near_call(e.stubs().slow_load());
    e.a.mov(Width::w64, RT(saved[7]), Gpr::rax);
    turn_to_second(e, self);
    e.a.near_call(e.stubs().slow_load());
    finish_slow_load(e, *self.op, Gpr{self.registers[1]});
    e.a.mov(Width::w64, Gpr::rax, RT(saved[7]));
    finish_slow_load(e, *self.op, Gpr{self.registers[0]});
    resume(e, self);
    if (begin_hit(e, self)) {
        load_from(e, Gpr{self.registers[0]}, hit_place(self));
        load_from(e, Gpr{self.registers[1]}, hit_place(self, 1 << self.op->memory().size_log2));
        end_hit(e, self);
    }
}

void load_pair(Emitter& e) {
    const unsigned size_log2 = e.current().memory().size_log2;
    const u32 index = e.current_index();
    GuestAddress address = address_of(e);
    e.clobber_flags();
    ColdPath& path = e.cold(&miss_load_pair);
    address.group = e.hold_addend(index, 2u << size_log2);
    const Gpr first = e.define(true);
    e.advance();
    e.use(e.current().a);
    if (address.group.role == GroupUse::Role::follows) {
        e.unlock(address.group.addend);
    }
    const Gpr second = e.define();
    address = check_page(e, path, address, false, size_log2 + 1, index);
    load_from(e, first, host_place(address));
    load_from(e, second, host_place(address, 1 << size_log2));
    path.registers[0] = static_cast<u8>(number(first));
    path.registers[1] = static_cast<u8>(number(second));
    end_access(e, path);
}

}  // namespace

void load(Emitter& e) {
    if (e.pair_follows()) {
        return load_pair(e);
    }
    const unsigned size_log2 = e.current().memory().size_log2;
    GuestAddress address = address_of(e);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, false, self.op->memory().size_log2);
        em.a.near_call(em.stubs().slow_load());
        finish_slow_load(em, *self.op, Gpr{self.registers[0]});
        resume(em, self);
        if (begin_hit(em, self)) {
            load_from(em, Gpr{self.registers[0]}, hit_place(self));
            end_hit(em, self);
        }
    });
    address = check_page(e, path, address, false, size_log2, e.current_index());
    e.unlock(Gpr::rax);
    const Gpr result = e.define();
    load_from(e, result, host_place(address));
    path.registers[0] = static_cast<u8>(number(result));
    end_access(e, path);
}

namespace {

/// A store is not complete before later loads only if it must be: STLR.
void order_store(Emitter& e) {
    const ir::Order order = e.current().memory().order;
    if (order == ir::Order::release || order == ir::Order::acquire_release) {
        e.a.lock_alu(Alu::or_, Width::w32, mem(Gpr::rsp, -8), Gpr::rax);
    }
}

/// What a store writes: a register, or a constant that the instruction holds.
struct Stored {
    bool immediate;
    Gpr reg;
    i32 number;
};

Stored stored_value(Emitter& e) {
    const Op& op = e.current();
    const Width w = static_cast<Width>(op.memory().size_log2);
    Stored value{false, Gpr::rax, 0};
    value.immediate = e.immediate(op.b, w == Width::w64 ? Type::i64 : Type::i32, value.number);
    if (value.immediate) {
        e.skip(op.b);
    } else {
        value.reg = e.use(op.b);
    }
    return value;
}

void keep(ColdPath& path, unsigned i, Stored value) {
    path.registers[i] = static_cast<u8>(number(value.reg));
    path.registers[2 + i] = value.immediate;
    path.data |= u64{static_cast<u32>(value.number)} << (32 * i);
}

Stored kept(const ColdPath& path, unsigned i) {
    return {path.registers[2 + i] != 0, Gpr{path.registers[i]},
            static_cast<i32>(static_cast<u32>(path.data >> (32 * i)))};
}

void pass_stored(Emitter& e, const ColdPath& path, unsigned i) {
    if (path.registers[2 + i] != 0) {
        e.a.mov(Width::w64, argument(0), static_cast<i32>(static_cast<u32>(path.data >> (32 * i))));
    } else {
        e.a.mov(Width::w64, argument(0), Gpr{path.registers[i]});
    }
}

void store_to(Emitter& e, const Mem& place, Stored value) {
    const Width w = static_cast<Width>(e.current().memory().size_log2);
    if (value.immediate) {
        e.a.mov(w, place, value.number);
    } else {
        e.a.mov(w, place, value.reg);
    }
}

void miss_store_pair(Emitter& e, ColdPath& self) {
    look_up(e, self, true, self.op->memory().size_log2 + 1u);
    pass_stored(e, self, 0);
    e.a.near_call(e.stubs().slow_store());
    turn_to_second(e, self);
    pass_stored(e, self, 1);
    e.a.near_call(e.stubs().slow_store());
    resume(e, self);
    if (begin_hit(e, self)) {
        store_to(e, hit_place(self), kept(self, 0));
        store_to(e, hit_place(self, 1 << self.op->memory().size_log2), kept(self, 1));
        end_hit(e, self);
    }
}

void store_pair(Emitter& e) {
    const unsigned size_log2 = e.current().memory().size_log2;
    const u32 index = e.current_index();
    GuestAddress address = address_of(e);
    const Stored first = stored_value(e);
    e.clobber_flags();
    ColdPath& path = e.cold(&miss_store_pair);
    e.advance();
    e.use(e.current().a);
    const Stored second = stored_value(e);
    address = check_page(e, path, address, true, size_log2 + 1, index);
    store_to(e, host_place(address), first);
    store_to(e, host_place(address, 1 << size_log2), second);
    keep(path, 0, first);
    keep(path, 1, second);
    end_access(e, path);
}

}  // namespace

void store(Emitter& e) {
    if (e.pair_follows()) {
        return store_pair(e);
    }
    GuestAddress address = address_of(e);
    const Stored value = stored_value(e);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, true, self.op->memory().size_log2);
        pass_stored(em, self, 0);
        em.a.near_call(em.stubs().slow_store());
        resume(em, self);
        if (begin_hit(em, self)) {
            store_to(em, hit_place(self), kept(self, 0));
            end_hit(em, self);
        }
    });
    keep(path, 0, value);
    address = check_page(e, path, address, true, e.current().memory().size_log2, e.current_index());
    store_to(e, host_place(address), value);
    end_access(e, path);
    order_store(e);
}

#undef RT

}  // namespace kelvin::x64::lower
