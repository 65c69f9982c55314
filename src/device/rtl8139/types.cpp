// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/rtl8139/rtl8139.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_rtl8139() {
    static constexpr auto kTypes = std::array{
        bus::device_type<Rtl8139>("rtl8139", "", "PCI", "network", "a Realtek RTL8139C+"),
    };
    return kTypes;
}

}  // namespace kelvin::device
