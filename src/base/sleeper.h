// SPDX-License-Identifier: Apache-2.0
// A thread that sleeps until others, or a signal's handler on itself, ring its bell: a word that it also looks at while
// it is awake.
#pragma once

#include <atomic>
#include <chrono>

#include "base/types.h"

namespace kelvin {

class Sleeper {
  public:
    static constexpr std::chrono::nanoseconds kForever = std::chrono::nanoseconds::max();

    /// `bell` is accessed atomically by all.
    explicit Sleeper(u32& bell) : bell_(bell) {}

    /// Sleeps until `ready()`, or for `longest`; returns what `ready()` said last. Who makes it true rings or wakes
    /// afterwards. The bell is cleared.
    template <class Ready>
    bool await(const Ready& ready, std::chrono::nanoseconds longest = kForever) {
        const i64 begun = now_ns();
        asleep_.store(true);
        bool is_ready = false;
        while (true) {
            __atomic_store_n(&bell_, 0, __ATOMIC_SEQ_CST);
            is_ready = ready();
            const i64 left = longest == kForever ? kLongestNap : longest.count() - (now_ns() - begun);
            if (is_ready || left <= 0) {
                break;
            }
            nap(left);
        }
        asleep_.store(false);
        return is_ready;
    }

    bool rung() const { return __atomic_load_n(&bell_, __ATOMIC_RELAXED) != 0; }

    // Any thread, and handlers of signals.
    void ring() {
        __atomic_store_n(&bell_, 1, __ATOMIC_SEQ_CST);
        wake();
    }
    /// Makes it look whether it is ready if it is in await().
    void wake();

  private:
    static constexpr i64 kLongestNap = 3'600'000'000'000;

    static i64 now_ns();
    void nap(i64 longest_ns);

    u32& bell_;
    std::atomic<bool> asleep_ = false;
};

}  // namespace kelvin
