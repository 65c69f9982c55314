// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/nvme/nvme.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_nvme() {
    static constexpr auto kTypes = std::array{
        bus::device_type<Nvme>("nvme", "", "PCI", "storage", "an NVM Express controller, and a disk"),
        bus::device_type<NvmeNamespace>("nvme-ns", "", NvmeBus::kKind, "storage",
                                        "a further disk of an NVMe controller"),
    };
    return kTypes;
}

}  // namespace kelvin::device
