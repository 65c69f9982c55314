// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_net/virtio_net.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace kelvin::device {

using backend::FrameOffload;
using bus::virtio::Chain;

namespace {

constexpr u16 kReceive = 0;
constexpr u16 kTransmit = 1;
constexpr u16 kControl = 2;

// Features (5.1.3).
constexpr u64 kChecksum = u64{1} << 0;
constexpr u64 kGuestChecksum = u64{1} << 1;
constexpr u64 kControlOffloads = u64{1} << 2;
constexpr u64 kMtu = u64{1} << 3;
constexpr u64 kMac = u64{1} << 5;
constexpr u64 kGuestTso4 = u64{1} << 7;
constexpr u64 kGuestTso6 = u64{1} << 8;
constexpr u64 kGuestEcn = u64{1} << 9;
constexpr u64 kHostTso4 = u64{1} << 11;
constexpr u64 kHostTso6 = u64{1} << 12;
constexpr u64 kHostEcn = u64{1} << 13;
constexpr u64 kMergeableBuffers = u64{1} << 15;
constexpr u64 kStatus = u64{1} << 16;
constexpr u64 kControlQueue = u64{1} << 17;
constexpr u64 kControlModes = u64{1} << 18;
constexpr u64 kControlVlans = u64{1} << 19;
constexpr u64 kControlAddress = u64{1} << 23;

// Configuration space (5.1.4).
constexpr u32 kMacAt = 0;
constexpr u32 kStatusAt = 6;
constexpr u32 kMtuAt = 10;
constexpr u32 kConfigSize = 12;
constexpr u16 kLinkUp = 1;

/// In front of every frame (5.1.6).
struct Header {
    u8 flags = 0;
    u8 segment_type = 0;
    u16 header_length = 0;
    u16 segment_size = 0;
    u16 checksum_start = 0;
    u16 checksum_offset = 0;
    u16 buffers = 1;
};
static_assert(sizeof(Header) == 12);

constexpr u64 kEthernetHeader = 14;
/// Of 64 KiB in buffers of a page's quarter or more.
constexpr std::size_t kMaxBuffers = 72;

// Control commands (5.1.6.5): classes, and what they hold.
constexpr u8 kModesClass = 0;
constexpr u8 kAddressClass = 1;
constexpr u8 kVlanClass = 2;
constexpr u8 kOffloadsClass = 5;
constexpr u8 kSetOffloads = 0;
constexpr u8 kSetTable = 0;
constexpr u8 kSetAddress = 1;
constexpr u8 kAddVlan = 0;
constexpr u8 kRemoveVlan = 1;
constexpr u64 kCommandSize = 2;

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
    if (options.ctrl_vq) {
        features |= kControlQueue;
        features |= options.ctrl_rx ? kControlModes : 0;
        features |= options.ctrl_vlan ? kControlVlans : 0;
        features |= options.ctrl_mac_addr ? kControlAddress : 0;
    }
    std::vector<u16> queues = {options.rx_queue_size, options.tx_queue_size};
    if (options.ctrl_vq) {
        queues.push_back(64);
    }
    return {.id = 1, .pci_class = 0x020000, .features = features, .queue_sizes = queues, .config_size = kConfigSize};
}

u64 total(std::span<const iovec> pieces) {
    u64 sum = 0;
    for (const iovec& piece : pieces) {
        sum += piece.iov_len;
    }
    return sum;
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
    : Device(identity_of(options, port), io, dma), mac_(options.mac), port_(port) {
    set_config(kMacAt, mac_.bytes);
    set_config(kMtuAt, std::bit_cast<std::array<u8, 2>>(options.host_mtu));
    publish_status(port_.link_up());
    filter_.reset(mac_);
    port_.set_receiver(this);
}

VirtioNet::~VirtioNet() {
    port_.set_receiver(nullptr);
}

void VirtioNet::publish_status(bool up) {
    change_config(kStatusAt, std::bit_cast<std::array<u8, 2>>(up ? kLinkUp : u16{0}));
}

void VirtioNet::link_changed(bool up) {
    publish_status(up);
}

void VirtioNet::started(u64) {
    filter_.reset(mac_);
    // 5.1.6.5.1: with no way to choose, the driver gets everything.
    filter_.modes.promiscuous = true;
    filter_.filters_vlans = has(kControlVlans);
    set_offloads(features());
    port_.ready();
}

void VirtioNet::stopped() {
    set_offloads(0);
    starved_ = false;
    buffer_count_ = 0;
    buffer_room_ = 0;
    filter_.reset(mac_);
}

/// The bits of `features` that are about what the driver takes.
void VirtioNet::set_offloads(u64 features) {
    offloads_ = {.checksum = (features & kGuestChecksum) != 0,
                 .tcp4 = (features & kGuestTso4) != 0,
                 .tcp6 = (features & kGuestTso6) != 0,
                 .ecn = (features & kGuestEcn) != 0};
    port_.set_receiver_offloads(offloads_);
}

void VirtioNet::queue_notified(u16 queue) {
    if (queue == kReceive) {
        if (starved_) {
            starved_ = false;
            port_.ready();
        }
    } else if (queue == kTransmit) {
        serve(kTransmit, outgoing_, [this](const Chain& chain) {
            transmit(chain);
            give_back(kTransmit, chain, 0);
            return true;
        });
    } else {
        serve(kControl, outgoing_, [this](const Chain& chain) {
            const std::array<u8, 1> acknowledgement{control(chain) ? u8{0} : u8{1}};
            give_back(kControl, chain, chain.write(0, acknowledgement) ? 1 : 0);
            return true;
        });
    }
}

void VirtioNet::transmit(const Chain& chain) {
    std::array<u8, sizeof(Header)> bytes{};
    const u64 size = chain.readable_size() - sizeof(Header);
    if (!chain.read(0, bytes) || size < kEthernetHeader || size > backend::kMaxFrame) {
        return;
    }
    const auto header = std::bit_cast<Header>(bytes);
    pieces_.clear();
    if (!chain.readable_pieces(sizeof(Header), size, pieces_)) {
        return;
    }
    FrameOffload offload;
    if (has(kChecksum) && (header.flags & FrameOffload::kNeedsChecksum) != 0) {
        offload = {.flags = FrameOffload::kNeedsChecksum,
                   .segment_type = header.segment_type,
                   .header_length = header.header_length,
                   .segment_size = header.segment_size,
                   .checksum_start = header.checksum_start,
                   .checksum_offset = header.checksum_offset};
    }
    port_.send(pieces_, offload);
}

/// Takes buffers until `size` bytes have room; false if the driver has not given enough, which keeps what there is.
bool VirtioNet::gather_buffers(u64 size) {
    const std::size_t limit = has(kMergeableBuffers) ? kMaxBuffers : 1;
    while (buffer_room_ < size && buffer_count_ < limit) {
        if (buffer_count_ == buffers_.size()) {
            buffers_.emplace_back();
        }
        if (!next_chain(kReceive, buffers_[buffer_count_])) {
            return false;
        }
        buffer_room_ += buffers_[buffer_count_].writable_size();
        ++buffer_count_;
    }
    return true;
}

bool VirtioNet::receive(std::span<const iovec> frame, const FrameOffload& offload) {
    const u64 size = total(frame);
    if (!running() || size < kEthernetHeader || size > backend::kMaxFrame) {
        return true;
    }
    // Where it lies in one piece already, as it mostly does, nothing is copied for the filter's sake.
    std::array<u8, kEthernetHeader + 4> begin{};
    u64 filled = 0;
    for (const iovec& piece : frame) {
        const u64 bytes = std::min<u64>(piece.iov_len, begin.size() - filled);
        std::memcpy(begin.data() + filled, piece.iov_base, bytes);
        filled += bytes;
    }
    if (!filter_.passes(std::span(begin).first(filled))) {
        return true;
    }
    if (!gather_buffers(size + sizeof(Header))) {
        starved_ = true;
        return false;
    }
    if (buffer_room_ >= size + sizeof(Header)) {
        fill_buffers(frame, offload);
    }
    return true;
}

void VirtioNet::fill_buffers(std::span<const iovec> frame, const FrameOffload& offload) {
    Header header{.flags = offloads_.checksum ? offload.flags : u8{0},
                  .segment_type = offload.segment_type,
                  .header_length = offload.header_length,
                  .segment_size = offload.segment_size,
                  .checksum_start = offload.checksum_start,
                  .checksum_offset = offload.checksum_offset,
                  .buffers = static_cast<u16>(buffer_count_)};
    returned_.clear();
    std::size_t index = 0;
    u64 at = 0;  // in that buffer
    const auto append = [&](std::span<const u8> data) {
        while (!data.empty()) {
            const u64 size = std::min<u64>(data.size(), buffers_[index].writable_size() - at);
            KELVIN_ASSERT(buffers_[index].write(at, data.first(size)));
            data = data.subspan(size);
            at += size;
            if (at == buffers_[index].writable_size()) {
                returned_.push_back({&buffers_[index++], static_cast<u32>(at)});
                at = 0;
            }
        }
    };
    append(std::bit_cast<std::array<u8, sizeof(Header)>>(header));
    for (const iovec& piece : frame) {
        append({static_cast<const u8*>(piece.iov_base), piece.iov_len});
    }
    for (; index < buffer_count_; ++index) {
        returned_.push_back({&buffers_[index], static_cast<u32>(at)});
        at = 0;
    }
    // 5.1.6.4.1: a driver that has seen one looks for the others at once.
    give_back(kReceive, returned_);
    buffer_count_ = 0;
    buffer_room_ = 0;
}

bool VirtioNet::control(const Chain& chain) {
    std::array<u8, kCommandSize> command{};
    if (!chain.read(0, command)) {
        return false;
    }
    switch (command[0]) {
        case kModesClass:
            return has(kControlModes) && control_modes(command[1], chain);
        case kAddressClass:
            return control_addresses(command[1], chain);
        case kVlanClass:
            return has(kControlVlans) && control_vlans(command[1], chain);
        case kOffloadsClass:
            return has(kControlOffloads) && control_offloads(command[1], chain);
        default:
            return false;
    }
}

bool VirtioNet::control_modes(u8 command, const Chain& chain) {
    bool ReceiveFilter::Modes::*const modes[] = {
        &ReceiveFilter::Modes::promiscuous,  &ReceiveFilter::Modes::all_multicast, &ReceiveFilter::Modes::all_unicast,
        &ReceiveFilter::Modes::no_multicast, &ReceiveFilter::Modes::no_unicast,    &ReceiveFilter::Modes::no_broadcast};
    std::array<u8, 1> on{};
    if (command >= std::size(modes) || !chain.read(kCommandSize, on)) {
        return false;
    }
    filter_.modes.*modes[command] = on[0] != 0;
    return true;
}

bool VirtioNet::read_table(const Chain& chain, u64& at, ReceiveFilter::Table& table) {
    std::array<u8, 4> count{};
    if (!chain.read(at, count)) {
        return false;
    }
    const u64 entries = std::bit_cast<u32>(count);
    at += count.size();
    if (chain.readable_size() - at < entries * 6) {
        return false;
    }
    table.overflow = entries > ReceiveFilter::kMaxAddresses;
    table.addresses.resize(table.overflow ? 0 : entries);
    for (u64 index = 0; index < table.addresses.size(); ++index) {
        KELVIN_ASSERT(chain.read(at + 6 * index, table.addresses[index].bytes));
    }
    at += entries * 6;
    return true;
}

bool VirtioNet::control_addresses(u8 command, const Chain& chain) {
    if (command == kSetAddress && has(kControlAddress)) {
        if (!chain.read(kCommandSize, filter_.own.bytes)) {
            return false;
        }
        set_config(kMacAt, filter_.own.bytes);
        return true;
    }
    if (command != kSetTable || !has(kControlModes)) {
        return false;
    }
    u64 at = kCommandSize;
    ReceiveFilter::Table unicast;
    ReceiveFilter::Table multicast;
    if (!read_table(chain, at, unicast) || !read_table(chain, at, multicast)) {
        return false;
    }
    filter_.unicast = std::move(unicast);
    filter_.multicast = std::move(multicast);
    return true;
}

bool VirtioNet::control_vlans(u8 command, const Chain& chain) {
    std::array<u8, 2> bytes{};
    if (!chain.read(kCommandSize, bytes)) {
        return false;
    }
    const u16 vlan = std::bit_cast<u16>(bytes);
    if (vlan >= filter_.vlans.size() || (command != kAddVlan && command != kRemoveVlan)) {
        return false;
    }
    filter_.vlans.set(vlan, command == kAddVlan);
    return true;
}

/// 5.1.6.5.6: only what was negotiated may be chosen.
bool VirtioNet::control_offloads(u8 command, const Chain& chain) {
    std::array<u8, 8> bytes{};
    if (command != kSetOffloads || !chain.read(kCommandSize, bytes)) {
        return false;
    }
    const u64 wanted = std::bit_cast<u64>(bytes);
    const u64 possible = features() & (kGuestChecksum | kGuestTso4 | kGuestTso6 | kGuestEcn);
    if ((wanted & ~possible) != 0) {
        return false;
    }
    set_offloads(wanted);
    return true;
}

}  // namespace kelvin::device
