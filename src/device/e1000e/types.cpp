// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/e1000e/e1000e.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_e1000e() {
    static constexpr auto kTypes = std::array{
        bus::device_type<E1000e>("e1000e", "", "PCI", "network", "an Intel 82574L on PCI Express"),
    };
    return kTypes;
}

}  // namespace kelvin::device
