// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/decoder.h"

#include <algorithm>
#include <bit>

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
    bucket_starts_.push_back(0);
    for (u32 bucket = 0; bucket < u32{1} << kIndexBits; bucket++) {
        for (const Instruction* entry : entries) {
            const Encoding& encoding = entry->encoding;
            if ((((bucket << kIndexShift) ^ encoding.value) & encoding.mask) >> kIndexShift == 0) {
                candidates_.push_back({encoding.mask, encoding.value, entry});
            }
        }
        bucket_starts_.push_back(static_cast<u32>(candidates_.size()));
    }
}

const Instruction* Decoder::decode(u32 word) const {
    const u32 bucket = word >> kIndexShift;
    for (u32 i = bucket_starts_[bucket]; i < bucket_starts_[bucket + 1]; i++) {
        const Candidate& candidate = candidates_[i];
        if ((word & candidate.mask) == candidate.value && !candidate.instruction->excepts(word)) {
            return candidate.instruction;
        }
    }
    return nullptr;
}

}  // namespace kelvin::arm64
