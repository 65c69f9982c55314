// SPDX-License-Identifier: Apache-2.0
// A pair of queues of a virtio network device: frames that come and frames that go.
#pragma once

#include <vector>

#include "device/virtio_net/virtio_net.h"

namespace kelvin::device {

/// I/O loop's thread.
class VirtioNet::Pair final : public backend::NetworkReceiver {
  public:
    /// Both outlive it.
    Pair(VirtioNet& net, u16 index, backend::NetworkPort& port) : net_(net), index_(index), port_(port) {}
    ~Pair() override { connect(false); }

    backend::NetworkPort& port() { return port_; }
    /// The port gives it frames only then.
    void connect(bool wanted);
    /// The driver is gone, and so are its buffers.
    void stop();
    /// Buffers that wait for a frame's rest go back to their ring.
    void put_back();
    /// As if a frame had found no room: the next buffers make it ask for more.
    void expect_buffers() { starved_ = connected_; }
    bool is_connected() const { return connected_; }
    void buffers_came();
    void frames_came();

  private:
    u16 receive_queue() const { return static_cast<u16>(2 * index_); }
    u16 transmit_queue() const { return static_cast<u16>(2 * index_ + 1); }

    bool receive(std::span<const iovec> frame, const backend::FrameOffload& offload) override;
    void link_changed(bool up) override;
    bool gather_buffers(u64 size);
    void fill_buffers(std::span<const iovec> frame, const backend::FrameOffload& offload);
    void transmit(const bus::virtio::Chain& chain);

    VirtioNet& net_;
    const u16 index_;
    backend::NetworkPort& port_;
    bool connected_ = false;
    bool starved_ = false;  // a frame found no room
    bus::virtio::Chain outgoing_;
    std::vector<iovec> pieces_;
    std::vector<bus::virtio::Chain> buffers_;      // taken for the next frame; reused
    std::vector<bus::virtio::Returned> returned_;  // of them
    std::size_t buffer_count_ = 0;
    u64 buffer_room_ = 0;
};

}  // namespace kelvin::device
