// SPDX-License-Identifier: Apache-2.0
#include "base/timer_service.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

namespace kelvin {

namespace {

constexpr i64 kSecond = 1'000'000'000;

/// Less than what sleeping takes.
constexpr i64 kTooShortToSleep = 2'000;

}  // namespace

Result<std::unique_ptr<HostTimerService>> HostTimerService::create() {
    Fd alarm(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    if (!alarm) {
        return host_error("creating a timer", errno);
    }
    return std::unique_ptr<HostTimerService>(new HostTimerService(std::move(alarm)));
}

HostTimerService::HostTimerService(Fd alarm)
    : alarm_(std::move(alarm)), offset_(host_.now_ns()), thread_(&HostTimerService::run, this) {}

HostTimerService::~HostTimerService() {
    {
        const std::lock_guard guard(lock_);
        stopping_ = true;
        wake();
    }
    thread_.join();
}

i64 HostTimerService::now_ns() const {
    const i64 paused_at = paused_at_.load(std::memory_order_acquire);
    return paused_at != kRunning ? paused_at : host_.now_ns() - offset_.load(std::memory_order_acquire);
}

ClockStretch HostTimerService::stretch() const {
    if (paused_at_.load(std::memory_order_acquire) != kRunning) {
        return {};
    }
    ClockStretch stretch = host_.stretch();
    stretch.start_ns -= offset_.load(std::memory_order_acquire);
    return stretch;
}

TimerId HostTimerService::add(Callback callback, void* context) {
    const std::lock_guard guard(lock_);
    return timers_.add(callback, context);
}

void HostTimerService::remove(TimerId timer) {
    std::unique_lock guard(lock_);
    timers_.remove(guard, timer);
}

void HostTimerService::arm(TimerId timer, i64 deadline_ns) {
    const std::lock_guard guard(lock_);
    timers_.set_deadline(timer, std::min(deadline_ns, kNever - 1));
    // A later alarm than needed would be late. An earlier one only wakes the thread once too often, which is cheaper
    // than a system call each time a guest moves its tick.
    if (deadline_ns < alarm_deadline_ && paused_at_.load(std::memory_order_relaxed) == kRunning) {
        set_alarm(deadline_ns);
    }
}

void HostTimerService::cancel(TimerId timer) {
    const std::lock_guard guard(lock_);
    timers_.set_deadline(timer, kNever);
}

void HostTimerService::pause() {
    const std::lock_guard guard(lock_);
    if (paused_at_.load(std::memory_order_relaxed) == kRunning) {
        paused_at_.store(now_ns(), std::memory_order_release);
    }
}

void HostTimerService::resume() {
    const std::lock_guard guard(lock_);
    const i64 paused_at = paused_at_.load(std::memory_order_relaxed);
    if (paused_at != kRunning) {
        offset_.store(host_.now_ns() - paused_at, std::memory_order_release);
        paused_at_.store(kRunning, std::memory_order_release);
        wake();
    }
}

/// The thread's body: fires what is due, sets the alarm for what comes next, sleeps.
void HostTimerService::run() {
    std::unique_lock guard(lock_);
    while (!stopping_) {
        if (fire_one(guard)) {
            continue;
        }
        set_alarm(paused_at_.load(std::memory_order_relaxed) == kRunning ? timers_.earliest() : kNever);
        guard.unlock();
        u64 expirations = 0;
        [[maybe_unused]] const ssize_t got = ::read(alarm_.get(), &expirations, sizeof expirations);
        guard.lock();
    }
}

bool HostTimerService::fire_one(std::unique_lock<std::mutex>& guard) {
    const i64 next = timers_.earliest();
    if (paused_at_.load(std::memory_order_relaxed) != kRunning || next > now_ns() + kTooShortToSleep) {
        return false;
    }
    while (next > now_ns()) {
    }
    return timers_.fire_one(guard, now_ns());
}

/// Sets the timerfd to fire at virtual time `deadline`, at once if that is past; kNever: not at all.
void HostTimerService::set_alarm(i64 deadline) {
    alarm_deadline_ = deadline;
    itimerspec when{};
    if (deadline != kNever) {
        // The two clocks may differ by what the one is ahead of the other.
        const i64 kernel_ahead = host_.kernel_ns() - host_.now_ns();
        i64 host = 0;
        if (__builtin_add_overflow(deadline, offset_.load(std::memory_order_relaxed) + kernel_ahead, &host)) {
            host = INT64_MAX;
        }
        host = std::max(host, i64{1});  // zero would disarm
        when.it_value = {host / kSecond, host % kSecond};
    }
    ::timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

void HostTimerService::wake() {
    set_alarm(0);
}

}  // namespace kelvin
