// SPDX-License-Identifier: Apache-2.0
// The second jump cache: what the contexts' own have lost because another jump took the place. One a vCPU, and never
// emptied, which for so many entries would take longer than it is worth: each entry is of a generation, and a context
// that is to forget its jumps gets a new one.
//
// Owner thread: the vCPU's.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "emit/x64/runtime.h"

namespace kelvin::translator {

class SecondJumps {
  public:
    SecondJumps() : table_(static_cast<x64::SecondJump*>(std::calloc(x64::kSecondJumps, sizeof(x64::SecondJump)))) {
        if (table_ == nullptr) {
            throw std::bad_alloc();
        }
    }

    x64::SecondJump* table() { return table_.get(); }
    /// One that no entry has; the numbers behind it, fewer than kBranchTypes, are its branch types.
    u64 new_generation() { return last_ += x64::kBranchTypes; }
    /// Of several branch types to one address, that of the last one added is known.
    void add(u64 generation, u64 va, u32 branch_type, const u8* code) {
        table_[x64::second_jump_index(va)] = {va, generation + branch_type, code, 0};
    }

  private:
    struct Free {
        void operator()(x64::SecondJump* table) const { std::free(table); }
    };

    /// Zeros, which the host gives memory for as they are overwritten.
    std::unique_ptr<x64::SecondJump[], Free> table_;
    u64 last_ = 0;
};

}  // namespace kelvin::translator
