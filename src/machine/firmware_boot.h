// SPDX-License-Identifier: Apache-2.0
// Begins with the firmware in flash, as QEMU does: the device tree lies at the bottom of RAM, and a kernel that was
// given is the firmware's to load.
#pragma once

#include <optional>

#include "device/firmware_config/fw_cfg.h"
#include "firmware/efi_program.h"
#include "machine/arm64_boot.h"

namespace kelvin::machine {

/// Whether firmware lets the user choose what it starts.
struct FirmwareMenu {
    bool shown = false;
    std::optional<u16> wait_ms;  ///< for a key; 65535: for ever
};

/// Into the items of fw_cfg that firmware looks at.
Result<> describe_menu(device::FwCfg& config, const FirmwareMenu& menu);

class FirmwareBoot {
  public:
    /// A wrong or missing file is an error here, before anything is built.
    static Result<FirmwareBoot> open(const BootFiles& files);

    /// Hands kernel, initrd and command line to the firmware.
    Result<> describe(device::FwCfg& config) const;
    /// Reset vector and device tree; `make_device_tree` is asked if the user gave none.
    Result<BootEntry> load(firmware::RamView ram, const Arm64Boot::MakeDeviceTree& make_device_tree) const;

  private:
    explicit FirmwareBoot(BootFiles files) : files_(std::move(files)) {}

    BootFiles files_;
    std::optional<firmware::EfiProgram> kernel_;
    std::optional<firmware::InputFile> initrd_;
};

}  // namespace kelvin::machine
