// SPDX-License-Identifier: Apache-2.0
// A network interface of the host's whose other end is the guest's card (Linux's Documentation/networking/tuntap).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/net/network_port.h"
#include "base/event_loop.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::backend {

struct TapOptions {
    std::string ifname;
    std::optional<i32> fd;
    std::string script = "no";
    std::string downscript = "no";
    bool vnet_hdr = true;
    bool vhost = false;
    bool vhostforce = false;
    std::string vhostfd;
    std::string sndbuf;
    u32 queues = 1;
    std::string fds;
    std::string helper;
    std::string br;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("ifname", ifname, "the interface; made if it is not there, and named by the host if left out");
        visit("fd", fd, "an open descriptor of one, instead");
        visit("script", script, "no: nothing is run; the interface is its owner's to set up");
        visit("downscript", downscript, "no, likewise");
        visit("vnet_hdr", vnet_hdr, "frames pass uncut and without checksums where both ends can");
        visit("vhost", vhost, "accepted; frames pass through this process all the same");
        visit("vhostforce", vhostforce, "accepted, likewise");
        visit("vhostfd", vhostfd, "accepted, likewise");
        visit("sndbuf", sndbuf, "accepted, without effect");
        visit("queues", queues, "1");
        visit("fds", fds, "refused: there is one queue");
        visit("helper", helper, "refused: nothing is run");
        visit("br", br, "refused: add the interface to a bridge with ip link");
    }
};

/// I/O loop's thread.
class TapNetwork final : public NetworkPort {
  public:
    static Result<std::unique_ptr<TapNetwork>> create(const TapOptions& options, EventLoop& loop);
    ~TapNetwork() override;

    const std::string& interface() const { return interface_; }

    void set_receiver(NetworkReceiver* receiver) override;
    void send(std::span<const iovec> frame, const FrameOffload& offload) override;
    void ready() override;
    bool takes_offloads() const override { return has_headers_; }
    bool gives_offloads() const override { return has_headers_; }
    void set_receiver_offloads(const ReceiverOffloads& offloads) override;
    bool link_up() const override { return true; }
    std::string describe() const override;

  private:
    /// Frames taken in a row before others have their turn.
    static constexpr unsigned kFuel = 256;

    TapNetwork(EventLoop& loop, Fd fd, std::string interface, bool has_headers);
    void readable();
    bool read_frame();
    bool offer();
    void watch(bool wanted);

    EventLoop& loop_;
    Fd fd_;
    const std::string interface_;
    const bool has_headers_;  // each frame has a virtio_net_hdr in front
    NetworkReceiver* receiver_ = nullptr;
    bool watched_ = false;
    FrameOffload offload_;      // of the frame that was read
    std::size_t size_ = 0;      // of the frame that was read; 0: none waits
    std::vector<u8> incoming_;  // kMaxFrame bytes
    std::vector<iovec> outgoing_;
};

}  // namespace kelvin::backend
