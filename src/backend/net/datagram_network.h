// SPDX-License-Identifier: Apache-2.0
// A frame a datagram: UDP, also multicast, and sockets in the file system.
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
class DatagramNetwork final : public NetworkPort {
  public:
    struct Config {
        std::optional<SocketAddress> local;   ///< where frames come; with a multicast remote, the interface
        std::optional<SocketAddress> remote;  ///< where they go; none if `local` is a connected descriptor
    };
    static Result<std::unique_ptr<DatagramNetwork>> create(const Config& config, EventLoop& loop);
    ~DatagramNetwork() override;

    void set_receiver(NetworkReceiver* receiver) override;
    void send(std::span<const iovec> frame, const FrameOffload& offload) override;
    void ready() override;
    bool takes_offloads() const override { return false; }
    bool link_up() const override { return true; }
    std::string describe() const override;

  private:
    /// Frames taken in a row before others have their turn.
    static constexpr unsigned kFuel = 256;

    DatagramNetwork(Config config, EventLoop& loop, Fd socket);
    void readable();
    bool offer();
    void watch(bool wanted);

    const Config config_;
    EventLoop& loop_;
    Fd socket_;
    NetworkReceiver* receiver_ = nullptr;
    bool watched_ = false;
    std::size_t size_ = 0;  // of the frame that waits; 0: none
    std::vector<u8> incoming_;
};

}  // namespace kelvin::backend
