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
    bool ready = false;
    {
        const std::lock_guard output_lock(mutex_);
        ready = takes_output_locked();
    }
    if (receiver_ != nullptr && !announced_ && ready) {
        announced_ = true;
        receiver_->connected();
    }
}

bool Stream::is_connected() const {
    const std::lock_guard lock(mutex_);
    return static_cast<bool>(peer_);
}

void Stream::connect(Fd peer, std::unique_ptr<StreamCodec> codec, Fd output) {
    held_.clear();
    leaves_ = false;
    int type = 0;
    socklen_t size = sizeof type;
    is_socket_ = ::getsockopt(peer.get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0;
    {
        const std::lock_guard lock(mutex_);
        peer_ = std::move(peer);
        output_ = std::move(output);
        codec_ = std::move(codec);
        pending_.clear();
        broken_ = false;
        stalled_ = false;
        left_some_ = false;
        if (codec_ != nullptr) {
            pending_ = codec_->greeting();
            send_locked();
        }
    }
    announce();
}

void Stream::disconnect() {
    {
        const std::lock_guard lock(mutex_);
        peer_.reset();
        output_.reset();
        pending_.clear();
        left_some_ = false;
    }
    descriptors_.clear();
    held_.clear();
    {
        const std::lock_guard lock(receiver_mutex_);
        if (receiver_ != nullptr && announced_) {
            receiver_->disconnected();
            receiver_->output_possible();
        }
        announced_ = false;
    }
    lost();
}

void Stream::append_locked(std::span<const u8> bytes) {
    if (codec_ != nullptr) {
        codec_->encode(bytes, pending_);
    } else {
        pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    }
}

void Stream::write(std::span<const u8> bytes) {
    std::unique_lock lock(mutex_);
    if (!takes_output_locked()) {
        return;
    }
    const bool was_idle = pending_.empty();
    if (!lossy_ || pending_.size() <= kFull) {
        append_locked(bytes);
    }
    send_locked();
    if (pending_.size() > kFull && !stalled_ && !loop_.is_own_thread()) {
        pollfd state = {output_locked(), POLLOUT, 0};
        stalled_ = ::poll(&state, 1, kWriterWaitMs) == 0;
        send_locked();
    }
    broken_ = broken_ || pending_.size() > kMostPending;
    if ((was_idle && !pending_.empty()) || broken_) {
        lock.unlock();
        wake();
    }
}

std::size_t Stream::write_some(std::span<const u8> bytes) {
    const std::lock_guard lock(mutex_);
    if (!takes_output_locked()) {
        return bytes.size();
    }
    const bool was_idle = pending_.empty();
    std::size_t taken = 0;
    while (taken < bytes.size() && pending_.size() < kFull) {
        const auto part = bytes.subspan(taken, std::min(bytes.size() - taken, kFull - pending_.size()));
        append_locked(part);
        taken += part.size();
        send_locked();
    }
    left_some_ = left_some_ || taken < bytes.size();
    if ((was_idle && !pending_.empty()) || broken_) {
        wake();
    }
    return taken;
}

void Stream::send_locked() {
    std::size_t sent = 0;
    while (sent < pending_.size() && !broken_) {
        const ssize_t count = ::write(output_locked(), pending_.data() + sent, pending_.size() - sent);
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
    if (broken_ || (space > 0 && !held_.empty())) {
        timeout_ms = 0;
    }
    const bool begins = codec_ != nullptr && !codec_->ready();
    reads_ = (space > 0 || begins) && held_.empty();
    // Who takes no input is told of the end of it when it has taken what came before.
    const bool looks = reads_ || (is_socket_ && !leaves_ && held_.empty());
    polled.push_back({looks ? peer_.get() : -1, static_cast<short>(reads_ ? POLLIN : POLLRDHUP), 0});
    polled.push_back({pending_.empty() ? -1 : output_locked(), POLLOUT, 0});
}

void Stream::after_poll(std::span<const pollfd> polled) {
    bool gone = false;
    bool roomy = false;
    {
        const std::lock_guard lock(mutex_);
        if (!peer_ || polled.size() < 2) {
            return;
        }
        if (polled.back().revents != 0) {
            send_locked();
        }
        gone = broken_;
        roomy = left_some_ && !gone && pending_.size() <= kFull / 2;
        left_some_ = left_some_ && !roomy;
    }
    if (gone) {
        return disconnect();
    }
    if (roomy) {
        const std::lock_guard lock(receiver_mutex_);
        if (receiver_ != nullptr) {
            receiver_->output_possible();
        }
    }
    if (!held_.empty()) {
        deliver(std::exchange(held_, {}));
    } else if (polled[polled.size() - 2].revents != 0) {
        reads_ ? read_input() : look_for_end();
    }
}

void Stream::look_for_end() {
    u8 next = 0;
    const ssize_t count = ::recv(peer_.get(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    leaves_ = count > 0;
    if (count == 0 || (count < 0 && !would_block())) {
        disconnect();
    }
}

void Stream::read_input() {
    std::size_t space = kReadSize;
    {
        const std::lock_guard lock(receiver_mutex_);
        const std::lock_guard output_lock(mutex_);
        if (takes_output_locked()) {
            space = receiver_ != nullptr ? std::min(space, receiver_->space()) : 0;
        }
    }
    std::array<u8, kReadSize> buffer{};
    if (space == 0) {
        return;
    }
    const ssize_t count = receive_into(peer_.get(), std::span(buffer).first(space), descriptors_);
    if (count <= 0) {
        if (count == 0 || !would_block()) {
            disconnect();
        }
        return;
    }
    std::vector<u8> bytes;
    const bool stays = decode(std::span(buffer).first(static_cast<std::size_t>(count)), bytes);
    announce();
    deliver(bytes);
    if (!stays) {
        disconnect();
    }
}

bool Stream::decode(std::span<const u8> received, std::vector<u8>& bytes) {
    StreamCodec::Decoded decoded;
    {
        const std::lock_guard lock(mutex_);
        if (codec_ == nullptr) {
            bytes.assign(received.begin(), received.end());
            return true;
        }
        codec_->decode(received, decoded);
        pending_.insert(pending_.end(), decoded.reply.begin(), decoded.reply.end());
        send_locked();
        broken_ = broken_ || pending_.size() > kMostPending;
    }
    bytes = std::move(decoded.bytes);
    if (decoded.line_break) {
        const std::lock_guard lock(receiver_mutex_);
        if (receiver_ != nullptr) {
            receiver_->receive_break();
        }
    }
    return !decoded.broken_off;
}

void Stream::deliver(std::span<const u8> bytes) {
    const std::lock_guard lock(receiver_mutex_);
    const std::size_t taken = receiver_ != nullptr ? std::min(bytes.size(), receiver_->space()) : 0;
    if (taken != 0) {
        receiver_->receive(bytes.first(taken));
    }
    held_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(taken), bytes.end());
}

}  // namespace kelvin::backend
