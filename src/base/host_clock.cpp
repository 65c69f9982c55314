// SPDX-License-Identifier: Apache-2.0
#include "base/host_clock.h"

#include <cpuid.h>
#include <x86intrin.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <limits>
#include <string>

namespace kelvin {

namespace {

constexpr i64 kSecond = 1'000'000'000;
constexpr i64 kShortestMeasurement = 10'000'000;
constexpr i64 kLongestMeasurement = 10 * kSecond;

i64 kernel_monotonic() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

/// Not before what comes before it in the program has been done.
u64 time_stamp_counter() {
    _mm_lfence();
    return __rdtsc();
}

bool is_counter_usable() {
    constexpr unsigned kPowerManagement = 0x80000007, kInvariant = 1u << 8;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(kPowerManagement, &eax, &ebx, &ecx, &edx) == 0 || (edx & kInvariant) == 0) {
        return false;
    }
    // The kernel has compared the counters of all processors, and goes on doing so.
    std::ifstream file("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    std::string source;
    return static_cast<bool>(file >> source) && source == "tsc";
}

}  // namespace

HostClock::Sources HostClock::host_sources() {
    return {is_counter_usable() ? &time_stamp_counter : nullptr, &kernel_monotonic};
}

i64 HostClock::now_ns() const {
    if (sources_.counter == nullptr) {
        return sources_.kernel_ns();
    }
    const ClockStretch now = stretch();
    const u64 tick = sources_.counter() - now.first;
    return tick < now.ticks ? now.at(tick) : begin_stretch();
}

ClockStretch HostClock::stretch() const {
    while (true) {
        const u32 sequence = sequence_.load(std::memory_order_acquire);
        ClockStretch result;
        result.first = first_.load(std::memory_order_acquire);
        result.ticks = ticks_.load(std::memory_order_acquire);
        result.multiplier = multiplier_.load(std::memory_order_acquire);
        result.start_ns = start_ns_.load(std::memory_order_acquire);
        if ((sequence & 1) == 0 && sequence_.load(std::memory_order_relaxed) == sequence) {
            return result;
        }
    }
}

void HostClock::publish(const ClockStretch& stretch) const {
    const u32 sequence = sequence_.load(std::memory_order_relaxed);
    sequence_.store(sequence + 1, std::memory_order_relaxed);
    first_.store(stretch.first, std::memory_order_release);
    ticks_.store(stretch.ticks, std::memory_order_release);
    multiplier_.store(stretch.multiplier, std::memory_order_release);
    start_ns_.store(stretch.start_ns, std::memory_order_release);
    sequence_.store(sequence + 2, std::memory_order_release);
}

/// The shortest of a few, for the thread may be interrupted in between.
HostClock::Sample HostClock::take_sample() const {
    Sample best{};
    u64 shortest = std::numeric_limits<u64>::max();
    for (unsigned i = 0; i < 3; i++) {
        const u64 before = sources_.counter();
        const i64 ns = sources_.kernel_ns();
        const u64 took = sources_.counter() - before;
        if (took < shortest) {
            shortest = took;
            best = {before, ns};
        }
    }
    return best;
}

/// The longer the measurement the better, but no longer than the rate can be taken to be the same. It begins anew when
/// counter and clock have gone apart: the host has slept.
std::optional<u64> HostClock::measure_rate(const Sample& now) const {
    const auto begin = [&] {
        older_ = newer_ = now;
        rate_ = 0;
        return std::nullopt;
    };
    if (!older_ || now.counter <= newer_.counter) {
        return begin();
    }
    const i64 elapsed = now.ns - older_->ns;
    const u64 ticks = now.counter - older_->counter;
    if (elapsed < kShortestMeasurement) {
        return rate_ != 0 ? std::optional(rate_) : std::nullopt;
    }
    if (static_cast<u64>(elapsed) >= ticks) {
        return begin();  // less than 1 GHz: a multiplier would not fit
    }
    const u64 rate = static_cast<u64>((u128{static_cast<u64>(elapsed)} << 64) / ticks);
    if (rate_ != 0 && std::max(rate, rate_) - std::min(rate, rate_) > rate_ / 1000) {
        return begin();
    }
    rate_ = rate;
    if (now.ns - newer_.ns > kLongestMeasurement / 2) {
        older_ = newer_;
        newer_ = now;
    }
    return rate;
}

/// The time now, which is beyond the stretch that there is.
i64 HostClock::begin_stretch() const {
    const std::lock_guard guard(mutex_);
    const ClockStretch last = stretch();
    const u64 tick = sources_.counter() - last.first;
    if (tick < last.ticks) {
        return last.at(tick);  // another thread was here first
    }
    const Sample sample = take_sample();
    const std::optional<u64> rate = measure_rate(sample);
    const i64 start = std::max(sample.ns, latest_);
    const i64 ahead = start - sample.ns;
    latest_ = start;
    if (!rate || ahead > kStretch / 2) {
        publish({});
        return start;
    }
    const u64 ticks = static_cast<u64>((u128{static_cast<u64>(kStretch)} << 64) / *rate);
    const u64 multiplier = *rate - *rate / static_cast<u64>(kStretch) * static_cast<u64>(ahead);
    const ClockStretch next{sample.counter, ticks, multiplier, start};
    latest_ = next.at(ticks);
    publish(next);
    return start;
}

}  // namespace kelvin
