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

#include <array>
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
    // Bits 31:21 and 11:10 choose the bucket: they tell most classes of instructions apart.
    static constexpr unsigned kHighShift = 21, kLowShift = 10, kLowBits = 2;
    static constexpr unsigned kIndexBits = 32 - kHighShift + kLowBits;

    static constexpr u32 index_of(u32 word) {
        return word >> kHighShift << kLowBits | (word >> kLowShift & ((1u << kLowBits) - 1));
    }
    /// Those of the word that `index` is made of, where they are there.
    static constexpr u32 word_bits(u32 index) {
        return index >> kLowBits << kHighShift | (index & ((1u << kLowBits) - 1)) << kLowShift;
    }

    struct Candidate {
        u32 mask;
        u32 value;
        const Instruction* instruction;
    };
    void add_buckets(u32 first, unsigned free, const std::vector<const Instruction*>& entries);

    /// Of candidates_.
    struct Range {
        u16 begin, end;
    };
    /// Of a bucket together, most specific first; neighbours with the same share them.
    std::vector<Candidate> candidates_;
    std::array<Range, u32{1} << kIndexBits> buckets_{};
};

}  // namespace kelvin::arm64
