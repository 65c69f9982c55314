// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/block_table.h"

#include "base/bits.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPageMask = 4095;

u64 line_mask(u64 start, u64 size) {
    const unsigned first = static_cast<unsigned>((start & kPageMask) >> 6);
    const unsigned last = static_cast<unsigned>(((start + size - 1) & kPageMask) >> 6);
    return low_mask(last - first + 1) << first;
}

}  // namespace

BlockTable::BlockTable(std::ptrdiff_t rw_to_rx) : rw_to_rx_(rw_to_rx), buckets_(kBuckets) {
    links_.emplace_back();
}

Block* BlockTable::find(u64 physical, u32 mode) const {
    Block* block = buckets_[bucket(physical, mode)];
    while (block != nullptr && (block->physical != physical || block->mode != mode)) {
        block = block->next_in_bucket;
    }
    return block;
}

Block& BlockTable::add(u64 physical, u32 mode, u16 guest_size, const u8* code, std::span<const x64::ExitLink> links) {
    Block* block;
    if (free_blocks_.empty()) {
        block = &blocks_.emplace_back();
    } else {
        block = free_blocks_.back();
        free_blocks_.pop_back();
    }
    *block = {.physical = physical, .mode = mode, .guest_size = guest_size, .live = true, .code = code};
    block->first_link = next_link();
    block->link_count = static_cast<u32>(links.size());
    for (const x64::ExitLink& exit : links) {
        links_.push_back({.exit = exit});
    }
    Block*& head = buckets_[bucket(physical, mode)];
    block->next_in_bucket = head;
    head = block;
    Page& page = pages_[physical & ~kPageMask];
    block->next_in_page = page.first;
    page.first = block;
    page.lines |= line_mask(physical, guest_size);
    blocks_in_use_++;
    return *block;
}

void BlockTable::connect(u32 number, Block& target) {
    if (number == 0 || number >= links_.size()) {
        return;
    }
    Link& link = links_[number];
    if (link.target != nullptr || link.exit.field == nullptr) {
        return;
    }
    link.target = &target;
    link.next_incoming = target.incoming;
    target.incoming = &link;
    x64::patch_link(link.exit.field, rw_to_rx_, target.code);
}

void BlockTable::disconnect(Link& link) {
    x64::patch_link(link.exit.field, rw_to_rx_, link.exit.unlinked);
    link.target = nullptr;
    link.next_incoming = nullptr;
}

void BlockTable::remove(Block& block) {
    for (Block** p = &buckets_[bucket(block.physical, block.mode)]; *p != nullptr; p = &(*p)->next_in_bucket) {
        if (*p == &block) {
            *p = block.next_in_bucket;
            break;
        }
    }
    while (block.incoming != nullptr) {
        Link& link = *block.incoming;
        block.incoming = link.next_incoming;
        disconnect(link);
    }
    for (u32 i = 0; i < block.link_count; i++) {
        Link& link = links_[block.first_link + i];
        if (link.target != nullptr) {
            for (Link** p = &link.target->incoming; *p != nullptr; p = &(*p)->next_incoming) {
                if (*p == &link) {
                    *p = link.next_incoming;
                    break;
                }
            }
        }
        link = {};
    }
    block.live = false;
    free_blocks_.push_back(&block);
    blocks_in_use_--;
}

bool BlockTable::invalidate(u64 start, u64 size) {
    const auto found = pages_.find(start & ~kPageMask);
    if (found == pages_.end() || (found->second.lines & line_mask(start, size)) == 0) {
        return false;
    }
    Page& page = found->second;
    bool any = false;
    page.lines = 0;
    for (Block** p = &page.first; *p != nullptr;) {
        Block& block = **p;
        if (block.physical < start + size && start < block.physical + block.guest_size) {
            *p = block.next_in_page;
            remove(block);
            any = true;
        } else {
            page.lines |= line_mask(block.physical, block.guest_size);
            p = &block.next_in_page;
        }
    }
    if (page.first == nullptr) {
        pages_.erase(found);
    }
    return any;
}

void BlockTable::clear() {
    buckets_.assign(kBuckets, nullptr);
    blocks_.clear();
    free_blocks_.clear();
    links_.clear();
    links_.emplace_back();
    pages_.clear();
    blocks_in_use_ = 0;
}

}  // namespace kelvin::translator
