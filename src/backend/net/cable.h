// SPDX-License-Identifier: Apache-2.0
// A cable that can be pulled out and plugged in again while both ends stay as they are.
#pragma once

#include <memory>
#include <vector>

#include "backend/net/network_port.h"

namespace kelvin::backend {

/// Stands between a card and the host's end. I/O loop's thread.
class Cable final : public NetworkPort, private NetworkReceiver {
  public:
    /// `port` outlives the cable.
    explicit Cable(NetworkPort& port);
    ~Cable() override;

    /// Frames of either end are lost while it is pulled.
    void set_plugged(bool plugged);
    bool is_plugged() const { return plugged_; }

    void set_receiver(NetworkReceiver* receiver) override;
    void send(std::span<const iovec> frame, const FrameOffload& offload) override;
    void ready() override { port_.ready(); }
    bool takes_offloads() const override { return port_.takes_offloads(); }
    bool gives_offloads() const override { return port_.gives_offloads(); }
    void set_receiver_offloads(const ReceiverOffloads& offloads) override { port_.set_receiver_offloads(offloads); }
    bool link_up() const override { return plugged_ && port_.link_up(); }
    unsigned queue_count() const override { return static_cast<unsigned>(others_.size() + 1); }
    NetworkPort& queue(unsigned index) override;

  private:
    bool receive(std::span<const iovec> frame, const FrameOffload& offload) override;
    void link_changed(bool up) override;

    NetworkPort& port_;
    std::vector<std::unique_ptr<Cable>> others_;  // of the port's further queues
    NetworkReceiver* receiver_ = nullptr;
    bool plugged_ = true;
};

}  // namespace kelvin::backend
