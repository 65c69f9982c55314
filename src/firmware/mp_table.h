// SPDX-License-Identifier: Apache-2.0
// Intel's MultiProcessor Specification 1.4: how systems without ACPI learn of processors and of interrupts' ways.
#pragma once

#include <string_view>
#include <vector>

#include "base/types.h"

namespace kelvin::firmware {

struct MpDescription {
    /// Pin `pin` (0: INTA) of a device of PCI's first bus, and the IOAPIC's input that it ends at.
    struct PciInterrupt {
        u8 device;
        u8 pin;
        u8 input;
    };

    std::string_view board;  ///< its name, of 12 characters at most
    unsigned processors = 1;
    u64 local_apic = 0xfee0'0000;
    u64 io_apic = 0xfec0'0000;
    u8 interrupts = 24;  ///< of the ISA bus, each of which is the IOAPIC's input of its number but the timer's
    std::vector<PciInterrupt> pci = {};
};

/// The floating pointer and the configuration table behind it, as they are to lie at `address`, which is a multiple of
/// 16 in the last KiB of conventional memory or in 0xf0000 to 0xfffff.
std::vector<u8> build_mp_table(const MpDescription& machine, u64 address);

}  // namespace kelvin::firmware
