// SPDX-License-Identifier: Apache-2.0
// Frames over a connection, each behind its length (32 bits, big-endian), as QEMU's stream and socket networks, passt
// and libkrun's gvproxy speak it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/net/network_port.h"
#include "backend/net/socket_address.h"
#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::backend {

/// I/O loop's thread.
class StreamNetwork final : public NetworkPort, private PollSource {
  public:
    struct Config {
        SocketAddress address;
        bool server = false;   ///< waits for one peer at a time
        i64 reconnect_ns = 0;  ///< a client tries again after so long; 0: never
    };
    /// A client's first attempt must succeed at once or be under way, unless it reconnects.
    static Result<std::unique_ptr<StreamNetwork>> create(const Config& config, EventLoop& loop);
    ~StreamNetwork() override;

    bool connected() const { return state_ == State::connected; }

    void set_receiver(NetworkReceiver* receiver) override;
    void send(std::span<const iovec> frame, const FrameOffload& offload) override;
    void ready() override;
    bool takes_offloads() const override { return false; }
    bool link_up() const override { return true; }
    std::string describe() const override;

  private:
    enum class State : u8 { idle, listening, connecting, connected };
    /// Bytes that wait for a slow peer: a few windows of TCP. Frames beyond are lost.
    static constexpr std::size_t kMaxPending = std::size_t{1} << 20;
    static constexpr std::size_t kReadSize = std::size_t{256} << 10;

    StreamNetwork(Config config, EventLoop& loop) : config_(std::move(config)), loop_(loop) {}
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;

    Result<> begin();
    void connect_again();
    Result<> connect();
    void finish_connecting();
    void accept();
    void disconnect();
    void flush();
    void receive();
    bool deliver();

    const Config config_;
    EventLoop& loop_;
    NetworkReceiver* receiver_ = nullptr;
    State state_ = State::idle;
    Fd listener_;
    Fd socket_;
    bool blocked_ = false;      // the receiver has no room
    std::vector<u8> pending_;   // not sent yet
    std::vector<u8> incoming_;  // not delivered yet: from incoming_begin_ on
    std::size_t incoming_begin_ = 0;
    std::size_t incoming_end_ = 0;
};

}  // namespace kelvin::backend
