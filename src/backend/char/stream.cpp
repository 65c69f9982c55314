// SPDX-License-Identifier: Apache-2.0
#include "backend/char/stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kelvin::backend {

namespace {

constexpr std::size_t kReadSize = 4096;
/// Beyond this much unsent output a writer that is not the event loop waits a moment, so that a guest is not faster
/// than who reads it.
constexpr std::size_t kFull = 65536;
constexpr int kWriterWaitMs = 20;
/// A peer that leaves this much unread is given up: output that nobody takes must not use up the host's memory.
constexpr std::size_t kMostPending = std::size_t{64} << 20;
/// A peer cannot make Kelvin hold more descriptors than this before somebody asks for them.
constexpr std::size_t kMostDescriptors = 16;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/// read(2), or for a socket recvmsg(2), which brings descriptors too.
ssize_t receive_into(int fd, std::span<u8> buffer, std::vector<Fd>& descriptors) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostDescriptors)> control{};
    iovec part = {buffer.data(), buffer.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    if (count < 0 && errno == ENOTSOCK) {
        return ::read(fd, buffer.data(), buffer.size());
    }
    for (cmsghdr* part_header = count < 0 ? nullptr : CMSG_FIRSTHDR(&message); part_header != nullptr;
         part_header = CMSG_NXTHDR(&message, part_header)) {
        if (part_header->cmsg_level != SOL_SOCKET || part_header->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const std::size_t number = (part_header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < number; ++i) {
            int received = -1;
            std::memcpy(&received, CMSG_DATA(part_header) + i * sizeof(int), sizeof received);
            Fd owned(received);
            if (descriptors.size() < kMostDescriptors) {
                descriptors.push_back(std::move(owned));
            }
        }
    }
    return count;
}

}  // namespace

Stream::Stream(EventLoop& loop, bool lossy) : loop_(loop), lossy_(lossy) {
    loop_.add_source(*this);
}

Stream::~Stream() {
    loop_.remove_source(*this);
    loop_.cancel(this);
}

void Stream::wake() {
    loop_.post([](void*) {}, this);
}

void Stream::set_receiver(CharacterReceiver* receiver) {
    const std::lock_guard lock(receiver_mutex_);
    receiver_ = receiver;
    announced_ = false;
    loop_.post(call_method<&Stream::announce, Stream>, this);
}

void Stream::announce() {
    const std::lock_guard lock(receiver_mutex_);
    if (receiver_ != nullptr && !announced_ && is_connected()) {
        announced_ = true;
        receiver_->connected();
    }
}

bool Stream::is_connected() const {
    const std::lock_guard lock(mutex_);
    return static_cast<bool>(peer_);
}

void Stream::connect(Fd peer) {
    {
        const std::lock_guard lock(mutex_);
        peer_ = std::move(peer);
        pending_.clear();
        broken_ = false;
        stalled_ = false;
    }
    announce();
}

void Stream::disconnect() {
    {
        const std::lock_guard lock(mutex_);
        peer_.reset();
        pending_.clear();
        descriptors_.clear();
    }
    {
        const std::lock_guard lock(receiver_mutex_);
        if (receiver_ != nullptr && announced_) {
            receiver_->disconnected();
        }
        announced_ = false;
    }
    lost();
}

void Stream::write(std::span<const u8> bytes) {
    std::unique_lock lock(mutex_);
    if (!peer_ || broken_) {
        return;
    }
    const bool was_idle = pending_.empty();
    if (!lossy_ || pending_.size() <= kFull) {
        pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    }
    send_locked();
    if (pending_.size() > kFull && !stalled_ && !loop_.is_own_thread()) {
        pollfd state = {peer_.get(), POLLOUT, 0};
        stalled_ = ::poll(&state, 1, kWriterWaitMs) == 0;
        send_locked();
    }
    broken_ = broken_ || pending_.size() > kMostPending;
    if ((was_idle && !pending_.empty()) || broken_) {
        lock.unlock();
        wake();
    }
}

void Stream::send_locked() {
    std::size_t sent = 0;
    while (sent < pending_.size() && !broken_) {
        const ssize_t count = ::write(peer_.get(), pending_.data() + sent, pending_.size() - sent);
        if (count > 0) {
            sent += static_cast<std::size_t>(count);
            stalled_ = false;
        } else if (count < 0 && would_block()) {
            break;
        } else {
            broken_ = true;
        }
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void Stream::before_poll(std::vector<pollfd>& polled, int& timeout_ms) {
    std::size_t space = 0;
    {
        const std::lock_guard lock(receiver_mutex_);
        space = receiver_ != nullptr ? receiver_->space() : 0;
    }
    const std::lock_guard lock(mutex_);
    if (!peer_) {
        return;
    }
    if (broken_) {
        timeout_ms = 0;
    }
    const int events = (space > 0 ? POLLIN : 0) | (pending_.empty() ? 0 : POLLOUT);
    // Who takes no input is not told of the end of it either, until it takes what came before.
    polled.push_back({events != 0 ? peer_.get() : -1, static_cast<short>(events), 0});
}

void Stream::after_poll(std::span<const pollfd> polled) {
    bool gone = false;
    {
        const std::lock_guard lock(mutex_);
        if (!peer_ || polled.empty()) {
            return;
        }
        if ((polled.back().revents & POLLOUT) != 0) {
            send_locked();
        }
        gone = broken_;
    }
    if (gone) {
        disconnect();
    } else if ((polled.back().revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        read_input(kReadSize);
    }
}

void Stream::read_input(std::size_t space) {
    std::unique_lock lock(receiver_mutex_);
    if (receiver_ != nullptr) {
        space = std::min(space, receiver_->space());
    }
    if (space == 0) {
        return;
    }
    std::array<u8, kReadSize> buffer{};
    const ssize_t count = receive_into(peer_.get(), std::span(buffer).first(space), descriptors_);
    if (count > 0) {
        if (receiver_ != nullptr) {
            receiver_->receive(std::span(buffer).first(static_cast<std::size_t>(count)));
        }
        return;
    }
    lock.unlock();
    if (count == 0 || !would_block()) {
        disconnect();
    }
}

}  // namespace kelvin::backend
