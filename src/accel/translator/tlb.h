// SPDX-License-Identifier: Apache-2.0
// The soft TLB of one vCPU: a context per address space, so that switching between them costs a pointer.
//
// Context 0 and 1 serve EL1 with PSTATE.PAN clear and set; the others serve EL0, one per {TTBR0, ASID, ...} recently in
// use. Entries that belong to one address space only (nG) are purged from the EL1 contexts when the address space
// changes.
//
// A tag that must never match is `invalid_tag`: a random page whose bits 55 and 54 differ, which no translation regime
// maps.
//
// Owner thread: the vCPU's.
#pragma once

#include <array>
#include <bitset>
#include <memory>
#include <vector>

#include "base/types.h"
#include "emit/x64/runtime.h"

namespace kelvin::translator {

/// A page as code is fetched from it.
struct FetchEntry {
    u64 tag = ~u64{0};  ///< guest virtual address of the page
    u64 physical = 0;
    const u8* host = nullptr;
    bool guarded = false;  ///< BTI is enforced there
    bool global = true;    ///< in every address space
};

class TlbContext {
  public:
    explicit TlbContext(u64 invalid_tag);

    x64::TlbEntry* reads() { return read_.get(); }
    x64::TlbEntry* writes() { return write_.get(); }
    u64 offset_mask() const { return (entries_ - 1) * sizeof(x64::TlbEntry); }
    x64::JumpEntry* jumps() { return jumps_.get(); }

    /// `size`: of the guest's page or block that the entry is a part of.
    /// True if the tables have grown for it, and so moved.
    bool fill(u64 page, u64 addend, bool write, bool global, u64 size);
    FetchEntry& fetch_entry(u64 page) { return fetch_[(page >> 12) % kFetchEntries]; }

    /// `entry.tag` is a page. Jumps into it may follow.
    void fill_fetch(const FetchEntry& entry) {
        fetch_entry(entry.tag) = entry;
        has_local_code_ |= !entry.global;
    }

    void flush();
    void flush_not_global();
    /// All entries within [start, start + size), whatever their top byte.
    void flush_range(u64 start, u64 size);
    /// No store reaches the host page at `host` without C++ any more.
    void revoke_writes(const u8* host);
    void flush_jumps();
    /// `code` is what branches of `branch_type` to `va` lead to.
    void add_jump(u64 va, u32 branch_type, const u8* code) {
        jumps_[x64::jump_index(va) + branch_type] = {va, code};
        jump_pages_.set(jump_page(va));
    }

    /// A branch without type to `va` would be served.
    bool has_jump(u64 va) const {
        const x64::JumpEntry& entry = jumps_[x64::jump_index(va)];
        return entry.va == va && entry.code != nullptr;
    }

    u64 space = 0;          ///< what it serves, as AddressSpaces tells them apart
    u64 address_space = 0;  ///< whose entries, besides global ones, an EL1 context holds
    u64 asid = 0;
    u64 used_at = 0;
    u32 jump_mode = 0;  ///< the mode that the jumps were entered in

  private:
    struct Filled {
        u32 index : 30;
        u32 write : 1;
        u32 global : 1;
    };
    static constexpr unsigned kFetchEntries = 256;
    static constexpr std::size_t kJournalLimit = 2048;
    static constexpr u64 kFewestEntries = 4096;
    static constexpr u64 kMostEntries = 65536;

    static unsigned jump_page(u64 va) { return static_cast<unsigned>(va >> 12 ^ va >> 22) & 1023; }
    void clear_entry(x64::TlbEntry& entry) const { entry = {invalid_tag_, 0}; }
    void clear_all();
    void resize(u64 entries);
    u64 index_of(u64 page) const { return (page >> 12) & (entries_ - 1); }

    u64 invalid_tag_;
    u64 entries_ = kFewestEntries;
    u64 fills_ = 0;  ///< since the tables were last flushed or resized
    std::unique_ptr<x64::TlbEntry[]> read_, write_;
    std::unique_ptr<x64::JumpEntry[]> jumps_;
    std::array<FetchEntry, kFetchEntries> fetch_;
    std::vector<Filled> journal_;  ///< what was filled since the last flush, unless too much was
    bool journal_overflowed_ = false;
    bool has_local_code_ = false;   ///< code of one address space only may be in the fetch entries or the jumps
    std::bitset<4096> large_;       ///< by a hash of the 2 MiB region: holds parts of blocks
    std::bitset<1024> huge_;        ///< likewise by 1 GiB: holds parts of larger ones
    std::bitset<1024> jump_pages_;  ///< by a hash of the page: jumps into it may be there
};

}  // namespace kelvin::translator
