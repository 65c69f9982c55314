// SPDX-License-Identifier: Apache-2.0
// Emitters of guest memory accesses by vector registers.
#include "emit/x64/lower_memory.h"
#include "emit/x64/vector_ops.h"

namespace kelvin::x64::lower {

namespace {

#define RT(field) Emitter::runtime(offsetof(Runtime, field))

/// Zero-extended to 128 bits. Overwrites rdx.
void load_from(Emitter& e, Xmm result, const Mem& place) {
    const u8 size_log2 = e.current().memory().size_log2;
    switch (size_log2) {
        case 0:
        case 1:
            e.a.movzx(static_cast<Width>(size_log2), Gpr::rdx, place);
            e.a.vex(vop::vmovd_gpr, result, Gpr::rdx);
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
}

void store_to(Emitter& e, const Mem& place, Xmm value) {
    switch (e.current().memory().size_log2) {
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
}

// Neither result is written before both accesses have been made.
void miss_load_pair(Emitter& e, ColdPath& self) {
    static_assert(sizeof(ir::Datum) >= sizeof(V128));
    look_up(e, self, false, self.op->memory().size_log2 + 1u);
    const Xmm first{self.registers[0]};
    e.a.near_call(e.stubs().slow_load());
    e.a.mov(Width::w64, RT(saved[7]), Gpr::rax);
    e.a.mov(Width::w64, Gpr::rax, Emitter::runtime(offsetof(Runtime, result) + 8));
    e.a.mov(Width::w64, RT(saved[8]), Gpr::rax);
    turn_to_second(e, self);
    e.a.near_call(e.stubs().slow_load());
    e.a.vex(vop::vmovaps, Xmm{self.registers[1]}, RT(result));
    e.a.vex(vop::vmovups, first, RT(saved[7]));
    resume(e, self);
    if (begin_hit(e, self)) {
        load_from(e, first, hit_place(self));
        load_from(e, Xmm{self.registers[1]}, hit_place(self, 1 << self.op->memory().size_log2));
        end_hit(e, self);
    }
}

void load_pair(Emitter& e) {
    const unsigned size_log2 = e.current().memory().size_log2;
    const u32 index = e.current_index();
    GuestAddress address = address_of(e);
    e.clobber_flags();
    ColdPath& path = e.cold(&miss_load_pair);
    const Xmm first = e.define_xmm();
    e.advance();
    e.use(e.current().a);
    const Xmm second = e.define_xmm();
    address = check_page(e, path, address, false, size_log2 + 1, index);
    load_from(e, first, host_place(address));
    load_from(e, second, host_place(address, 1 << size_log2));
    path.registers[0] = static_cast<u8>(number(first));
    path.registers[1] = static_cast<u8>(number(second));
    end_access(e, path);
}

void miss_store_pair(Emitter& e, ColdPath& self) {
    look_up(e, self, true, self.op->memory().size_log2 + 1u);
    e.a.vex(vop::vmovups_store, argument(0), Xmm{self.registers[0]});
    e.a.near_call(e.stubs().slow_store());
    turn_to_second(e, self);
    e.a.vex(vop::vmovups_store, argument(0), Xmm{self.registers[1]});
    e.a.near_call(e.stubs().slow_store());
    resume(e, self);
    if (begin_hit(e, self)) {
        store_to(e, hit_place(self), Xmm{self.registers[0]});
        store_to(e, hit_place(self, 1 << self.op->memory().size_log2), Xmm{self.registers[1]});
        end_hit(e, self);
    }
}

void store_pair(Emitter& e) {
    const unsigned size_log2 = e.current().memory().size_log2;
    const u32 index = e.current_index();
    GuestAddress address = address_of(e);
    const Xmm first = e.use_xmm(e.current().b);
    e.clobber_flags();
    ColdPath& path = e.cold(&miss_store_pair);
    e.advance();
    e.use(e.current().a);
    const Xmm second = e.use_xmm(e.current().b);
    address = check_page(e, path, address, true, size_log2 + 1, index);
    store_to(e, host_place(address), first);
    store_to(e, host_place(address, 1 << size_log2), second);
    path.registers[0] = static_cast<u8>(number(first));
    path.registers[1] = static_cast<u8>(number(second));
    end_access(e, path);
}

}  // namespace

void vload(Emitter& e) {
    if (e.pair_follows()) {
        return load_pair(e);
    }
    GuestAddress address = address_of(e);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, false, self.op->memory().size_log2);
        em.a.near_call(em.stubs().slow_load());
        em.a.vex(vop::vmovaps, Xmm{self.registers[0]}, RT(result));
        resume(em, self);
        if (begin_hit(em, self)) {
            load_from(em, Xmm{self.registers[0]}, hit_place(self));
            end_hit(em, self);
        }
    });
    const Xmm result = e.define_xmm();
    address = check_page(e, path, address, false, e.current().memory().size_log2, e.current_index());
    load_from(e, result, host_place(address));
    path.registers[0] = static_cast<u8>(number(result));
    end_access(e, path);
}

void vstore(Emitter& e) {
    if (e.pair_follows()) {
        return store_pair(e);
    }
    GuestAddress address = address_of(e);
    const Xmm value = e.use_xmm(e.current().b);
    e.clobber_flags();
    ColdPath& path = e.cold(+[](Emitter& em, ColdPath& self) {
        look_up(em, self, true, self.op->memory().size_log2);
        em.a.vex(vop::vmovups_store, argument(0), Xmm{self.registers[0]});
        em.a.near_call(em.stubs().slow_store());
        resume(em, self);
        if (begin_hit(em, self)) {
            store_to(em, hit_place(self), Xmm{self.registers[0]});
            end_hit(em, self);
        }
    });
    path.registers[0] = static_cast<u8>(number(value));
    address = check_page(e, path, address, true, e.current().memory().size_log2, e.current_index());
    store_to(e, host_place(address), value);
    end_access(e, path);
}

#undef RT

}  // namespace kelvin::x64::lower
