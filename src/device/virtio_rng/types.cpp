// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/types.h"
#include "device/virtio_rng/virtio_rng.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_rng() {
    static constexpr auto kTypes = bus::virtio::types_of<VirtioRng>({.pci = "virtio-rng-pci",
                                                                     .alias = "virtio-rng",
                                                                     .pci_modern = "virtio-rng-pci-non-transitional",
                                                                     .pci_transitional = "virtio-rng-pci-transitional",
                                                                     .mmio = "virtio-rng-device",
                                                                     .category = "misc",
                                                                     .description = "random bytes of the host's"});
    return kTypes;
}

}  // namespace kelvin::device
