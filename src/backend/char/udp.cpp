// SPDX-License-Identifier: Apache-2.0
#include "backend/char/udp.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kelvin::backend {

namespace {

constexpr std::size_t kLargestDatagram = 65536;

using Addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Result<Addresses> resolve(const std::string& host, const std::string& port, int family, int flags) {
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    const int status =
        ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.empty() ? "0" : port.c_str(), &hints, &found);
    if (status != 0) {
        return user_error(fmt::format("'{}:{}' is no address: {}", host, port, ::gai_strerror(status)));
    }
    return Addresses(found, &::freeaddrinfo);
}

}  // namespace

Result<std::unique_ptr<UdpBackend>> UdpBackend::open(const UdpOptions& options, EventLoop& loop) {
    if (options.port.empty()) {
        return user_error("udp needs port=");
    }
    const Addresses peer = KELVIN_TRY(resolve(options.host, options.port, AF_UNSPEC, 0));
    const Addresses own = KELVIN_TRY(resolve(options.local_address, options.local_port, peer->ai_family, AI_PASSIVE));
    Fd socket(::socket(peer->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::bind(socket.get(), own->ai_addr, own->ai_addrlen) != 0) {
        return host_error(fmt::format("cannot take datagrams at {}:{}", options.local_address, options.local_port),
                          errno);
    }
    if (::connect(socket.get(), peer->ai_addr, peer->ai_addrlen) != 0) {
        return host_error(fmt::format("cannot send datagrams to {}:{}", options.host, options.port), errno);
    }
    return std::unique_ptr<UdpBackend>(
        new UdpBackend(std::move(socket), fmt::format("udp:{}:{}", options.host, options.port), loop));
}

UdpBackend::UdpBackend(Fd socket, std::string description, EventLoop& loop)
    : socket_(std::move(socket)), description_(std::move(description)), loop_(loop) {
    loop_.add_source(*this);
}

UdpBackend::~UdpBackend() {
    loop_.remove_source(*this);
    loop_.cancel(this);
}

void UdpBackend::write(std::span<const u8> bytes) {
    static_cast<void>(::send(socket_.get(), bytes.data(), bytes.size(), 0));
}

void UdpBackend::set_receiver(CharacterReceiver* receiver) {
    {
        const std::lock_guard lock(receiver_mutex_);
        receiver_ = receiver;
    }
    accept_input();
}

void UdpBackend::accept_input() {
    loop_.post([](void*) {}, this);
}

void UdpBackend::before_poll(std::vector<pollfd>& polled, int& timeout_ms) {
    const std::lock_guard lock(receiver_mutex_);
    const bool takes = receiver_ != nullptr && receiver_->space() > 0;
    timeout_ms = takes && !held_.empty() ? 0 : timeout_ms;
    polled.push_back({takes ? socket_.get() : -1, POLLIN, 0});
}

void UdpBackend::after_poll(std::span<const pollfd> polled) {
    if (held_.empty()) {
        if (polled.empty() || polled.front().revents == 0) {
            return;
        }
        held_.resize(kLargestDatagram);
        const ssize_t count = ::recv(socket_.get(), held_.data(), held_.size(), 0);
        held_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    const std::lock_guard lock(receiver_mutex_);
    const std::size_t taken = receiver_ != nullptr ? std::min(held_.size(), receiver_->space()) : 0;
    if (taken != 0) {
        receiver_->receive(std::span(held_).first(taken));
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken));
    }
}

}  // namespace kelvin::backend
