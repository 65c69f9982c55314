// SPDX-License-Identifier: Apache-2.0
#include "backend/net/datagram_network.h"

#include <fmt/format.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

namespace kelvin::backend {

namespace {

sockaddr_in internet(const SocketAddress& address) {
    sockaddr_in name{};
    std::memcpy(&name, address.data(), sizeof name);
    return name;
}

/// A socket that hears what is sent to `group`, also by others on this host.
Result<Fd> join(const SocketAddress& group, const std::optional<SocketAddress>& interface) {
    Fd socket = KELVIN_TRY(group.bind(SOCK_DGRAM));
    ip_mreq request{};
    request.imr_multiaddr = internet(group).sin_addr;
    if (interface) {
        request.imr_interface = internet(*interface).sin_addr;
        ::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_IF, &request.imr_interface, sizeof request.imr_interface);
    }
    const int on = 1;
    if (::setsockopt(socket.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof request) != 0 ||
        ::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on) != 0) {
        return host_error(fmt::format("cannot join multicast group '{}'", group.text()), errno);
    }
    return socket;
}

Result<Fd> open_socket(const DatagramNetwork::Config& config) {
    if (config.remote && config.remote->is_multicast()) {
        return join(*config.remote, config.local);
    }
    if (!config.local) {
        return user_error("datagrams need an address to come to", "add local.type=unix,local.path=/run/x");
    }
    if (config.local->is_fd() == config.remote.has_value()) {
        return user_error(config.local->is_fd() ? "a descriptor is connected already: it takes no remote address"
                                                : "datagrams need an address to go to",
                          config.local->is_fd() ? "leave out remote" : "add remote.type=unix,remote.path=/run/y");
    }
    return config.local->bind(SOCK_DGRAM);
}

}  // namespace

Result<std::unique_ptr<DatagramNetwork>> DatagramNetwork::create(const Config& config, EventLoop& loop) {
    Fd socket = KELVIN_TRY(open_socket(config));
    return std::unique_ptr<DatagramNetwork>(new DatagramNetwork(config, loop, std::move(socket)));
}

DatagramNetwork::DatagramNetwork(Config config, EventLoop& loop, Fd socket)
    : config_(std::move(config)), loop_(loop), socket_(std::move(socket)), incoming_(kMaxFrame) {}

DatagramNetwork::~DatagramNetwork() {
    watch(false);
    if (config_.local && config_.local->is_unix()) {
        ::unlink(config_.local->text().c_str());
    }
}

std::string DatagramNetwork::describe() const {
    return fmt::format("  from {} to {}\n", config_.local ? config_.local->text() : "the group",
                       config_.remote ? config_.remote->text() : "its peer");
}

void DatagramNetwork::watch(bool wanted) {
    if (wanted == watched_) {
        return;
    }
    watched_ = wanted;
    if (wanted) {
        loop_.watch(socket_.get(), call_method<&DatagramNetwork::readable, DatagramNetwork>, this);
    } else {
        loop_.unwatch(socket_.get());
    }
}

void DatagramNetwork::set_receiver(NetworkReceiver* receiver) {
    receiver_ = receiver;
    size_ = 0;
    watch(receiver != nullptr);
}

void DatagramNetwork::send(std::span<const iovec> frame, const FrameOffload&) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(frame.data());
    message.msg_iovlen = frame.size();
    if (config_.remote) {
        message.msg_name = const_cast<sockaddr*>(config_.remote->data());
        message.msg_namelen = config_.remote->size();
    }
    // Nobody there, or no room: lost, as datagrams are.
    static_cast<void>(::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

bool DatagramNetwork::offer() {
    const iovec piece{incoming_.data(), size_};
    if (!receiver_->receive({&piece, 1}, {})) {
        return false;
    }
    size_ = 0;
    return true;
}

void DatagramNetwork::readable() {
    for (unsigned fuel = kFuel; fuel != 0 && receiver_ != nullptr; --fuel) {
        const ssize_t got = ::recv(socket_.get(), incoming_.data(), incoming_.size(), MSG_DONTWAIT);
        if (got <= 0) {
            return;
        }
        size_ = static_cast<std::size_t>(got);
        if (!offer()) {
            watch(false);
            return;
        }
    }
}

void DatagramNetwork::ready() {
    if (receiver_ != nullptr && (size_ == 0 || offer())) {
        watch(true);
    }
}

}  // namespace kelvin::backend
