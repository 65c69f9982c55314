// SPDX-License-Identifier: Apache-2.0
// What the chip sends: by four registers (6.1), or by descriptors in C+ mode (9.2).
#include <algorithm>
#include <bit>

#include "base/bits.h"
#include "device/rtl8139/chip.h"

namespace kelvin::device::rtl {

using network_card::FrameLayout;

namespace {

/// Descriptors and registers of one turn; others of the loop's work come between two.
constexpr unsigned kFuel = 256;
/// What a packet to be cut may have: all of IP's length, and what is around it.
constexpr std::size_t kMostBytes = 65535 + 18;

// The first word of a transmit descriptor.
constexpr u32 kOwn = 1U << 31;
constexpr u32 kRingEnd = 1U << 30;
constexpr u32 kFirst = 1U << 29;
constexpr u32 kLast = 1U << 28;
constexpr u32 kLarge = 1U << 27;
constexpr u32 kNetworkSum = 1U << 18;
constexpr u32 kUdpSum = 1U << 17;
constexpr u32 kTcpSum = 1U << 16;
/// The second.
constexpr u32 kTag = 1U << 17;

struct Descriptor {
    u32 options = 0;
    u32 tag = 0;
    u64 address = 0;
};

/// TCR.LBK (5.10).
bool loops_back(u32 transmit_config) {
    return bits(transmit_config, 18, 17) == 3;
}

}  // namespace

bool Chip::has_to_send() const {
    if ((get<u8>(reg::kCommand) & command::kTransmit) == 0) {
        return false;
    }
    if ((get<u16>(reg::kPlusCommand) & plus::kTransmit) != 0) {
        return state_.polled[0] || state_.polled[1];
    }
    return !is_plus() && !bit(get<u32>(reg::kTransmitStatus + 4 * state_.next_transmit), 13);
}

void Chip::transmit() {
    unsigned fuel = kFuel;
    for (bool more = true; more;) {
        bool loops = false;
        {
            const std::lock_guard guard(lock_);
            scheduled_ = false;
            frames_.clear();
            loops = loops_back(get<u32>(reg::kTransmitConfig));
            const bool able = port_.is_bus_master();
            for (; able && has_to_send() && fuel != 0 && !frames_.is_full(); --fuel) {
                if (!is_plus()) {
                    send_register();
                } else {
                    const std::size_t queue = state_.polled[1] ? 1 : 0;
                    state_.polled[queue] = send_descriptor(queue);
                }
            }
            more = able && has_to_send();
            if (more && fuel == 0) {
                schedule_transmission();
                more = false;
            }
        }
        for (std::size_t index = 0; index < frames_.size(); ++index) {
            const std::span<u8> frame = frames_[index];
            if (loops) {
                const std::lock_guard guard(lock_);
                accept(frame, false);
            } else {
                const iovec piece{frame.data(), frame.size()};
                ends_.cable.send({&piece, 1}, {});
            }
        }
    }
}

/// 6.1: the four are sent in turn, each as soon as the driver has cleared "own".
void Chip::send_register() {
    const u32 index = state_.next_transmit;
    const u32 status_at = reg::kTransmitStatus + 4 * index;
    const u32 status = get<u32>(status_at);
    const u64 address = get<u32>(reg::kTransmitStart + 4 * index);
    std::vector<u8>& frame = state_.queues[0].frame;
    frame.resize(status & tsd::kSize);
    if (ends_.dma.copy_in({address}, frame)) {
        set<u32>(status_at, (status & ~tsd::kAborted) | tsd::kOwn | tsd::kDone);
        emit(0, 0, frame);
    } else {
        set<u32>(status_at, status | tsd::kOwn | tsd::kAborted);
    }
    frame.clear();
    state_.next_transmit = (index + 1) % 4;
    raise(interrupt::kTransmitted);
}

/// False if the next descriptor is not the chip's.
bool Chip::send_descriptor(std::size_t which) {
    Queue& queue = state_.queues[which];
    const u64 base = get<u64>(which == 0 ? reg::kNormalRing : reg::kHighRing) & ~u64{0xff};
    const u64 at = base + sizeof(Descriptor) * queue.index;
    std::array<u8, sizeof(Descriptor)> bytes{};
    if (!ends_.dma.copy_in({at}, bytes)) {
        return false;
    }
    const auto descriptor = std::bit_cast<Descriptor>(bytes);
    if ((descriptor.options & kOwn) == 0) {
        return false;
    }
    if ((descriptor.options & kFirst) != 0) {
        queue.frame.clear();
        queue.broken = false;
    }
    const std::size_t before = queue.frame.size();
    const std::size_t size = descriptor.options & 0xffff;
    queue.broken = queue.broken || before + size > kMostBytes;
    if (!queue.broken) {
        queue.frame.resize(before + size);
        queue.broken = !ends_.dma.copy_in({descriptor.address}, std::span(queue.frame).subspan(before));
    }
    if (const auto slice = ends_.dma.slice({at}, sizeof(Descriptor))) {
        slice->store_release<u32>(0, descriptor.options & ~kOwn);
        ends_.dma.announce_write({at}, sizeof(Descriptor));
    }
    queue.index = (descriptor.options & kRingEnd) != 0 ? 0 : (queue.index + 1) % kDescriptors;
    if ((descriptor.options & kLast) != 0) {
        if (!queue.broken) {
            emit(descriptor.options, descriptor.tag, queue.frame);
        }
        queue.frame.clear();
        queue.broken = false;
        raise(interrupt::kTransmitted);
    }
    return true;
}

void Chip::emit(u32 options, u32 tag, std::span<const u8> packet) {
    if ((options & kLarge) != 0) {
        emit_segments(options, tag, packet);
        return;
    }
    if (packet.size() < network_card::kEthernetHeader) {
        return;
    }
    network_card::complete_sums(
        frames_.add(packet),
        {.network = (options & kNetworkSum) != 0, .tcp = (options & kTcpSum) != 0, .udp = (options & kUdpSum) != 0});
    if ((tag & kTag) != 0) {
        frames_.tag_last(network_card::kTagType, network_card::swapped(static_cast<u16>(tag)));
    }
    frames_.pad_last(network_card::kShortestFrame);
    ++state_.tally.transmitted;
}

/// 9.2, large send: TCP over IPv4 in segments of the size that the descriptor says, all sums put in.
void Chip::emit_segments(u32 options, u32 tag, std::span<const u8> packet) {
    /// One packet would fill more than a turn with segments of a few bytes.
    constexpr u32 kSmallest = 64;
    const FrameLayout layout = network_card::read_layout(packet);
    const u32 size = static_cast<u32>(bits(options, 26, 16));
    if (layout.network != FrameLayout::Network::ipv4 || layout.transport != FrameLayout::Transport::tcp ||
        size < kSmallest) {
        return;
    }
    const auto headers = packet.first(layout.payload_at);
    const auto data = packet.subspan(layout.payload_at, layout.end - layout.payload_at);
    std::vector<u8> segment;
    u32 index = 0;
    for (u32 sent = 0; sent < data.size() || index == 0; sent += size, ++index) {
        const auto part = data.subspan(sent, std::min<std::size_t>(size, data.size() - sent));
        segment.assign(headers.begin(), headers.end());
        segment.insert(segment.end(), part.begin(), part.end());
        network_card::number_segment(
            segment,
            {.network_at = layout.network_at, .is_ipv4 = true, .transport_at = layout.transport_at, .is_tcp = true},
            index, sent, sent + part.size() == data.size());
        emit(kNetworkSum | kTcpSum, tag, segment);
    }
}

/// DTCCR (9.2): 64 bytes of counters, to an address of as many.
void Chip::dump_tally() {
    constexpr u32 kDump = 1U << 3;
    if ((get<u32>(reg::kTally) & kDump) == 0) {
        return;
    }
    std::array<u8, 64> bytes{};
    const auto put = [&](std::size_t at, std::size_t size, u64 value) {
        for (std::size_t index = 0; index < size; ++index) {
            bytes[at + index] = static_cast<u8>(value >> 8 * index);
        }
    };
    const Tally& tally = state_.tally;
    put(0, 8, tally.transmitted);
    put(8, 8, tally.received);
    put(28, 2, tally.missed);
    put(40, 8, tally.own);
    put(48, 8, tally.broadcasts);
    put(56, 4, tally.multicasts);
    const u64 address = get<u64>(reg::kTally) & ~u64{0x3f};
    if (port_.is_bus_master()) {
        ends_.dma.copy_out({address}, bytes);
    }
    set<u32>(reg::kTally, get<u32>(reg::kTally) & ~kDump);
}

}  // namespace kelvin::device::rtl
