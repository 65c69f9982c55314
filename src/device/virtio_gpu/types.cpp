// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "bus/virtio/types.h"
#include "device/virtio_gpu/virtio_gpu.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_gpu() {
    using bus::device_type;
    // There were none before virtio 1.0.
    using OverPci = bus::virtio::OverPci<VirtioGpu, state::OnOffAuto::on>;
    static constexpr auto kTypes = std::to_array<bus::DeviceType>({
        device_type<OverPci>("virtio-gpu-pci", "virtio-gpu", "PCI", "display", "a screen that the guest draws in RAM"),
        device_type<VirtioGpu>("virtio-gpu-device", "", "virtio-bus", "display",
                               "a screen that the guest draws in RAM"),
    });
    return kTypes;
}

}  // namespace kelvin::device
