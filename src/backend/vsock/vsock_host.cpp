// SPDX-License-Identifier: Apache-2.0
#include "backend/vsock/vsock_host.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace kelvin::backend {

namespace {

/// Of "_4294967295", behind the path.
constexpr std::size_t kLongestPort = 11;

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

bool connect_to(const Fd& socket, const std::string& path) {
    const sockaddr_un address = address_of(path);
    return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Fd make_socket() {
    return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

/// Why `path` is taken, and by what.
Error taken(const std::string& path) {
    struct stat what {};
    if (::lstat(path.c_str(), &what) == 0 && !S_ISSOCK(what.st_mode)) {
        return user_error(fmt::format("socket={}: there is something already, and it is no socket", path),
                          "choose another path");
    }
    const Fd probe = make_socket();
    if (!connect_to(probe, path) && errno == ECONNREFUSED) {
        return user_error(fmt::format("socket={}: a program that is gone has left its socket there", path),
                          fmt::format("rm {}", path));
    }
    return user_error(fmt::format("socket={}: another program listens there, perhaps another machine", path),
                      "each needs a path of its own");
}

/// The port of "CONNECT <port>".
std::optional<u32> wanted_port(std::string_view line) {
    constexpr std::string_view kWord = "CONNECT ";
    if (!line.starts_with(kWord)) {
        return std::nullopt;
    }
    line.remove_prefix(kWord.size());
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    u32 port = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), port);
    const bool whole = parsed.ec == std::errc() && parsed.ptr == line.data() + line.size();
    return whole ? std::optional(port) : std::nullopt;
}

}  // namespace

Result<std::unique_ptr<VsockHost>> VsockHost::open(const std::string& path, EventLoop& loop) {
    constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1 - kLongestPort;
    if (path.size() > kLongest) {
        return user_error(fmt::format("socket={}: the path has {} characters", path, path.size()),
                          fmt::format("it can have {}, so that the number of a port fits behind it", kLongest));
    }
    Fd listener = make_socket();
    if (!listener) {
        return host_error("cannot make a unix socket", errno);
    }
    const sockaddr_un address = address_of(path);
    if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        return errno == EADDRINUSE ? taken(path) : host_error(fmt::format("socket={}: cannot listen", path), errno);
    }
    if (::listen(listener.get(), SOMAXCONN) != 0) {
        ::unlink(path.c_str());
        return host_error(fmt::format("socket={}: cannot listen", path), errno);
    }
    return std::unique_ptr<VsockHost>(new VsockHost(path, std::move(listener), loop));
}

VsockHost::VsockHost(std::string path, Fd listener, EventLoop& loop)
    : path_(std::move(path)), listener_(std::move(listener)), loop_(loop) {
    ::lstat(path_.c_str(), &made_);
    loop_.add_source(*this);
}

/// What somebody else has put there meanwhile stays.
VsockHost::~VsockHost() {
    loop_.remove_source(*this);
    loop_.cancel(this);
    struct stat found {};
    if (::lstat(path_.c_str(), &found) == 0 && found.st_ino == made_.st_ino && found.st_dev == made_.st_dev) {
        ::unlink(path_.c_str());
    }
}

/// A unix socket is connected at once or not at all.
Fd VsockHost::connect(u32 port) const {
    Fd socket = make_socket();
    return socket && connect_to(socket, fmt::format("{}_{}", path_, port)) ? std::move(socket) : Fd();
}

void VsockHost::before_poll(std::vector<pollfd>& polled, int& /*timeout_ms*/) {
    polled.push_back({paused_ ? -1 : listener_.get(), POLLIN, 0});
    for (const Waiting& who : waiting_) {
        polled.push_back({who.socket.get(), POLLIN, 0});
    }
}

void VsockHost::after_poll(std::span<const pollfd> polled) {
    auto who = waiting_.begin();
    for (const pollfd& one : polled.subspan(1)) {
        if (one.revents != 0) {
            hear(*who);
        }
        ++who;
    }
    std::erase_if(waiting_, [](const Waiting& one) { return !one.socket; });
    if (polled.front().revents != 0) {
        accept();
    }
}

void VsockHost::accept() {
    Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket) {
        // It would be ready again at once, for ever.
        paused_ = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
        if (paused_) {
            loop_.post(call_method<&VsockHost::go_on, VsockHost>, this, kPauseNs);
        }
        return;
    }
    if (waiting_.size() == kMostWaiting) {
        waiting_.pop_front();
    }
    waiting_.push_back({std::move(socket)});
}

/// Takes the line and nothing behind it, which is for the guest. What is no such line ends the connection.
void VsockHost::hear(Waiting& who) {
    std::array<char, kMostLine> bytes{};
    const auto room = std::span(bytes).first(kMostLine - who.line.size());
    const ssize_t peeked = ::recv(who.socket.get(), room.data(), room.size(), MSG_PEEK);
    if (peeked < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    const std::string_view heard(bytes.data(), peeked > 0 ? static_cast<std::size_t>(peeked) : 0);
    const std::size_t end = heard.find('\n');
    const bool whole = end != std::string_view::npos;
    const std::size_t size = whole ? end + 1 : heard.size();
    const bool came = size != 0 && ::recv(who.socket.get(), bytes.data(), size, 0) == static_cast<ssize_t>(size);
    who.line += heard.substr(0, whole ? end : size);
    if (came && !whole && who.line.size() < kMostLine) {
        return;
    }
    Fd socket = std::move(who.socket);
    const std::optional<u32> port = came && whole ? wanted_port(who.line) : std::nullopt;
    if (port && caller_) {
        caller_(*port, std::move(socket));
    }
}

}  // namespace kelvin::backend
