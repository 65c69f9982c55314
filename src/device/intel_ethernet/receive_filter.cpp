// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/receive_filter.h"

#include <algorithm>
#include <array>

#include "base/bits.h"
#include "device/intel_ethernet/registers.h"

namespace kelvin::device::intel {

using network_card::FrameLayout;

namespace {

constexpr u32 kAddressValid = 1U << 31;
constexpr u32 kOwnAddresses = 16;

/// RAL and RAH (13.5.2): the first byte on the wire is the lowest.
bool is_own(const RegisterFile& registers, std::span<const u8> frame) {
    const u64 low = frame[0] | u32{frame[1]} << 8 | u32{frame[2]} << 16 | u32{frame[3]} << 24;
    const u32 high = frame[4] | u32{frame[5]} << 8;
    for (u32 index = 0; index < kOwnAddresses; ++index) {
        const u32 at = reg::kAddresses + 8 * index;
        const u32 own_high = registers.get(at + 4);
        if ((own_high & kAddressValid) != 0 && (own_high & 0xffff) == high && registers.get(at) == low) {
            return true;
        }
    }
    return false;
}

/// MTA (13.5.1): 12 bits of the last two bytes, from where RCTL.MO says.
bool is_in_multicast_table(const RegisterFile& registers, std::span<const u8> frame) {
    constexpr std::array<unsigned, 4> kShifts = {4, 3, 2, 0};
    const unsigned shift = kShifts[bits(registers.get(reg::kReceive), 13, 12)];
    const u32 hash = (u32{frame[5]} << 8 | frame[4]) >> shift & 0xfff;
    return bit(registers.get(reg::kMulticast + 4 * (hash >> 5)), hash & 31);
}

bool passes_vlan(const RegisterFile& registers, u16 tag) {
    const u32 receive = registers.get(reg::kReceive);
    if ((receive & rctl::kVlanFilter) == 0) {
        return true;
    }
    const u32 vlan = tag & 0xfffU;
    const bool format = bit(tag, 12);
    if ((receive & rctl::kFormatFilter) != 0 && format != ((receive & rctl::kFormat) != 0)) {
        return false;
    }
    return bit(registers.get(reg::kVlans + 4 * (vlan >> 5)), vlan & 31);
}

}  // namespace

bool passes(const RegisterFile& registers, std::span<const u8> frame, std::optional<u16> tag) {
    if (tag && !passes_vlan(registers, *tag)) {
        return false;
    }
    const u32 receive = registers.get(reg::kReceive);
    if ((frame[0] & 1) == 0) {
        return (receive & rctl::kAllUnicast) != 0 || is_own(registers, frame);
    }
    const bool broadcast = std::ranges::all_of(frame.first(6), [](u8 byte) { return byte == 0xff; });
    if (broadcast && (receive & rctl::kBroadcast) != 0) {
        return true;
    }
    return (receive & rctl::kAllMulticast) != 0 || is_own(registers, frame) || is_in_multicast_table(registers, frame);
}

namespace {

// MRQC: what is hashed.
constexpr u32 kHashTcp4 = 1U << 16;
constexpr u32 kHashIpv4 = 1U << 17;
constexpr u32 kHashTcp6 = 1U << 18;
constexpr u32 kHashIpv6 = 3U << 19;

/// Toeplitz's: bit by bit, the key as it stands above each bit that is set.
u32 toeplitz(const RegisterFile& registers, std::span<const u8> input) {
    constexpr u32 kKeyBytes = 40;
    const auto key_byte = [&](u32 index) {
        return index < kKeyBytes ? registers.get(reg::kRssKey + index / 4 * 4) >> (index % 4 * 8) & 0xff : 0;
    };
    u32 window = key_byte(0) << 24 | key_byte(1) << 16 | key_byte(2) << 8 | key_byte(3);
    u32 result = 0;
    for (u32 index = 0; index < input.size(); ++index) {
        const u32 next = key_byte(index + 4);
        for (unsigned position = 8; position-- != 0;) {
            result ^= bit(input[index], position) ? window : 0;
            window = window << 1 | (bit(next, position) ? 1 : 0);
        }
    }
    return result;
}

}  // namespace

Hash hash_frame(const RegisterFile& registers, std::span<const u8> frame, const FrameLayout& layout) {
    const u32 control = registers.get(reg::kMultiQueue);
    Hash hash;
    if (bits(control, 1, 0) != 1 || layout.network == FrameLayout::Network::other) {
        return hash;
    }
    const bool is_ipv4 = layout.network == FrameLayout::Network::ipv4;
    const bool is_tcp = layout.transport == FrameLayout::Transport::tcp;
    const bool with_ports = is_tcp && (control & (is_ipv4 ? kHashTcp4 : kHashTcp6)) != 0;
    if (!with_ports && (control & (is_ipv4 ? kHashIpv4 : kHashIpv6)) == 0) {
        return hash;
    }
    hash.type = is_ipv4 ? (with_ports ? 1 : 2) : (with_ports ? 3 : 5);
    std::array<u8, 36> input{};
    const auto addresses = frame.subspan(layout.network_at + (is_ipv4 ? 12 : 8), is_ipv4 ? 8 : 32);
    std::ranges::copy(addresses, input.begin());
    std::size_t size = addresses.size();
    if (with_ports) {
        std::ranges::copy(frame.subspan(layout.transport_at, 4), input.begin() + static_cast<std::ptrdiff_t>(size));
        size += 4;
    }
    hash.value = toeplitz(registers, std::span(input).first(size));
    const u32 index = hash.value & 127;
    hash.queue = bit(registers.get(reg::kRedirection + index / 4 * 4), index % 4 * 8 + 7) ? 1 : 0;
    return hash;
}

}  // namespace kelvin::device::intel
