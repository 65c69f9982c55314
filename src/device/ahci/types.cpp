// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/ahci/ahci.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_ahci() {
    static constexpr auto kTypes = std::array{
        bus::device_type<Ahci>("ich9-ahci", "ahci", "PCI", "storage", "a SATA controller with six ports (ICH9)"),
    };
    return kTypes;
}

}  // namespace kelvin::device
