// SPDX-License-Identifier: Apache-2.0
#include "device/network_card/card_options.h"

#include <fmt/format.h>

namespace kelvin::device::network_card {

Result<CardEnds> settle(CardOptions& options, const bus::Surroundings& surroundings) {
    if (options.netdev.empty()) {
        return user_error("its cable leads nowhere: it has no netdev", "add netdev=ID, with -netdev user,id=ID");
    }
    if ((options.mac.bytes[0] & 1) != 0) {
        return user_error(fmt::format("mac={} is an address of many cards", options.mac.text()),
                          "the first byte of a card's address is even");
    }
    if (!options.mac.is_given()) {
        options.mac = surroundings.backends.make_mac_address();
    }
    backend::NetworkPort* const cable = KELVIN_TRY(surroundings.backends.claim_network(options.netdev));
    return CardEnds{surroundings.io, surroundings.dma, surroundings.timers, *cable};
}

}  // namespace kelvin::device::network_card
