// SPDX-License-Identifier: Apache-2.0
// Which frames a driver wants to see (virtio 1.2, 5.1.6.5): modes, a table of addresses, a table of VLANs.
#pragma once

#include <bitset>
#include <span>
#include <vector>

#include "base/types.h"
#include "state/option_types.h"

namespace kelvin::device {

class ReceiveFilter {
  public:
    /// Addresses beyond make the filter let all of that kind pass, as the table is the driver's and may be any length.
    static constexpr std::size_t kMaxAddresses = 64;

    void reset(const state::MacAddress& own);

    /// `frame` begins with the Ethernet header, at least 14 bytes.
    bool passes(std::span<const u8> frame) const;

    struct Modes {
        bool promiscuous = true;
        bool all_multicast = false;
        bool all_unicast = false;
        bool no_multicast = false;
        bool no_unicast = false;
        bool no_broadcast = false;

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("promiscuous", promiscuous);
            visit("all_multicast", all_multicast);
            visit("all_unicast", all_unicast);
            visit("no_multicast", no_multicast);
            visit("no_unicast", no_unicast);
            visit("no_broadcast", no_broadcast);
        }
    };
    Modes modes;
    state::MacAddress own;

    struct Table {
        std::vector<state::MacAddress> addresses;
        bool overflow = false;
    };
    Table unicast;
    Table multicast;
    std::bitset<4096> vlans;
    bool filters_vlans = false;
};

}  // namespace kelvin::device
