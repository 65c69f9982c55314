// SPDX-License-Identifier: Apache-2.0
// For tests: virtual time that goes on when the test says so, and fires what becomes due on the way, in order.
#pragma once

#include <algorithm>
#include <vector>

#include "base/clock.h"

namespace kelvin {

class TestTimers final : public TimerService {
  public:
    i64 now_ns() const override { return now_; }
    ClockStretch stretch() const override { return {}; }
    TimerId add(Callback callback, void* context) override {
        timers_.push_back({callback, context});
        return static_cast<TimerId>(timers_.size() - 1);
    }
    void remove(TimerId timer) override { at(timer) = {}; }
    void arm(TimerId timer, i64 deadline_ns) override { at(timer).deadline = deadline_ns; }
    void cancel(TimerId timer) override { at(timer).deadline = kNever; }

    void advance(i64 nanoseconds) { advance_to(now_ + nanoseconds); }
    void advance_to(i64 time) {
        for (Timer* next = earliest(); next != nullptr && next->deadline <= time; next = earliest()) {
            now_ = std::max(now_, next->deadline);
            next->deadline = kNever;
            ++fired_;
            next->callback(next->context);
        }
        now_ = std::max(now_, time);
    }
    /// Of the earliest timer; kNever: none is armed.
    i64 next_deadline() {
        const Timer* next = earliest();
        return next != nullptr ? next->deadline : kNever;
    }
    /// Timers that have fired so far.
    unsigned fired() const { return fired_; }

    static constexpr i64 kNever = INT64_MAX;

  private:
    struct Timer {
        Callback callback = nullptr;
        void* context = nullptr;
        i64 deadline = kNever;
    };
    Timer& at(TimerId timer) { return timers_.at(static_cast<std::size_t>(timer)); }
    Timer* earliest() {
        const auto found = std::ranges::min_element(timers_, {}, &Timer::deadline);
        return found != timers_.end() && found->deadline != kNever ? &*found : nullptr;
    }

    i64 now_ = 0;
    unsigned fired_ = 0;
    std::vector<Timer> timers_;
};

}  // namespace kelvin
