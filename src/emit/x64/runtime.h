// SPDX-License-Identifier: Apache-2.0
// What generated code finds beside the guest's state: page slots, the current TLB, the jump cache, and the areas
// through which it talks to C++. It lies directly in front of the guest's state, so that both are reached from one
// register whatever the guest is.
#pragma once

#include <cstddef>

#include "base/clock.h"
#include "base/instruction_clock.h"
#include "ir/evaluate.h"

namespace kelvin::x64 {

/// A translation cached for accesses off one base register: host = guest address + addend.
/// A tag is the guest virtual address of a page, or kept at Runtime::invalid_tag.
struct PageSlot {
    u64 read_tag;
    u64 write_tag;
    u64 addend;
};

struct TlbEntry {
    u64 tag;
    u64 addend;
};

/// `va` is a guest address whose code is at `code`.
struct JumpEntry {
    u64 va;
    const u8* code;
};

inline constexpr unsigned kJumpEntries = 4096;
/// An address that is branched to in several ways (ir::GuestDesc::branch_type_offset) has an entry for each, at places
/// side by side: the place says the type, as the entry need not.
inline constexpr unsigned kBranchTypes = 4;
inline constexpr unsigned kJumpPlaces = kJumpEntries + kBranchTypes - 1;
/// Slots 0 to 31 are of the guest's registers, 32 of everything else; from 33 on the same for unprivileged accesses.
inline constexpr unsigned kOtherSlot = 32;
inline constexpr unsigned kSlotsPerPrivilege = 33;
inline constexpr unsigned kSlots = 2 * kSlotsPerPrivilege;

/// The part of an address that jump-cache look-ups index by, as a byte offset / 4: bits 13:2 mixed with those above.
constexpr u64 jump_index(u64 va) {
    return (((va >> 12) ^ va) & 0x3ffc) >> 2;
}

/// What the place `index` holds when it is empty: an address that is looked up elsewhere whatever the type. (No address
/// at all will do: a guest may jump to any.)
constexpr JumpEntry empty_jump(unsigned index) {
    return {index < kBranchTypes ? u64{4} * kBranchTypes : u64{0}, nullptr};
}
static_assert(jump_index(0) == 0 && jump_index(4 * kBranchTypes) == kBranchTypes);

/// An entry of the second jump cache, which all contexts share and the stubs look in: see
/// accel/translator/second_jumps.h. Of 32 bytes, so that look-ups need no multiplication.
struct SecondJump {
    u64 va;
    u64 generation;  ///< of the context's jumps, plus the branch type; 0: the entry is empty
    const u8* code;
    u64 unused;
};
inline constexpr unsigned kSecondJumps = 16384;

constexpr u64 second_jump_index(u64 va) {
    return (((va >> 12) ^ va) >> 2) & (kSecondJumps - 1);
}

/// Misses of page slots are counted by the access's place in the code, modulo this.
inline constexpr unsigned kSlotSites = 1024;

/// In Runtime::missing_site: none is to be told for the moment.
inline constexpr u64 kDeaf = 1;

/// Of a region that is tried: see accel/translator/slot_trials.h.
inline constexpr unsigned kTrials = 16;
inline constexpr unsigned kTrialSites = 32;
inline constexpr u32 kTrialEntries = 256;
struct SlotTrial {
    u32 entries_left;  ///< counts down; the trial ends at 0
    u32 misses[kTrialSites];
};

/// What generated code counts if it is told to.
enum class Counted : u8 { regions, instructions, page_checks, slot_misses, jumps, jump_misses, count };
inline constexpr unsigned kCounted = static_cast<unsigned>(Counted::count);

/// Owner: the vCPU's thread, but for `kick`.
struct alignas(64) Runtime {
    PageSlot slots[kSlots];
    ir::Datum arguments[ir::kMaxCallArguments];  ///< of calls
    ir::Datum result;
    V128 spill[64];
    u64 saved[16];  ///< general registers that a slow path must bring back
    V128 saved_vectors[4];

    u64 page;            ///< guest virtual address of the page whose code runs
    u32 page_offset;     ///< of the instruction, set before anything that may leave the region
    u32 exit_link;       ///< id of the link through which the region was left, or 0
    u32 kick;            ///< another thread wants the vCPU's attention; written atomically
    TlbEntry* tlb_read;  ///< tables of the current context, both with a power of two of entries
    TlbEntry* tlb_write;
    TlbEntry* tlb_read_unprivileged;
    TlbEntry* tlb_write_unprivileged;
    u64 tlb_mask;  ///< of a table's byte offsets: (entries - 1) * sizeof(TlbEntry)
    u64 tlb_mask_unprivileged;
    JumpEntry* jump_cache;
    const SecondJump* second_jumps;
    const u64* jump_generation;  ///< of the current context
    u64 exclusive_address;       ///< of the monitor, ~0 when open
    V128 exclusive_value;
    u64 invalid_tag;     ///< a page that no guest can map: see accel/translator/tlb.h
    void* owner;         ///< the vCPU, for the C++ behind the slow paths
    u32 exclusive_size;  ///< log2 of the bytes that are monitored
    u32 guest_mxcsr;     ///< rounding and flushing as the guest wants, exceptions masked, sticky flags
    u32 host_mxcsr;
    u32 clock_fence;     ///< nonzero: the clock is not to be read before what came before has been done
    ClockStretch clock;  ///< of the guest's clock, and in it; none: C++ is asked, and may put one here
    u64 counted[kCounted];
    InstructionBudget budget;    ///< where instructions are metered
    u64 missing_site;            ///< where the code runs that has missed its slot 256 times; 0: nowhere; or kDeaf
    u8 site_misses[kSlotSites];  ///< since that was last so
    SlotTrial trials[kTrials];
};

/// rbp points this far into the guest's state, so that its first 256 bytes are within an 8-bit displacement.
inline constexpr i32 kStateBias = 128;

/// Displacement from rbp of a byte of the guest's state and of a field of Runtime.
constexpr i32 state_displacement(u32 offset) {
    return static_cast<i32>(offset) - kStateBias;
}
constexpr i32 runtime_displacement(std::size_t offset) {
    return static_cast<i32>(offset) - static_cast<i32>(sizeof(Runtime)) - kStateBias;
}

/// The C++ behind generated code. All take the Runtime; addresses are guest virtual.
struct RuntimeCalls {
    /// Result in runtime.result. Returns nonzero if an exception was raised.
    u64 (*load)(Runtime*, u64 address, u32 memory);
    /// Value in runtime.arguments[0].
    u64 (*store)(Runtime*, u64 address, u32 memory);
    u64 (*load_exclusive)(Runtime*, u64 address, u32 memory);
    /// Status in runtime.result.
    u64 (*store_exclusive)(Runtime*, u64 address, u32 memory);
    /// Operand in arguments[0]; `memory` with the AtomicKind in bits 31:28.
    u64 (*atomic_rmw)(Runtime*, u64 address, u32 memory);
    /// Expected in arguments[0], new in arguments[1].
    u64 (*compare_and_swap)(Runtime*, u64 address, u32 memory);
    /// The guest's time in nanoseconds, in runtime.result. Returns 0; the other arguments mean nothing.
    u64 (*read_clock)(Runtime*, u64, u32);
};

}  // namespace kelvin::x64
