// SPDX-License-Identifier: Apache-2.0
#include "device/network_card/frame.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "backend/net/checksum.h"

namespace kelvin::device::network_card {

namespace {

constexpr u16 kIpv4 = 0x0800;
constexpr u16 kIpv6 = 0x86dd;
constexpr u8 kTcp = 6;
constexpr u8 kUdp = 17;
constexpr u32 kIpv4Header = 20;
constexpr u32 kIpv6Header = 40;
constexpr u32 kTcpHeader = 20;
constexpr u32 kUdpHeader = 8;
/// Extension headers of IPv6 that are looked behind; a frame may hold some two hundred.
constexpr unsigned kMostExtensions = 8;

/// RFC 8200, 4: the first byte is what comes next, the second the length in units of 8 bytes behind the first.
bool is_extension(u8 header) {
    constexpr u8 kHopByHop = 0;
    constexpr u8 kRouting = 43;
    constexpr u8 kDestination = 60;
    return header == kHopByHop || header == kRouting || header == kDestination;
}

/// The protocol; transport_at is where it begins.
u8 read_ipv4(std::span<const u8> frame, FrameLayout& layout) {
    const u32 at = layout.network_at;
    if (frame.size() < at + kIpv4Header || frame[at] >> 4 != 4) {
        return 0;
    }
    const u32 header = (frame[at] & 0xfU) * 4;
    const u32 total = big16(frame, at + 2);
    if (header < kIpv4Header || total < header || frame.size() < at + total) {
        return 0;
    }
    layout.network = FrameLayout::Network::ipv4;
    layout.fragment = (big16(frame, at + 6) & 0x3fff) != 0;
    layout.transport_at = at + header;
    layout.payload_at = layout.transport_at;
    layout.end = at + total;
    return frame[at + 9];
}

u8 read_ipv6(std::span<const u8> frame, FrameLayout& layout) {
    constexpr u8 kFragment = 44;
    const u32 at = layout.network_at;
    if (frame.size() < at + kIpv6Header || frame[at] >> 4 != 6) {
        return 0;
    }
    const u32 end = at + kIpv6Header + big16(frame, at + 4);
    if (frame.size() < end) {
        return 0;
    }
    layout.network = FrameLayout::Network::ipv6;
    layout.end = end;
    u8 next = frame[at + 6];
    u32 next_at = at + kIpv6Header;
    for (unsigned count = 0; count < kMostExtensions && is_extension(next) && next_at + 8 <= end; ++count) {
        next = frame[next_at];
        next_at += (frame[next_at + 1] + 1U) * 8;
    }
    layout.fragment = next == kFragment;
    layout.transport_at = std::min(next_at, end);
    layout.payload_at = layout.transport_at;
    return next;
}

}  // namespace

FrameLayout read_layout(std::span<const u8> frame) {
    FrameLayout layout;
    if (frame.size() < kEthernetHeader) {
        return layout;
    }
    u16 type = big16(frame, 12);
    layout.network_at = kEthernetHeader;
    if (type == kTagType && frame.size() >= kEthernetHeader + kTagSize) {
        type = big16(frame, 16);
        layout.network_at += kTagSize;
    }
    layout.end = static_cast<u32>(frame.size());
    layout.payload_at = layout.network_at;
    const u8 protocol = type == kIpv4 ? read_ipv4(frame, layout) : type == kIpv6 ? read_ipv6(frame, layout) : u8{0};
    if (layout.network == FrameLayout::Network::other || layout.fragment) {
        return layout;
    }
    const u32 room = layout.end - layout.transport_at;
    if (protocol == kTcp && room >= kTcpHeader) {
        const u32 header = (frame[layout.transport_at + 12] >> 4U) * 4U;
        if (header >= kTcpHeader && header <= room) {
            layout.transport = FrameLayout::Transport::tcp;
            layout.payload_at = layout.transport_at + header;
        }
    } else if (protocol == kUdp && room >= kUdpHeader) {
        layout.transport = FrameLayout::Transport::udp;
        layout.payload_at = layout.transport_at + kUdpHeader;
    }
    return layout;
}

u16 internet_sum(std::span<const u8> bytes, u32 start) {
    u64 sum = start;
    std::size_t at = 0;
    for (; at + 1 < bytes.size(); at += 2) {
        sum += static_cast<u32>(bytes[at] << 8 | bytes[at + 1]);
    }
    if (at < bytes.size()) {
        sum += u32{bytes[at]} << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<u16>(sum);
}

Sum check_network_sum(std::span<const u8> frame, const FrameLayout& layout) {
    if (layout.network != FrameLayout::Network::ipv4) {
        return Sum::none;
    }
    const auto header = frame.subspan(layout.network_at, layout.transport_at - layout.network_at);
    return internet_sum(header) == 0xffff ? Sum::good : Sum::bad;
}

namespace {

/// Of both addresses, the length and the protocol.
u32 pseudo_sum(std::span<const u8> frame, const FrameLayout& layout, u32 length) {
    const bool is_ipv4 = layout.network == FrameLayout::Network::ipv4;
    const auto addresses = frame.subspan(layout.network_at + (is_ipv4 ? 12 : 8), is_ipv4 ? 8 : 32);
    return internet_sum(addresses) + length + (layout.transport == FrameLayout::Transport::udp ? kUdp : kTcp);
}

}  // namespace

Sum check_transport_sum(std::span<const u8> frame, const FrameLayout& layout) {
    if (layout.transport == FrameLayout::Transport::other) {
        return Sum::none;
    }
    const bool is_udp = layout.transport == FrameLayout::Transport::udp;
    u32 length = layout.end - layout.transport_at;
    if (is_udp) {
        const u32 stated = big16(frame, layout.transport_at + 4);
        if (big16(frame, layout.transport_at + 6) == 0) {
            return Sum::none;
        }
        if (stated < kUdpHeader || stated > length) {
            return Sum::bad;
        }
        length = stated;
    }
    const u32 pseudo = pseudo_sum(frame, layout, length);
    return internet_sum(frame.subspan(layout.transport_at, length), pseudo) == 0xffff ? Sum::good : Sum::bad;
}

void put_sum(std::span<u8> frame, u32 start, u32 end, u32 at) {
    const u64 last = end != 0 ? std::min<u64>(frame.size(), end) : frame.size();
    if (start >= last || at + u64{2} > frame.size()) {
        return;
    }
    const u16 sum = internet_sum(std::span(frame).subspan(start, last - start));
    put_big16(frame, at, static_cast<u16>(~sum));
}

void complete_sums(std::span<u8> frame, const Sums& sums) {
    const FrameLayout layout = read_layout(frame);
    if (sums.network && layout.network == FrameLayout::Network::ipv4) {
        constexpr u32 kSumAt = 10;
        put_big16(frame, layout.network_at + kSumAt, 0);
        put_sum(frame, layout.network_at, layout.transport_at, layout.network_at + kSumAt);
    }
    const bool is_tcp = layout.transport == FrameLayout::Transport::tcp;
    const bool is_udp = layout.transport == FrameLayout::Transport::udp;
    if ((is_tcp && sums.tcp) || (is_udp && sums.udp)) {
        const u32 at = layout.transport_at + (is_tcp ? 16 : 6);
        put_big16(frame, at, 0);
        put_big16(frame, at, internet_sum({}, pseudo_sum(frame, layout, layout.end - layout.transport_at)));
        put_sum(frame, layout.transport_at, layout.end, at);
        // RFC 768: a sum that is zero is sent as ones.
        if (is_udp && big16(frame, at) == 0) {
            put_big16(frame, at, 0xffff);
        }
    }
}

void number_segment(std::span<u8> frame, const SegmentHeaders& headers, u32 index, u32 sent, bool is_last) {
    constexpr u8 kFinish = 0x01;
    constexpr u8 kPush = 0x08;
    const u32 size = static_cast<u32>(frame.size());
    if (headers.network_at + kIpv4Header <= size && headers.is_ipv4) {
        put_big16(frame, headers.network_at + 2, size - headers.network_at);
        put_big16(frame, headers.network_at + 4, big16(frame, headers.network_at + 4) + index);
    } else if (headers.network_at + kIpv6Header <= size && !headers.is_ipv4) {
        put_big16(frame, headers.network_at + 4, size - headers.network_at - kIpv6Header);
    }
    if (headers.transport_at + kTcpHeader <= size && headers.is_tcp) {
        put_big32(frame, headers.transport_at + 4, big32(frame, headers.transport_at + 4) + sent);
        u8& flags = frame[headers.transport_at + 13];
        flags = is_last ? flags : static_cast<u8>(flags & ~(kFinish | kPush));
    } else if (headers.transport_at + kUdpHeader <= size && !headers.is_tcp) {
        put_big16(frame, headers.transport_at + 4, size - headers.transport_at);
    }
}

std::span<u8> FrameList::add(std::span<const u8> frame) {
    bytes_.insert(bytes_.end(), frame.begin(), frame.end());
    ends_.push_back(bytes_.size());
    return (*this)[ends_.size() - 1];
}

void FrameList::tag_last(u16 type, u16 tag) {
    constexpr std::size_t kAddresses = 12;
    const std::array<u8, kTagSize> bytes = {static_cast<u8>(type >> 8), static_cast<u8>(type),
                                            static_cast<u8>(tag >> 8), static_cast<u8>(tag)};
    const std::span<u8> last = (*this)[ends_.size() - 1];
    if (last.size() >= kAddresses) {
        const std::size_t at = bytes_.size() - last.size() + kAddresses;
        bytes_.insert(bytes_.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin(), bytes.end());
        ends_.back() = bytes_.size();
    }
}

void FrameList::pad_last(u64 size) {
    const std::size_t now = (*this)[ends_.size() - 1].size();
    if (now < size) {
        bytes_.resize(bytes_.size() + (size - now));
        ends_.back() = bytes_.size();
    }
}

void FrameList::clear() {
    bytes_.clear();
    ends_.clear();
}

std::span<u8> FrameList::operator[](std::size_t index) {
    const std::size_t begin = index == 0 ? 0 : ends_.at(index - 1);
    return std::span(bytes_).subspan(begin, ends_.at(index) - begin);
}

std::span<const u8> whole_frame(std::span<const iovec> pieces, const backend::FrameOffload& offload,
                                std::vector<u8>& scratch) {
    u64 size = 0;
    for (const iovec& piece : pieces) {
        size += piece.iov_len;
    }
    if (size < kEthernetHeader || size > backend::kMaxFrame ||
        offload.segment_type != backend::FrameOffload::kNoSegments) {
        return {};
    }
    const bool unsummed = (offload.flags & backend::FrameOffload::kNeedsChecksum) != 0;
    if (pieces.size() == 1 && !unsummed && size >= kShortestFrame) {
        return {static_cast<const u8*>(pieces[0].iov_base), pieces[0].iov_len};
    }
    scratch.clear();
    for (const iovec& piece : pieces) {
        const auto* const bytes = static_cast<const u8*>(piece.iov_base);
        scratch.insert(scratch.end(), bytes, bytes + piece.iov_len);
    }
    if (unsummed && !backend::complete_checksum(scratch, offload)) {
        return {};
    }
    scratch.resize(std::max<u64>(size, kShortestFrame));
    return scratch;
}

u32 frame_check_sequence(std::span<const u8> frame) {
    return static_cast<u32>(::crc32(0, frame.data(), static_cast<uInt>(frame.size())));
}

}  // namespace kelvin::device::network_card
