// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/receiver.h"

#include <algorithm>
#include <array>
#include <bit>

#include "base/bits.h"
#include "device/intel_ethernet/registers.h"
#include "device/intel_ethernet/statistics.h"

namespace kelvin::device::intel {

using network_card::FrameLayout;
using network_card::Sum;

namespace {

// Status and errors (8254x 3.2.3, 82574 7.1.4).
constexpr u8 kDone = 1U << 0;
constexpr u8 kEnd = 1U << 1;
constexpr u8 kIgnoreSums = 1U << 2;
constexpr u8 kTagged = 1U << 3;
constexpr u8 kUdpSummed = 1U << 4;
constexpr u8 kTransportSummed = 1U << 5;
constexpr u8 kNetworkSummed = 1U << 6;
constexpr u8 kInexact = 1U << 7;
constexpr u8 kTransportWrong = 1U << 5;
constexpr u8 kNetworkWrong = 1U << 6;
constexpr u32 kIdentificationValid = 1U << 9;
constexpr u32 kUdpValid = 1U << 10;

constexpr u64 kDescriptor = 16;
constexpr u64 kSplitDescriptor = 32;
constexpr std::size_t kSplitBuffers = 4;
constexpr u16 kHeaderSplit = 1U << 15;

/// Without "long", with the check sequence and without or with a tag (8254x 13.4.22, LPE).
constexpr u64 kMostShort = 1522;
constexpr u64 kMostLong = 16384;
constexpr u64 kSequence = 4;

u16 low16(u32 value) {
    return static_cast<u16>(value);
}

}  // namespace

bool Receiver::uses_extended_status() const {
    return extended_ && registers_.has(reg::kReceiveFilter, kExtendedStatus);
}

bool Receiver::splits() const {
    return uses_extended_status() && registers_.has(reg::kReceive, rctl::kSplitDescriptors);
}

/// RCTL.BSIZE and BSEX (13.4.22).
u32 Receiver::buffer_size() const {
    const u32 receive = registers_.get(reg::kReceive);
    const u32 shift = static_cast<u32>(bits(receive, 17, 16));
    // 82574 10.2.5.1: FLXBUF is in units of 1 KiB.
    if (const u32 flexible = static_cast<u32>(bits(receive, 30, 27)); extended_ && flexible != 0) {
        return flexible * 1024;
    }
    if ((receive & rctl::kLargeBuffers) != 0) {
        return shift == 0 ? 2048 : 32768U >> shift;
    }
    return 2048U >> shift;
}

Receiver::Ring Receiver::ring(unsigned queue) const {
    Ring ring{.registers = reg::kReceiveRing + queue * reg::kNextRing};
    ring.base = registers_.get(ring.registers) | u64{registers_.get(ring.registers + 4)} << 32;
    const u64 size = splits() ? kSplitDescriptor : kDescriptor;
    ring.count = static_cast<u32>(registers_.get(ring.registers + reg::kRingSize) / size);
    ring.head = registers_.get(ring.registers + reg::kRingHead);
    const u32 tail = registers_.get(ring.registers + reg::kRingTail);
    if (ring.head < ring.count && tail < ring.count) {
        ring.free = tail >= ring.head ? tail - ring.head : tail + ring.count - ring.head;
    }
    return ring;
}

Receiver::Report Receiver::examine(std::span<const u8> frame, bool summed) const {
    Report report;
    report.layout = network_card::read_layout(frame);
    const FrameLayout& layout = report.layout;
    const u32 sums = registers_.get(reg::kReceiveSums);
    report.status = (frame[0] & 1) != 0 ? kInexact : u8{0};
    // RXCSUM.PCSS: where the packet's sum begins.
    const u64 start = std::min<u64>(sums & 0xff, frame.size());
    report.sum = network_card::internet_sum(frame.subspan(start));
    report.hash = extended_ ? hash_frame(registers_, frame, layout) : Hash{};
    if (layout.network == FrameLayout::Network::ipv4) {
        report.identification = network_card::big16(frame, layout.network_at + 4);
        report.has_identification = true;
    }
    bool looked = false;
    if ((sums & rxcsum::kNetwork) != 0 && layout.network == FrameLayout::Network::ipv4) {
        const Sum sum = summed ? Sum::good : check_network_sum(frame, layout);
        report.status |= kNetworkSummed;
        report.errors |= sum == Sum::bad ? kNetworkWrong : u8{0};
        looked = true;
    }
    if ((sums & rxcsum::kTransport) != 0 && layout.transport != FrameLayout::Transport::other) {
        const bool is_udp = layout.transport == FrameLayout::Transport::udp;
        const Sum sum = summed ? Sum::good : check_transport_sum(frame, layout);
        if (sum != Sum::none) {
            report.status |= is_udp && extended_ ? u8{kUdpSummed | kTransportSummed} : kTransportSummed;
            report.errors |= sum == Sum::bad ? kTransportWrong : u8{0};
            report.has_udp_sum = is_udp;
            looked = true;
        }
    }
    report.status |= looked ? u8{0} : kIgnoreSums;
    return report;
}

bool Receiver::receive(std::span<const u8> frame, bool summed) {
    if (!registers_.has(reg::kReceive, rctl::kEnable)) {
        return true;
    }
    const u16 type = low16(registers_.get(reg::kVlanType));
    const bool tagged = network_card::big16(frame, 12) == type;
    const std::optional<u16> tag = tagged ? std::optional(network_card::big16(frame, 14)) : std::nullopt;
    if (!passes(registers_, frame, tag)) {
        count_seen(registers_, frame);
        return true;
    }
    const u64 most = registers_.has(reg::kReceive, rctl::kLong) ? kMostLong : kMostShort;
    if (frame.size() + kSequence > most) {
        count_seen(registers_, frame);
        registers_.count(reg::kTooLong);
        return true;
    }
    Report report = examine(frame, summed);
    const bool strips = tagged && registers_.has(reg::kControl, ctrl::kVlanMode);
    bytes_.assign(frame.begin(), frame.end());
    if (!registers_.has(reg::kReceive, rctl::kStripSequence)) {
        const u32 sequence = network_card::frame_check_sequence(frame);
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes_.push_back(static_cast<u8>(sequence >> shift));
        }
    }
    if (strips) {
        bytes_.erase(bytes_.begin() + 12, bytes_.begin() + 16);
        report.tag = *tag;
        report.status |= kTagged;
        report.layout.payload_at -= std::min<u32>(report.layout.payload_at, network_card::kTagSize);
    }
    report.size = static_cast<u32>(bytes_.size());
    const Ring ring = this->ring(report.hash.queue);
    const u64 room = splits() ? split_room() : buffer_size();
    const u64 needed = room != 0 ? (bytes_.size() + room - 1) / room : ~u64{0};
    if (needed > ring.free) {
        if (needed < ring.count || ring.count == 0) {
            return false;
        }
        // No ring of this size ever holds it.
        registers_.count(reg::kMissed);
        interrupts_.raise(cause::kOverrun);
        return true;
    }
    store(ring, report, bytes_);
    count_seen(registers_, frame);
    count_received(registers_, frame);
    finish(report.hash.queue, ring, static_cast<u32>(needed), frame.size());
    return true;
}

void Receiver::store(const Ring& ring, const Report& report, std::span<const u8> bytes) {
    u32 index = ring.head;
    const bool split = splits();
    const u32 room = split ? split_room() : buffer_size();
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min<std::size_t>(room, bytes.size()));
        bytes = bytes.subspan(part.size());
        if (split) {
            store_split(ring, index, report, part, bytes.empty());
        } else {
            const u64 at = ring.base + index * kDescriptor;
            std::array<u8, 8> address{};
            // What cannot be read or written is lost, as it is on a bus where nobody answers.
            if (dma_.copy_in({at}, address)) {
                dma_.copy_out({std::bit_cast<u64>(address)}, part);
            }
            write_back(at, report, static_cast<u32>(part.size()), bytes.empty());
        }
        index = index + 1 == ring.count ? 0 : index + 1;
    }
}

/// The host looks at "done" from another processor: it comes last.
void Receiver::write_back(u64 at, const Report& report, u32 size, bool is_last) {
    const auto slice = dma_.slice({at}, kDescriptor);
    if (!slice) {
        return;
    }
    const u8 status = static_cast<u8>(kDone | (is_last ? report.status | kEnd : 0));
    const u8 errors = is_last ? report.errors : u8{0};
    const u16 tag = is_last ? report.tag : u16{0};
    if (uses_extended_status()) {
        const bool hashed = registers_.has(reg::kReceiveSums, rxcsum::kHash);
        const u32 second = hashed ? report.hash.value : report.identification | u32{report.sum} << 16;
        const u32 first = (hashed ? report.hash.type : 0U) | report.hash.queue << 8;
        slice->store<u64>(0, is_last ? first | u64{second} << 32 : 0);
        const u32 flags = is_last ? (report.has_identification && !hashed ? kIdentificationValid : 0) |
                                        (report.has_udp_sum ? kUdpValid : 0)
                                  : 0;
        const u32 word = status | flags | u32{errors} << 24;
        slice->store_release<u64>(8, word | u64{size} << 32 | u64{tag} << 48);
    } else {
        const u16 sum = is_last ? report.sum : u16{0};
        slice->store_release<u64>(8, size | u64{sum} << 16 | u64{status} << 32 | u64{errors} << 40 | u64{tag} << 48);
    }
    dma_.announce_write({at}, kDescriptor);
}

namespace {

/// PSRCTL (82574 10.2.5.2): the first buffer in units of 128 bytes, the others of 1 KiB.
std::array<u32, kSplitBuffers> split_sizes(u32 control) {
    return {static_cast<u32>(bits(control, 6, 0)) * 128, static_cast<u32>(bits(control, 13, 8)) * 1024,
            static_cast<u32>(bits(control, 21, 16)) * 1024, static_cast<u32>(bits(control, 29, 24)) * 1024};
}

}  // namespace

u32 Receiver::split_room() const {
    u32 room = 0;
    for (const u32 size : split_sizes(registers_.get(reg::kSplit))) {
        room += size;
    }
    // A header may leave most of its buffer empty.
    return room - split_sizes(registers_.get(reg::kSplit))[0];
}

/// 82574 7.1.5: headers go to the first buffer if they are known and fit, what is behind them to the others.
void Receiver::store_split(const Ring& ring, u32 index, const Report& report, std::span<const u8> bytes, bool is_last) {
    const u64 at = ring.base + index * kSplitDescriptor;
    const auto slice = dma_.slice({at}, kSplitDescriptor);
    if (!slice) {
        return;
    }
    auto sizes = split_sizes(registers_.get(reg::kSplit));
    const u32 header = report.layout.payload_at;
    const bool known = report.layout.transport != FrameLayout::Transport::other;
    const bool is_split = is_last && bytes.size() == report.size && known && header <= sizes[0];
    sizes[0] = is_split ? header : sizes[0];
    std::array<u64, kSplitBuffers> lengths{};
    for (std::size_t buffer = 0; buffer < kSplitBuffers; ++buffer) {
        const auto part = bytes.first(std::min<std::size_t>(sizes[buffer], bytes.size()));
        bytes = bytes.subspan(part.size());
        lengths[buffer] = part.size();
        if (!part.empty()) {
            dma_.copy_out({slice->load<u64>(8 * buffer)}, part);
        }
    }
    const u64 header_status = is_split ? header | kHeaderSplit : 0;
    slice->store<u64>(16, header_status | lengths[1] << 16 | lengths[2] << 32 | lengths[3] << 48);
    slice->store<u64>(24, 0);
    write_back(at, report, static_cast<u32>(lengths[0]), is_last);
}

void Receiver::finish(unsigned queue, const Ring& ring, u32 used, u64 size) {
    registers_.set(ring.registers + reg::kRingHead, (ring.head + used) % ring.count);
    // RCTL.RDMTS: a half, a quarter or an eighth of the ring is left.
    const u32 threshold = ring.count >> (1 + std::min<u64>(bits(registers_.get(reg::kReceive), 9, 8), 2));
    const u32 left = ring.free - used;
    const u32 small = registers_.get(reg::kSmallFrame);
    u32 causes = left <= threshold && left + used > threshold ? cause::kReceiveLow : 0;
    causes |= small != 0 && size <= small ? cause::kSmallFrame : 0;
    interrupts_.raise_received(queue, causes);
}

}  // namespace kelvin::device::intel
