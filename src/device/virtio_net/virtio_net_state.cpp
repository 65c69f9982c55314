// SPDX-License-Identifier: Apache-2.0
// What is saved of a network card: which frames its driver wants, and how it takes them.
#include <fmt/format.h>

#include <algorithm>

#include "device/virtio_net/net_features.h"
#include "device/virtio_net/pair.h"
#include "state/saved_state.h"

namespace kelvin::device {

using namespace net_feature;

namespace {

// Configuration space (5.1.4).
constexpr u32 kMacAt = 0;
constexpr u32 kStatusAt = 6;

struct TableState {
    std::vector<state::MacAddress> addresses;
    bool overflow = false;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("addresses", addresses);
        visit("overflow", overflow);
    }
    Result<> check() const {
        if (addresses.size() > ReceiveFilter::kMaxAddresses) {
            return user_error(
                fmt::format("{} addresses are more than a table's {}", addresses.size(), ReceiveFilter::kMaxAddresses));
        }
        return ok();
    }
};

struct CardState {
    state::MacAddress address;
    ReceiveFilter::Modes modes;
    TableState unicast;
    TableState multicast;
    std::array<u8, 512> vlans{};  ///< a bit each, the lowest of the first byte first
    u64 offloads = 0;             ///< features, of those about what the driver takes
    u16 active_pairs = 1;
    bool announcing = false;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("address", address);
        visit("modes", modes);
        visit("unicast", unicast);
        visit("multicast", multicast);
        visit("vlans", vlans);
        visit("offloads", offloads);
        visit("active_pairs", active_pairs);
        visit("announcing", announcing);
    }
};

TableState save_table(const ReceiveFilter::Table& table) {
    return {table.addresses, table.overflow};
}

}  // namespace

void VirtioNet::quiesce() {
    for (const auto& pair : pairs_) {
        pair->put_back();
    }
}

Result<state::Json> VirtioNet::save() {
    CardState saved;
    saved.address = filter_.own;
    saved.modes = filter_.modes;
    saved.unicast = save_table(filter_.unicast);
    saved.multicast = save_table(filter_.multicast);
    for (std::size_t vlan = 0; vlan < filter_.vlans.size(); ++vlan) {
        saved.vlans[vlan / 8] = static_cast<u8>(saved.vlans[vlan / 8] | (filter_.vlans[vlan] ? 1U << vlan % 8 : 0));
    }
    saved.offloads = (offloads_.checksum ? kGuestChecksum : 0) | (offloads_.tcp4 ? kGuestTso4 : 0) |
                     (offloads_.tcp6 ? kGuestTso6 : 0) | (offloads_.ecn ? kGuestEcn : 0);
    saved.active_pairs =
        static_cast<u16>(std::ranges::count_if(pairs_, [](const auto& p) { return p->is_connected(); }));
    saved.announcing = announcing_;
    return state::save_state(saved);
}

Result<> VirtioNet::load(const state::Json& json) {
    CardState saved;
    KELVIN_TRY(state::load_state("", json, saved));
    const u64 possible = features() & (kGuestChecksum | kGuestTso4 | kGuestTso6 | kGuestEcn);
    if ((saved.offloads & ~possible) != 0) {
        return user_error(fmt::format(".offloads: {:#x} are more than the {:#x} that the driver has accepted",
                                      saved.offloads, possible));
    }
    if (saved.active_pairs == 0 || saved.active_pairs > (has(kMultiQueue) ? pairs_.size() : 1)) {
        return user_error(fmt::format(".active_pairs: {} are not from 1 to the {} that the driver knows of",
                                      saved.active_pairs, has(kMultiQueue) ? pairs_.size() : 1));
    }
    if (saved.announcing && !has(kAnnounce)) {
        return user_error(".announcing: a driver that cannot announce itself was not asked to");
    }
    filter_.own = saved.address;
    set_config(kMacAt, filter_.own.bytes);
    filter_.modes = saved.modes;
    filter_.unicast = {saved.unicast.addresses, saved.unicast.overflow};
    filter_.multicast = {saved.multicast.addresses, saved.multicast.overflow};
    for (std::size_t vlan = 0; vlan < filter_.vlans.size(); ++vlan) {
        filter_.vlans[vlan] = (saved.vlans[vlan / 8] >> vlan % 8 & 1) != 0;
    }
    filter_.filters_vlans = has(kControlVlans);
    set_offloads(saved.offloads);
    set_active_pairs(saved.active_pairs);
    announcing_ = saved.announcing;
    set_config(kStatusAt, status_bytes());
    for (const auto& pair : pairs_) {
        pair->expect_buffers();
    }
    return ok();
}

}  // namespace kelvin::device
