// SPDX-License-Identifier: Apache-2.0
// Virtio network device (virtio 1.2, 5.1).
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/net/network_port.h"
#include "bus/device_type.h"
#include "bus/virtio/device.h"
#include "device/virtio_net/receive_filter.h"

namespace kelvin::device {

class VirtioNet final : public bus::virtio::Device, private bus::Savable {
  public:
    struct Options {
        std::string netdev;
        state::MacAddress mac;
        std::optional<i32> bootindex;
        u16 rx_queue_size = 256;
        u16 tx_queue_size = 256;
        u16 host_mtu = 0;
        bool csum = true;
        bool guest_csum = true;
        bool host_tso4 = true;
        bool host_tso6 = true;
        bool host_ecn = true;
        bool guest_tso4 = true;
        bool guest_tso6 = true;
        bool guest_ecn = true;
        bool ctrl_guest_offloads = true;
        bool mq = false;
        std::string tx;
        bool mrg_rxbuf = true;
        bool status = true;
        bool ctrl_vq = true;
        bool ctrl_rx = true;
        bool ctrl_vlan = true;
        bool ctrl_mac_addr = true;
        bool guest_announce = true;
        i32 speed = -1;
        std::string duplex;
        bus::virtio::RingOptions ring;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("netdev", netdev, "the -netdev that its cable leads to");
            visit("mac", mac, "the card's address; one is made up if left out");
            visit("bootindex", bootindex, "where it is in the order in which firmware tries to boot, from 0");
            visit("rx_queue_size", rx_queue_size, "buffers for frames that come, a power of two");
            visit("tx_queue_size", tx_queue_size, "buffers for frames that go, a power of two");
            visit("host_mtu", host_mtu, "the largest packet that the guest is told of; 0: it is not told");
            visit("csum", csum, "the guest may leave checksums to the host");
            visit("guest_csum", guest_csum, "the guest takes frames whose checksums need no look");
            visit("host_tso4", host_tso4, "the guest may send TCP over IPv4 uncut");
            visit("host_tso6", host_tso6, "the guest may send TCP over IPv6 uncut");
            visit("host_ecn", host_ecn, "also if it carries congestion marks");
            visit("guest_tso4", guest_tso4, "the guest takes TCP over IPv4 uncut");
            visit("guest_tso6", guest_tso6, "the guest takes TCP over IPv6 uncut");
            visit("guest_ecn", guest_ecn, "also if it carries congestion marks");
            visit("ctrl_guest_offloads", ctrl_guest_offloads, "the guest may change its mind about these");
            visit("mq", mq, "as many pairs of queues as its cable has, such as a tap with queues=4");
            visit("tx", tx, "accepted, without effect");
            visit("mrg_rxbuf", mrg_rxbuf, "a frame may lie in several buffers");
            visit("status", status, "the guest sees whether the cable is plugged in");
            visit("ctrl_vq", ctrl_vq, "the guest has a control queue");
            visit("ctrl_rx", ctrl_rx, "the guest says which frames it wants");
            visit("ctrl_vlan", ctrl_vlan, "the guest says which VLANs it wants");
            visit("ctrl_mac_addr", ctrl_mac_addr, "the guest may change its address");
            visit("guest_announce", guest_announce, "the guest may be asked to tell its network where it is");
            visit("speed", speed, "megabits a second that the guest is told of; -1: it is not told");
            visit("duplex", duplex, "full or half, likewise");
            ring.fields(visit);
        }
    };
    static Result<std::unique_ptr<VirtioNet>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been checked; `port` outlives the device.
    VirtioNet(const Options& options, EventLoop& io, memory::Dma& dma, backend::NetworkPort& port);
    ~VirtioNet() override;

    std::optional<bus::Bootable> bootable() const override { return bootable_; }

    /// Asks the driver to announce itself to its network, as after a move to another host. I/O loop's thread.
    void announce();

  private:
    class Pair;

    void started(u64 features) override;
    void stopped() override;
    void queue_notified(u16 queue) override;
    void config_written(u32 offset, std::span<const u8> data) override;

    u64 header_size() const;

    // What is saved (virtio_net_state.cpp).
    Savable* own_state() override { return this; }
    void quiesce() override;
    Result<state::Json> save() override;
    Result<> load(const state::Json& saved) override;

    std::array<u8, 2> status_bytes() const;
    void publish_status();
    void set_offloads(u64 features);
    void set_active_pairs(std::size_t count);

    // Control commands (virtio_net_control.cpp).
    bool control(const bus::virtio::Chain& chain);
    bool control_modes(u8 command, const bus::virtio::Chain& chain);
    bool control_addresses(u8 command, const bus::virtio::Chain& chain);
    bool read_table(const bus::virtio::Chain& chain, u64& at, ReceiveFilter::Table& table);
    bool control_vlans(u8 command, const bus::virtio::Chain& chain);
    bool control_announcement(u8 command);
    bool control_pairs(u8 command, const bus::virtio::Chain& chain);
    bool control_offloads(u8 command, const bus::virtio::Chain& chain);

    const bus::Bootable bootable_;
    const state::MacAddress mac_;
    state::MacAddress mac_at_start_;  // what a driver of before 1.0 has written
    ReceiveFilter filter_;
    bus::virtio::Chain command_;
    backend::ReceiverOffloads offloads_;  // what the driver takes now
    std::vector<std::unique_ptr<Pair>> pairs_;
    bool announcing_ = false;  // the driver was asked to, and has not answered
};

}  // namespace kelvin::device
