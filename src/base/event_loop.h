// SPDX-License-Identifier: Apache-2.0
// Waits for file descriptors and for work posted by other threads, and calls handlers one after the other.
#pragma once

#include <poll.h>

#include <atomic>
#include <mutex>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/fd.h"
#include "base/types.h"

namespace kelvin {

/// Something that decides before each wait which descriptors it waits for, such as a network stack.
class PollSource {
  public:
    virtual ~PollSource() = default;
    /// Appends to `polled`, and lowers `timeout_ms` (-1: for ever) if it has to be asked again by then.
    virtual void before_poll(std::vector<pollfd>& polled, int& timeout_ms) = 0;
    /// What it has appended, with the events that came.
    virtual void after_poll(std::span<const pollfd> polled) = 0;
};

/// One thread calls run(); handlers run on it, without any lock of the loop, and must not block for long.
/// Uses poll(2), so that every descriptor will do: regular files and /dev/null are always readable.
class EventLoop {
  public:
    using Handler = void (*)(void* context);

    EventLoop();

    /// Calls `handler` whenever `fd` is readable or hung up, until unwatch(). Any thread.
    void watch(int fd, Handler handler, void* context);
    /// Any thread; the handler may still be running when it returns, unless that is the loop's own thread.
    void unwatch(int fd);

    /// Asks `source` around each wait, until it is removed. The loop's own thread, or while none runs it.
    void add_source(PollSource& source) { sources_.push_back(&source); }
    void remove_source(PollSource& source) { std::erase(sources_, &source); }

    /// Calls `handler` once, as soon as possible, or after `delay_ns`. Any thread.
    void post(Handler handler, void* context, i64 delay_ns = 0);

    /// Takes back what was posted for `context` and has not begun. Any thread; on the loop's own, nothing of it runs
    /// afterwards.
    void cancel(void* context);

    /// Calls `work()` on the loop's thread and returns after it; at once, if this is that thread or none runs the loop.
    /// Whoever calls holds no lock that a handler takes.
    template <class Work>
    void call(Work&& work) {
        const auto run_it = [](void* context) { (*static_cast<std::remove_reference_t<Work>*>(context))(); };
        call_and_wait(run_it, &work);
    }
    bool is_own_thread() const { return runner_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

    /// Returns after stop().
    void run();
    /// Any thread.
    void stop();

  private:
    struct Watch {
        int fd;
        Handler handler;
        void* context;
        bool operator==(const Watch&) const = default;
    };
    struct Work {
        i64 due_ns;
        u64 order;  // of posting
        Handler handler;
        void* context;
    };

    void call_and_wait(Handler handler, void* context);
    void wake() const;
    void poll_sources_after(std::span<const pollfd> polled, std::span<const std::size_t> ends);
    /// Milliseconds until posted work is due, as poll() takes them.
    int timeout_locked() const;
    void run_due();
    bool still_watched(const Watch& watch);

    std::vector<PollSource*> sources_;
    Fd wake_;
    std::atomic<std::thread::id> runner_{};  // who is in run()
    std::mutex mutex_;                       // guards what follows; never held while a handler runs
    std::vector<Watch> watches_;
    std::vector<Work> work_;
    u64 next_order_ = 0;
    bool stopped_ = false;
};

/// event loop handlers that call `(object->*Method)()`.
template <auto Method, class T>
void call_method(void* object) {
    (static_cast<T*>(object)->*Method)();
}

}  // namespace kelvin
