// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/types.h"
#include "device/virtio_net/virtio_net.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_net() {
    static constexpr auto kTypes =
        bus::virtio::types_of<VirtioNet>({.pci = "virtio-net-pci",
                                          .alias = "virtio-net",
                                          .pci_modern = "virtio-net-pci-non-transitional",
                                          .pci_transitional = "virtio-net-pci-transitional",
                                          .mmio = "virtio-net-device",
                                          .category = "network",
                                          .description = "a network card for guests that know virtio"});
    return kTypes;
}

}  // namespace kelvin::device
