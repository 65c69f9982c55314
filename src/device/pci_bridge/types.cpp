// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/pci_bridge/root_port.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_pci_bridge() {
    static constexpr auto kTypes = std::array{
        bus::device_type<RootPort>("pcie-root-port", "", "PCI", "bridge",
                                   "a slot for one device, which may come and go"),
    };
    return kTypes;
}

}  // namespace kelvin::device
