// SPDX-License-Identifier: Apache-2.0
// Finds the entry for an instruction word. The tables of all chapters are joined here.
//
// A chapter is a file of this folder named after one of the manual's, say crypto.cpp. It defines its table and one
// function, and nothing else need know of it (CMake collects the functions by the names of the files):
//     namespace {
//     constexpr auto kInstructions = std::to_array<Instruction>({instruction<"...", +[](Lifter& t, ...)
//     {...}>("NAME")}); static_assert(first_overlap(kInstructions) == kNoOverlap);
//     }
//     std::span<const Instruction> chapter_crypto() { return kInstructions; }
#pragma once

#include <span>
#include <vector>

#include "lift/arm64/pattern.h"

namespace kelvin::arm64 {

/// Every chapter's function, which gives its entries.
std::span<std::span<const Instruction> (*const)()> instruction_chapters();

/// Look-up tables over the entries that `features` allows. Built once a machine; constant afterwards, any thread may
/// decode.
class Decoder {
  public:
    explicit Decoder(const FeatureSet& features);

    /// Null: unallocated, UNDEFINED. Of two entries that match, the one with more fixed bits is the instruction.
    const Instruction* decode(u32 word) const;

  private:
    static constexpr unsigned kIndexShift = 21;  ///< bits 31:21 choose the bucket
    static constexpr unsigned kIndexBits = 11;

    struct Candidate {
        u32 mask;
        u32 value;
        const Instruction* instruction;
    };
    std::vector<Candidate> candidates_;  ///< bucket after bucket, most specific first
    std::vector<u32> bucket_starts_;     ///< one more than there are buckets
};

}  // namespace kelvin::arm64
