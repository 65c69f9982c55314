// SPDX-License-Identifier: Apache-2.0
#include "base/timer_service.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "base/assert.h"

namespace kelvin {

namespace {

constexpr i64 kSecond = 1'000'000'000;

i64 monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * kSecond + now.tv_nsec;
}

size_t index_of(TimerId timer) {
    return static_cast<size_t>(timer);
}

}  // namespace

Result<std::unique_ptr<HostTimerService>> HostTimerService::create() {
    Fd alarm(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    if (!alarm) {
        return host_error("creating a timer", errno);
    }
    return std::unique_ptr<HostTimerService>(new HostTimerService(std::move(alarm)));
}

HostTimerService::HostTimerService(Fd alarm)
    : alarm_(std::move(alarm)), offset_(monotonic_ns()), thread_(&HostTimerService::run, this) {}

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
    return paused_at != kRunning ? paused_at : monotonic_ns() - offset_.load(std::memory_order_acquire);
}

TimerId HostTimerService::add(Callback callback, void* context) {
    KELVIN_ASSERT(callback != nullptr);
    const std::lock_guard guard(lock_);
    auto slot = std::find_if(slots_.begin(), slots_.end(), [](const Slot& each) { return each.callback == nullptr; });
    if (slot == slots_.end()) {
        slot = slots_.emplace(slots_.end());
    }
    *slot = {callback, context, kNever};
    return static_cast<TimerId>(slot - slots_.begin());
}

void HostTimerService::remove(TimerId timer) {
    std::unique_lock guard(lock_);
    const size_t index = index_of(timer);
    slots_.at(index).deadline = kNever;
    if (std::this_thread::get_id() != thread_.get_id()) {
        callback_done_.wait(guard, [&] { return in_callback_ != index; });
    }
    slots_.at(index) = {};
}

void HostTimerService::arm(TimerId timer, i64 deadline_ns) {
    const std::lock_guard guard(lock_);
    slots_.at(index_of(timer)).deadline = std::min(deadline_ns, kNever - 1);
    // A later alarm than needed would be late. An earlier one only wakes the thread once too often, which is cheaper
    // than a system call each time a guest moves its tick.
    if (deadline_ns < alarm_deadline_ && paused_at_.load(std::memory_order_relaxed) == kRunning) {
        set_alarm(deadline_ns);
    }
}

void HostTimerService::cancel(TimerId timer) {
    const std::lock_guard guard(lock_);
    slots_.at(index_of(timer)).deadline = kNever;
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
        offset_.store(monotonic_ns() - paused_at, std::memory_order_release);
        paused_at_.store(kRunning, std::memory_order_release);
        wake();
    }
}

/// The thread's body: fires what is due, sets the alarm for what comes next, sleeps.
void HostTimerService::run() {
    std::unique_lock guard(lock_);
    while (!stopping_) {
        if (const auto due = next_expired()) {
            Slot& slot = slots_[*due];
            slot.deadline = kNever;
            const Callback callback = slot.callback;
            void* const context = slot.context;
            in_callback_ = *due;
            guard.unlock();
            callback(context);
            guard.lock();
            in_callback_ = SIZE_MAX;
            callback_done_.notify_all();
            continue;
        }
        i64 earliest = kNever;
        if (paused_at_.load(std::memory_order_relaxed) == kRunning) {
            for (const Slot& slot : slots_) {
                earliest = std::min(earliest, slot.deadline);
            }
        }
        set_alarm(earliest);
        guard.unlock();
        u64 expirations = 0;
        [[maybe_unused]] const ssize_t got = ::read(alarm_.get(), &expirations, sizeof expirations);
        guard.lock();
    }
}

std::optional<size_t> HostTimerService::next_expired() const {
    if (paused_at_.load(std::memory_order_relaxed) != kRunning) {
        return std::nullopt;
    }
    const auto first = std::min_element(slots_.begin(), slots_.end(),
                                        [](const Slot& a, const Slot& b) { return a.deadline < b.deadline; });
    if (first == slots_.end() || first->deadline == kNever || first->deadline > now_ns()) {
        return std::nullopt;
    }
    return static_cast<size_t>(first - slots_.begin());
}

/// Sets the timerfd to fire at virtual time `deadline`, at once if that is past; kNever: not at all.
void HostTimerService::set_alarm(i64 deadline) {
    alarm_deadline_ = deadline;
    itimerspec when{};
    if (deadline != kNever) {
        i64 host = 0;
        if (__builtin_add_overflow(deadline, offset_.load(std::memory_order_relaxed), &host)) {
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
