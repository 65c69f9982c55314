// SPDX-License-Identifier: Apache-2.0
// The ACPI tables of a PC.
#pragma once

#include "firmware/acpi_tables.h"
#include "firmware/aml.h"
#include "machine/pc_map.h"

namespace kelvin::machine::pc {

struct Description {
    Chipset chipset = Chipset::q35;
    unsigned cpus = 1;
    u64 low_ram = 0;
    u64 high_ram = 0;
    u32 events_at = 0;   ///< of general purpose events, behind kPowerBase
    u8 event_bytes = 0;  ///< of status and enables together
};

firmware::AcpiFiles::Content build_acpi(const Description& board);
/// The board's devices, for the DSDT.
std::vector<firmware::aml::Term> devices_in_aml(const Description& board);

}  // namespace kelvin::machine::pc
