// SPDX-License-Identifier: Apache-2.0
// The host's monotonic clock, read from the time-stamp counter where that is good enough.
//
// Time is cut into stretches of some milliseconds. Within one it is a linear function of the counter. Who reads the
// clock after its end asks the kernel for the time, and begins the next one there: so the clock keeps to the kernel's,
// whose rate is corrected and which stands still while the host sleeps. It never goes back: a stretch begins with no
// earlier time than the one before could give, and runs slower for as long as it is ahead of the kernel.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace kelvin {

class HostClock {
  public:
    /// Where time comes from; for tests.
    struct Sources {
        u64 (*counter)();    ///< null: there is none that will do
        i64 (*kernel_ns)();  ///< CLOCK_MONOTONIC
    };
    /// The counter serves if it runs at one rate whatever the processor does, and the kernel trusts it.
    static Sources host_sources();

    explicit HostClock(const Sources& sources = host_sources()) : sources_(sources) {}

    // Any thread.
    i64 now_ns() const;
    ClockStretch stretch() const;
    /// The kernel's clock, which is the one that its timers go by.
    i64 kernel_ns() const { return sources_.kernel_ns(); }

    static constexpr i64 kStretch = 20'000'000;

  private:
    struct Sample {
        u64 counter;  ///< just before the kernel's clock was read
        i64 ns;
    };

    i64 begin_stretch() const;
    Sample take_sample() const;
    std::optional<u64> measure_rate(const Sample& now) const;
    void publish(const ClockStretch& stretch) const;

    const Sources sources_;

    // A sequence lock: odd while what follows changes. Release stores and acquire loads of each, in place of fences.
    mutable std::atomic<u32> sequence_ = 0;
    mutable std::atomic<u64> first_ = 0, ticks_ = 0, multiplier_ = 0;
    mutable std::atomic<i64> start_ns_ = 0;

    mutable std::mutex mutex_;             // innermost; guards what follows, and writing what is above
    mutable std::optional<Sample> older_;  ///< what the rate is measured from; nothing: it is not known yet
    mutable Sample newer_{};               ///< what takes its place one day
    mutable u64 rate_ = 0;                 ///< as ClockStretch::multiplier; 0: none yet
    mutable i64 latest_ = 0;               ///< no later time has been given
};

}  // namespace kelvin
