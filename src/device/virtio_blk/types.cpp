// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/types.h"
#include "device/virtio_blk/virtio_blk.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_blk() {
    static constexpr auto kTypes =
        bus::virtio::types_of<VirtioBlk>({.pci = "virtio-blk-pci",
                                          .alias = "virtio-blk",
                                          .pci_modern = "virtio-blk-pci-non-transitional",
                                          .pci_transitional = "virtio-blk-pci-transitional",
                                          .mmio = "virtio-blk-device",
                                          .category = "storage",
                                          .description = "a disk for guests that know virtio"});
    return kTypes;
}

}  // namespace kelvin::device
