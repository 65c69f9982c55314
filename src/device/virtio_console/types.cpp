// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "bus/virtio/types.h"
#include "device/virtio_console/virtio_console.h"

namespace kelvin::device {

namespace {

template <SerialPort::Kind kKind>
struct PortOf {
    using Options = SerialPort::Options;
    static Result<std::unique_ptr<SerialPort>> create(const Options& options, const bus::Surroundings& surroundings) {
        return SerialPort::create(options, surroundings, kKind);
    }
};

constexpr auto kControllers =
    bus::virtio::types_of<VirtioConsole>({.pci = "virtio-serial-pci",
                                          .alias = "virtio-serial",
                                          .pci_modern = "virtio-serial-pci-non-transitional",
                                          .pci_transitional = "virtio-serial-pci-transitional",
                                          .mmio = "virtio-serial-device",
                                          .category = "input",
                                          .description = "a bus of virtio's serial ports"});

}  // namespace

std::span<const bus::DeviceType> types_of_virtio_console() {
    static constexpr std::array<bus::DeviceType, kControllers.size() + 2> kTypes = {
        kControllers[0],
        kControllers[1],
        kControllers[2],
        kControllers[3],
        bus::device_type<PortOf<SerialPort::Kind::serial>>("virtserialport", "", "virtio-serial-bus", "input",
                                                           "bytes between programs of the guest and of the host"),
        bus::device_type<PortOf<SerialPort::Kind::console>>("virtconsole", "", "virtio-serial-bus", "input",
                                                            "a console: hvc0 in Linux"),
    };
    return kTypes;
}

}  // namespace kelvin::device
