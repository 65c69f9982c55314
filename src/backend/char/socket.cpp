// SPDX-License-Identifier: Apache-2.0
#include "backend/char/socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "backend/char/telnet.h"
#include "backend/char/websocket.h"

namespace kelvin::backend {

namespace {

constexpr i64 kMillisecondNs = 1'000'000;
constexpr i64 kSecondNs = 1000 * kMillisecondNs;

std::string name_of(const SocketOptions& options) {
    if (options.fd) {
        return fmt::format("fd:{}", *options.fd);
    }
    if (!options.path.empty()) {
        return "unix:" + options.path;
    }
    const std::string_view kind = options.telnet ? "telnet" : options.websocket ? "websocket" : "tcp";
    return fmt::format("{}:{}:{}", kind, options.host, options.port);
}

/// Nobody waits for a connection that is tried again: the machine goes on meanwhile.
int socket_flags(const SocketOptions& options) {
    return SOCK_STREAM | SOCK_CLOEXEC | (options.tries_again() ? SOCK_NONBLOCK : 0);
}

bool connects(const Fd& socket, const sockaddr* address, socklen_t size) {
    return ::connect(socket.get(), address, size) == 0 || errno == EINPROGRESS;
}

Result<Fd> unix_socket(const SocketOptions& options) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (options.path.size() >= sizeof address.sun_path) {
        return user_error(fmt::format("the socket's path '{}' is too long", options.path),
                          fmt::format("it can have {} characters", sizeof address.sun_path - 1));
    }
    std::memcpy(address.sun_path, options.path.data(), options.path.size());
    Fd socket(::socket(AF_UNIX, socket_flags(options), 0));
    if (!socket) {
        return host_error("cannot make a unix socket", errno);
    }
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    if (options.server) {
        // What an earlier process has left; a socket that somebody listens at would lose its name only.
        ::unlink(options.path.c_str());
        if (::bind(socket.get(), generic, sizeof address) != 0 || ::listen(socket.get(), 1) != 0) {
            return host_error(fmt::format("cannot listen at '{}'", options.path), errno);
        }
    } else if (!connects(socket, generic, sizeof address)) {
        return host_error(fmt::format("cannot connect to '{}'", options.path), errno);
    }
    return socket;
}

Result<> bring_up(const Fd& socket, const addrinfo& address, const SocketOptions& options) {
    const int on = 1;
    if (!options.server) {
        return connects(socket, address.ai_addr, address.ai_addrlen)
                   ? ok()
                   : Result<>(host_error(fmt::format("cannot connect to {}:{}", options.host, options.port), errno));
    }
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (::bind(socket.get(), address.ai_addr, address.ai_addrlen) != 0 || ::listen(socket.get(), 1) != 0) {
        return host_error(fmt::format("cannot listen at {}:{}", options.host, options.port), errno);
    }
    return ok();
}

Result<Fd> tcp_socket(const SocketOptions& options) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = options.server ? AI_PASSIVE : 0;
    addrinfo* found = nullptr;
    const char* const host = options.host.empty() ? nullptr : options.host.c_str();
    if (const int status = ::getaddrinfo(host, options.port.c_str(), &hints, &found); status != 0) {
        return user_error(fmt::format("'{}:{}' is no address: {}", options.host, options.port, ::gai_strerror(status)));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
    Result<Fd> last = user_error("there is no such address");
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        Fd socket(::socket(one->ai_family, socket_flags(options), one->ai_protocol));
        if (!socket) {
            last = host_error("cannot make a socket", errno);
            continue;
        }
        if (const auto up = bring_up(socket, *one, options); !up) {
            last = up.error();
            continue;
        }
        return socket;
    }
    return last;
}

Result<Fd> inherited_socket(const SocketOptions& options) {
    const int fd = static_cast<int>(*options.fd);
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
        return user_error(fmt::format("fd={} is no stream socket", fd),
                          "it has to be open in the process that starts Kelvin");
    }
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return Fd(fd);
}

Result<Fd> make_socket(const SocketOptions& options) {
    Fd socket = options.fd             ? KELVIN_TRY(inherited_socket(options))
                : options.path.empty() ? KELVIN_TRY(tcp_socket(options))
                                       : KELVIN_TRY(unix_socket(options));
    ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
    return socket;
}

Result<> check(const SocketOptions& options) {
    const int ways = int{options.fd.has_value()} + int{!options.path.empty()} + int{!options.port.empty()};
    if (ways != 1) {
        return user_error("a socket needs one of path=, host= with port=, and fd=");
    }
    if (options.wait && !options.server) {
        return user_error("only a server waits for a peer", "server=on");
    }
    if (options.tries_again() && options.server) {
        return user_error("a server does not reconnect", "leave reconnect out");
    }
    if (options.reconnect != 0 && options.reconnect_ms != 0) {
        return user_error("reconnect and reconnect-ms say the same", "leave one of them out");
    }
    if (options.websocket && (options.telnet || !options.server)) {
        return user_error("a websocket is a server's, and no telnet", "websocket=on,server=on");
    }
    return ok();
}

}  // namespace

SocketBackend::SocketBackend(SocketOptions options, EventLoop& loop)
    : Stream(loop), options_(std::move(options)), loop_(loop) {}

SocketBackend::~SocketBackend() {
    loop_.cancel(this);
    if (options_.server && !options_.path.empty()) {
        ::unlink(options_.path.c_str());
    }
}

Result<std::unique_ptr<SocketBackend>> SocketBackend::open(const SocketOptions& options, EventLoop& loop) {
    KELVIN_TRY(check(options));
    std::unique_ptr<SocketBackend> backend(new SocketBackend(options, loop));
    KELVIN_TRY(backend->begin());
    return backend;
}

std::unique_ptr<StreamCodec> SocketBackend::make_codec() const {
    if (options_.telnet) {
        return std::make_unique<TelnetCodec>(options_.server);
    }
    return options_.websocket ? std::make_unique<WebsocketCodec>() : nullptr;
}

i64 SocketBackend::reconnect_ns() const {
    return i64{options_.reconnect} * kSecondNs + i64{options_.reconnect_ms} * kMillisecondNs;
}

Result<> SocketBackend::begin() {
    if (options_.server) {
        listener_ = KELVIN_TRY(make_socket(options_));
        return ok();
    }
    const auto connected = try_connect();
    if (!connected && connected.error().kind == ErrorKind::host && options_.tries_again()) {
        lost();
        return ok();
    }
    return connected;
}

Result<> SocketBackend::try_connect() {
    Fd peer = KELVIN_TRY(make_socket(options_));
    if (options_.tries_again()) {
        begun_ = std::move(peer);
    } else {
        connect(std::move(peer), make_codec());
    }
    return ok();
}

void SocketBackend::reconnect() {
    if (!try_connect()) {
        lost();
    }
}

void SocketBackend::lost() {
    if (options_.tries_again()) {
        loop_.post(call_method<&SocketBackend::reconnect, SocketBackend>, this, reconnect_ns());
    }
}

bool SocketBackend::awaits_peer() const {
    return options_.server && options_.wait.value_or(true) && !had_peer_;
}

std::string SocketBackend::describe() const {
    return (is_connected() ? "" : "disconnected:") + name_of(options_) + (options_.server ? ",server=on" : "");
}

void SocketBackend::before_poll(std::vector<pollfd>& polled, int& timeout_ms) {
    polls_other_ = begun_ || (listener_ && !is_connected());
    if (polls_other_) {
        polled.push_back(begun_ ? pollfd{begun_.get(), POLLOUT, 0} : pollfd{listener_.get(), POLLIN, 0});
    }
    Stream::before_poll(polled, timeout_ms);
}

void SocketBackend::after_poll(std::span<const pollfd> polled) {
    if (!polls_other_) {
        return Stream::after_poll(polled);
    }
    if (polled.empty() || polled.front().revents == 0) {
        return;
    }
    begun_ ? finish_connection() : accept_peer();
}

void SocketBackend::finish_connection() {
    int error = 0;
    socklen_t size = sizeof error;
    Fd peer = std::move(begun_);
    if (::getsockopt(peer.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
        lost();
    } else {
        connect(std::move(peer), make_codec());
    }
}

void SocketBackend::accept_peer() {
    Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!peer) {
        return;
    }
    if (options_.nodelay) {
        const int on = 1;
        ::setsockopt(peer.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    had_peer_ = true;
    connect(std::move(peer), make_codec());
}

}  // namespace kelvin::backend
