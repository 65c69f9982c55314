// SPDX-License-Identifier: Apache-2.0
// Counts events of one thread, for another to read at any time. It costs the counting thread no more than a plain
// variable.
#pragma once

#include <atomic>

#include "base/types.h"

namespace kelvin {

class Counter {
  public:
    /// One thread only.
    void add(u64 n = 1) { value_.store(value() + n, std::memory_order_relaxed); }
    /// Any thread.
    u64 value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<u64> value_{0};
};

}  // namespace kelvin
