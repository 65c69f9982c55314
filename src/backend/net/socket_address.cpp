// SPDX-License-Identifier: Apache-2.0
#include "backend/net/socket_address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "state/options.h"

namespace kelvin::backend {

namespace {

struct AddressOptions {
    std::string type;
    std::string host;
    std::string port;
    std::string path;
    std::string str;
    bool ipv4 = true;
    bool ipv6 = true;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("type", type, "inet, unix or fd");
        visit("host", host, "inet: a name or an address");
        visit("port", port, "inet: a number or a service");
        visit("path", path, "unix: a name in the file system");
        visit("str", str, "fd: a descriptor's number");
        visit("ipv4", ipv4, "accepted, without effect");
        visit("ipv6", ipv6, "accepted, without effect");
    }
};

}  // namespace

Result<SocketAddress> SocketAddress::read(std::string_view owner, const state::Json& object) {
    AddressOptions options;
    if (!object.is_object()) {
        return user_error(fmt::format("{}: no address", owner), "it looks like addr.type=unix,addr.path=/run/x");
    }
    KELVIN_TRY(state::read_options(owner, object, options));
    if (options.type == "inet") {
        return inet(owner, options.host, options.port);
    }
    if (options.type == "unix") {
        return unix_path(owner, options.path);
    }
    if (options.type == "fd") {
        int fd = -1;
        const char* const end = options.str.data() + options.str.size();
        const auto parsed = std::from_chars(options.str.data(), end, fd);
        if (parsed.ec != std::errc() || parsed.ptr != end || ::fcntl(fd, F_GETFD) < 0) {
            return user_error(fmt::format("{}: '{}' is no open descriptor", owner, options.str), "str=7 names one");
        }
        SocketAddress address;
        address.fd_ = fd;
        address.text_ = "descriptor " + options.str;
        return address;
    }
    return user_error(fmt::format("{}: there is no address of type '{}'", owner, options.type),
                      "types are inet, unix and fd");
}

Result<SocketAddress> SocketAddress::parse(std::string_view owner, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return user_error(fmt::format("{}: '{}' is no address", owner, text), "it looks like 127.0.0.1:1234");
    }
    return inet(owner, text.substr(0, colon), text.substr(colon + 1));
}

Result<SocketAddress> SocketAddress::inet(std::string_view owner, const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE | AI_ADDRCONFIG;
    hints.ai_family = host.empty() ? AF_INET : AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (port.empty()) {
        return user_error(fmt::format("{}: the address has no port", owner));
    }
    const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
    if (error != 0) {
        return user_error(fmt::format("{}: '{}:{}': {}", owner, host, port, ::gai_strerror(error)));
    }
    SocketAddress address;
    std::memcpy(&address.storage_, found->ai_addr, found->ai_addrlen);
    address.size_ = found->ai_addrlen;
    address.text_ = fmt::format("{}:{}", host, port);
    ::freeaddrinfo(found);
    return address;
}

Result<SocketAddress> SocketAddress::unix_path(std::string_view owner, const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof name.sun_path) {
        return user_error(
            fmt::format("{}: path '{}' is empty or longer than {} characters", owner, path, sizeof name.sun_path - 1));
    }
    std::memcpy(name.sun_path, path.data(), path.size());
    SocketAddress address;
    std::memcpy(&address.storage_, &name, sizeof name);
    address.size_ = sizeof name;
    address.text_ = path;
    return address;
}

bool SocketAddress::is_multicast() const {
    sockaddr_in name{};
    std::memcpy(&name, &storage_, sizeof name);
    return storage_.ss_family == AF_INET && IN_MULTICAST(ntohl(name.sin_addr.s_addr));
}

Result<Fd> SocketAddress::open(int type) const {
    if (fd_) {
        Fd fd(*fd_);
        ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
        ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
        return fd;
    }
    Fd fd(::socket(storage_.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        return host_error("cannot make a socket", errno);
    }
    return fd;
}

Result<Fd> SocketAddress::bind(int type) const {
    Fd fd = KELVIN_TRY(open(type));
    if (fd_) {
        return fd;
    }
    if (is_unix()) {
        struct stat what {};
        if (::stat(text_.c_str(), &what) == 0 && S_ISSOCK(what.st_mode)) {
            ::unlink(text_.c_str());
        }
    } else {
        const int on = 1;
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    if (::bind(fd.get(), data(), size_) != 0) {
        return host_error(fmt::format("cannot have address '{}'", text_), errno);
    }
    return fd;
}

}  // namespace kelvin::backend
