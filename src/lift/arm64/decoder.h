// SPDX-License-Identifier: Apache-2.0
// Finds the entry for an instruction word. The tables of all chapters are joined here.
#pragma once

#include <span>
#include <vector>

#include "lift/arm64/pattern.h"

namespace kelvin::arm64 {

/// Every entry of every chapter, for tests and generators.
std::span<const std::span<const Instruction>> instruction_chapters();

/// Look-up tables over the entries that `features` allows. Built once a machine; constant afterwards, any thread may
/// decode.
class Decoder {
  public:
    explicit Decoder(const FeatureSet& features);

    /// Null: unallocated, UNDEFINED.
    const Instruction* decode(u32 word) const;

  private:
    static constexpr unsigned kIndexBits = 11;  ///< bits 31:21
    std::vector<std::vector<const Instruction*>> buckets_;
};

}  // namespace kelvin::arm64
