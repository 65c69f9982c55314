// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/vga/vga.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_vga() {
    static constexpr auto kTypes = std::array{
        bus::device_type<Vga>("VGA", "", "PCI", "display", "a standard VGA with linear modes"),
        bus::device_type<SecondaryVga>("secondary-vga", "", "PCI", "display",
                                       "the same without the ports and the memory of old"),
        bus::device_type<BochsDisplay>("bochs-display", "", "PCI", "display", "a frame buffer with linear modes only"),
    };
    return kTypes;
}

}  // namespace kelvin::device
