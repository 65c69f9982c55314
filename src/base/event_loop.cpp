// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <climits>

#include "base/assert.h"

namespace kelvin {

namespace {

constexpr i64 kNsPerMs = 1'000'000;

i64 monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return i64{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

EventLoop::EventLoop() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    KELVIN_ASSERT(wake_);
}

void EventLoop::wake() const {
    const u64 one = 1;
    // It can only fail because the counter is full, and then the loop is awake anyway.
    static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void EventLoop::watch(int fd, Handler handler, void* context) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(watches_, [fd](const Watch& watch) { return watch.fd == fd; });
        watches_.push_back({fd, handler, context});
    }
    wake();
}

void EventLoop::unwatch(int fd) {
    {
        const std::lock_guard lock(mutex_);
        std::erase_if(watches_, [fd](const Watch& watch) { return watch.fd == fd; });
    }
    wake();
}

void EventLoop::post(Handler handler, void* context, i64 delay_ns) {
    {
        const std::lock_guard lock(mutex_);
        work_.push_back({monotonic_ns() + delay_ns, handler, context});
    }
    wake();
}

void EventLoop::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    wake();
}

int EventLoop::timeout_locked() const {
    if (work_.empty()) {
        return -1;
    }
    const i64 wait = std::ranges::min_element(work_, {}, &Work::due_ns)->due_ns - monotonic_ns();
    return wait <= 0 ? 0 : static_cast<int>(std::min<i64>(wait / kNsPerMs + 1, INT_MAX));
}

std::vector<EventLoop::Work> EventLoop::take_due() {
    const std::lock_guard lock(mutex_);
    const i64 now = monotonic_ns();
    const auto later =
        std::stable_partition(work_.begin(), work_.end(), [now](const Work& w) { return w.due_ns <= now; });
    std::vector<Work> due(work_.begin(), later);
    work_.erase(work_.begin(), later);
    return due;
}

void EventLoop::run() {
    std::vector<Watch> watched;
    std::vector<pollfd> polled;
    for (;;) {
        int timeout = 0;
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) {
                return;
            }
            watched = watches_;
            timeout = timeout_locked();
        }
        polled.assign(1, {wake_.get(), POLLIN, 0});
        for (const Watch& watch : watched) {
            polled.push_back({watch.fd, POLLIN, 0});
        }
        if (::poll(polled.data(), polled.size(), timeout) > 0) {
            u64 ignored = 0;
            static_cast<void>(!::read(wake_.get(), &ignored, sizeof ignored));
            for (std::size_t i = 0; i < watched.size(); ++i) {
                if (polled[i + 1].revents != 0) {
                    watched[i].handler(watched[i].context);
                }
            }
        }
        for (const Work& work : take_due()) {
            work.handler(work.context);
        }
    }
}

}  // namespace kelvin
