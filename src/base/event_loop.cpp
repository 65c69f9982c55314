// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <climits>
#include <semaphore>

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
        work_.push_back({monotonic_ns() + delay_ns, next_order_++, handler, context});
    }
    wake();
}

void EventLoop::cancel(void* context) {
    const std::lock_guard lock(mutex_);
    std::erase_if(work_, [context](const Work& work) { return work.context == context; });
}

void EventLoop::call_and_wait(Handler handler, void* context) {
    struct Call {
        Handler handler;
        void* context;
        std::binary_semaphore done{0};
    };
    if (is_own_thread() || runner_.load() == std::thread::id()) {
        handler(context);
        return;
    }
    Call call{handler, context};
    post(
        [](void* posted) {
            auto& it = *static_cast<Call*>(posted);
            it.handler(it.context);
            it.done.release();
        },
        &call);
    call.done.acquire();
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

/// One after the other, since each may cancel those behind it. What they post waits for the next turn.
void EventLoop::run_due() {
    const i64 now = monotonic_ns();
    std::unique_lock lock(mutex_);
    const u64 last = next_order_;
    for (;;) {
        const auto next = std::ranges::find_if(work_, [&](const Work& w) { return w.due_ns <= now && w.order < last; });
        if (next == work_.end()) {
            return;
        }
        const Work work = *next;
        work_.erase(next);
        lock.unlock();
        work.handler(work.context);
        lock.lock();
    }
}

/// False if a handler of this turn has unwatched it: its context may be gone.
bool EventLoop::still_watched(const Watch& watch) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(watches_, watch) != watches_.end();
}

void EventLoop::poll_sources_after(std::span<const pollfd> polled, std::span<const std::size_t> ends) {
    if (ends.empty()) {
        return;
    }
    // A source may be removed by what another one does: then nobody is asked in this turn any more.
    const std::vector<PollSource*> asked = sources_;
    const std::size_t skipped = ends.back() - polled.size();
    std::size_t begin = 0;
    for (std::size_t i = 0; i < asked.size() && sources_ == asked; ++i) {
        const std::size_t end = ends[i] - skipped;
        asked[i]->after_poll(polled.subspan(begin, end - begin));
        begin = end;
    }
}

void EventLoop::run() {
    std::vector<Watch> watched;
    std::vector<pollfd> polled;
    std::vector<std::size_t> ends;  // of each source's part of `polled`
    runner_ = std::this_thread::get_id();
    for (;;) {
        int timeout = 0;
        {
            const std::lock_guard lock(mutex_);
            if (stopped_) {
                runner_ = std::thread::id();
                return;
            }
            watched = watches_;
            timeout = timeout_locked();
        }
        polled.assign(1, {wake_.get(), POLLIN, 0});
        for (const Watch& watch : watched) {
            polled.push_back({watch.fd, POLLIN, 0});
        }
        ends.clear();
        for (PollSource* source : sources_) {
            source->before_poll(polled, timeout);
            ends.push_back(polled.size());
        }
        const int count = ::poll(polled.data(), polled.size(), timeout);
        poll_sources_after(std::span(polled).subspan(watched.size() + 1), ends);
        if (count > 0) {
            u64 ignored = 0;
            static_cast<void>(!::read(wake_.get(), &ignored, sizeof ignored));
            for (std::size_t i = 0; i < watched.size(); ++i) {
                if (polled[i + 1].revents != 0 && still_watched(watched[i])) {
                    watched[i].handler(watched[i].context);
                }
            }
        }
        run_due();
    }
}

}  // namespace kelvin
