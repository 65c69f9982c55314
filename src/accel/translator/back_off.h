// SPDX-License-Identifier: Apache-2.0
// How to wait for another thread that will not be long: on a processor of its own it is done within a microsecond, but
// it may have to wait for ours.
#pragma once

#include <sched.h>

#include <chrono>
#include <thread>

namespace kelvin::translator {

/// `turns`: how often it was called since the wait began.
inline void back_off(unsigned turns) {
    constexpr unsigned kSpins = 300, kYields = 200;
    if (turns < kSpins) {
        __builtin_ia32_pause();
    } else if (turns < kSpins + kYields) {
        sched_yield();
    } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
}

}  // namespace kelvin::translator
