// SPDX-License-Identifier: Apache-2.0
// Virtio socket device (virtio 1.2, 5.10): stream sockets between the guest's programs and the host's, which find each
// other as src/backend/vsock says.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/vsock/vsock_host.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"
#include "device/virtio_vsock/connection.h"

namespace kelvin::device {

class VirtioVsock final : public bus::virtio::Device, private PollSource, private bus::Savable {
  public:
    struct Options {
        u64 guest_cid = 0;
        std::string socket;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("guest-cid", guest_cid, "the guest's address, from 3 on; the host's is 2");
            visit("socket", socket,
                  "the unix socket where the host's programs ask for the guest's ports; the host's port N is SOCKET_N");
            ring.fields(visit);
        }
    };
    /// Connections at one time: each takes a descriptor of the process, of which a host may allow 1024 in all, and up
    /// to twice Connection::kRoom. A guest gets no more by asking, nor do the host's programs.
    static constexpr std::size_t kMostConnections = 256;

    static Result<std::unique_ptr<VirtioVsock>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked.
    VirtioVsock(const Options& options, EventLoop& io, memory::Dma& dma, std::unique_ptr<backend::VsockHost> host);
    ~VirtioVsock() override;

  private:
    struct State {
        template <class Visitor>
        void fields(Visitor&) {}
    };
    using Connection = vsock::Connection;
    using Connections = std::map<vsock::Ports, Connection>;

    /// Answers to packets of no connection that wait for the driver's buffers. With more the driver's packets wait, so
    /// that one that sends and never receives makes the host keep no more than this (5.10.6.1.2).
    static constexpr std::size_t kMostReplies = 256;
    /// Buffers that are filled at once for one connection, before another one has its turn.
    static constexpr std::size_t kMostBuffers = 64;
    /// Bytes in one packet, whatever the driver's buffers have room for: Linux takes no more.
    static constexpr u64 kMostData = u64{64} << 10;

    void started(u64 /*features*/) override {}
    void stopped() override;
    void queue_notified(u16 queue) override;
    Savable* own_state() override { return this; }
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;
    void before_poll(std::vector<pollfd>& polled, int& timeout_ms) override;
    void after_poll(std::span<const pollfd> polled) override;

    void host_calls(u32 port, Fd socket);
    void take_packet(const bus::virtio::Chain& chain);
    void connect(const vsock::Header& header);
    bool obey(Connection& connection, const vsock::Header& header, const bus::virtio::Chain& chain);
    void refuse(const vsock::Header& header);
    void reset(Connections::iterator connection);
    bool move(Connection& connection, short events);

    bool gather(u64 size);
    void give_back_buffers(std::span<const bus::virtio::Returned> returned);
    bool send(vsock::Header header);
    void send_packets();
    void send_data(Connection& connection, u32 size);

    const u64 cid_;
    const std::unique_ptr<backend::VsockHost> host_;
    Connections connections_;
    std::deque<vsock::Header> replies_;
    u32 next_port_;
    bool starved_ = false;     // the driver has given too few buffers
    bool deaf_ = false;        // its packets wait for room among the replies
    bool owes_reset_ = false;  // the driver is to know that all connections are gone
    std::size_t first_ = 0;    // whose turn it is
    std::vector<vsock::Ports> polled_;

    std::vector<bus::virtio::Chain> buffers_;  // the first held_ are the driver's, in the order of its queue
    std::size_t held_ = 0;
    bus::virtio::Chain chain_;
    std::vector<iovec> pieces_;
    std::vector<bus::virtio::Returned> returned_;
};

}  // namespace kelvin::device
