// SPDX-License-Identifier: Apache-2.0
#include "device/scsi_disk/scsi_disk.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_scsi_disk() {
    static constexpr bus::DeviceType kTypes[] = {
        bus::device_type<ScsiDiskOf<ScsiDisk::Kind::disk>>("scsi-hd", "", "SCSI", "storage", "a SCSI disk"),
        bus::device_type<ScsiDiskOf<ScsiDisk::Kind::cd>>("scsi-cd", "", "SCSI", "storage", "a SCSI CD drive"),
    };
    return kTypes;
}

}  // namespace kelvin::device
