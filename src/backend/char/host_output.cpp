// SPDX-License-Identifier: Apache-2.0
#include "backend/char/host_output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include "base/event_loop.h"

namespace kelvin::backend {

namespace {

/// Small enough that a pipe which poll() calls writable takes it without blocking.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kFull = 4096;
constexpr i64 kPartialLineDelayNs = 1'000'000;
constexpr i64 kRetryDelayNs = 20'000'000;
constexpr int kStallMs = 100;
constexpr int kPatience = 20;  // stalls

/// A terminal that has room for some bytes still blocks for the rest. Its own description can be made not to; the flag
/// of the one that was given is shared with whoever else has it.
Fd open_terminal_again(int fd) {
    return ::isatty(fd) == 0
               ? Fd()
               : Fd(::open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool is_writable(int fd, int wait_ms) {
    pollfd state = {fd, POLLOUT, 0};
    int ready = 0;
    do {
        ready = ::poll(&state, 1, wait_ms);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

}  // namespace

HostOutput::HostOutput(int fd, EventLoop& loop, std::function<void()> room)
    : terminal_(open_terminal_again(fd)), fd_(terminal_ ? terminal_.get() : fd), loop_(loop), room_(std::move(room)) {}

HostOutput::~HostOutput() {
    loop_.cancel(this);
}

void HostOutput::write(std::span<const u8> bytes) {
    std::unique_lock lock(mutex_);
    if (broken_) {
        return;
    }
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    const bool line = std::ranges::find(bytes, u8{'\n'}) != bytes.end();
    if (line || pending_.size() >= kFull) {
        send_locked();
    }
    while (pending_.size() >= kFull && wait_and_send(lock)) {
    }
    flush_soon_locked(line ? kRetryDelayNs : kPartialLineDelayNs);
}

std::size_t HostOutput::write_some(std::span<const u8> bytes) {
    const std::lock_guard lock(mutex_);
    if (broken_) {
        return bytes.size();
    }
    std::size_t taken = 0;
    while (taken < bytes.size() && pending_.size() < kFull) {
        const auto part = bytes.subspan(taken, std::min(bytes.size() - taken, kFull - pending_.size()));
        pending_.insert(pending_.end(), part.begin(), part.end());
        taken += part.size();
        send_locked();
    }
    left_some_ = left_some_ || taken < bytes.size();
    flush_soon_locked(kRetryDelayNs);
    return taken;
}

void HostOutput::flush_soon_locked(i64 delay_ns) {
    if (!pending_.empty() && !flush_posted_) {
        flush_posted_ = true;
        loop_.post(call_method<&HostOutput::flush_later, HostOutput>, this, delay_ns);
    }
}

void HostOutput::flush_later() {
    bool roomy = false;
    {
        const std::lock_guard lock(mutex_);
        flush_posted_ = false;
        send_locked();
        flush_soon_locked(kRetryDelayNs);
        roomy = left_some_ && pending_.size() <= kFull / 2;
        left_some_ = left_some_ && !roomy;
    }
    if (roomy && room_) {
        room_();
    }
}

void HostOutput::finish() {
    std::unique_lock lock(mutex_);
    send_locked();
    for (int stalls = 0; !pending_.empty() && stalls < kPatience;) {
        stalls = wait_and_send(lock) ? 0 : stalls + 1;
    }
}

bool HostOutput::wait_and_send(std::unique_lock<std::mutex>& lock) {
    const std::size_t before = pending_.size();
    lock.unlock();
    const bool writable = is_writable(fd_, kStallMs);
    lock.lock();
    send_locked();
    if (!writable || pending_.size() < before) {
        return writable;
    }
    // A terminal that lacks room for a new line, which it makes two characters of, calls itself writable.
    lock.unlock();
    std::this_thread::sleep_for(std::chrono::milliseconds(kStallMs));
    lock.lock();
    return false;
}

void HostOutput::send_locked() {
    std::span<const u8> left = pending_;
    while (!left.empty() && is_writable(fd_, 0)) {
        const ssize_t written = ::write(fd_, left.data(), std::min(left.size(), kChunk));
        if (written > 0) {
            left = left.subspan(static_cast<std::size_t>(written));
        } else if (written < 0 && errno == EAGAIN) {
            break;
        } else if (written < 0 && errno != EINTR) {
            broken_ = true;
            left = {};
        }
    }
    pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(left.size()));
}

}  // namespace kelvin::backend
