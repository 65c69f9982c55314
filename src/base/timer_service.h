// SPDX-License-Identifier: Apache-2.0
// The host's monotonic clock as virtual time, and its timers on one thread, which sleeps until the earliest deadline.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin {

/// Virtual time begins at 0 and runs. Timers must be removed before the service dies.
class HostTimerService final : public TimerService {
  public:
    static Result<std::unique_ptr<HostTimerService>> create();
    ~HostTimerService() override;

    i64 now_ns() const override;
    TimerId add(Callback callback, void* context) override;
    void remove(TimerId timer) override;
    void arm(TimerId timer, i64 deadline_ns) override;
    void cancel(TimerId timer) override;

    /// Stops virtual time; no timer fires until resume(). Both do nothing when already done; from one thread at a time.
    void pause();
    void resume();

  private:
    struct Slot {
        Callback callback = nullptr;  // null: the slot is free
        void* context = nullptr;
        i64 deadline = kNever;
    };
    static constexpr i64 kNever = INT64_MAX;
    static constexpr i64 kRunning = -1;

    explicit HostTimerService(Fd alarm);
    void run();
    std::optional<size_t> next_expired() const;
    void set_alarm(i64 deadline);
    void wake();

    Fd alarm_;                               // a timerfd; armed at alarm_deadline_
    std::atomic<i64> offset_;                // CLOCK_MONOTONIC minus virtual time
    std::atomic<i64> paused_at_ = kRunning;  // virtual time while paused

    std::mutex lock_;  // guards what follows; innermost
    std::condition_variable callback_done_;
    std::vector<Slot> slots_;
    i64 alarm_deadline_ = kNever;
    size_t in_callback_ = SIZE_MAX;
    bool stopping_ = false;

    std::thread thread_;  // last: everything it uses is built before it
};

}  // namespace kelvin
