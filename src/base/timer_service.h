// SPDX-License-Identifier: Apache-2.0
// The host's monotonic clock as virtual time, and its timers on one thread, which sleeps until the earliest deadline.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "base/host_clock.h"
#include "base/result.h"
#include "base/timer_list.h"

namespace kelvin {

/// Virtual time begins at 0 and runs. Timers must be removed before the service dies.
class HostTimerService final : public MachineTime {
  public:
    static Result<std::unique_ptr<HostTimerService>> create();
    ~HostTimerService() override;

    i64 now_ns() const override;
    ClockStretch stretch() const override;
    TimerId add(Callback callback, void* context) override;
    void remove(TimerId timer) override;
    void arm(TimerId timer, i64 deadline_ns) override;
    void cancel(TimerId timer) override;

    void pause() override;
    void resume() override;

  private:
    static constexpr i64 kNever = TimerList::kNever;
    static constexpr i64 kRunning = -1;

    explicit HostTimerService(Fd alarm);
    void run();
    bool fire_one(std::unique_lock<std::mutex>& guard);
    void set_alarm(i64 deadline);
    void wake();

    Fd alarm_;  // a timerfd; armed at alarm_deadline_
    const HostClock host_;
    std::atomic<i64> offset_;                // the host's clock minus virtual time
    std::atomic<i64> paused_at_ = kRunning;  // virtual time while paused

    std::mutex lock_;  // guards what follows; innermost
    TimerList timers_;
    i64 alarm_deadline_ = kNever;
    bool stopping_ = false;

    std::thread thread_;  // last: everything it uses is built before it
};

}  // namespace kelvin
