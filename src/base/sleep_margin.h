// SPDX-License-Identifier: Apache-2.0
// How much sooner than a deadline a thread should wake to be awake at it.
#pragma once

#include <algorithm>

#include "base/types.h"

namespace kelvin {

/// The host wakes threads late, by what depends on its processors and their load. The margin follows that: it comes to
/// be where one sleep of four ends later. What sleeps end early is spent awake, so there is a limit.
class SleepMargin {
  public:
    static constexpr i64 kLongest = 80'000;

    i64 ns() const { return margin_; }

    /// A sleep of which nobody was to end the rest has ended `late_ns` after its time.
    void slept(i64 late_ns) {
        margin_ = std::clamp(margin_ + (late_ns > margin_ ? 3 * kStep : -kStep), i64{0}, kLongest);
    }

  private:
    static constexpr i64 kStep = 250;

    i64 margin_ = 0;
};

}  // namespace kelvin
