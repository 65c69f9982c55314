// SPDX-License-Identifier: Apache-2.0
// When code memory may be used again: once every vCPU has left the code that it was in, and forgotten the addresses
// that it knew, since the code was dropped.
#pragma once

#include <algorithm>
#include <atomic>
#include <vector>

#include "base/types.h"

namespace kelvin::translator {

class CodeEpochs {
  public:
    /// A thread that runs code; only that thread calls its methods.
    class Runner {
      public:
        /// The thread is in no code now. True if code was dropped since it last came here: it must forget all addresses
        /// of code before it runs any.
        bool arrive(const CodeEpochs& epochs) {
            // Read again once told: else code could be dropped, and its memory used again, in between.
            u64 now = epochs.now();
            while (seen_.load(std::memory_order_relaxed) != now) {
                seen_.store(now, std::memory_order_seq_cst);
                now = epochs.now();
            }
            const bool dropped = known_ != now;
            known_ = now;
            return dropped;
        }
        /// It is in no code until it has arrived again.
        void leave() { seen_.store(kOutside, std::memory_order_seq_cst); }

      private:
        friend class CodeEpochs;
        std::atomic<u64> seen_{kOutside};
        u64 known_ = 0;
    };

    // What follows is guarded by the translator's lock, but for now().

    void add(const Runner& runner) { runners_.push_back(&runner); }
    void remove(const Runner& runner) { std::erase(runners_, &runner); }

    u64 now() const { return now_.load(std::memory_order_seq_cst); }
    /// Called when code has been dropped. When passed() is true of the result, nobody can come to it any more.
    u64 begin() { return now_.fetch_add(1, std::memory_order_seq_cst) + 1; }
    bool passed(u64 epoch) const {
        return std::ranges::all_of(runners_, [=](const Runner* runner) { return runner->seen_.load() >= epoch; });
    }

  private:
    static constexpr u64 kOutside = ~u64{0};

    std::atomic<u64> now_{0};
    std::vector<const Runner*> runners_;
};

}  // namespace kelvin::translator
