// SPDX-License-Identifier: Apache-2.0
// All translated regions of a machine: found by physical address and mode, linked to each other, dropped when the guest
// memory they were made from changes or when their part of the code cache is wanted again.
//
// A dropped block's code stays where it is, for a vCPU may be in it or have its address in a jump cache; only its entry
// is overwritten, so that whoever comes to it leaves to the dispatcher. The memory may be used again once evict() has
// been called for its segment and no vCPU can come to it any more.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "accel/translator/page_words.h"
#include "base/types.h"
#include "emit/x64/backend.h"

namespace kelvin::translator {

/// A block or a link: its segment in the upper half, and its place there. 0: none.
using Number = u32;

/// An exit of a block that can jump straight to another block of the same page.
struct Link {
    u32 field = 0;             ///< of the patchable jump; places are offsets from the start of the code cache
    u32 unlinked = 0;          ///< where the jump leads while it is not linked
    Number source = 0;         ///< block
    Number target = 0;         ///< block; 0 while unlinked
    Number next_incoming = 0;  ///< link; of the target
    u16 page_offset = 0;       ///< of the guest code it leads to
};

/// A translated region. Looking for one reads a cache line of the host.
struct alignas(64) Block {
    u64 physical = 0;  ///< address of its first instruction
    u32 mode = 0;
    u32 code = 0;  ///< offset from the start of the code cache
    u32 code_size = 0;
    Number first_link = 0;
    Number next_in_bucket = 0;
    Number next_in_page = 0;
    Number incoming = 0;  ///< link
    u64 checksum = 0;     ///< of what it was made from
    u16 guest_size = 0;   ///< bytes
    u16 link_count = 0;
    bool live = false;
};

/// Of guest code: the same for the same bytes.
u64 checksum(std::span<const u8> bytes);

/// Guarded by the translator's lock, but for may_have_code() and spares_code().
class BlockTable {
  public:
    /// `base`: the write address of the code cache; `retired`: where the entry of a dropped block leads.
    BlockTable(u8* base, std::ptrdiff_t rw_to_rx, unsigned segments, const u8* retired);

    /// Null if there is none. Good until the next add().
    const Block* find(u64 physical, u32 mode) const;
    const u8* code(const Block& block) const { return base_ + block.code + rw_to_rx_; }

    /// The one whose code runs at `address`; null if there is none in use.
    const Block* find_code(const u8* address) const;
    void drop(const Block& old);

    /// The number that the first link of the next block in `segment` will have.
    Number next_link(unsigned segment) const;
    /// False: the segment has no more numbers to give, even if it has room for code.
    bool accepts(unsigned segment) const;
    /// `guest`: the code it was made from. `code`: where it runs, above all others of the segment.
    const Block& add(unsigned segment, u64 physical, u32 mode, std::span<const u8> guest, std::span<const u8> code,
                     std::span<const x64::ExitLink> links);

    /// The jump `link` now leads to `target`, if that is where it goes. Any number will do: that of a jump which is no
    /// more, or has been used again since, too.
    void connect(Number link, const Block& target);

    /// False: no code is known to have been made from anywhere in the page, and stores need not be told. Any thread.
    bool may_have_code(u64 physical_page) const {
        return heads_[head(physical_page)].load(std::memory_order_acquire) != 0;
    }
    bool has_code(u64 physical_page) const { return find_page(physical_page) != 0; }
    /// What stores into the page may look at with spares_code(); null if there are no blocks made from it now. It stays
    /// where it is for the table's life.
    const CodeWords* code_words(u64 physical_page) const {
        const Page& page = pages_[find_page(physical_page)];
        return page.first != 0 ? page.code.get() : nullptr;
    }
    /// [start, start + size) has been written, a sequentially consistent fence ago, in the page that `words` were given
    /// for: true if written() need not be told. Any thread.
    bool spares_code(const CodeWords& words, u64 start, u64 size) const {
        return !making_.load(std::memory_order_acquire) && words.are_of(start) && !words.overlap(start, size);
    }
    /// Code is about to be made from the page: from now on has_code() is true of it, and until add() all stores are to
    /// be told. Returns whether the former is new.
    bool watch(u64 physical_page);
    /// True if so much code was lost to stores into the page that regions had better be short there.
    bool is_often_written(u64 physical_page) const;
    /// [start, start + size), which lies in one page, has been written: drops the blocks made from there.
    void written(u64 start, u64 size);
    /// The page, whose bytes are at `bytes`, may have been written: drops the blocks made from what is there no more.
    void recheck(u64 physical_page, const u8* bytes);
    /// The pages that have code.
    std::vector<u64> pages_with_code() const;
    /// Drops all blocks of a segment.
    void evict(unsigned segment);

    u64 block_count() const { return blocks_in_use_; }

    /// Since the beginning.
    struct Counts {
        u64 links_made = 0;
        u64 links_undone = 0;
        u64 stores = 0;             ///< that overwrote code
        u64 dropped_by_stores = 0;  ///< blocks
        u64 dropped_for_room = 0;
    };
    const Counts& counts() const { return counts_; }

  private:
    struct Segment {
        std::vector<Block> blocks;  ///< [0] is unused
        std::vector<Link> links;    ///< likewise
    };
    /// A guest page that code was made from.
    struct Page {
        u64 physical = 0;
        Number first = 0;     ///< block
        u32 next = 0;         ///< page with the same head
        u16 idle_stores = 0;  ///< since it last had code
        u8 losses = 0;        ///< stores that dropped code, up to kOften

        /// What blocks were made from.
        std::unique_ptr<CodeWords> code = std::make_unique<CodeWords>();
    };

    static constexpr unsigned kBuckets = 1u << 17;
    static constexpr unsigned kWordsPerLine = 64 / sizeof(Number);  ///< of the host's caches
    static constexpr unsigned kHeads = 1u << 14;
    /// A page stays known for so many stores after its last code has gone: it is likely to be filled with code again,
    /// and both forgetting it and revoking the right to store freely are dear.
    static constexpr unsigned kIdleStores = 32;
    static constexpr unsigned kOften = 8;

    /// Code that lies together is looked for together: what is near in a page is in the same cache line of the table.
    static unsigned bucket(u64 physical, u32 mode) {
        const u64 page = (physical >> 12) * 0x9e3779b97f4a7c15 ^ u64 { mode } * 0xff51afd7ed558ccd;
        return (static_cast<unsigned>(page >> 40) * kWordsPerLine + static_cast<unsigned>(physical >> 2 & 1023)) &
               (kBuckets - 1);
    }
    static unsigned head(u64 physical) {
        return static_cast<unsigned>((physical >> 12) * 0x9e3779b97f4a7c15 >> 40) & (kHeads - 1);
    }
    Block& block(Number number) { return segments_[number >> 16].blocks[number & 0xffff]; }
    const Block& block(Number number) const { return segments_[number >> 16].blocks[number & 0xffff]; }
    Link& link(Number number) { return segments_[number >> 16].links[number & 0xffff]; }

    Number number_of(const Block& wanted) const;
    u32 find_page(u64 physical) const;
    u32 make_page(u64 physical);
    void forget_page(u32 number);
    /// Drops the blocks of the page that `goes`, called with the number and the block, is true of. Returns how many.
    template <class Goes>
    unsigned drop_if(Page& page, Goes goes);
    /// But for the list of its page.
    void remove(Number number);
    void disconnect(Link& link);

    u8* base_;
    std::ptrdiff_t rw_to_rx_;
    const u8* retired_;
    std::vector<Segment> segments_;
    std::vector<Number> buckets_;
    std::unique_ptr<std::atomic<u32>[]> heads_;  ///< of lists of pages, by a hash
    std::vector<Page> pages_;                    ///< [0] is of no page
    std::atomic<bool> making_ = false;           ///< code is being made from bytes that may have been read
    u32 free_page_ = 0;
    u64 blocks_in_use_ = 0;
    Counts counts_;
};

}  // namespace kelvin::translator
