// SPDX-License-Identifier: Apache-2.0
// What the driver says over the control queue (virtio 1.2, 5.1.6.5).
#include <array>
#include <bit>

#include "device/virtio_net/net_features.h"
#include "device/virtio_net/pair.h"

namespace kelvin::device {

using bus::virtio::Chain;
using namespace net_feature;

namespace {

// Control commands (5.1.6.5): classes, and what they hold.
constexpr u8 kModesClass = 0;
constexpr u8 kAddressClass = 1;
constexpr u8 kVlanClass = 2;
constexpr u8 kAnnounceClass = 3;
constexpr u8 kPairsClass = 4;
constexpr u8 kOffloadsClass = 5;
constexpr u8 kSetOffloads = 0;
constexpr u8 kSetTable = 0;
constexpr u8 kSetAddress = 1;
constexpr u8 kAcknowledge = 0;
constexpr u8 kSetPairs = 0;
constexpr u8 kAddVlan = 0;
constexpr u8 kRemoveVlan = 1;
constexpr u64 kCommandSize = 2;

// What is in the configuration space.
constexpr u32 kMacAt = 0;

}  // namespace

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
        case kAnnounceClass:
            return has(kAnnounce) && control_announcement(command[1]);
        case kPairsClass:
            return has(kMultiQueue) && control_pairs(command[1], chain);
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

bool VirtioNet::control_announcement(u8 command) {
    if (command != kAcknowledge) {
        return false;
    }
    announcing_ = false;
    publish_status();
    return true;
}

/// 5.1.6.5.5.
bool VirtioNet::control_pairs(u8 command, const Chain& chain) {
    std::array<u8, 2> bytes{};
    if (command != kSetPairs || !chain.read(kCommandSize, bytes)) {
        return false;
    }
    const u16 count = std::bit_cast<u16>(bytes);
    if (count == 0 || count > pairs_.size()) {
        return false;
    }
    set_active_pairs(count);
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
