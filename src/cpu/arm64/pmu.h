// SPDX-License-Identifier: Apache-2.0
// The performance monitors (PMUv3, ARM ARM D13) with the cycle counter and no event counters. A cycle is a nanosecond
// of the machine's clock. Without AArch32 PMCR_EL0.LC is fixed at 1: the counter overflows at 64 bits. The filters of
// PMCCFILTR_EL0 are stored; the counter counts at every level.
#pragma once

#include <mutex>

#include "base/clock.h"
#include "base/wire.h"

namespace kelvin::arm64 {

/// Registers belong to the vCPU's thread; the overflow timer's callback comes on the service's. Both take `mutex_`; the
/// wire is set under it, and nothing behind the wire may call back.
class Pmu {
  public:
    /// `clock` and `service` may be null: no time passes, nothing overflows by itself. `identification`: PMCR_EL0's
    /// IMP and IDCODE.
    Pmu(const Clock* clock, TimerService* service, Wire overflow, u64 identification);
    ~Pmu();
    Pmu(const Pmu&) = delete;
    Pmu& operator=(const Pmu&) = delete;

    void reset();
    u64 control() const;
    void set_control(u64 value);
    u64 cycles() const;
    void set_cycles(u64 value);

    // Bit 31 of each stands for the cycle counter; there are no others.
    u64 enabled() const;
    void change_enabled(u64 bits, bool set);
    u64 interrupts_enabled() const;
    void change_interrupts_enabled(u64 bits, bool set);
    u64 overflowed() const;
    void change_overflowed(u64 bits, bool set);

  private:
    u64 now() const { return clock_ == nullptr ? 0 : static_cast<u64>(clock_->now_ns()); }
    bool counting() const { return enabled_ && (control_ & 1) != 0; }
    u64 value() const { return counting() ? base_ + (now() - since_) : base_; }
    bool overflowed_now() const { return overflowed_ || value() < base_; }
    /// Folds time up to now into `base_`: before anything changes what counting means.
    void settle();
    void update();  ///< re-arms the timer, sets the wire

    static constexpr u64 kCycleBit = u64{1} << 31;
    const Clock* clock_;
    TimerService* service_;
    Wire overflow_;
    u64 identification_;
    TimerId timer_{};

    mutable std::mutex mutex_;
    u64 control_ = 0;
    u64 base_ = 0;   ///< the counter at `since_`
    u64 since_ = 0;  ///< ns
    bool enabled_ = false, interrupt_ = false, overflowed_ = false, level_ = false;
};

}  // namespace kelvin::arm64
