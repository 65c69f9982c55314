// SPDX-License-Identifier: Apache-2.0
// The soft TLB of one vCPU: a context per address space, so that switching between them costs a pointer.
//
// Some serve EL0, one per {TTBR0, ASID, ...} recently in use; others serve EL1, with PSTATE.PAN clear and set. Address
// spaces share those of EL1, where entries that belong to one of them only (nG) are purged when it changes; unless the
// kernel's own code is such, when it has EL1 contexts per address space too: see address_spaces.h.
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

#include "accel/translator/second_jumps.h"
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

class CodeWords;

/// A page that code was made from, as stores go to it: by C++, so its tag is in no table.
struct CodePage {
    u64 tag = ~u64{0};  ///< guest virtual address of the page, as it was used
    u8* host = nullptr;
    u64 physical = 0;
    const CodeWords* words = nullptr;
};

class TlbContext {
  public:
    TlbContext(u64 invalid_tag, SecondJumps& second_jumps);

    x64::TlbEntry* reads() { return read_.get(); }
    x64::TlbEntry* writes() { return write_.get(); }
    u64 offset_mask() const { return (entries_ - 1) * sizeof(x64::TlbEntry); }
    x64::JumpEntry* jumps() { return jumps_.get(); }
    /// Of what it has in the second jump cache.
    const u64& jump_generation() const { return jump_generation_; }

    /// `size`: of the guest's page or block that the entry is a part of.
    /// True if the tables have grown for it, and so moved.
    bool fill(u64 page, u64 addend, bool write, bool global, u64 size);
    /// Where the byte at `address` is in the host's memory; null if that is not known.
    u8* find(u64 address, bool write) const {
        const u64 page = address & ~u64{4095};
        const x64::TlbEntry& entry = (write ? write_ : read_)[index_of(page)];
        return entry.tag == page ? reinterpret_cast<u8*>(address + entry.addend) : nullptr;
    }
    FetchEntry& fetch_entry(u64 page) { return fetch_[(page >> 12) % kFetchEntries]; }

    /// Null unless the page of `address` is known to be one that stores may go to, and to have code.
    const CodePage* find_code_page(u64 address) const {
        const CodePage& page = code_pages_[code_page_index(address)];
        return page.tag == (address & ~u64{4095}) ? &page : nullptr;
    }
    /// `size` as of fill().
    void fill_code_page(const CodePage& page, u64 size) {
        note_page(page.tag, size);
        code_pages_[code_page_index(page.tag)] = page;
        has_code_pages_ = true;
    }
    void forget_code_page(u64 address) { code_pages_[code_page_index(address)] = {}; }

    /// `entry.tag` is a page. Jumps into it may follow.
    void fill_fetch(const FetchEntry& entry) {
        note_half(entry.tag);
        fetch_entry(entry.tag) = entry;
        has_local_code_ |= !entry.global;
        fetch_journal_.note(static_cast<u16>((entry.tag >> 12) % kFetchEntries));
    }

    void flush();
    void flush_not_global();
    /// All entries within [start, start + size), whatever their top byte.
    void flush_range(u64 start, u64 size) {
        if ((halves_ & (half_of(start) | half_of(start + size - 1))) != 0) {
            flush_used_range(start, size);
        }
    }
    /// No store reaches the host page at `host` without C++ any more.
    void revoke_writes(const u8* host);
    void flush_jumps();
    /// `code` is what branches of `branch_type` to `va` lead to.
    void add_jump(u64 va, u32 branch_type, const u8* code) {
        note_half(va);
        const u64 place = x64::jump_index(va) + branch_type;
        jumps_[place] = {va, code};
        // Who comes to code that was dropped leaves it without saying by which branch: other places may still lead
        // there.
        for (u32 type = 1; branch_type == 0 && type < x64::kBranchTypes; type++) {
            if (jumps_[place + type].va == va) {
                jumps_[place + type] = x64::empty_jump(static_cast<unsigned>(place + type));
            }
        }
        second_jumps_.add(jump_generation_, va, branch_type, code);
        jump_pages_.set(jump_page(va));
        jump_journal_.note(static_cast<u16>(place));
    }

    /// Where a branch without type to `va` leads; null if that is not known.
    const u8* find_jump(u64 va) const {
        const x64::JumpEntry& entry = jumps_[x64::jump_index(va)];
        return entry.va == va ? entry.code : nullptr;
    }
    /// Pages of code that belong to one address space have been entered since the last flush.
    bool has_local_code() const { return has_local_code_; }

    u64 space = 0;          ///< what it serves, as AddressSpaces tells them apart
    u64 address_space = 0;  ///< whose entries, besides global ones, an EL1 context holds
    u64 asid = 0;
    u64 used_at = 0;
    u32 jump_mode = 0;  ///< the mode that the jumps were entered in

  private:
    struct Filled {
        u32 index : 31;
        u32 write : 1;
    };
    /// Which places were filled since the last flush, unless too many were.
    template <class Place, std::size_t kLimit>
    class Journal {
      public:
        Journal() { places_.reserve(kLimit); }
        void note(Place place) {
            if (places_.size() < kLimit) {
                places_.push_back(place);
            } else {
                overflowed_ = true;
            }
        }
        bool overflowed() const { return overflowed_; }
        const std::vector<Place>& places() const { return places_; }
        void clear() {
            places_.clear();
            overflowed_ = false;
        }

      private:
        std::vector<Place> places_;
        bool overflowed_ = false;
    };
    /// Regions of memory, numbered, that something was seen in; may also say so of others.
    class RegionSet {
      public:
        void add(u64 number) {
            u32& place = places_[number % kPlaces];
            place = place == kNone || place == static_cast<u32>(number) ? static_cast<u32>(number) : kSeveral;
            any_ = true;
        }
        bool may_have(u64 number) const {
            const u32 place = places_[number % kPlaces];
            return place == static_cast<u32>(number) || place == kSeveral;
        }
        void clear() {
            if (any_) {
                places_.fill(kNone);
                any_ = false;
            }
        }

      private:
        static constexpr unsigned kPlaces = 1024;
        // No region has such numbers: they are of addresses at which the halves of the address space do not lie.
        static constexpr u32 kNone = 0x55555555, kSeveral = 0x55555556;
        std::array<u32, kPlaces> places_ = filled(kNone);
        bool any_ = false;

        static constexpr std::array<u32, kPlaces> filled(u32 value) {
            std::array<u32, kPlaces> all{};
            all.fill(value);
            return all;
        }
    };
    static constexpr unsigned kFetchEntries = 256;
    static constexpr unsigned kCodePages = 16;
    static constexpr unsigned kJumpPages = 4096;
    static constexpr u64 kFewestEntries = 4096;
    static constexpr u64 kMostEntries = 65536;
    using TableJournal = Journal<Filled, 2048>;

    static unsigned jump_page(u64 va) { return static_cast<unsigned>(va >> 12 ^ va >> 24) % kJumpPages; }
    void note_half(u64 address) { halves_ |= half_of(address); }
    /// 1 or 2: which table base translates it.
    static u8 half_of(u64 address) { return (address >> 55 & 1) != 0 ? 2 : 1; }
    static unsigned code_page_index(u64 address) { return (address >> 12) % kCodePages; }
    void flush_used_range(u64 start, u64 size);
    void note_page(u64 page, u64 size);
    void clear_entry(x64::TlbEntry& entry) const { entry = {invalid_tag_, 0}; }
    void clear_all();
    void clear_filled(TableJournal& journal);
    void clear_fetch_entries();
    void clear_code_pages();
    void forget_jumps_into(u64 page);
    void resize(u64 entries);
    u64 index_of(u64 page) const { return (page >> 12) & (entries_ - 1); }

    u64 invalid_tag_;
    SecondJumps& second_jumps_;
    u64 jump_generation_;
    u64 entries_ = kFewestEntries;
    u64 fills_ = 0;  ///< since the tables were last flushed or resized
    std::unique_ptr<x64::TlbEntry[]> read_, write_;
    std::unique_ptr<x64::JumpEntry[]> jumps_;
    std::array<FetchEntry, kFetchEntries> fetch_;
    std::array<CodePage, kCodePages> code_pages_;
    TableJournal global_fills_, local_fills_;  ///< of entries for all address spaces, for one
    Journal<u16, 256> fetch_journal_;
    Journal<u16, 1024> jump_journal_;
    bool has_local_code_ = false;  ///< code of one address space only may be in the fetch entries or the jumps
    bool has_code_pages_ = false;
    u8 halves_ = 0;                       ///< of the address space that pages were filled from since the last flush
    RegionSet large_;                     ///< of 2 MiB that parts of blocks were filled from
    RegionSet huge_;                      ///< of 1 GiB, for larger ones
    std::bitset<kJumpPages> jump_pages_;  ///< by a hash of the page: jumps into it may be there
};

}  // namespace kelvin::translator
