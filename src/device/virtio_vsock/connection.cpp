// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_vsock/connection.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/assert.h"

namespace kelvin::device::vsock {

using bus::virtio::Chain;

namespace {

bool comes_again(int error) {
    return error == EAGAIN || error == EINTR;
}

}  // namespace

Connection::Connection(Ports ports, Fd socket, Asker asker)
    : ports_(ports),
      socket_(std::move(socket)),
      state_(asker == Asker::host ? State::asked : State::open),
      owed_(asker == Asker::host ? kOweRequest : kOweResponse) {}

void Connection::note_credit(const Header& header) {
    guest_room_ = header.buf_alloc;
    guest_forwarded_ = header.fwd_cnt;
}

bool Connection::agree() {
    if (state_ != State::asked || !is_known()) {
        return false;
    }
    state_ = State::open;
    const std::string answer = fmt::format("OK {}\n", ports_.host);
    return ::send(socket_.get(), answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size());
}

bool Connection::take_data(const Chain& chain, u64 offset, u32 size) {
    if (state_ != State::open || (guest_shut_ & kShutSend) != 0 || size > kRoom - kept_size()) {
        return false;
    }
    received_ += size;
    std::size_t sent = 0;
    if ((host_shut_ & kShutReceive) == 0 && kept_size() == 0 && size != 0) {
        pieces_.clear();
        KELVIN_ASSERT(chain.readable_pieces(offset, size, pieces_));
        msghdr message{};
        message.msg_iov = pieces_.data();
        message.msg_iovlen = pieces_.size();
        const ssize_t taken = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
        if (taken < 0 && !comes_again(errno)) {
            host_shut(kShutReceive);
        }
        sent = static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
    }
    if ((host_shut_ & kShutReceive) != 0) {
        // Nobody reads it: the guest is told so, and not kept waiting.
        forwarded(size);
        return true;
    }
    keep(chain, offset + sent, size - static_cast<u32>(sent));
    forwarded(sent);
    return true;
}

void Connection::keep(const Chain& chain, u64 offset, u32 size) {
    if (kept_size() == 0 || kept_.size() + size > 2 * std::size_t{kRoom}) {
        kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(kept_begin_));
        kept_begin_ = 0;
    }
    const std::size_t end = kept_.size();
    kept_.resize(end + size);
    KELVIN_ASSERT(chain.read(offset, std::span(kept_).subspan(end)));
}

/// 5.10.6.3: the guest is told before it believes that there is no room left.
void Connection::forwarded(std::size_t count) {
    forwarded_ += static_cast<u32>(count);
    if (received_ - told_forwarded_ > kRoom / 2 && forwarded_ != told_forwarded_) {
        owed_ |= kOweUpdate;
    }
}

void Connection::flush() {
    if (kept_size() == 0) {
        return;
    }
    const ssize_t taken = ::send(socket_.get(), kept_.data() + kept_begin_, kept_size(), MSG_NOSIGNAL);
    if (taken < 0 && !comes_again(errno)) {
        host_shut(kShutReceive);
        return;
    }
    kept_begin_ += static_cast<std::size_t>(std::max<ssize_t>(taken, 0));
    forwarded(static_cast<std::size_t>(std::max<ssize_t>(taken, 0)));
    pass_on_shutdown();
}

bool Connection::shut(u32 flags) {
    if (state_ != State::open) {
        return false;
    }
    guest_shut_ |= flags & kShutBoth;
    if ((guest_shut_ & kShutReceive) != 0 && socket_) {
        ::shutdown(socket_.get(), SHUT_RD);
    }
    pass_on_shutdown();
    return true;
}

void Connection::pass_on_shutdown() {
    if ((guest_shut_ & kShutSend) != 0 && kept_size() == 0 && socket_) {
        ::shutdown(socket_.get(), SHUT_WR);
    }
}

/// The host's program will receive no more, send no more.
void Connection::host_shut(u32 flags) {
    if ((flags & ~host_shut_) == 0) {
        return;
    }
    host_shut_ |= flags;
    owed_ |= kOweShutdown;
    if ((host_shut_ & kShutReceive) != 0) {
        const std::size_t lost = kept_size();
        kept_ = {};
        kept_begin_ = 0;
        forwarded(lost);
    }
    if (host_shut_ == kShutBoth) {
        socket_.reset();
    }
}

Header Connection::packet(u16 op) {
    told_forwarded_ = forwarded_;
    owed_ &= static_cast<u8>(~kOweUpdate);
    return {.type = kStream, .op = op, .buf_alloc = kRoom, .fwd_cnt = forwarded_};
}

Header Connection::next_packet() {
    const u8 next = static_cast<u8>(1U << std::countr_zero(owed_));
    owed_ = static_cast<u8>(owed_ & ~next);
    switch (next) {
        case kOweRequest:
            return packet(op::kRequest);
        case kOweResponse:
            return packet(op::kResponse);
        case kOweUpdate:
            return packet(op::kCreditUpdate);
        case kOweQuestion:
            return packet(op::kCreditRequest);
        default: {
            Header header = packet(op::kShutdown);
            header.flags = host_shut_;
            return header;
        }
    }
}

Header Connection::data_packet(u32 size) {
    Header header = packet(op::kData);
    header.len = size;
    sent_ += size;
    if (credit() == 0) {
        owed_ |= kOweQuestion;
    }
    return header;
}

u32 Connection::credit() const {
    const u32 under_way = sent_ - guest_forwarded_;
    return under_way >= guest_room_ ? 0 : guest_room_ - under_way;
}

std::optional<short> Connection::wanted_events(bool has_buffers) const {
    if (!socket_) {
        return std::nullopt;
    }
    if (state_ == State::asked) {
        return short{0};
    }
    const bool reads = !is_input_over() && has_buffers && owed_ == 0 && credit() != 0;
    const int events = (reads ? POLLIN : 0) | (kept_size() != 0 ? POLLOUT : 0);
    // Who has hung up is reported again and again, also while what they have sent cannot be read yet.
    return events != 0 || is_input_over() ? std::optional(static_cast<short>(events)) : std::nullopt;
}

u32 Connection::input(bool hung_up) {
    int available = 0;
    if (::ioctl(socket_.get(), FIONREAD, &available) == 0 && available > 0) {
        return std::min(static_cast<u32>(available), credit());
    }
    u8 byte = 0;
    const ssize_t got = ::recv(socket_.get(), &byte, 1, MSG_PEEK);
    if (got == 0) {
        host_shut(hung_up ? kShutBoth : kShutSend);
    } else if (got < 0 && !comes_again(errno)) {
        host_shut(kShutBoth);
    }
    return 0;
}

u32 Connection::read(std::span<const iovec> pieces) {
    const ssize_t got = ::readv(socket_.get(), pieces.data(), static_cast<int>(pieces.size()));
    return static_cast<u32>(std::max<ssize_t>(got, 0));
}

}  // namespace kelvin::device::vsock
