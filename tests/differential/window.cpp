// SPDX-License-Identifier: Apache-2.0
#include "differential/window.h"

#include <algorithm>
#include <cstring>

#include "base/bits.h"
#include "support/atomics.h"

namespace kelvin::differential {

namespace {

constexpr u64 kPage = 4096;
constexpr u64 kInvalidTag = u64{1} << 54;
constexpr u64 kJumpGeneration = x64::kBranchTypes;
constexpr u64 kRaised = 1;
constexpr u64 kTlbEntries = 64;

/// User mode ignores the top byte of addresses (TCR_EL1.TBI0).
constexpr u64 untagged(u64 address) {
    return address & low_mask(56);
}

Window& window_of(x64::Runtime* runtime) {
    return *static_cast<Window*>(runtime->owner);
}

u64 slow_load(x64::Runtime* runtime, u64 address, u32 memory) {
    runtime->result.vector = V128{};
    return window_of(runtime).load(address, ir::MemInfo::unpack(memory), runtime->result.vector) ? 0 : kRaised;
}

u64 slow_store(x64::Runtime* runtime, u64 address, u32 memory) {
    return window_of(runtime).store(address, ir::MemInfo::unpack(memory), runtime->arguments[0].vector) ? 0 : kRaised;
}

u64 slow_load_exclusive(x64::Runtime* runtime, u64 address, u32 memory) {
    runtime->result.vector = V128{};
    return window_of(runtime).load_exclusive(address, ir::MemInfo::unpack(memory), runtime->result.vector) ? 0
                                                                                                           : kRaised;
}

u64 slow_store_exclusive(x64::Runtime* runtime, u64 address, u32 memory) {
    u32 failed = 0;
    const bool done =
        window_of(runtime).store_exclusive(address, ir::MemInfo::unpack(memory), runtime->arguments[0].vector, failed);
    runtime->result.vector = v128(failed);
    return done ? 0 : kRaised;
}

u64 slow_atomic_rmw(x64::Runtime* runtime, u64 address, u32 memory) {
    u64 old = 0;
    const bool done =
        window_of(runtime).atomic_rmw(address, ir::MemInfo::unpack(memory & 0x0fffffff),
                                      static_cast<ir::AtomicKind>(memory >> 28), runtime->arguments[0].integer, old);
    runtime->result.vector = v128(old);
    return done ? 0 : kRaised;
}

u64 slow_compare_and_swap(x64::Runtime* runtime, u64 address, u32 memory) {
    V128 old{};
    const bool done = window_of(runtime).compare_and_swap(
        address, ir::MemInfo::unpack(memory), runtime->arguments[0].vector, runtime->arguments[1].vector, old);
    runtime->result.vector = old;
    return done ? 0 : kRaised;
}

std::size_t size_of(ir::MemInfo info) {
    return std::size_t{1} << info.size_log2;
}

/// Time stands still.
u64 read_clock(x64::Runtime* runtime, u64, u32) {
    runtime->result.integer = 0;
    return 0;
}

}  // namespace

const x64::RuntimeCalls& Window::runtime_calls() {
    static constexpr x64::RuntimeCalls kCalls = {
        &slow_load, &slow_store, &slow_load_exclusive, &slow_store_exclusive, &slow_atomic_rmw, &slow_compare_and_swap,
        &read_clock};
    return kCalls;
}

Window::Window(testing::Processor& processor, bool has_tlb)
    : processor_(processor),
      has_tlb_(has_tlb),
      storage_(std::make_unique<u8[]>(CASE_WINDOW_BYTES + kPage)),
      bytes_(storage_.get() + align_up(reinterpret_cast<u64>(storage_.get()), kPage) -
             reinterpret_cast<u64>(storage_.get())),
      reads_(std::make_unique<x64::TlbEntry[]>(kTlbEntries)),
      writes_(std::make_unique<x64::TlbEntry[]>(kTlbEntries)),
      jumps_(std::make_unique<x64::JumpEntry[]>(x64::kJumpEntries)),
      second_jumps_(std::make_unique<x64::SecondJump[]>(x64::kSecondJumps)) {
    x64::Runtime& runtime = processor_.runtime();
    runtime.owner = this;
    runtime.invalid_tag = kInvalidTag;
    runtime.tlb_read = runtime.tlb_read_unprivileged = reads_.get();
    runtime.tlb_write = runtime.tlb_write_unprivileged = writes_.get();
    runtime.tlb_mask = runtime.tlb_mask_unprivileged = (kTlbEntries - 1) * sizeof(x64::TlbEntry);
    runtime.jump_cache = jumps_.get();
    runtime.second_jumps = second_jumps_.get();
    runtime.jump_generation = &kJumpGeneration;
    std::fill_n(reads_.get(), kTlbEntries, x64::TlbEntry{kInvalidTag, 0});
    std::fill_n(writes_.get(), kTlbEntries, x64::TlbEntry{kInvalidTag, 0});
    for (unsigned i = 0; i < x64::kJumpEntries; i++) {
        jumps_[i] = x64::empty_jump(i);
    }
}

void Window::set(const u8* bytes) {
    std::memcpy(bytes_ + (CASE_MEMORY_START - CASE_WINDOW), bytes, CASE_MEMORY);
}

void Window::get(u8* bytes) const {
    std::memcpy(bytes, bytes_ + (CASE_MEMORY_START - CASE_WINDOW), CASE_MEMORY);
}

void Window::reset_tlb(bool mapped) {
    for (u64 page = CASE_WINDOW; page < CASE_WINDOW + CASE_WINDOW_BYTES; page += kPage) {
        const u64 index = (page / kPage) % kTlbEntries;
        reads_[index] = writes_[index] = {kInvalidTag, 0};
        if (mapped) {
            fill(page, false);
            fill(page, true);
        }
    }
    for (x64::PageSlot& slot : processor_.runtime().slots) {
        slot = {kInvalidTag, kInvalidTag, reinterpret_cast<u64>(bytes_) - kInvalidTag};
    }
}

void Window::fill(u64 address, bool write) {
    if (!has_tlb_) {
        return;
    }
    const u64 page = align_down(address, kPage);
    x64::TlbEntry& entry = (write ? writes_ : reads_)[(page / kPage) % kTlbEntries];
    entry = {page, reinterpret_cast<u64>(bytes_) + (untagged(page) - CASE_WINDOW) - page};
}

void Window::raise(u8 status, u64 address, arm64::Access access) {
    arm64::Fault fault;
    fault.status = status;
    fault.address = Gva{address};
    fault.type.access = access;
    fault.type.el = arm64::ExceptionLevel::el0;
    processor_.cpu().take_abort(fault);
}

/// AArch64.UnalignedAccessFaults for atomics, exclusives and ordered accesses: FEAT_LSE2 allows what lies within 16
/// bytes.
bool Window::may_be_misaligned(u64 address, u64 size) const {
    return processor_.model().has(arm64::Feature::lse2) && !bit(processor_.state().sctlr[1], 1) &&
           address % 16 + size <= 16;
}

/// Null: an exception has been raised.
u8* Window::place(u64 address, ir::MemInfo info, arm64::Access access) {
    const u64 size = size_of(info);
    bases |= u64{1} << info.base;
    if (info.stack && processor_.state().sp % 16 != 0) {
        processor_.cpu().take_sp_alignment_fault();
        return nullptr;
    }
    if (info.aligned && address % size != 0 && !may_be_misaligned(address, size)) {
        raise(arm64::fault_status::kAlignment, address, access);
        return nullptr;
    }
    // What is not compared must not be touched.
    if (untagged(address) - CASE_MEMORY_START > CASE_MEMORY - size) {
        miss = {address, info};
        raise(arm64::fault_status::kTranslation + 3, address, access);
        return nullptr;
    }
    if (address % kPage <= kPage - size) {
        fill(address, access == arm64::Access::write);
    }
    return bytes_ + (untagged(address) - CASE_WINDOW);
}

bool Window::load(u64 address, ir::MemInfo info, V128& value) {
    const u8* from = place(address, info, arm64::Access::read);
    if (from != nullptr) {
        std::memcpy(&value, from, size_of(info));
    }
    return from != nullptr;
}

bool Window::store(u64 address, ir::MemInfo info, const V128& value) {
    u8* to = place(address, info, arm64::Access::write);
    if (to != nullptr) {
        std::memcpy(to, &value, size_of(info));
    }
    return to != nullptr;
}

bool Window::load_exclusive(u64 address, ir::MemInfo info, V128& value) {
    if (!load(address, info, value)) {
        return false;
    }
    processor_.runtime().exclusive_address = untagged(address);
    processor_.runtime().exclusive_value = value;
    exclusive_size_ = size_of(info);
    return true;
}

bool Window::store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) {
    u8* to = place(address, info, arm64::Access::write);
    if (to == nullptr) {
        return false;
    }
    const x64::Runtime& runtime = processor_.runtime();
    const bool open = runtime.exclusive_address == untagged(address);
    // The sizes of the pair must be the same, else anything may happen (Load-Exclusive and Store-Exclusive usage
    // restrictions).
    constrained = constrained || (open && exclusive_size_ != size_of(info));
    failed = !open || std::memcmp(to, &runtime.exclusive_value, size_of(info)) != 0;
    if (failed == 0) {
        std::memcpy(to, &value, size_of(info));
    }
    clear_exclusive();
    return true;
}

bool Window::atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) {
    u8* at = place(address, info, arm64::Access::write);
    if (at == nullptr) {
        return false;
    }
    old = 0;
    std::memcpy(&old, at, size_of(info));
    const u64 now = testing::combine(kind, old, operand, 8u << info.size_log2);
    std::memcpy(at, &now, size_of(info));
    return true;
}

bool Window::compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired, V128& old) {
    u8* at = place(address, info, arm64::Access::write);
    if (at == nullptr) {
        return false;
    }
    old = V128{};
    std::memcpy(&old, at, size_of(info));
    if (std::memcmp(&old, &expected, size_of(info)) == 0) {
        std::memcpy(at, &desired, size_of(info));
    }
    return true;
}

}  // namespace kelvin::differential
