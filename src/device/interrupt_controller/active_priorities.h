// SPDX-License-Identifier: Apache-2.0
// Priority grouping and the active priorities registers, alike in GICv2 and GICv3 (IHI 0048B 3.3.3, IHI 0069 4.8).
#pragma once

#include <bit>
#include <span>

#include "base/types.h"

namespace kelvin::device {

constexpr u8 kIdlePriority = 0xff;

/// The group priority field under a binary point of `point` as Group 0 counts it: bits [7:point+1].
constexpr u8 group_priority_mask(unsigned point) {
    return static_cast<u8>(0xff00U >> (7 - point));
}

/// A set of active priorities: bit n stands for priority n << shift.
class ActivePriorities {
  public:
    ActivePriorities(std::span<u32> words, unsigned shift) : words_(words), shift_(shift) {}

    void set(u8 priority) { words_[priority >> shift_ >> 5] |= 1U << (priority >> shift_ & 31); }
    void clear_highest() {
        for (u32& word : words_) {
            if (word != 0) {
                word &= word - 1;
                return;
            }
        }
    }

  private:
    std::span<u32> words_;
    unsigned shift_;
};

/// The highest active priority, kIdlePriority if there is none.
constexpr u8 highest_active(std::span<const u32> words, unsigned shift) {
    for (unsigned n = 0; n < words.size(); ++n) {
        if (words[n] != 0) {
            return static_cast<u8>((n * 32 + static_cast<unsigned>(std::countr_zero(words[n]))) << shift);
        }
    }
    return kIdlePriority;
}

}  // namespace kelvin::device
