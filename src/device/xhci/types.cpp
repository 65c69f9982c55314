// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/xhci/xhci.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_xhci() {
    static constexpr auto kTypes = std::array{
        bus::device_type<Xhci>("qemu-xhci", "", "PCI", "usb", "a USB controller (xHCI)"),
    };
    return kTypes;
}

}  // namespace kelvin::device
