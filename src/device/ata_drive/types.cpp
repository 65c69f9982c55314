// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <span>

#include "device/ata_drive/ata_cd.h"
#include "device/ata_drive/ata_disk.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_ata_drive() {
    static constexpr auto kTypes = std::array{
        bus::device_type<AtaCd>("ide-cd", "", bus::ata::IdeBus::kKind, "storage", "an ATA CD drive"),
        bus::device_type<AtaDisk>("ide-hd", "", bus::ata::IdeBus::kKind, "storage", "an ATA disk"),
    };
    return kTypes;
}

}  // namespace kelvin::device
