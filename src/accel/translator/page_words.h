// SPDX-License-Identifier: Apache-2.0
// Which words of a guest page code was made from.
#pragma once

#include <array>
#include <atomic>

#include "base/bits.h"
#include "base/types.h"

namespace kelvin::translator {

/// A set of the aligned words of a page.
class PageWords {
  public:
    static constexpr unsigned kParts = 16;

    /// Of the page's [start, start + size) those that it overlaps; `start` is an address or an offset.
    void add(u64 start, u64 size) {
        each_part(start, size, [&](unsigned i, u64 mask) { parts_[i] |= mask; });
    }
    u64 part(unsigned i) const { return parts_[i]; }

    /// Calls `visit` with the index and the mask of each part that holds words of [start, start + size).
    template <class Visit>
    static void each_part(u64 start, u64 size, Visit visit) {
        constexpr u64 kPageMask = 4095;
        const auto first = static_cast<unsigned>((start & kPageMask) >> 2);
        const auto last = static_cast<unsigned>(((start + size - 1) & kPageMask) >> 2);
        for (unsigned i = first / 64; i <= last / 64; i++) {
            const unsigned low = i == first / 64 ? first % 64 : 0;
            const unsigned high = i == last / 64 ? last % 64 : 63;
            visit(i, low_mask(high - low + 1) << low);
        }
    }

  private:
    std::array<u64, kParts> parts_{};
};

/// Those of a page that has code, as the block table says and stores without its lock look at. Who looks may see a
/// change late: see BlockTable::spares_code().
class CodeWords {
  public:
    // With the block table's lock held.

    /// Code was made from there, all of which lies in one page.
    void add(u64 start, u64 size) {
        PageWords::each_part(start, size, [&](unsigned i, u64 mask) { store(i, load(i) | mask); });
        page_.store(start & ~u64{4095}, std::memory_order_relaxed);
    }
    /// No more than `kept`, which are some of them, are left.
    void keep(const PageWords& kept) {
        for (unsigned i = 0; i < PageWords::kParts; i++) {
            store(i, kept.part(i));
        }
    }
    /// The page has no code any more.
    void clear() {
        page_.store(kNoPage, std::memory_order_relaxed);
        keep({});
    }

    // Any thread.

    /// These are still of the page that `address` lies in.
    bool are_of(u64 address) const { return page_.load(std::memory_order_relaxed) == (address & ~u64{4095}); }
    bool overlap(u64 start, u64 size) const {
        u64 any = 0;
        PageWords::each_part(start, size, [&](unsigned i, u64 mask) { any |= load(i) & mask; });
        return any != 0;
    }

  private:
    static constexpr u64 kNoPage = ~u64{0};

    u64 load(unsigned i) const { return parts_[i].load(std::memory_order_relaxed); }
    void store(unsigned i, u64 value) { parts_[i].store(value, std::memory_order_relaxed); }

    std::atomic<u64> page_ = kNoPage;
    std::array<std::atomic<u64>, PageWords::kParts> parts_{};
};

}  // namespace kelvin::translator
