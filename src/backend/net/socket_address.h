// SPDX-License-Identifier: Apache-2.0
// Addresses of sockets as options name them (QEMU's SocketAddress), and sockets bound or connected to them.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "base/types.h"
#include "state/json.h"

namespace kelvin::backend {

class SocketAddress {
  public:
    /// {"type": "inet", "host": "127.0.0.1", "port": "1234"}, {"type": "unix", "path": "/run/x"} or
    /// {"type": "fd", "str": "7"}; `owner` is what messages name.
    static Result<SocketAddress> read(std::string_view owner, const state::Json& object);
    /// "HOST:PORT"; without a host, every address of this one's.
    static Result<SocketAddress> parse(std::string_view owner, const std::string& text);

    bool is_fd() const { return fd_.has_value(); }
    bool is_unix() const { return storage_.ss_family == AF_UNIX; }
    bool is_multicast() const;
    const std::string& text() const { return text_; }
    const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
    socklen_t size() const { return size_; }

    /// A socket of this family that does not block; or the descriptor, which it takes.
    Result<Fd> open(int type) const;
    /// Open, and bound here. What is left of a dead process at a path of the file system is removed.
    Result<Fd> bind(int type) const;

  private:
    static Result<SocketAddress> inet(std::string_view owner, const std::string& host, const std::string& port);
    static Result<SocketAddress> unix_path(std::string_view owner, const std::string& path);

    sockaddr_storage storage_{};
    socklen_t size_ = 0;
    std::optional<int> fd_;
    std::string text_;  // for messages
};

}  // namespace kelvin::backend
