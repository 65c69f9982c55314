// SPDX-License-Identifier: Apache-2.0
// Virtual time that counts instructions: one takes 2^shift nanoseconds, and while the processor waits time jumps to the
// next deadline. The host's time does not come into it, so that every run of a guest that nobody disturbs is the same.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "base/timer_list.h"
#include "base/wire.h"

namespace kelvin {

/// Where the processor keeps account. Owner: its thread; others read it.
struct InstructionBudget {
    i32 left = 0;  ///< it may execute so many more before it must come and ask; taken off before they are executed
    u32 unexecuted = 0;  ///< of those taken off already, while one in their middle is looked at
};

/// Of one processor. What is said to be between instructions is called by its thread, and so are timers.
class InstructionClock final : public MachineTime {
  public:
    static constexpr i64 kNever = TimerList::kNever;
    static constexpr unsigned kMaxShift = 10;

    /// `sleeps`: who waits for a deadline waits for as long on the host. What the guest sees is the same.
    InstructionClock(unsigned shift, bool sleeps) : shift_(shift), sleeps_(sleeps) {}

    /// From other threads than the processor's: roughly.
    i64 now_ns() const override;
    ClockStretch stretch() const override { return {}; }
    TimerId add(Callback callback, void* context) override;
    void remove(TimerId timer) override;
    void arm(TimerId timer, i64 deadline_ns) override;
    void cancel(TimerId timer) override;
    /// Nothing is to be done: without instructions no time passes.
    void pause() override {}
    void resume() override {}

    bool sleeps() const { return sleeps_; }
    u64 executed() const;

    /// The processor keeps account in `budget` until detach(). `attention` is set when another thread has armed a
    /// timer.
    void attach(InstructionBudget& budget, Wire attention);
    void detach();
    /// The processor's thread is the one that calls.
    void begin();
    /// Between instructions: timers that are due fire, and the budget is what may be executed until the next is.
    void settle() {
        if (budget_->left <= 0 || rearmed()) {
            settle_now();
        }
    }
    /// The processor comes to settle() after the current instruction: what it did may concern what comes next. From
    /// another thread nothing, as for that no instruction is the right one.
    void stop();
    /// One instruction was executed without going through the budget.
    void spend_one();
    /// A timer has been armed since settle().
    bool rearmed() const { return rearmed_.load(std::memory_order_relaxed); }
    /// While the processor waits.
    i64 next_deadline_ns() const;
    void skip_to(i64 deadline_ns);

  private:
    void settle_now();

    const unsigned shift_;
    const bool sleeps_;
    InstructionBudget detached_;
    InstructionBudget* budget_ = &detached_;
    Wire attention_;
    std::atomic<std::thread::id> owner_{};
    std::atomic<u64> granted_ = 0;     // how many will have been executed when nothing of the budget is left
    std::atomic<i64> skipped_ns_ = 0;  // while waiting
    std::atomic<bool> rearmed_ = false;

    mutable std::mutex lock_;  // guards what follows; innermost
    TimerList timers_;
    i64 horizon_ns_ = 0;  // the earliest deadline at the last settle()
};

}  // namespace kelvin
