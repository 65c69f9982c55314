// SPDX-License-Identifier: Apache-2.0
// What -device may say of any network card on PCI.
#pragma once

#include <optional>
#include <string>

#include "backend/net/network_port.h"
#include "bus/device_type.h"
#include "bus/pci/function.h"

namespace kelvin::device::network_card {

struct CardOptions {
    bus::pci::FunctionOptions function = {};
    std::string netdev = {};
    state::MacAddress mac = {};
    std::optional<i32> bootindex = {};

    template <class Visitor>
    void fields(Visitor& visit) {
        function.fields(visit);
        visit("netdev", netdev, "the -netdev that its cable leads to");
        visit("mac", mac, "the card's address; one is made up if left out");
        visit("bootindex", bootindex, "where it is in the order in which firmware tries to boot, from 0");
    }
    bus::Bootable bootable() const { return {bus::Bootable::Kind::network, bootindex, "ethernet-phy@0"}; }
};

/// What a card is connected to; all of it outlives the card.
struct CardEnds {
    EventLoop& io;
    memory::Dma& dma;
    TimerService& timers;
    backend::NetworkPort& cable;
};

/// Checks `options`, makes up an address if none is given, and takes the cable that they name.
Result<CardEnds> settle(CardOptions& options, const bus::Surroundings& surroundings);

}  // namespace kelvin::device::network_card
