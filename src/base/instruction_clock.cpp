// SPDX-License-Identifier: Apache-2.0
#include "base/instruction_clock.h"

#include <algorithm>

#include "base/assert.h"

namespace kelvin {

namespace {

/// Without a deadline.
constexpr u64 kLongest = u64{1} << 30;

}  // namespace

u64 InstructionClock::executed() const {
    const i64 left = __atomic_load_n(&budget_->left, __ATOMIC_RELAXED);
    const u64 unexecuted = __atomic_load_n(&budget_->unexecuted, __ATOMIC_RELAXED);
    return granted_.load(std::memory_order_relaxed) - static_cast<u64>(left) - unexecuted;
}

i64 InstructionClock::now_ns() const {
    return static_cast<i64>(executed() << shift_) + skipped_ns_.load(std::memory_order_relaxed);
}

TimerId InstructionClock::add(Callback callback, void* context) {
    const std::lock_guard guard(lock_);
    return timers_.add(callback, context);
}

void InstructionClock::remove(TimerId timer) {
    std::unique_lock guard(lock_);
    timers_.remove(guard, timer);
}

void InstructionClock::arm(TimerId timer, i64 deadline_ns) {
    bool earlier = false;
    {
        const std::lock_guard guard(lock_);
        timers_.set_deadline(timer, std::min(deadline_ns, kNever - 1));
        earlier = deadline_ns < horizon_ns_;
    }
    if (!earlier) {
        return;
    }
    rearmed_.store(true, std::memory_order_relaxed);
    if (std::this_thread::get_id() == owner_.load(std::memory_order_relaxed)) {
        stop();
    } else {
        attention_.set(true);
    }
}

void InstructionClock::cancel(TimerId timer) {
    const std::lock_guard guard(lock_);
    timers_.set_deadline(timer, kNever);
}

void InstructionClock::attach(InstructionBudget& budget, Wire attention) {
    budget = *budget_;
    budget_ = &budget;
    attention_ = attention;
}

void InstructionClock::detach() {
    detached_ = *budget_;
    budget_ = &detached_;
    attention_ = {};
}

void InstructionClock::begin() {
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
}

void InstructionClock::stop() {
    if (std::this_thread::get_id() == owner_.load(std::memory_order_relaxed)) {
        granted_.fetch_sub(static_cast<u64>(i64{budget_->left}), std::memory_order_relaxed);
        __atomic_store_n(&budget_->left, 0, __ATOMIC_RELAXED);
    }
}

void InstructionClock::spend_one() {
    KELVIN_ASSERT(budget_->left > 0);
    __atomic_store_n(&budget_->left, budget_->left - 1, __ATOMIC_RELAXED);
}

i64 InstructionClock::next_deadline_ns() const {
    const std::lock_guard guard(lock_);
    return timers_.earliest();
}

void InstructionClock::skip_to(i64 deadline_ns) {
    const i64 left = deadline_ns - now_ns();
    if (left > 0) {
        skipped_ns_.fetch_add(left, std::memory_order_relaxed);
        rearmed_.store(true, std::memory_order_relaxed);
    }
}

void InstructionClock::settle_now() {
    stop();
    std::unique_lock guard(lock_);
    rearmed_.store(false, std::memory_order_relaxed);
    while (timers_.fire_one(guard, now_ns())) {
    }
    horizon_ns_ = timers_.earliest();
    u64 count = kLongest;
    if (horizon_ns_ != kNever) {
        const u64 ns = static_cast<u64>(horizon_ns_ - now_ns());
        count = std::min(count, (ns + (u64{1} << shift_) - 1) >> shift_);
    }
    granted_.fetch_add(count, std::memory_order_relaxed);
    __atomic_store_n(&budget_->left, static_cast<i32>(count), __ATOMIC_RELAXED);
}

}  // namespace kelvin
