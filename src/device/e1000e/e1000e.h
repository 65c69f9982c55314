// SPDX-License-Identifier: Apache-2.0
// Intel's 82574L on PCI Express.
#pragma once

#include "device/intel_ethernet/card.h"

namespace kelvin::device {

class E1000e final : public intel::Card {
  public:
    struct Options : network_card::CardOptions {
        bool disable_vnet_hdr = false;
        u16 subsys_ven = 0x8086;
        u16 subsys = 0;

        template <class Visitor>
        void fields(Visitor& visit) {
            CardOptions::fields(visit);
            visit("disable_vnet_hdr", disable_vnet_hdr, "accepted, without effect");
            visit("subsys_ven", subsys_ven, "what the guest sees as the maker of the board");
            visit("subsys", subsys, "what the guest sees as the board's number");
        }
    };
    static Result<std::unique_ptr<E1000e>> create(const Options& options, const bus::Surroundings& surroundings);

    /// `options` has been settled.
    E1000e(const Options& options, const network_card::CardEnds& ends);
};

}  // namespace kelvin::device
