// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/e1000/e1000.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_e1000() {
    static constexpr auto kTypes = std::array{
        bus::device_type<E1000>("e1000", "e1000-82540em", "PCI", "network", "an Intel PRO/1000 MT (82540EM)"),
    };
    return kTypes;
}

}  // namespace kelvin::device
