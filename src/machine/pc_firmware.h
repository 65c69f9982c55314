// SPDX-License-Identifier: Apache-2.0
// What a PC tells its firmware: bytes on the clock's battery, and items of fw_cfg.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "device/firmware_config/fw_cfg.h"
#include "device/rtc/mc146818.h"
#include "firmware/acpi_tables.h"
#include "firmware/smbios.h"
#include "machine/firmware_boot.h"
#include "machine/pc_map.h"

namespace kelvin::machine::pc {

struct CmosFacts {
    u64 low_ram = 0;
    u64 high_ram = 0;
    unsigned cpus = 1;
};
void fill_cmos(device::Mc146818& clock, const CmosFacts& facts);

struct FirmwareFacts {
    unsigned cpus = 1;
    u64 ram_size = 0;
    u64 low_ram = 0;
    u64 high_ram = 0;
    u64 high_end = 0;  ///< where addresses are free
    bool serial_console = false;
    FirmwareMenu menu;
};
/// What systems without ACPI read, to lie at `address`.
std::vector<u8> mp_table(Chipset chipset, unsigned cpus, u64 address);

Result<> describe_to_firmware(device::FwCfg& config, const FirmwareFacts& facts, firmware::AcpiFiles::Content acpi,
                              const firmware::Smbios& smbios,
                              const std::vector<std::pair<std::string, std::vector<u8>>>& files);

}  // namespace kelvin::machine::pc
