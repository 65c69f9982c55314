// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/types.h"
#include "device/virtio_balloon/virtio_balloon.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_balloon() {
    static constexpr auto kTypes =
        bus::virtio::types_of<VirtioBalloon>({.pci = "virtio-balloon-pci",
                                              .alias = "virtio-balloon",
                                              .pci_modern = "virtio-balloon-pci-non-transitional",
                                              .pci_transitional = "virtio-balloon-pci-transitional",
                                              .mmio = "virtio-balloon-device",
                                              .category = "misc",
                                              .description = "takes memory from the guest that the host needs"});
    return kTypes;
}

}  // namespace kelvin::device
