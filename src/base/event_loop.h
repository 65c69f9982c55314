// SPDX-License-Identifier: Apache-2.0
// Waits for file descriptors and for work posted by other threads, and calls handlers one after the other.
#pragma once

#include <mutex>
#include <vector>

#include "base/fd.h"
#include "base/types.h"

namespace kelvin {

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

    /// Calls `handler` once, as soon as possible, or after `delay_ns`. Any thread.
    void post(Handler handler, void* context, i64 delay_ns = 0);

    /// Returns after stop().
    void run();
    /// Any thread.
    void stop();

  private:
    struct Watch {
        int fd;
        Handler handler;
        void* context;
    };
    struct Work {
        i64 due_ns;
        Handler handler;
        void* context;
    };

    void wake() const;
    /// Milliseconds until posted work is due, as poll() takes them.
    int timeout_locked() const;
    std::vector<Work> take_due();

    Fd wake_;
    std::mutex mutex_;  // guards what follows; never held while a handler runs
    std::vector<Watch> watches_;
    std::vector<Work> work_;
    bool stopped_ = false;
};

/// event loop handlers that call `(object->*Method)()`.
template <auto Method, class T>
void call_method(void* object) {
    (static_cast<T*>(object)->*Method)();
}

}  // namespace kelvin
