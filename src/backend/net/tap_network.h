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
        visit("queues", queues, "queues of an interface that has several; frames of one flow take one of them");
        visit("fds", fds, "open descriptors, one a queue, instead of fd: 20:21");
        visit("helper", helper, "refused: nothing is run");
        visit("br", br, "refused: add the interface to a bridge with ip link");
    }
};

/// One queue of an interface, and the way to the others. I/O loop's thread.
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
    unsigned queue_count() const override { return static_cast<unsigned>(others_.size() + 1); }
    NetworkPort& queue(unsigned index) override;
    std::string describe() const override;

  private:
    /// Frames taken in a row before others have their turn.
    static constexpr unsigned kFuel = 256;

    struct Queue {
        Fd fd;
        std::string interface;
        bool has_headers = false;
        bool is_one_of_many = false;
    };
    static Result<Queue> open_queue(const TapOptions& options, std::optional<i32> descriptor, std::string name);
    TapNetwork(EventLoop& loop, Queue queue);
    void join(bool wanted);
    void readable();
    bool read_frame();
    bool offer();
    void watch(bool wanted);

    EventLoop& loop_;
    Fd fd_;
    const std::string interface_;
    const bool has_headers_;                           // each frame has a virtio_net_hdr in front
    const bool is_one_of_many_;                        // the host gives it frames only while it is attached
    std::vector<std::unique_ptr<TapNetwork>> others_;  // the further queues
    NetworkReceiver* receiver_ = nullptr;
    bool watched_ = false;
    FrameOffload offload_;      // of the frame that was read
    std::size_t size_ = 0;      // of the frame that was read; 0: none waits
    std::vector<u8> incoming_;  // kMaxFrame bytes
    std::vector<iovec> outgoing_;
};

}  // namespace kelvin::backend
