// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/decoder.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "base/assert.h"

namespace kelvin::arm64 {

Decoder::Decoder(const FeatureSet& features) {
    std::vector<const Instruction*> entries;
    for (const auto chapter : instruction_chapters()) {
        for (const Instruction& entry : chapter()) {
            if (features.test(static_cast<std::size_t>(entry.feature))) {
                entries.push_back(&entry);
            }
        }
    }
    std::stable_sort(entries.begin(), entries.end(), [](const Instruction* a, const Instruction* b) {
        return std::popcount(a->encoding.mask) > std::popcount(b->encoding.mask);
    });
    add_buckets(0, kIndexBits, entries);
    KELVIN_ASSERT(candidates_.size() <= 0xffff);
}

/// The 1 << `free` buckets from `first` on, whose words differ in the lowest `free` bits of the index: `entries` are
/// those that match what is the same in all.
void Decoder::add_buckets(u32 first, unsigned free, const std::vector<const Instruction*>& entries) {
    const u32 undecided = word_bits((u32{1} << free) - 1);
    const bool alike = std::ranges::none_of(
        entries, [&](const Instruction* entry) { return (entry->encoding.mask & undecided) != 0; });
    if (alike) {
        const auto begin = static_cast<u16>(candidates_.size());
        for (const Instruction* entry : entries) {
            candidates_.push_back({entry->encoding.mask, entry->encoding.value, entry});
        }
        std::fill_n(buckets_.begin() + first, u32{1} << free, Range{begin, static_cast<u16>(candidates_.size())});
        return;
    }
    const u32 half = u32{1} << (free - 1);
    for (const u32 start : {first, first + half}) {
        std::vector<const Instruction*> matching;
        std::ranges::copy_if(entries, std::back_inserter(matching), [&](const Instruction* entry) {
            return ((word_bits(start) ^ entry->encoding.value) & entry->encoding.mask & word_bits(half)) == 0;
        });
        add_buckets(start, free - 1, matching);
    }
}

const Instruction* Decoder::decode(u32 word) const {
    const Range range = buckets_[index_of(word)];
    for (const Candidate& candidate : std::span(candidates_).subspan(range.begin, range.end - range.begin)) {
        if ((word & candidate.mask) == candidate.value && !candidate.instruction->excepts(word)) {
            return candidate.instruction;
        }
    }
    return nullptr;
}

}  // namespace kelvin::arm64
