// SPDX-License-Identifier: Apache-2.0
// Timers that fire on the thread which they belong to, such as those of a vCPU: while it computes, a signal of the
// host's own timer tells it, with no other thread to be woken in between.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <csignal>
#include <ctime>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/sleep_margin.h"
#include "base/sleeper.h"
#include "base/timer_list.h"

namespace kelvin {

/// Methods of a TimerService may be called from any thread; callbacks run in fire_due().
class ThreadTimers final : public TimerService {
  public:
    static constexpr i64 kNever = TimerList::kNever;

    /// ThreadSanitizer holds signals back until code that it knows calls something.
#ifdef __SANITIZE_THREAD__
    static constexpr bool kSignalsComeAtOnce = false;
#else
    static constexpr bool kSignalsComeAtOnce = true;
#endif

    /// Time is that of `service`, which also says when a timer is due where there are no `signals`. `thread` is rung
    /// for when one is. Both outlive it.
    ThreadTimers(TimerService& service, Sleeper& thread, bool signals = kSignalsComeAtOnce);
    ~ThreadTimers() override;
    ThreadTimers(const ThreadTimers&) = delete;
    ThreadTimers& operator=(const ThreadTimers&) = delete;

    i64 now_ns() const override {
        return service_.now_ns();
    }
    ClockStretch stretch() const override {
        return service_.stretch();
    }
    TimerId add(Callback callback, void* context) override;
    void remove(TimerId timer) override;
    void arm(TimerId timer, i64 deadline_ns) override;
    void cancel(TimerId timer) override;

    // The rest is for the thread which they belong to.

    /// They belong to the calling thread, until leave(). Only in between it is rung for.
    void enter();
    void leave();
    /// A timer is due, or nearly, which fire_due() has not seen to yet.
    bool rung() const {
        return rung_.load(std::memory_order_relaxed);
    }
    void fire_due();
    /// In between the thread sleeps, or is about to. end_sleep() fires what is due.
    void begin_sleep();
    void end_sleep();
    /// kNever if no timer is armed.
    i64 earliest() const;

  private:
    static void take_signal(int signal, siginfo_t* info, void* machine_state);
    void ring();
    void make_alarm();
    void delete_alarm();
    void set_alarm(i64 deadline);
    bool is_near(i64 deadline) const;

    TimerService& service_;
    Sleeper& thread_;
    const bool signals_;
    std::atomic<bool> rung_ = false;

    mutable std::mutex lock_;  // guards what follows; before the service's
    TimerList timers_;
    bool entered_ = false;
    bool asleep_ = false;
    SleepMargin margins_[2];       ///< by whether the thread sleeps
    i64 alarm_deadline_ = kNever;  ///< of the alarm that is set, or has rung
    i64 alarm_at_ = kNever;        ///< when it is to ring, a margin before
    bool set_asleep_ = false;      ///< which margin
    pid_t alarm_thread_ = 0;       ///< whom it interrupts
    std::optional<timer_t> alarm_;
    TimerId substitute_;  ///< of the service, where there is no alarm
};

}  // namespace kelvin
