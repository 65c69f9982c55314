// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_rng/virtio_rng.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_virtio_rng() {
    static constexpr bus::DeviceType kTypes[] = {
        bus::device_type<VirtioRng>("virtio-rng-device", "", "virtio-bus", "misc", "random bytes of the host's"),
    };
    return kTypes;
}

}  // namespace kelvin::device
