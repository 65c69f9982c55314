// SPDX-License-Identifier: Apache-2.0
// All translated regions of a machine: found by physical address and mode, linked to each other, dropped when the guest
// memory they were made from changes.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "base/types.h"
#include "emit/x64/backend.h"

namespace kelvin::translator {

struct Block;

/// An exit of a block that can jump straight to another block of the same page.
struct Link {
    x64::ExitLink exit;
    Block* target = nullptr;        ///< null while unlinked
    Link* next_incoming = nullptr;  ///< of the target
};

/// A translated region.
struct Block {
    u64 physical = 0;  ///< address of its first instruction
    u32 mode = 0;
    u16 guest_size = 0;  ///< bytes
    bool live = false;
    const u8* code = nullptr;
    u32 first_link = 0;
    u32 link_count = 0;
    Block* next_in_bucket = nullptr;
    Block* next_in_page = nullptr;
    Link* incoming = nullptr;
};

/// Guarded by the translator's lock.
class BlockTable {
  public:
    explicit BlockTable(std::ptrdiff_t rw_to_rx);

    Block* find(u64 physical, u32 mode) const;
    /// The number that the next block's first link will have.
    u32 next_link() const { return static_cast<u32>(links_.size()); }
    Block& add(u64 physical, u32 mode, u16 guest_size, const u8* code, std::span<const x64::ExitLink> links);

    /// The block's jump number `link` now leads to `target`, if both are still in use.
    void connect(u32 link, Block& target);

    /// True if code was translated from anywhere in the page.
    bool has_code(u64 physical_page) const { return pages_.contains(physical_page); }
    /// Drops the blocks made from [start, start + size), which lies in one page. True if there were any.
    bool invalidate(u64 start, u64 size);
    void clear();

    u64 block_count() const { return blocks_in_use_; }

  private:
    struct Page {
        Block* first = nullptr;
        u64 lines = 0;  ///< bit per 64 bytes: some block was made from it
    };

    static constexpr unsigned kBuckets = 1u << 16;
    static unsigned bucket(u64 physical, u32 mode) {
        const u64 mixed = (physical >> 2) * 0x9e3779b97f4a7c15 ^ u64 { mode } * 0xff51afd7ed558ccd;
        return static_cast<unsigned>(mixed >> 40) & (kBuckets - 1);
    }
    void remove(Block& block);
    void disconnect(Link& link);

    std::ptrdiff_t rw_to_rx_;
    std::vector<Block*> buckets_;
    std::deque<Block> blocks_;
    std::vector<Block*> free_blocks_;
    std::deque<Link> links_;  ///< [0] is unused: number 0 means none
    std::unordered_map<u64, Page> pages_;
    u64 blocks_in_use_ = 0;
};

}  // namespace kelvin::translator
