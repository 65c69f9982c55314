// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/usb/hid.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_usb() {
    static constexpr auto kTypes = std::array{
        bus::device_type<HidOf<usb::kKeyboard>>("usb-kbd", "", "usb-bus", "input", "a USB keyboard"),
        bus::device_type<HidOf<usb::kMouse>>("usb-mouse", "", "usb-bus", "input", "a USB mouse"),
        bus::device_type<HidOf<usb::kTablet>>("usb-tablet", "", "usb-bus", "input", "a USB pointer that has a place"),
    };
    return kTypes;
}

}  // namespace kelvin::device
