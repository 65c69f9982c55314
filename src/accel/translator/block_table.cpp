// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/block_table.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "base/bits.h"
#include "lift/arm64/mode.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPageMask = 4095;
constexpr std::size_t kMostNumbers = 0xffff;
/// More than any region has.
constexpr std::size_t kSpareLinks = 1024;

}  // namespace

u64 checksum(std::span<const u8> bytes) {
    u64 sum = bytes.size();
    for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
        u32 word = 0;
        std::memcpy(&word, &bytes[at], sizeof word);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15;
        sum ^= sum >> 29;
    }
    return sum;
}

BlockTable::BlockTable(u8* base, std::ptrdiff_t rw_to_rx, unsigned segments, const u8* retired)
    : base_(base),
      rw_to_rx_(rw_to_rx),
      retired_(retired),
      segments_(segments),
      buckets_(kBuckets),
      heads_(std::make_unique<std::atomic<u32>[]>(kHeads)),
      pages_(1) {
    for (Segment& segment : segments_) {
        segment.blocks.resize(1);
        segment.links.resize(1);
    }
}

const Block* BlockTable::find(u64 physical, u32 mode) const {
    for (Number number = buckets_[bucket(physical, mode)]; number != 0;) {
        const Block& candidate = block(number);
        if (candidate.physical == physical && candidate.mode == mode) {
            return &candidate;
        }
        number = candidate.next_in_bucket;
    }
    return nullptr;
}

const Block* BlockTable::find_code(const u8* address) const {
    const auto wanted = static_cast<u64>(address - rw_to_rx_ - base_);
    const auto starts_behind = [](u64 offset, const Block& candidate) { return offset < candidate.code; };
    for (const Segment& segment : segments_) {
        const auto behind = std::upper_bound(segment.blocks.begin() + 1, segment.blocks.end(), wanted, starts_behind);
        const Block& candidate = *(behind - 1);
        if (candidate.live && wanted < candidate.code + u64{candidate.code_size}) {
            return &candidate;
        }
    }
    return nullptr;
}

Number BlockTable::number_of(const Block& wanted) const {
    Number number = buckets_[bucket(wanted.physical, wanted.mode)];
    while (&block(number) != &wanted) {
        number = block(number).next_in_bucket;
    }
    return number;
}

template <class Goes>
unsigned BlockTable::drop_if(Page& page, Goes goes) {
    unsigned dropped = 0;
    PageWords kept;
    for (Number* place = &page.first; *place != 0;) {
        const Number number = *place;
        Block& candidate = block(number);
        if (goes(number, candidate)) {
            *place = candidate.next_in_page;
            remove(number);
            dropped++;
        } else {
            kept.add(candidate.physical, candidate.guest_size);
            place = &candidate.next_in_page;
        }
    }
    if (page.first != 0) {
        page.code->keep(kept);
    } else {
        page.code->clear();
    }
    return dropped;
}

void BlockTable::drop(const Block& old) {
    drop_if(pages_[find_page(old.physical & ~kPageMask)],
            [&](Number, const Block& candidate) { return &candidate == &old; });
}

Number BlockTable::next_link(unsigned segment) const {
    return segment << 16 | static_cast<u32>(segments_[segment].links.size());
}

bool BlockTable::accepts(unsigned segment) const {
    return segments_[segment].blocks.size() < kMostNumbers &&
           segments_[segment].links.size() + kSpareLinks < kMostNumbers;
}

const Block& BlockTable::add(unsigned segment, u64 physical, u32 mode, std::span<const u8> guest,
                             std::span<const u8> code, std::span<const x64::ExitLink> links) {
    KELVIN_ASSERT(links.size() <= kSpareLinks);
    const auto offset = [&](const u8* address) { return static_cast<u32>(address - base_); };
    Segment& home = segments_[segment];
    const Number number = segment << 16 | static_cast<u32>(home.blocks.size());
    const Number first_link = next_link(segment);
    for (const x64::ExitLink& exit : links) {
        home.links.push_back({.field = offset(exit.field),
                              .unlinked = offset(exit.unlinked - rw_to_rx_),
                              .source = number,
                              .page_offset = static_cast<u16>(exit.page_offset)});
    }
    Block& made = home.blocks.emplace_back();
    made = {.physical = physical,
            .mode = mode,
            .code = offset(code.data() - rw_to_rx_),
            .code_size = static_cast<u32>(code.size()),
            .first_link = first_link,
            .checksum = checksum(guest),
            .guest_size = static_cast<u16>(guest.size()),
            .link_count = static_cast<u16>(links.size()),
            .live = true};
    Number& first_in_bucket = buckets_[bucket(physical, mode)];
    made.next_in_bucket = first_in_bucket;
    first_in_bucket = number;
    Page& page = pages_[make_page(physical & ~kPageMask)];
    made.next_in_page = page.first;
    page.first = number;
    page.code->add(physical, guest.size());
    page.idle_stores = 0;
    making_.store(false, std::memory_order_release);
    blocks_in_use_++;
    return made;
}

void BlockTable::connect(Number number, const Block& target) {
    const unsigned segment = number >> 16;
    if ((number & 0xffff) == 0 || segment >= segments_.size() || (number & 0xffff) >= segments_[segment].links.size()) {
        return;
    }
    Link& from = link(number);
    const Block& source = block(from.source);
    const bool leads_there = from.page_offset == (target.physical & kPageMask) && source.mode == target.mode &&
                             ((source.physical ^ target.physical) & ~kPageMask) == 0;
    if (!source.live || from.target != 0 || !leads_there) {
        return;
    }
    from.target = number_of(target);
    Block& found = block(from.target);
    from.next_incoming = found.incoming;
    found.incoming = number;
    x64::patch_link(base_ + from.field, rw_to_rx_, code(found));
    counts_.links_made++;
}

void BlockTable::disconnect(Link& from) {
    x64::patch_link(base_ + from.field, rw_to_rx_, base_ + from.unlinked + rw_to_rx_);
    from.target = 0;
    from.next_incoming = 0;
    counts_.links_undone++;
}

void BlockTable::remove(Number number) {
    Block& old = block(number);
    for (Number* p = &buckets_[bucket(old.physical, old.mode)]; *p != 0; p = &block(*p).next_in_bucket) {
        if (*p == number) {
            *p = old.next_in_bucket;
            break;
        }
    }
    while (old.incoming != 0) {
        Link& from = link(old.incoming);
        old.incoming = from.next_incoming;
        disconnect(from);
    }
    for (unsigned i = 0; i < old.link_count; i++) {
        const Number own = old.first_link + i;
        Link& from = link(own);
        if (from.target == 0) {
            continue;
        }
        for (Number* p = &block(from.target).incoming; *p != 0; p = &link(*p).next_incoming) {
            if (*p == own) {
                *p = from.next_incoming;
                break;
            }
        }
        from.target = 0;
    }
    x64::retire_entry(base_ + old.code, rw_to_rx_, retired_, static_cast<u16>(old.physical & kPageMask),
                      arm64::Mode{old.mode}.branch_type());
    old.live = false;
    blocks_in_use_--;
}

u32 BlockTable::find_page(u64 physical) const {
    u32 number = heads_[head(physical)].load(std::memory_order_relaxed);
    while (number != 0 && pages_[number].physical != physical) {
        number = pages_[number].next;
    }
    return number;
}

u32 BlockTable::make_page(u64 physical) {
    if (const u32 known = find_page(physical)) {
        return known;
    }
    u32 number = free_page_;
    if (number != 0) {
        free_page_ = pages_[number].next;
    } else {
        number = static_cast<u32>(pages_.size());
        pages_.emplace_back();
    }
    std::atomic<u32>& first = heads_[head(physical)];
    Page& page = pages_[number];
    page = {.physical = physical, .next = first.load(std::memory_order_relaxed), .code = std::move(page.code)};
    first.store(number, std::memory_order_release);
    return number;
}

void BlockTable::forget_page(u32 number) {
    Page& page = pages_[number];
    std::atomic<u32>& first = heads_[head(page.physical)];
    if (first.load(std::memory_order_relaxed) == number) {
        first.store(page.next, std::memory_order_release);
    } else {
        u32 before = first.load(std::memory_order_relaxed);
        while (pages_[before].next != number) {
            before = pages_[before].next;
        }
        pages_[before].next = page.next;
    }
    page = {.next = free_page_, .code = std::move(page.code)};
    free_page_ = number;
}

bool BlockTable::watch(u64 physical_page) {
    const bool known = find_page(physical_page) != 0;
    make_page(physical_page);
    making_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return !known;
}

bool BlockTable::is_often_written(u64 physical_page) const {
    const u32 number = find_page(physical_page);
    return number != 0 && pages_[number].losses == kOften;
}

void BlockTable::written(u64 start, u64 size) {
    const u32 number = find_page(start & ~kPageMask);
    if (number == 0) {
        return;
    }
    Page& page = pages_[number];
    if (page.code->overlap(start, size)) {
        const unsigned dropped = drop_if(page, [&](Number, const Block& old) {
            return old.physical < start + size && start < old.physical + old.guest_size;
        });
        counts_.dropped_by_stores += dropped;
        if (dropped != 0) {
            counts_.stores++;
            page.losses = static_cast<u8>(std::min<unsigned>(page.losses + 1u, kOften));
        }
    }
    if (page.first == 0 && ++page.idle_stores >= kIdleStores) {
        forget_page(number);
    }
}

void BlockTable::recheck(u64 physical_page, const u8* bytes) {
    const u32 number = find_page(physical_page);
    if (number == 0 || bytes == nullptr) {
        return;
    }
    counts_.dropped_by_stores += drop_if(pages_[number], [&](Number, const Block& old) {
        return checksum({bytes + (old.physical & kPageMask), old.guest_size}) != old.checksum;
    });
}

std::vector<u64> BlockTable::pages_with_code() const {
    std::vector<u64> found;
    for (const Page& page : pages_) {
        if (page.first != 0) {
            found.push_back(page.physical);
        }
    }
    return found;
}

// Pages that lose their last block stay known: only stores tell that nothing is executed there any more.
void BlockTable::evict(unsigned number) {
    Segment& segment = segments_[number];
    for (const Block& old : segment.blocks) {
        if (old.live) {
            Page& page = pages_[find_page(old.physical & ~kPageMask)];
            counts_.dropped_for_room += drop_if(page, [&](Number its, const Block&) { return its >> 16 == number; });
        }
    }
    segment.blocks.resize(1);
    segment.links.resize(1);
}

}  // namespace kelvin::translator
