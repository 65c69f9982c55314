// SPDX-License-Identifier: Apache-2.0
// Writes a stream of bytes to a descriptor of the host, whole and in order.
#pragma once

#include <functional>
#include <mutex>
#include <span>
#include <vector>

#include "base/fd.h"
#include "base/types.h"

namespace kelvin {
class EventLoop;
}

namespace kelvin::backend {

/// A UART hands over one character at a time. Complete lines go out at once, the beginning of one a moment later, so
/// that a line costs one system call instead of one for each character.
class HostOutput {
  public:
    /// `fd` stays the caller's. Both must outlive this. `room` is called on the loop's thread when there is room for
    /// what write_some() has left.
    HostOutput(int fd, EventLoop& loop, std::function<void()> room = {});
    ~HostOutput();
    HostOutput(const HostOutput&) = delete;
    HostOutput& operator=(const HostOutput&) = delete;

    /// Any thread. Waits for a slow reader, but for one that takes nothing at all only a moment, so that whoever writes
    /// can be stopped: what a stalled reader has not taken is kept. Drops what a closed pipe cannot take.
    void write(std::span<const u8> bytes);
    /// As much as goes without waiting: its size.
    std::size_t write_some(std::span<const u8> bytes);
    /// Sends what is left. A reader that takes nothing for a while is given up.
    void finish();

  private:
    void flush_later();
    void flush_soon_locked(i64 delay_ns);
    /// As much as goes out without waiting.
    void send_locked();
    /// False: the reader takes nothing for the moment.
    bool wait_and_send(std::unique_lock<std::mutex>& lock);

    const Fd terminal_;  // a description of our own, where the output is a terminal
    const int fd_;
    EventLoop& loop_;
    const std::function<void()> room_;
    std::mutex mutex_;  // guards what follows; taken under the device's lock, takes none but the event loop's
    std::vector<u8> pending_;
    bool flush_posted_ = false;
    bool left_some_ = false;  // write_some() did
    bool broken_ = false;
};

}  // namespace kelvin::backend
