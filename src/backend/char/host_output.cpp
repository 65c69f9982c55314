// SPDX-License-Identifier: Apache-2.0
#include "backend/char/host_output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/event_loop.h"

namespace kelvin::backend {

namespace {

/// Small enough that a descriptor which poll() calls writable takes it without blocking.
constexpr std::size_t kChunk = 1024;
constexpr std::size_t kFull = 4096;
constexpr i64 kPartialLineDelayNs = 1'000'000;
constexpr int kPollMs = 100;
constexpr int kPatienceMs = 2000;

}  // namespace

void HostOutput::write(std::span<const u8> bytes) {
    const std::lock_guard lock(mutex_);
    if (broken_) {
        return;
    }
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    if (pending_.size() >= kFull || std::ranges::find(bytes, u8{'\n'}) != bytes.end()) {
        flush_locked(false);
    } else if (!flush_posted_) {
        flush_posted_ = true;
        loop_.post(call_method<&HostOutput::flush_later, HostOutput>, this, kPartialLineDelayNs);
    }
}

void HostOutput::flush_later() {
    const std::lock_guard lock(mutex_);
    flush_posted_ = false;
    flush_locked(false);
}

void HostOutput::finish() {
    finishing_ = true;
    const std::lock_guard lock(mutex_);
    flush_locked(true);
}

void HostOutput::flush_locked(bool last) {
    std::span<const u8> left = pending_;
    int waited_ms = 0;
    while (!left.empty() && !broken_) {
        pollfd state = {fd_, POLLOUT, 0};
        const int ready = ::poll(&state, 1, kPollMs);
        if (ready == 0) {
            waited_ms += kPollMs;
            // The writer must not hold up the end of the machine; what is left goes out by finish().
            if (finishing_ && (!last || waited_ms >= kPatienceMs)) {
                break;
            }
            continue;
        }
        const ssize_t written = ::write(fd_, left.data(), std::min(left.size(), kChunk));
        if (written > 0) {
            left = left.subspan(static_cast<std::size_t>(written));
            waited_ms = 0;
        } else if (written < 0 && errno != EINTR && errno != EAGAIN) {
            broken_ = true;
        }
    }
    pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(broken_ ? 0 : left.size()));
}

}  // namespace kelvin::backend
