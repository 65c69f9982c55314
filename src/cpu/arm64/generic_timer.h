// SPDX-License-Identifier: Apache-2.0
// The Generic Timer of one processor (ARM ARM D12): the counter, and the EL1 physical and virtual timers.
#pragma once

#include <bit>
#include <mutex>
#include <numeric>
#include <optional>

#include "base/clock.h"
#include "base/wire.h"

namespace kelvin::arm64 {

/// A counter of `frequency` Hz that runs with a nanosecond clock.
class CounterScale {
  public:
    explicit CounterScale(u64 frequency)
        : multiplier_(frequency / std::gcd(frequency, kSecond)), divisor_(kSecond / std::gcd(frequency, kSecond)) {}

    u64 count_at(i64 ns) const {
        const u64 time = static_cast<u64>(ns);
        // The usual frequencies divide 1 GHz, and a 128-bit division costs more than the rest of a counter read.
        return multiplier_ == 1 ? time / divisor_ : static_cast<u64>(u128{time} * multiplier_ / divisor_);
    }
    /// The counter is the time shifted right by so many bits, if it is that simple.
    std::optional<unsigned> shift() const {
        const bool simple = multiplier_ == 1 && std::has_single_bit(divisor_);
        return simple ? std::optional(static_cast<unsigned>(std::countr_zero(divisor_))) : std::nullopt;
    }
    /// The first nanosecond at which the counter has reached `count`; kNever if that is out of range.
    i64 deadline_ns(u64 count) const {
        const u128 ns = (u128{count} * divisor_ + multiplier_ - 1) / multiplier_;
        return ns >= u128{kNever} ? kNever : static_cast<i64>(ns);
    }
    static constexpr i64 kNever = INT64_MAX;

  private:
    static constexpr u64 kSecond = 1'000'000'000;
    u64 multiplier_, divisor_;
};

/// One compare timer: CTL, CVAL, and the level it drives. Registers belong to the vCPU's thread, the timer's callback
/// comes on the service's; both take `mutex_`, and the wire is set under it so that its levels arrive in order. Nothing
/// behind the wire may call back.
class CompareTimer {
  public:
    /// `service` may be null: the output then changes with register accesses only. Both outlive the timer.
    CompareTimer(const Clock* clock, TimerService* service, CounterScale scale, Wire output);
    ~CompareTimer();
    CompareTimer(const CompareTimer&) = delete;
    CompareTimer& operator=(const CompareTimer&) = delete;

    void reset();
    u64 control() const;  ///< ENABLE, IMASK, and ISTATUS now
    void set_control(u64 value);
    u64 compare_value() const;
    void set_compare_value(u64 value);
    u64 timer_value() const;  ///< TVAL: 32 bits
    void set_timer_value(u64 value);

  private:
    u64 now() const;
    void update();  ///< `mutex_` is held

    static constexpr u64 kEnable = 1, kMask = 2, kStatus = 4;
    const Clock* clock_;
    TimerService* service_;
    CounterScale scale_;
    Wire output_;
    TimerId timer_{};

    mutable std::mutex mutex_;
    u64 control_ = 0;
    u64 compare_ = 0;
    bool level_ = false;
};

class GenericTimers {
  public:
    GenericTimers(const Clock* clock, TimerService* service, u64 frequency, Wire virtual_output, Wire physical_output)
        : clock_(clock),
          scale_(frequency),
          virtual_timer(clock, service, scale_, virtual_output),
          physical_timer(clock, service, scale_, physical_output) {}

    u64 counter() const { return clock_ == nullptr ? 0 : scale_.count_at(clock_->now_ns()); }
    /// The clock's time when the counter reaches `count`.
    i64 deadline_ns(u64 count) const { return scale_.deadline_ns(count); }
    /// The clock's time of the next event of the stream that CNTKCTL_EL1 asks for; kNever if it asks for none.
    i64 next_event_ns(u64 cntkctl) const;

  private:
    const Clock* clock_;
    CounterScale scale_;

  public:
    CompareTimer virtual_timer, physical_timer;
};

}  // namespace kelvin::arm64
