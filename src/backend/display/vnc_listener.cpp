// SPDX-License-Identifier: Apache-2.0
#include "backend/display/vnc_listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace kelvin::backend {

namespace {

constexpr int kWaiting = 8;  // of clients

Result<Fd> listen_at_path(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return user_error(fmt::format("vnc: '{}' is too long for a socket's path", path),
                          fmt::format("it may have {} characters", sizeof address.sun_path - 1));
    }
    std::ranges::copy(path, address.sun_path);
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), kWaiting) != 0) {
        return host_error(fmt::format("vnc: cannot listen at '{}'", path), errno);
    }
    return socket;
}

/// The first address of `host` at which `port` is free.
Result<Fd> listen_at_port(const std::string& host, u16 port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const std::string service = std::to_string(port);
    if (const int why = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &wanted, &list);
        why != 0) {
        return user_error(fmt::format("vnc: '{}' is no address of this host: {}", host, ::gai_strerror(why)),
                          "-vnc 127.0.0.1:0 is for programs on this host");
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &::freeaddrinfo);
    int why = 0;
    for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
        Fd socket(::socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, each->ai_protocol));
        const int on = 1;
        if (socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
            ::bind(socket.get(), each->ai_addr, each->ai_addrlen) == 0 && ::listen(socket.get(), kWaiting) == 0) {
            return socket;
        }
        why = errno;
    }
    return host_error(fmt::format("vnc: cannot listen at {}:{}", host, port), why);
}

}  // namespace

VncListener::~VncListener() {
    if (!path_.empty()) {
        ::unlink(path_.c_str());
    }
}

Result<std::vector<VncListener>> listen_for_vnc(VncOptions& options) {
    std::vector<VncListener> all;
    if (!options.path.empty()) {
        all.emplace_back(KELVIN_TRY(listen_at_path(options.path)), options.path);
        return all;
    }
    const u16 last = std::max(options.port, options.last_port);
    Result<Fd> socket = listen_at_port(options.host, options.port);
    for (; !socket && options.port < last; socket = listen_at_port(options.host, options.port)) {
        ++options.port;
    }
    if (!socket) {
        return socket.error();
    }
    all.emplace_back(std::move(*socket));
    if (options.websocket_port != 0) {
        all.emplace_back(KELVIN_TRY(listen_at_port(options.host, options.websocket_port)));
    }
    return all;
}

VncServer::Client describe_peer(const sockaddr_storage& address, socklen_t length) {
    char host[NI_MAXHOST] = "";
    char service[NI_MAXSERV] = "";
    if (address.ss_family == AF_UNIX ||
        ::getnameinfo(reinterpret_cast<const sockaddr*>(&address), length, host, sizeof host, service, sizeof service,
                      NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {"", "", "unix"};
    }
    return {host, service, address.ss_family == AF_INET6 ? "ipv6" : "ipv4"};
}

}  // namespace kelvin::backend
