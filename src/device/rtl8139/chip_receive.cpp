// SPDX-License-Identifier: Apache-2.0
// What the chip receives: into a ring of bytes (6.2), or into descriptors in C+ mode (9.3).
#include <algorithm>
#include <bit>

#include "base/bits.h"
#include "device/rtl8139/chip.h"

namespace kelvin::device::rtl {

using network_card::FrameLayout;
using network_card::Sum;

namespace {

constexpr u64 kSequence = 4;
/// In front of a frame in the ring: status and size.
constexpr u32 kRingHeader = 4;
/// With a tag, and the check sequence.
constexpr u64 kMostInRing = 1522;
constexpr u64 kMostInDescriptors = 0x1fff;

// Kinds of frames, as the ring's header has them; descriptors have them 11 bits higher.
constexpr u32 kGood = 1U << 0;
constexpr u32 kBroadcast = 1U << 13;
constexpr u32 kOwnAddress = 1U << 14;
constexpr u32 kMulticast = 1U << 15;
constexpr unsigned kKindShift = 11;

// The first word of a receive descriptor.
constexpr u32 kOwn = 1U << 31;
constexpr u32 kRingEnd = 1U << 30;
constexpr u32 kFirst = 1U << 29;
constexpr u32 kLast = 1U << 28;
constexpr unsigned kProtocolShift = 16;
constexpr u32 kNetworkWrong = 1U << 15;
constexpr u32 kUdpWrong = 1U << 14;
constexpr u32 kTcpWrong = 1U << 13;
constexpr u32 kSizeMask = 0x1fff;
/// The second.
constexpr u32 kTagged = 1U << 16;

/// The filter's hash (5.2): the upper six bits of the check sequence of the address, as it is shifted out.
u32 multicast_hash(std::span<const u8> frame) {
    const u32 sequence = ~network_card::frame_check_sequence(frame.first(6));
    u32 hash = 0;
    for (unsigned index = 0; index < 6; ++index) {
        hash = hash << 1 | (bit(sequence, index) ? 1 : 0);
    }
    return hash;
}

/// Protocol and what is wrong (9.3.2).
u32 examine(std::span<const u8> frame, bool summed) {
    const FrameLayout layout = network_card::read_layout(frame);
    if (layout.network != FrameLayout::Network::ipv4) {
        return 0;
    }
    u32 report = !summed && check_network_sum(frame, layout) == Sum::bad ? kNetworkWrong : 0;
    const bool wrong = !summed && check_transport_sum(frame, layout) == Sum::bad;
    switch (layout.transport) {
        case FrameLayout::Transport::tcp:
            return report | 1U << kProtocolShift | (wrong ? kTcpWrong : 0);
        case FrameLayout::Transport::udp:
            return report | 2U << kProtocolShift | (wrong ? kUdpWrong : 0);
        default:
            return report | 3U << kProtocolShift;
    }
}

}  // namespace

/// RCR.RBLEN (5.11).
u32 Chip::ring_size() const {
    return 8192U << bits(get<u32>(reg::kReceiveConfig), 12, 11);
}

/// Its kind, if it is for this host.
std::optional<u32> Chip::match(std::span<const u8> frame) const {
    const u32 config = get<u32>(reg::kReceiveConfig);
    const auto if_wanted = [&](u32 kind, bool wanted) {
        return wanted || (config & rcr::kAll) != 0 ? std::optional(kind) : std::nullopt;
    };
    if (std::ranges::all_of(frame.first(6), [](u8 byte) { return byte == 0xff; })) {
        return if_wanted(kBroadcast, (config & rcr::kBroadcast) != 0);
    }
    if ((frame[0] & 1) != 0) {
        const u32 hash = multicast_hash(frame);
        const bool listed = bit(get<u8>(reg::kMulticast + hash / 8), hash % 8);
        return if_wanted(kMulticast, listed && (config & rcr::kMulticast) != 0);
    }
    const bool own = std::equal(frame.begin(), frame.begin() + 6, state_.registers.begin());
    return if_wanted(own ? kOwnAddress : 0, own && (config & rcr::kOwn) != 0);
}

bool Chip::receive(std::span<const iovec> pieces, const backend::FrameOffload& offload) {
    const std::span<const u8> frame = network_card::whole_frame(pieces, offload, scratch_);
    if (frame.empty()) {
        return true;
    }
    constexpr u8 kSummed = backend::FrameOffload::kNeedsChecksum | backend::FrameOffload::kChecksumValid;
    const std::lock_guard guard(lock_);
    if (!link() || accept(frame, (offload.flags & kSummed) != 0)) {
        return true;
    }
    starved_ = true;
    if (is_plus()) {
        ask_again_later();
    }
    return false;
}

/// False if there is no room.
bool Chip::accept(std::span<const u8> frame, bool summed) {
    const bool plus = (get<u16>(reg::kPlusCommand) & plus::kReceive) != 0;
    const u64 most = plus ? kMostInDescriptors : kMostInRing;
    if ((get<u8>(reg::kCommand) & command::kReceive) == 0 || !port_.is_bus_master() ||
        frame.size() + kSequence > most) {
        return true;
    }
    const std::optional<u32> kind = match(frame);
    if (!kind) {
        return true;
    }
    if (!(plus ? store_in_descriptors(frame, *kind, summed) : store_in_ring(frame, *kind))) {
        return false;
    }
    ++state_.tally.received;
    state_.tally.own += *kind == kOwnAddress ? 1 : 0;
    state_.tally.broadcasts += *kind == kBroadcast ? 1 : 0;
    state_.tally.multicasts += *kind == kMulticast ? 1 : 0;
    raise(interrupt::kReceived);
    return true;
}

bool Chip::store_in_ring(std::span<const u8> frame, u32 kind) {
    const u32 size = ring_size();
    const u32 at = get<u16>(reg::kWritePointer) % size;
    const u32 read_at = (get<u16>(reg::kReadPointer) + 16U) % size;
    const u32 room = at == read_at ? size : (read_at + size - at) % size;
    const u32 stored = static_cast<u32>(align_up(frame.size() + kSequence + kRingHeader, 4));
    // A ring that is full would look like an empty one.
    if (stored >= room) {
        return false;
    }
    const u32 length = static_cast<u32>(frame.size() + kSequence);
    const u32 header = kGood | kind | length << 16;
    const u32 sequence = network_card::frame_check_sequence(frame);
    bytes_.clear();
    const auto append_word = [&](u32 word) {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            bytes_.push_back(static_cast<u8>(word >> shift));
        }
    };
    append_word(header);
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    append_word(sequence);
    const u64 base = get<u32>(reg::kReceiveStart);
    const std::span<const u8> bytes = bytes_;
    // With WRAP the end of a frame lies behind the ring's; the largest ring has no such place.
    const bool passes = (get<u32>(reg::kReceiveConfig) & rcr::kWrap) != 0 && size != 65536;
    const auto first = bytes.first(passes ? bytes.size() : std::min<std::size_t>(bytes.size(), size - at));
    ends_.dma.copy_out({base + at}, first);
    ends_.dma.copy_out({base}, bytes.subspan(first.size()));
    set<u16>(reg::kWritePointer, static_cast<u16>((at + stored) % size));
    return true;
}

/// As many descriptors as it takes; the first one is given to the driver last, as it looks at that.
bool Chip::store_in_descriptors(std::span<const u8> given, u32 kind, bool summed) {
    std::vector<u8>& bytes = bytes_;
    bytes.assign(given.begin(), given.end());
    const u16 config = get<u16>(reg::kPlusCommand);
    u32 tag = 0;
    if ((config & plus::kTags) != 0 && network_card::big16(given, 12) == network_card::kTagType) {
        tag = kTagged | network_card::swapped(network_card::big16(given, 14));
        bytes.erase(bytes.begin() + 12, bytes.begin() + 16);
    }
    const u32 sequence = network_card::frame_check_sequence(bytes);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        bytes.push_back(static_cast<u8>(sequence >> shift));
    }
    struct Piece {
        u64 at = 0;
        u32 options = 0;
        std::size_t size = 0;
    };
    std::array<Piece, kDescriptors> pieces;
    std::size_t count = 0;
    u32 index = state_.receive_index;
    const u64 base = get<u64>(reg::kReceiveRing);
    for (std::size_t stored = 0; stored < bytes.size(); ++count) {
        std::array<u8, 16> raw{};
        const u64 at = base + raw.size() * index;
        if (count == kDescriptors || !ends_.dma.copy_in({at}, raw)) {
            return true;  // no ring of this shape ever holds it
        }
        const auto words = std::bit_cast<std::array<u64, 2>>(raw);
        const u32 options = static_cast<u32>(words[0]);
        if ((options & kOwn) == 0) {
            return false;
        }
        const std::size_t size = std::min<std::size_t>(options & kSizeMask, bytes.size() - stored);
        ends_.dma.copy_out({words[1]}, std::span(bytes).subspan(stored, size));
        stored += size;
        pieces[count] = {at, options & kRingEnd, size};
        index = (options & kRingEnd) != 0 ? 0 : (index + 1) % kDescriptors;
    }
    const u32 report = (config & plus::kSums) != 0 ? examine(given, summed) : 0;
    for (std::size_t which = count; which-- != 0;) {
        const bool is_last = which + 1 == count;
        // The last one has the size of all.
        const u32 size = static_cast<u32>(is_last ? bytes.size() : pieces[which].size);
        const u32 options = pieces[which].options | (which == 0 ? kFirst : 0) | (is_last ? kLast : 0) |
                            kind << kKindShift | report | size;
        if (const auto slice = ends_.dma.slice({pieces[which].at}, 16)) {
            slice->store<u32>(4, tag);
            slice->store_release<u32>(0, options);
            ends_.dma.announce_write({pieces[which].at}, 16);
        }
    }
    state_.receive_index = index;
    return true;
}

}  // namespace kelvin::device::rtl
