// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

namespace kelvin::gdbstub {

namespace {

constexpr int kBacklog = 1;

using AddressList = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { ::freeaddrinfo(list); })>;

/// A debugger may do anything to the machine, and nobody asks it for a password: none from outside this host, unless
/// the user names an address.
constexpr const char* kDefaultHost = "127.0.0.1";

Result<Fd> listen_tcp(const vm::DebuggerSpec& spec) {
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    const char* const host = spec.host.empty() ? kDefaultHost : spec.host.c_str();
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host, spec.port.c_str(), &hints, &found); error != 0) {
        return user_error(fmt::format("-gdb: there is no address '{}:{}': {}", host, spec.port, ::gai_strerror(error)),
                          "-gdb tcp:HOST:PORT, with a number for PORT, or -gdb unix:PATH");
    }
    const AddressList list(found);
    const int enable = 1;
    Fd socket(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &enable, sizeof enable) != 0 ||
        ::bind(socket.get(), list->ai_addr, list->ai_addrlen) != 0 || ::listen(socket.get(), kBacklog) != 0) {
        return host_error(fmt::format("-gdb: cannot listen on port {} of {}", spec.port, host), errno,
                          "-gdb tcp::PORT chooses another port (-s means 1234)");
    }
    return socket;
}

Result<Fd> listen_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) {
        return user_error(
            fmt::format("-gdb: the path of a socket has at most {} characters: {}", sizeof address.sun_path - 1, path));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    if (struct stat there; ::lstat(path.c_str(), &there) == 0 && S_ISSOCK(there.st_mode)) {
        ::unlink(path.c_str());
    }
    Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(socket.get(), kBacklog) != 0) {
        return host_error(fmt::format("-gdb: cannot listen on socket '{}'", path), errno);
    }
    return socket;
}

}  // namespace

Result<Fd> listen(const vm::DebuggerSpec& spec) {
    return spec.kind == vm::DebuggerSpec::Kind::tcp ? listen_tcp(spec) : listen_unix(spec.path);
}

void send_at_once(int socket) {
    const int enable = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &enable, sizeof enable);
}

}  // namespace kelvin::gdbstub
