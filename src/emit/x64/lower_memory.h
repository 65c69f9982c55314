// SPDX-License-Identifier: Apache-2.0
// What the emitters of guest memory accesses share: the inline check against a page slot, and what a miss does.
//
// Whatever a miss must find emitted too (values moved out of the result's register, saved flags) comes before
// check_page(): define the result first, if making room for it could take an instruction.
#pragma once

#include "emit/x64/lower.h"

namespace kelvin::x64::lower {

/// Where the current access goes; uses op.a, whose register stays as it is until the op ends. rax and rdx are taken.
struct GuestAddress {
    Gpr base;
    i32 offset;
    Gpr addend = Gpr::rax;
    GroupUse group{};  ///< if it is known already that the access follows in one
};
GuestAddress address_of(Emitter& e);

/// On the fast path afterwards the host address of the result's base is that register plus `addend`. A miss goes to
/// `path.entry` and comes back to `path.retry` once the addend is right. `size_log2`: of all bytes that are accessed;
/// `index`: of the first op that does. Overwrites EFLAGS.
GuestAddress check_page(Emitter& e, ColdPath& path, GuestAddress address, bool write, unsigned size_log2, u32 index);
/// The access has been emitted: misses come back to here.
void end_access(Emitter& e, ColdPath& path);

// On cold paths. Registers are kept, but for rax and rdx.

/// Puts the guest address into rdx and looks in the TLB; what is emitted next runs if C++ must make the access, and
/// finds the packed MemInfo of the op in rax.
void look_up(Emitter& e, ColdPath& path, bool write, unsigned size_log2);
/// Goes on behind the access, which C++ has made.
void resume(Emitter& e, const ColdPath& self);
/// If the access is in a group, what a miss does that has found its page, though not all of the group may be in it:
/// true if the access is to be emitted next, to hit_place(), and end_hit().
bool begin_hit(Emitter& e, ColdPath& self);
void end_hit(Emitter& e, const ColdPath& self);
/// Calls one of RuntimeCalls with the address in rdx: its result is in rax and Runtime::result.
void call_memory(Emitter& e, const void* function, u32 memory);
/// `write_address` is where the target is written.
void jump_to(Emitter& e, const u8* write_address);

/// Of a pair whose first access C++ has made: leads the second one there too.
void turn_to_second(Emitter& e, const ColdPath& path);

/// What check_page() has found, or what lies so many bytes behind it.
inline Mem host_place(GuestAddress address, i32 behind = 0) {
    return mem(address.base, address.addend, 1, address.offset + behind);
}

inline Mem hit_place(const ColdPath& path, i32 behind = 0) {
    return mem(path.base, Gpr::rax, 1, path.offset + behind);
}

inline Mem argument(unsigned i) {
    return Emitter::runtime(offsetof(Runtime, arguments) + sizeof(ir::Datum) * i);
}

}  // namespace kelvin::x64::lower
