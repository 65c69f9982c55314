// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_net/receive_filter.h"

#include <algorithm>

namespace kelvin::device {

namespace {

constexpr std::size_t kTypeAt = 12;
constexpr std::size_t kTagAt = 14;
constexpr u16 kVlanType = 0x8100;

u16 big_endian(std::span<const u8> frame, std::size_t at) {
    return static_cast<u16>(frame[at] << 8 | frame[at + 1]);
}

bool holds(const ReceiveFilter::Table& table, const state::MacAddress& address) {
    return table.overflow || std::ranges::find(table.addresses, address) != table.addresses.end();
}

}  // namespace

void ReceiveFilter::reset(const state::MacAddress& address) {
    *this = {};
    own = address;
}

bool ReceiveFilter::passes(std::span<const u8> frame) const {
    if (filters_vlans && frame.size() >= kTagAt + 2 && big_endian(frame, kTypeAt) == kVlanType &&
        !vlans.test(big_endian(frame, kTagAt) & 0xfff)) {
        return false;
    }
    if (modes.promiscuous) {
        return true;
    }
    state::MacAddress target;
    std::ranges::copy(frame.first(target.bytes.size()), target.bytes.begin());
    if (std::ranges::all_of(target.bytes, [](u8 byte) { return byte == 0xff; })) {
        return !modes.no_broadcast;
    }
    if ((target.bytes[0] & 1) != 0) {
        return !modes.no_multicast && (modes.all_multicast || holds(multicast, target));
    }
    return !modes.no_unicast && (modes.all_unicast || target == own || holds(unicast, target));
}

}  // namespace kelvin::device
