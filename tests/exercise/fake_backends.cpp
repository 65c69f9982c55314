// SPDX-License-Identifier: Apache-2.0
#include "exercise/fake_backends.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kelvin::exercise {

namespace {

constexpr u64 kFailsEvery = 61;
constexpr std::size_t kMostFrames = 64;
constexpr std::size_t kMostBytes = 65536;

}  // namespace

void FakeDisk::submit(backend::BlockRequest& request) {
    pending_.push_back(&request);
    io_.post(call_method<&FakeDisk::complete, FakeDisk>, this);
}

void FakeDisk::drain() {
    while (!pending_.empty()) {
        complete();
    }
}

void FakeDisk::complete() {
    if (pending_.empty()) {
        return;
    }
    backend::BlockRequest& request = *pending_.front();
    pending_.pop_front();
    request.done(request, carry_out(request));
}

int FakeDisk::carry_out(const backend::BlockRequest& request) {
    using Kind = backend::BlockRequest::Kind;
    if (++done_ % kFailsEvery == 0) {
        return EIO;
    }
    if (request.kind == Kind::flush) {
        return 0;
    }
    if (request.offset > kSize || request.length > kSize - request.offset) {
        return EINVAL;
    }
    u8* at = bytes_.data() + request.offset;
    if (request.kind != Kind::read && request.kind != Kind::write) {
        std::memset(at, 0, request.length);
        return 0;
    }
    for (const iovec& segment : request.segments) {
        if (request.kind == Kind::read) {
            std::memcpy(segment.iov_base, at, segment.iov_len);
        } else {
            std::memcpy(at, segment.iov_base, segment.iov_len);
        }
        at += segment.iov_len;
    }
    return 0;
}

void FakeCable::send(std::span<const iovec> frame, const backend::FrameOffload& offload) {
    if (frames_.size() == kMostFrames) {
        return;
    }
    Frame& kept = frames_.emplace_back();
    kept.offload = offload;
    for (const iovec& piece : frame) {
        const u8* const begin = static_cast<const u8*>(piece.iov_base);
        kept.bytes.insert(kept.bytes.end(), begin, begin + piece.iov_len);
    }
    ready();
}

void FakeCable::deliver() {
    while (receiver_ != nullptr && !frames_.empty()) {
        const iovec piece{frames_.front().bytes.data(), frames_.front().bytes.size()};
        if (!receiver_->receive({&piece, 1}, frames_.front().offload)) {
            return;
        }
        frames_.pop_front();
    }
}

void FakeLine::write(std::span<const u8> bytes) {
    {
        const std::lock_guard lock(lock_);
        const std::size_t room = kMostBytes - std::min(kMostBytes, bytes_.size());
        bytes = bytes.first(std::min(bytes.size(), room));
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    accept_input();
}

std::size_t FakeLine::write_some(std::span<const u8> bytes) {
    constexpr unsigned kPausesEvery = 7;
    if (++pieces_ % kPausesEvery != 0) {
        write(bytes);
        return bytes.size();
    }
    io_.post(call_method<&FakeLine::make_room, FakeLine>, this);
    bytes = bytes.first(bytes.size() / 2);
    write(bytes);
    return bytes.size();
}

void FakeLine::make_room() {
    if (receiver_ == nullptr) {
        return;
    }
    has_peer_ = !has_peer_;
    has_peer_ ? receiver_->connected() : receiver_->disconnected();
    receiver_->output_possible();
}

void FakeLine::set_receiver(backend::CharacterReceiver* receiver) {
    io_.call([&] { receiver_ = receiver; });
}

void FakeLine::deliver() {
    if (receiver_ == nullptr) {
        return;
    }
    const std::size_t space = receiver_->space();  // takes the device's lock, in which it writes
    std::vector<u8> bytes;
    {
        const std::lock_guard lock(lock_);
        const std::size_t count = std::min(space, bytes_.size());
        bytes.assign(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
        bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (!bytes.empty()) {
        receiver_->receive(bytes);
    }
}

}  // namespace kelvin::exercise
