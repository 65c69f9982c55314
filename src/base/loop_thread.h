// SPDX-License-Identifier: Apache-2.0
// An event loop with a thread of its own: what devices and the host's ends of them run on, so that neither a slow
// command nor a busy guest delays them.
#pragma once

#include <semaphore>
#include <thread>

#include "base/event_loop.h"

namespace kelvin {

class LoopThread {
  public:
    /// When it returns the loop runs.
    LoopThread() : thread_([this] { loop.run(); }) {
        std::binary_semaphore running(0);
        loop.post([](void* semaphore) { static_cast<std::binary_semaphore*>(semaphore)->release(); }, &running);
        running.acquire();
    }
    ~LoopThread() {
        loop.stop();
        thread_.join();
    }
    LoopThread(const LoopThread&) = delete;
    LoopThread& operator=(const LoopThread&) = delete;

    EventLoop loop;

  private:
    std::thread thread_;
};

}  // namespace kelvin
