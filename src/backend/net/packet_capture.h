// SPDX-License-Identifier: Apache-2.0
// Writes the frames that pass a cable, both ways, to a file for tcpdump and Wireshark (draft-ietf-opsawg-pcap).
#pragma once

#include <memory>
#include <string>

#include "backend/net/network_port.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::backend {

/// Stands between a card and the host's end of its cable. I/O loop's thread.
class PacketCapture final : public NetworkPort, private NetworkReceiver {
  public:
    /// `port` outlives this object; of each frame the first `longest` bytes are kept.
    static Result<std::unique_ptr<PacketCapture>> create(const std::string& path, u32 longest, NetworkPort& port);
    ~PacketCapture() override;

    void set_receiver(NetworkReceiver* receiver) override;
    void send(std::span<const iovec> frame, const FrameOffload& offload) override;
    void ready() override { port_.ready(); }
    bool takes_offloads() const override { return port_.takes_offloads(); }
    bool gives_offloads() const override { return port_.gives_offloads(); }
    void set_receiver_offloads(const ReceiverOffloads& offloads) override { port_.set_receiver_offloads(offloads); }
    bool link_up() const override { return port_.link_up(); }

  private:
    PacketCapture(Fd file, u32 longest, NetworkPort& port) : file_(std::move(file)), longest_(longest), port_(port) {}
    bool receive(std::span<const iovec> frame, const FrameOffload& offload) override;
    void link_changed(bool up) override;
    void record(std::span<const iovec> frame);

    Fd file_;
    const u32 longest_;
    NetworkPort& port_;
    NetworkReceiver* receiver_ = nullptr;
};

}  // namespace kelvin::backend
