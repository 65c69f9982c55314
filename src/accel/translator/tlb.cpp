// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/tlb.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPage = 4096;
/// Above this many pages, flushing everything is cheaper than looking for each.
constexpr u64 kMostPages = 64;

constexpr u64 kLargePage = u64{2} << 20;

/// Without the top byte, which tags keep as the guest used it.
u64 large_region(u64 address) {
    return address << 8 >> (8 + 21);
}
u64 huge_region(u64 address) {
    return address << 8 >> (8 + 30);
}

/// Tags keep the top byte that the guest used; ranges are of canonical addresses.
bool same_page(u64 tag, u64 page) {
    return ((tag ^ page) << 8) == 0;
}

}  // namespace

TlbContext::TlbContext(u64 invalid_tag, SecondJumps& second_jumps)
    : invalid_tag_(invalid_tag),
      second_jumps_(second_jumps),
      jump_generation_(second_jumps.new_generation()),
      jumps_(std::make_unique_for_overwrite<x64::JumpEntry[]>(x64::kJumpPlaces)) {
    resize(kFewestEntries);
    for (unsigned i = 0; i < x64::kJumpPlaces; i++) {
        jumps_[i] = x64::empty_jump(i);
    }
}

/// `page` is a part of a page or block of `size`, which an invalidation concerns as a whole.
void TlbContext::note_page(u64 page, u64 size) {
    note_half(page);
    if (size > kLargePage) {
        huge_.add(huge_region(page));
    } else if (size > kPage) {
        large_.add(large_region(page));
    }
}

bool TlbContext::fill(u64 page, u64 addend, bool write, bool global, u64 size) {
    note_page(page, size);
    // More fills than a table has entries, twice over, means that what is in use does not fit.
    const bool grow = ++fills_ > 4 * entries_ && entries_ < kMostEntries;
    if (grow) {
        resize(4 * entries_);
    }
    const u64 index = index_of(page);
    (write ? write_ : read_)[index] = {page, addend};
    (global ? global_fills_ : local_fills_).note({static_cast<u32>(index) & 0x7fffffff, write});
    return grow;
}

void TlbContext::resize(u64 entries) {
    entries_ = entries;
    read_ = std::make_unique_for_overwrite<x64::TlbEntry[]>(entries);
    write_ = std::make_unique_for_overwrite<x64::TlbEntry[]>(entries);
    clear_all();
}

void TlbContext::clear_all() {
    std::fill_n(read_.get(), entries_, x64::TlbEntry{invalid_tag_, 0});
    std::fill_n(write_.get(), entries_, x64::TlbEntry{invalid_tag_, 0});
    global_fills_.clear();
    local_fills_.clear();
    fills_ = 0;
}

/// What the journal knows of. An index may have been filled again since, with another kind of entry: clearing too much
/// does no harm.
void TlbContext::clear_filled(TableJournal& journal) {
    for (const Filled& filled : journal.places()) {
        clear_entry((filled.write ? write_ : read_)[filled.index]);
    }
    journal.clear();
}

void TlbContext::clear_fetch_entries() {
    if (fetch_journal_.overflowed()) {
        fetch_.fill(FetchEntry{});
    } else {
        for (const u16 place : fetch_journal_.places()) {
            fetch_[place] = {};
        }
    }
    fetch_journal_.clear();
}

void TlbContext::clear_code_pages() {
    if (has_code_pages_) {
        code_pages_.fill(CodePage{});
        has_code_pages_ = false;
    }
}

void TlbContext::flush() {
    if (halves_ == 0) {
        return;
    }
    if (global_fills_.overflowed() || local_fills_.overflowed()) {
        clear_all();
    } else {
        clear_filled(global_fills_);
        clear_filled(local_fills_);
        fills_ = 0;
    }
    clear_fetch_entries();
    clear_code_pages();
    flush_jumps();
    has_local_code_ = false;
    large_.clear();
    huge_.clear();
    halves_ = 0;
}

void TlbContext::flush_not_global() {
    clear_code_pages();
    if (local_fills_.overflowed()) {
        clear_all();
    } else {
        clear_filled(local_fills_);
    }
    if (has_local_code_) {
        for (FetchEntry& entry : fetch_) {
            if (!entry.global) {
                entry = {};
            }
        }
        flush_jumps();
        has_local_code_ = false;
    }
}

void TlbContext::flush_used_range(u64 start, u64 size) {
    if (huge_.may_have(huge_region(start)) || huge_.may_have(huge_region(start + size - 1))) {
        flush();
        return;
    }
    // One page's invalidation is that of the block it lies in.
    if (size <= kLargePage &&
        (large_.may_have(large_region(start)) || large_.may_have(large_region(start + size - 1)))) {
        const u64 end = align_up(start + size, kLargePage);
        start = align_down(start, kLargePage);
        size = end - start;
    } else if (size > kMostPages * kPage) {
        flush();
        return;
    }
    // Counted, as the range may end where addresses do.
    const u64 pages = ((start & (kPage - 1)) + size + kPage - 1) / kPage;
    for (u64 number = 0; number < pages; number++) {
        const u64 page = (start & ~(kPage - 1)) + number * kPage;
        for (x64::TlbEntry* table : {read_.get(), write_.get()}) {
            x64::TlbEntry& entry = table[index_of(page)];
            if (same_page(entry.tag, page)) {
                clear_entry(entry);
            }
        }
        if (same_page(code_pages_[code_page_index(page)].tag, page)) {
            forget_code_page(page);
        }
        FetchEntry& fetch = fetch_entry(page);
        if (fetch.tag == page) {
            fetch = {};
        }
        if (jump_pages_.test(jump_page(page))) {
            forget_jumps_into(page);
        }
    }
}

void TlbContext::forget_jumps_into(u64 page) {
    jump_generation_ = second_jumps_.new_generation();
    const auto forget = [&](unsigned place) {
        if (((jumps_[place].va ^ page) & ~(kPage - 1)) == 0) {
            jumps_[place] = x64::empty_jump(place);
        }
    };
    if (!jump_journal_.overflowed()) {
        for (const u16 place : jump_journal_.places()) {
            forget(place);
        }
        return;
    }
    // The jump cache's index keeps a page's entries within 1024 places that share their top bits.
    const auto first = static_cast<unsigned>(x64::jump_index(page) & ~u64{1023});
    for (unsigned place = first; place < first + 1024 + x64::kBranchTypes - 1; place++) {
        forget(place);
    }
}

void TlbContext::revoke_writes(const u8* host) {
    const auto serves = [&](const x64::TlbEntry& entry) {
        return entry.tag + entry.addend == reinterpret_cast<u64>(host);
    };
    if (global_fills_.overflowed() || local_fills_.overflowed()) {
        for (u64 i = 0; i < entries_; i++) {
            if (serves(write_[i])) {
                clear_entry(write_[i]);
            }
        }
        return;
    }
    for (const TableJournal* journal : {&global_fills_, &local_fills_}) {
        for (const Filled& filled : journal->places()) {
            if (filled.write && serves(write_[filled.index])) {
                clear_entry(write_[filled.index]);
            }
        }
    }
}

void TlbContext::flush_jumps() {
    jump_generation_ = second_jumps_.new_generation();
    if (jump_journal_.overflowed()) {
        for (unsigned i = 0; i < x64::kJumpPlaces; i++) {
            jumps_[i] = x64::empty_jump(i);
        }
    } else {
        for (const u16 place : jump_journal_.places()) {
            jumps_[place] = x64::empty_jump(place);
        }
    }
    jump_journal_.clear();
    jump_pages_.reset();
}

}  // namespace kelvin::translator
