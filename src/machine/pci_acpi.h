// SPDX-License-Identifier: Apache-2.0
// What PCI Express host bridges of all boards say in ACPI's language.
#pragma once

#include "firmware/aml.h"

namespace kelvin::machine {

/// _OSC (ACPI 6.3, 6.2.11, and PCI Firmware Specification 3.2, 4.5.1): the operating system may do all that it asks to
/// do itself. The device that it is of has an integer CTRL.
firmware::aml::Term pci_capabilities();

}  // namespace kelvin::machine
