// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/types.h"
#include "device/virtio_scsi/virtio_scsi.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_scsi() {
    static constexpr auto kTypes =
        bus::virtio::types_of<VirtioScsi>({.pci = "virtio-scsi-pci",
                                           .alias = "virtio-scsi",
                                           .pci_modern = "virtio-scsi-pci-non-transitional",
                                           .pci_transitional = "virtio-scsi-pci-transitional",
                                           .mmio = "virtio-scsi-device",
                                           .category = "storage",
                                           .description = "a SCSI bus for guests that know virtio"});
    return kTypes;
}

}  // namespace kelvin::device
