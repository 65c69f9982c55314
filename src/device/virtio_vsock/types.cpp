// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/types.h"
#include "device/virtio_vsock/virtio_vsock.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_vsock() {
    static constexpr auto kTypes =
        bus::virtio::types_of<VirtioVsock>({.pci = "virtio-vsock-pci",
                                            .alias = "virtio-vsock",
                                            .pci_modern = "virtio-vsock-pci-non-transitional",
                                            .mmio = "virtio-vsock-device",
                                            .category = "misc",
                                            .description = "sockets between the guest's programs and the host's"});
    return kTypes;
}

}  // namespace kelvin::device
