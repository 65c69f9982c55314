// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_net/virtio_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "bus/virtio/features.h"
#include "device/virtio_net/net_features.h"
#include "device/virtio_net/pair.h"

namespace kelvin::device {

using bus::virtio::Chain;
using namespace net_feature;

namespace {

// Configuration space (5.1.4).
constexpr u32 kMacAt = 0;
constexpr u32 kStatusAt = 6;
constexpr u32 kPairsAt = 8;
constexpr u32 kMtuAt = 10;
constexpr u32 kSpeedAt = 12;
constexpr u32 kDuplexAt = 16;
constexpr u32 kConfigSize = 17;
constexpr u16 kLinkUp = 1;
constexpr u16 kAnnouncement = 2;
constexpr u8 kUnknownDuplex = 0xff;

constexpr u16 kControlQueueSize = 64;
/// Queues of a device: what a guest makes the host remember for one.
constexpr unsigned kMaxPairs = 128;

/// More than one only with a way to say how many are used.
unsigned pair_count(const VirtioNet::Options& options, const backend::NetworkPort& port) {
    return options.mq && options.ctrl_vq ? std::min(port.queue_count(), kMaxPairs) : 1;
}

bus::virtio::Identity identity_of(const VirtioNet::Options& options, const backend::NetworkPort& port) {
    u64 features = options.ring.features() | kMac;
    const bool offloads = port.takes_offloads();
    features |= options.csum && offloads ? kChecksum : 0;
    features |= options.csum && options.host_tso4 && offloads ? kHostTso4 : 0;
    features |= options.csum && options.host_tso6 && offloads ? kHostTso6 : 0;
    features |= options.csum && options.host_ecn && offloads ? kHostEcn : 0;
    features |= options.guest_csum ? kGuestChecksum : 0;
    if (options.guest_csum && port.gives_offloads()) {
        features |= options.guest_tso4 ? kGuestTso4 : 0;
        features |= options.guest_tso6 ? kGuestTso6 : 0;
        features |= options.guest_ecn ? kGuestEcn : 0;
        features |= options.ctrl_vq && options.ctrl_guest_offloads ? kControlOffloads : 0;
    }
    features |= options.host_mtu != 0 ? kMtu : 0;
    features |= options.mrg_rxbuf ? kMergeableBuffers : 0;
    features |= options.status ? kStatus : 0;
    features |= options.speed >= 0 || !options.duplex.empty() ? kSpeed : 0;
    if (options.ctrl_vq) {
        features |= kControlQueue;
        features |= options.ctrl_rx ? kControlModes : 0;
        features |= options.ctrl_vlan ? kControlVlans : 0;
        features |= options.ctrl_mac_addr ? kControlAddress : 0;
        features |= options.status && options.guest_announce ? kAnnounce : 0;
        features |= pair_count(options, port) > 1 ? kMultiQueue : 0;
    }
    std::vector<u16> queues;
    for (unsigned pair = 0; pair < pair_count(options, port); ++pair) {
        queues.push_back(options.rx_queue_size);
        queues.push_back(options.tx_queue_size);
    }
    if (options.ctrl_vq) {
        queues.push_back(kControlQueueSize);
    }
    return {.id = 1, .pci_class = 0x020000, .features = features, .queue_sizes = queues, .config_size = kConfigSize};
}

}  // namespace

Result<std::unique_ptr<VirtioNet>> VirtioNet::create(const Options& given, const bus::Surroundings& surroundings) {
    Options options = given;
    if (options.netdev.empty()) {
        return user_error("its cable leads nowhere: it has no netdev", "add netdev=ID, with -netdev user,id=ID");
    }
    for (const u16 size : {options.rx_queue_size, options.tx_queue_size}) {
        if (!std::has_single_bit(size) || size < 64 || size > 1024) {
            return user_error(fmt::format("queue size {} is not a power of two from 64 to 1024", size));
        }
    }
    if (options.host_mtu != 0 && options.host_mtu < 68) {
        return user_error(fmt::format("host_mtu={} is less than IPv4's 68", options.host_mtu));
    }
    if (!options.duplex.empty() && options.duplex != "full" && options.duplex != "half") {
        return user_error(fmt::format("duplex={} is neither full nor half", options.duplex));
    }
    if (options.speed < -1) {
        return user_error(fmt::format("speed={} is no number of megabits a second", options.speed));
    }
    if ((options.mac.bytes[0] & 1) != 0) {
        return user_error(fmt::format("mac={} is an address of many cards", options.mac.text()),
                          "the first byte of a card's address is even");
    }
    if (!options.mac.is_given()) {
        options.mac = surroundings.backends.make_mac_address();
    }
    backend::NetworkPort* const port = KELVIN_TRY(surroundings.backends.claim_network(options.netdev));
    return std::make_unique<VirtioNet>(options, surroundings.io, surroundings.dma, *port);
}

VirtioNet::VirtioNet(const Options& options, EventLoop& io, memory::Dma& dma, backend::NetworkPort& port)
    : Device(identity_of(options, port), io, dma),
      bootable_{bus::Bootable::Kind::network, options.bootindex, "ethernet-phy@0"},
      mac_(options.mac),
      mac_at_start_(options.mac) {
    const unsigned count = pair_count(options, port);
    for (unsigned index = 0; index < count; ++index) {
        pairs_.push_back(std::make_unique<Pair>(*this, static_cast<u16>(index), port.queue(index)));
    }
    set_config(kMacAt, mac_.bytes);
    set_config(kPairsAt, std::bit_cast<std::array<u8, 2>>(static_cast<u16>(count)));
    set_config(kMtuAt, std::bit_cast<std::array<u8, 2>>(options.host_mtu));
    set_config(kSpeedAt, std::bit_cast<std::array<u8, 4>>(options.speed));
    const u8 duplex = options.duplex == "full" ? 1 : options.duplex == "half" ? 0 : kUnknownDuplex;
    set_config(kDuplexAt, std::array{duplex});
    set_config(kStatusAt, status_bytes());
    filter_.reset(mac_);
    pairs_[0]->connect(true);
}

VirtioNet::~VirtioNet() = default;

std::array<u8, 2> VirtioNet::status_bytes() const {
    const unsigned link = pairs_[0]->port().link_up() ? kLinkUp : 0;
    return std::bit_cast<std::array<u8, 2>>(static_cast<u16>(link | (announcing_ ? kAnnouncement : 0)));
}

void VirtioNet::publish_status() {
    change_config(kStatusAt, status_bytes());
}

void VirtioNet::announce() {
    if (running() && has(kAnnounce)) {
        announcing_ = true;
        publish_status();
    }
}

/// 5.1.6.1, Legacy Interface: without mergeable buffers the count of buffers was not there.
u64 VirtioNet::header_size() const {
    return has(bus::virtio::feature::kVersion1 | kMergeableBuffers) ? 12 : 10;
}

/// 5.1.4.3: drivers of before 1.0 set the address here.
void VirtioNet::config_written(u32 offset, std::span<const u8> data) {
    if (has(bus::virtio::feature::kVersion1) || offset + data.size() > mac_.bytes.size()) {
        return;
    }
    std::ranges::copy(data, mac_at_start_.bytes.begin() + offset);
    set_config(kMacAt, mac_at_start_.bytes);
    filter_.own = mac_at_start_;
}

void VirtioNet::started(u64) {
    filter_.reset(mac_at_start_);
    // 5.1.6.5.1: with no way to choose, the driver gets everything.
    filter_.modes.promiscuous = true;
    filter_.filters_vlans = has(kControlVlans);
    set_offloads(features());
    pairs_[0]->port().ready();
}

void VirtioNet::stopped() {
    for (const auto& pair : pairs_) {
        pair->stop();
        pair->connect(pair == pairs_[0]);
    }
    set_offloads(0);
    mac_at_start_ = mac_;
    filter_.reset(mac_);
    set_config(kMacAt, mac_.bytes);
    announcing_ = false;
    set_config(kStatusAt, status_bytes());
}

/// The bits of `features` that are about what the driver takes.
void VirtioNet::set_offloads(u64 features) {
    offloads_ = {.checksum = (features & kGuestChecksum) != 0,
                 .tcp4 = (features & kGuestTso4) != 0,
                 .tcp6 = (features & kGuestTso6) != 0,
                 .ecn = (features & kGuestEcn) != 0};
    pairs_[0]->port().set_receiver_offloads(offloads_);
}

void VirtioNet::set_active_pairs(std::size_t count) {
    for (std::size_t index = 1; index < pairs_.size(); ++index) {
        pairs_[index]->connect(index < count);
    }
    // A port that changes hands forgets what its receiver takes, and all may have that in common.
    pairs_[0]->port().set_receiver_offloads(offloads_);
}

/// 5.1.2: the control queue is behind those pairs that the driver knows of.
void VirtioNet::queue_notified(u16 queue) {
    const std::size_t known = has(kMultiQueue) ? pairs_.size() : 1;
    if (queue / 2U < known) {
        Pair& pair = *pairs_[queue / 2U];
        queue % 2 == 0 ? pair.buffers_came() : pair.frames_came();
    } else if (queue == 2 * known && has(kControlQueue)) {
        serve(queue, command_, [this, queue](const Chain& chain) {
            const std::array<u8, 1> acknowledgement{control(chain) ? u8{0} : u8{1}};
            give_back(queue, chain, chain.write(0, acknowledgement) ? 1 : 0);
            return true;
        });
    }
}

}  // namespace kelvin::device
