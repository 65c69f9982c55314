// SPDX-License-Identifier: Apache-2.0
#include "backend/net/stream_network.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kelvin::backend {

namespace {

constexpr std::size_t kLengthSize = 4;

void append(std::vector<u8>& bytes, std::span<const iovec> pieces, std::size_t skipped) {
    for (const iovec& piece : pieces) {
        const auto* const data = static_cast<const u8*>(piece.iov_base);
        const std::size_t left_out = std::min(skipped, piece.iov_len);
        skipped -= left_out;
        bytes.insert(bytes.end(), data + left_out, data + piece.iov_len);
    }
}

}  // namespace

Result<std::unique_ptr<StreamNetwork>> StreamNetwork::create(const Config& config, EventLoop& loop) {
    std::unique_ptr<StreamNetwork> network(new StreamNetwork(config, loop));
    network->incoming_.resize(kReadSize);
    KELVIN_TRY(network->begin());
    loop.add_source(*network);
    return network;
}

StreamNetwork::~StreamNetwork() {
    loop_.remove_source(*this);
    loop_.cancel(this);
    if (config_.server && config_.address.is_unix()) {
        ::unlink(config_.address.text().c_str());
    }
}

Result<> StreamNetwork::begin() {
    if (config_.server) {
        listener_ = KELVIN_TRY(config_.address.bind(SOCK_STREAM));
        if (::listen(listener_.get(), 1) != 0) {
            return host_error(fmt::format("cannot listen at '{}'", config_.address.text()), errno);
        }
        state_ = State::listening;
        return ok();
    }
    if (config_.address.is_fd()) {
        socket_ = KELVIN_TRY(config_.address.open(SOCK_STREAM));
        state_ = State::connected;
        return ok();
    }
    auto connected = connect();
    if (!connected && config_.reconnect_ns != 0) {
        disconnect();
        return ok();
    }
    return connected;
}

Result<> StreamNetwork::connect() {
    socket_ = KELVIN_TRY(config_.address.open(SOCK_STREAM));
    if (::connect(socket_.get(), config_.address.data(), config_.address.size()) == 0) {
        state_ = State::connecting;
        finish_connecting();
        return ok();
    }
    if (errno != EINPROGRESS) {
        return host_error(fmt::format("cannot connect to '{}'", config_.address.text()), errno,
                          "start the other end first, or add reconnect=SECONDS");
    }
    state_ = State::connecting;
    return ok();
}

void StreamNetwork::connect_again() {
    if (!connect()) {
        disconnect();
    }
}

void StreamNetwork::finish_connecting() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        disconnect();
        return;
    }
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    state_ = State::connected;
}

void StreamNetwork::accept() {
    socket_ = Fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket_) {
        state_ = State::connecting;
        finish_connecting();
    }
}

/// Whatever was half sent or received belongs to the connection, and goes with it.
void StreamNetwork::disconnect() {
    socket_.reset();
    pending_.clear();
    incoming_begin_ = 0;
    incoming_end_ = 0;
    state_ = config_.server ? State::listening : State::idle;
    if (state_ == State::idle && config_.reconnect_ns != 0) {
        loop_.cancel(this);
        loop_.post(call_method<&StreamNetwork::connect_again, StreamNetwork>, this, config_.reconnect_ns);
    }
}

std::string StreamNetwork::describe() const {
    constexpr const char* kStates[] = {"not connected", "listening", "connecting", "connected"};
    return fmt::format("  {}: {}\n", config_.address.text(), kStates[static_cast<unsigned>(state_)]);
}

void StreamNetwork::set_receiver(NetworkReceiver* receiver) {
    receiver_ = receiver;
    blocked_ = false;
}

void StreamNetwork::send(std::span<const iovec> frame, const FrameOffload&) {
    if (state_ != State::connected || pending_.size() > kMaxPending) {
        return;
    }
    std::size_t size = 0;
    for (const iovec& piece : frame) {
        size += piece.iov_len;
    }
    u32 length = htonl(static_cast<u32>(size));
    std::vector<iovec> pieces = {{&length, sizeof length}};
    pieces.insert(pieces.end(), frame.begin(), frame.end());
    std::size_t sent = 0;
    if (pending_.empty()) {
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        const ssize_t taken = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
        if (taken < 0 && errno != EAGAIN) {
            disconnect();
            return;
        }
        sent = static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
    }
    append(pending_, pieces, sent);
}

void StreamNetwork::flush() {
    const ssize_t taken = ::send(socket_.get(), pending_.data(), pending_.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno != EAGAIN) {
        disconnect();
        return;
    }
    pending_.erase(pending_.begin(), pending_.begin() + std::max<ssize_t>(taken, 0));
}

/// Gives the receiver every whole frame that is there. False if the peer does not speak the protocol.
bool StreamNetwork::deliver() {
    while (!blocked_ && incoming_end_ - incoming_begin_ >= kLengthSize) {
        u32 length = 0;
        std::memcpy(&length, incoming_.data() + incoming_begin_, sizeof length);
        length = ntohl(length);
        // A length that no frame has would make this end wait for bytes without bound.
        if (length > kMaxFrame) {
            return false;
        }
        if (incoming_end_ - incoming_begin_ - kLengthSize < length) {
            break;
        }
        const iovec piece{incoming_.data() + incoming_begin_ + kLengthSize, length};
        if (receiver_ != nullptr && !receiver_->receive({&piece, 1}, {})) {
            blocked_ = true;
            break;
        }
        incoming_begin_ += kLengthSize + length;
    }
    return true;
}

void StreamNetwork::receive() {
    std::memmove(incoming_.data(), incoming_.data() + incoming_begin_, incoming_end_ - incoming_begin_);
    incoming_end_ -= incoming_begin_;
    incoming_begin_ = 0;
    const ssize_t got = ::recv(socket_.get(), incoming_.data() + incoming_end_, incoming_.size() - incoming_end_, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        disconnect();
        return;
    }
    incoming_end_ += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (!deliver()) {
        disconnect();
    }
}

void StreamNetwork::ready() {
    blocked_ = false;
    if (!deliver()) {
        disconnect();
    }
}

void StreamNetwork::before_poll(std::vector<pollfd>& polled, int& /*timeout_ms*/) {
    switch (state_) {
        case State::idle:
            return;
        case State::listening:
            polled.push_back({listener_.get(), POLLIN, 0});
            return;
        case State::connecting:
            polled.push_back({socket_.get(), POLLOUT, 0});
            return;
        case State::connected: {
            const int events = (blocked_ ? 0 : POLLIN) | (pending_.empty() ? 0 : POLLOUT);
            // A hang-up would be reported again and again where nothing is waited for.
            polled.push_back({events == 0 ? -1 : socket_.get(), static_cast<short>(events), 0});
            return;
        }
    }
}

void StreamNetwork::after_poll(std::span<const pollfd> polled) {
    if (polled.empty() || polled[0].revents == 0) {
        return;
    }
    switch (state_) {
        case State::idle:
            return;
        case State::listening:
            return accept();
        case State::connecting:
            return finish_connecting();
        case State::connected:
            if ((polled[0].revents & POLLOUT) != 0) {
                flush();
            }
            if (state_ == State::connected && !blocked_ && (polled[0].revents & ~POLLOUT) != 0) {
                receive();
            }
            return;
    }
}

}  // namespace kelvin::backend
