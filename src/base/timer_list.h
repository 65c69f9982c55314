// SPDX-License-Identifier: Apache-2.0
// The timers of a TimerService and their deadlines, whoever decides what the time is.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace kelvin {

/// Guarded by a lock of its owner's, which is held when any of its methods is called.
class TimerList {
  public:
    static constexpr i64 kNever = INT64_MAX;

    TimerId add(TimerService::Callback callback, void* context);
    /// Waits for the callback to end, unless it is called from there.
    void remove(std::unique_lock<std::mutex>& guard, TimerId timer);
    /// kNever: it does not fire.
    void set_deadline(TimerId timer, i64 deadline_ns);
    /// kNever if no timer is armed.
    i64 earliest() const;
    /// Calls back the timer that has been due longest at `now_ns`, with the lock released. False if none is.
    bool fire_one(std::unique_lock<std::mutex>& guard, i64 now_ns);

  private:
    struct Slot {
        TimerService::Callback callback = nullptr;  // null: the slot is free
        void* context = nullptr;
        i64 deadline = kNever;
    };

    std::vector<Slot> slots_;
    std::condition_variable callback_done_;
    size_t in_callback_ = SIZE_MAX;
    std::thread::id caller_;  // while in a callback: the thread that is
};

}  // namespace kelvin
