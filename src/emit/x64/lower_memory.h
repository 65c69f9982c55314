// SPDX-License-Identifier: Apache-2.0
// What the emitters of guest memory accesses share: the inline check against a page slot, and what a miss does.
//
// Whatever a miss must find emitted too (values moved out of the result's register, saved flags) comes before
// check_page(): define the result first, if making room for it could take an instruction.
#pragma once

#include "emit/x64/lower.h"

namespace kelvin::x64::lower {

/// Takes rdx and makes it the guest address; uses op.a.
void address_into_rdx(Emitter& e);

/// On the fast path afterwards the host address is rdx + rax, which must have been taken. A miss goes to `path.entry`,
/// where rdx is the guest address still, and comes back to `path.retry` once rax is right. Overwrites EFLAGS.
void check_page(Emitter& e, ColdPath& path, bool write);

// On cold paths. Registers are kept, but for rax.

/// Looks in the TLB; what is emitted next runs if C++ must make the access, and finds the packed MemInfo in rax.
void look_up(Emitter& e, const ColdPath& path, bool write);
/// Calls one of RuntimeCalls with the address in rdx: its result is in rax and Runtime::result.
void call_memory(Emitter& e, const void* function, u32 memory);
/// `write_address` is where the target is written.
void jump_to(Emitter& e, const u8* write_address);

inline Mem argument(unsigned i) {
    return Emitter::runtime(offsetof(Runtime, arguments) + sizeof(ir::Datum) * i);
}

}  // namespace kelvin::x64::lower
