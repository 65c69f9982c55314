// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "bus/virtio/types.h"
#include "device/virtio_input/virtio_input.h"

namespace kelvin::device {

namespace {

/// There were none before virtio 1.0.
template <const InputModel& kModel>
using OverPci = bus::virtio::OverPci<VirtioInputOf<kModel>, state::OnOffAuto::on>;

}  // namespace

std::span<const bus::DeviceType> types_of_virtio_input() {
    using bus::device_type;
    static constexpr auto kTypes = std::to_array<bus::DeviceType>({
        device_type<OverPci<kVirtioKeyboard>>("virtio-keyboard-pci", "virtio-keyboard", "PCI", "input", "a keyboard"),
        device_type<VirtioInputOf<kVirtioKeyboard>>("virtio-keyboard-device", "", "virtio-bus", "input", "a keyboard"),
        device_type<OverPci<kVirtioMouse>>("virtio-mouse-pci", "virtio-mouse", "PCI", "input", "a mouse with a wheel"),
        device_type<VirtioInputOf<kVirtioMouse>>("virtio-mouse-device", "", "virtio-bus", "input",
                                                 "a mouse with a wheel"),
        device_type<OverPci<kVirtioTablet>>("virtio-tablet-pci", "virtio-tablet", "PCI", "input",
                                            "a pointer that is where it is on the host's screen"),
        device_type<VirtioInputOf<kVirtioTablet>>("virtio-tablet-device", "", "virtio-bus", "input",
                                                  "a pointer that is where it is on the host's screen"),
    });
    return kTypes;
}

}  // namespace kelvin::device
