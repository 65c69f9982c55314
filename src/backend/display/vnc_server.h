// SPDX-License-Identifier: Apache-2.0
// A screen by VNC (RFC 6143), which LibVNCServer speaks: by TCP, by a unix socket, and to browsers by a websocket on
// the same address.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/display/screen.h"
#include "backend/input/input.h"
#include "base/result.h"

namespace kelvin::backend {

/// Where it listens, and who may come.
struct VncOptions {
    static constexpr u16 kFirstPort = 5900;  ///< of display 0

    std::string host;  ///< empty: every address of the host
    u16 port = kFirstPort;
    u16 last_port = 0;       ///< the first free one up to here; 0: `port` only
    std::string path;        ///< of a unix socket, in place of the rest; empty: TCP
    u16 websocket_port = 0;  ///< another port, for browsers; 0: none
    bool password = false;   ///< who comes gives one; until there is one nobody can come
};

/// Its own thread serves the clients: a slow one keeps nobody waiting but the others that look.
class VncServer {
  public:
    /// Draws what is to be seen; called on the server's thread while somebody looks.
    using Draw = std::function<void(Picture&)>;

    struct Client {
        std::string host;
        std::string service;
        std::string family;  ///< "ipv4", "ipv6", "unix"
    };

    /// `input` outlives the server.
    static Result<std::unique_ptr<VncServer>> open(const VncOptions& options, Draw draw, Input& input);
    virtual ~VncServer() = default;

    // Any thread:
    virtual void set_password(std::string password) = 0;
    /// Seconds since 1970 at which the password lets nobody in any more; none: it stays good.
    virtual void set_expiry(std::optional<i64> seconds) = 0;
    /// As it is: with the port that was found.
    virtual VncOptions options() const = 0;
    virtual std::vector<Client> clients() const = 0;
};

}  // namespace kelvin::backend
