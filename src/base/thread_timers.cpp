// SPDX-License-Identifier: Apache-2.0
#include "base/thread_timers.h"

#include <unistd.h>
#include <csignal>

#include <algorithm>

namespace kelvin {

namespace {

constexpr i64 kSecond = 1'000'000'000;

/// What it takes to set an alarm and to take its signal.
constexpr i64 kTooShortForAlarm = 10'000;

int alarm_signal() {
    return SIGRTMIN;
}

}  // namespace

ThreadTimers::ThreadTimers(TimerService& service, Sleeper& thread, bool signals)
    : service_(service),
      thread_(thread),
      signals_(signals),
      substitute_(service.add([](void* self) { static_cast<ThreadTimers*>(self)->ring(); }, this)) {
    struct sigaction action = {};
    action.sa_sigaction = &take_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    ::sigaction(alarm_signal(), &action, nullptr);
}

ThreadTimers::~ThreadTimers() {
    delete_alarm();
    service_.remove(substitute_);
}

/// Whoever sends the signal otherwise, from another process perhaps, is not heard.
void ThreadTimers::take_signal(int, siginfo_t* info, void*) {
    if (info->si_code == SI_TIMER) {
        static_cast<ThreadTimers*>(info->si_value.sival_ptr)->ring();
    }
}

void ThreadTimers::ring() {
    rung_.store(true, std::memory_order_relaxed);
    thread_.ring();
}

TimerId ThreadTimers::add(Callback callback, void* context) {
    const std::lock_guard guard(lock_);
    return timers_.add(callback, context);
}

void ThreadTimers::remove(TimerId timer) {
    std::unique_lock guard(lock_);
    timers_.remove(guard, timer);
}

void ThreadTimers::arm(TimerId timer, i64 deadline_ns) {
    const std::lock_guard guard(lock_);
    const i64 deadline = std::clamp(deadline_ns, i64{0}, kNever - 1);
    timers_.set_deadline(timer, deadline);
    // As in HostTimerService::arm(): an alarm too many is cheaper than a system call for each deadline that moves.
    if (entered_ && deadline < alarm_deadline_) {
        set_alarm(deadline);
    }
}

void ThreadTimers::cancel(TimerId timer) {
    const std::lock_guard guard(lock_);
    timers_.set_deadline(timer, kNever);
}

void ThreadTimers::enter() {
    const std::lock_guard guard(lock_);
    entered_ = true;
    make_alarm();
    set_alarm(timers_.earliest());
}

void ThreadTimers::leave() {
    const std::lock_guard guard(lock_);
    entered_ = false;
    set_alarm(kNever);
}

i64 ThreadTimers::earliest() const {
    const std::lock_guard guard(lock_);
    return timers_.earliest();
}

void ThreadTimers::begin_sleep() {
    constexpr i64 kNearEnough = 10'000;
    const std::lock_guard guard(lock_);
    asleep_ = true;
    const i64 next = timers_.earliest();
    const i64 at = next - margins_[asleep_].ns();
    if (next != kNever && (alarm_at_ > at || alarm_at_ < at - kNearEnough)) {
        set_alarm(next);
    }
    set_asleep_ = true;
}

void ThreadTimers::end_sleep() {
    while (rung() && is_near(earliest()) && !thread_.rung()) {
        if (earliest() <= now_ns()) {
            break;
        }
        __builtin_ia32_pause();
    }
    fire_due();
    const std::lock_guard guard(lock_);
    asleep_ = false;
}

/// Who computes goes on until it is time, and is only called more often: were it kept here, a guest whose timer is due
/// again at once would get nowhere.
void ThreadTimers::fire_due() {
    std::unique_lock guard(lock_);
    if (rung() && asleep_ == set_asleep_ && alarm_at_ != kNever) {
        margins_[asleep_].slept(now_ns() - alarm_at_);
        alarm_at_ = kNever;
    }
    while (timers_.fire_one(guard, now_ns())) {
    }
    const i64 next = timers_.earliest();
    if (rung() && is_near(next)) {
        return ring();
    }
    if (rung_.exchange(false, std::memory_order_relaxed)) {
        alarm_deadline_ = kNever;
    }
    if (next < alarm_deadline_) {
        set_alarm(next);
    }
}

/// No alarm would come in time.
bool ThreadTimers::is_near(i64 deadline) const {
    return deadline <= now_ns() + std::max(margins_[asleep_].ns(), kTooShortForAlarm);
}

/// For the calling thread, if there is none for it yet.
void ThreadTimers::make_alarm() {
    const pid_t thread = ::gettid();
    if (!signals_ || (alarm_ && alarm_thread_ == thread)) {
        return;
    }
    delete_alarm();
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, alarm_signal());
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = alarm_signal();
    event.sigev_value.sival_ptr = this;
    event._sigev_un._tid = thread;
    timer_t made{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &made) == 0) {
        alarm_ = made;
        alarm_thread_ = thread;
    }
}

void ThreadTimers::delete_alarm() {
    if (alarm_) {
        ::timer_delete(*alarm_);
        alarm_.reset();
    }
}

/// Before `deadline` by the margin; kNever: not at all. A signal that was under way is taken before the system call
/// returns, if the calling thread is the one that it is for.
void ThreadTimers::set_alarm(i64 deadline) {
    alarm_deadline_ = deadline;
    set_asleep_ = asleep_;
    alarm_at_ = kNever;
    if (is_near(deadline)) {
        return ring();
    }
    alarm_at_ = deadline == kNever ? kNever : deadline - margins_[asleep_].ns();
    if (!alarm_) {
        return deadline == kNever ? service_.cancel(substitute_) : service_.arm(substitute_, alarm_at_);
    }
    itimerspec when{};
    if (deadline != kNever) {
        const i64 left = std::max(alarm_at_ - now_ns(), i64{1});  // zero would disarm
        when.it_value = {left / kSecond, left % kSecond};
    }
    ::timer_settime(*alarm_, 0, &when, nullptr);
}

}  // namespace kelvin
