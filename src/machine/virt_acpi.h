// SPDX-License-Identifier: Apache-2.0
// What the board "virt" tells an operating system by ACPI: the same as its device tree does (Server Base Boot
// Requirements 2.0, 8; ACPI 6.3).
#pragma once

#include "firmware/acpi_tables.h"
#include "firmware/aml.h"
#include "machine/virt_device_tree.h"

namespace kelvin::machine::virt {

firmware::AcpiFiles::Content build_acpi(const Description& board);

/// The devices that no other table has, as the content of the DSDT.
firmware::aml::Term devices_in_aml(const Description& board);

}  // namespace kelvin::machine::virt
