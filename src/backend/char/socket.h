// SPDX-License-Identifier: Apache-2.0
// The far end of a line is a socket: one that waits for a peer, or one that connects to it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "backend/char/stream.h"
#include "base/result.h"

namespace kelvin::backend {

struct SocketOptions {
    std::string path;            ///< of a unix socket
    std::string host;            ///< of a TCP socket
    std::string port;            ///< number or service
    std::optional<unsigned> fd;  ///< a socket that was inherited: listening for a server, connected for a client
    bool server = false;
    std::optional<bool> wait;  ///< a server keeps the machine from starting before a peer has come
    bool nodelay = false;
    bool telnet = false;
    bool websocket = false;
    unsigned reconnect = 0;     ///< seconds after which a client tries again; 0: never
    unsigned reconnect_ms = 0;  ///< the same in milliseconds
    bool tries_again() const { return reconnect != 0 || reconnect_ms != 0; }

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "a unix socket");
        visit("host", host, "address of a TCP socket");
        visit("port", port, "port of a TCP socket");
        visit("fd", fd, "an inherited socket");
        visit("server", server, "wait for peers instead of connecting to one");
        visit("wait", wait, "start the machine only when a peer has come");
        visit("nodelay", nodelay, "send small pieces at once");
        visit("telnet", telnet, "the peer is a telnet program");
        visit("websocket", websocket, "the peer is a browser");
        visit("reconnect", reconnect, "seconds until a lost connection is tried again; 0: never");
        visit("reconnect-ms", reconnect_ms, "the same in milliseconds");
    }
};

/// A server takes one peer at a time; the next one waits until it is gone.
class SocketBackend final : public Stream {
  public:
    static Result<std::unique_ptr<SocketBackend>> open(const SocketOptions& options, EventLoop& loop);
    ~SocketBackend() override;

    bool awaits_peer() const override;
    std::string describe() const override;

  private:
    SocketBackend(SocketOptions options, EventLoop& loop);

    Result<> begin();
    std::unique_ptr<StreamCodec> make_codec() const;
    i64 reconnect_ns() const;
    Result<> try_connect();
    void reconnect();
    void accept_peer();
    void finish_connection();
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;
    void lost() override;

    const SocketOptions options_;
    EventLoop& loop_;
    Fd listener_;
    Fd begun_;                  // a connection that is not there yet
    bool polls_other_ = false;  // one of these, between before_poll and after_poll
    bool had_peer_ = false;
};

}  // namespace kelvin::backend
