// SPDX-License-Identifier: Apache-2.0
// -blockdev, -drive, -hda and its kin, -cdrom.
#include <fmt/format.h>

#include "control/option_table.h"
#include "state/options.h"

namespace kelvin::control {

Result<> apply_drive(Draft& draft, const std::string& value) {
    const state::Json options = KELVIN_TRY(state::parse_options(value, "file"));
    vm::DriveSpec spec;
    KELVIN_TRY(state::read_options("-drive", options, spec));
    draft.line.spec.drives.push_back(std::move(spec));
    return ok();
}

Result<> apply_blockdev(Draft& draft, const std::string& value) {
    draft.line.spec.block_nodes.push_back(KELVIN_TRY(state::parse_options(value, "driver")));
    return ok();
}

Result<> apply_disk(Draft& draft, const std::string& value) {
    vm::DriveSpec spec;
    spec.file = value;
    draft.line.spec.drives.push_back(std::move(spec));
    return ok();
}

Result<> apply_cdrom(Draft& draft, const std::string& value) {
    vm::DriveSpec spec;
    spec.file = value;
    spec.format = vm::ImageFormat::raw;
    spec.media = vm::Media::cdrom;
    draft.line.spec.drives.push_back(std::move(spec));
    return ok();
}

Result<> settle_drives(Draft& draft) {
    unsigned number = 0;
    for (vm::DriveSpec& drive : draft.line.spec.drives) {
        const std::string_view interface = state::name_of(drive.interface);
        if (drive.id.empty()) {
            drive.id = fmt::format("{}{}", interface, number);
        }
        ++number;
        if (drive.interface == vm::DriveInterface::virtio) {
            vm::DeviceSpec device{.driver = "virtio-blk-pci", .id = "", .bus = "", .options = state::Json::object()};
            device.options["drive"] = drive.id;
            draft.line.spec.devices.push_back(std::move(device));
        }
    }
    return ok();
}

}  // namespace kelvin::control
