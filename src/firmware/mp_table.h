// SPDX-License-Identifier: Apache-2.0
// Intel's MultiProcessor Specification 1.4: how systems without ACPI learn of processors and of interrupts' ways.
#pragma once

#include <vector>

#include "base/types.h"

namespace kelvin::firmware {

struct MpDescription {
    unsigned processors = 1;
    u64 local_apic = 0xfee0'0000;
    u64 io_apic = 0xfec0'0000;
    u8 interrupts = 24;  ///< pins of the IOAPIC; of the ISA bus, each is its own interrupt
};

/// The floating pointer and the configuration table behind it, as they are to lie at `address`, which is a multiple of
/// 16 in the last KiB of conventional memory or in 0xf0000 to 0xfffff.
std::vector<u8> build_mp_table(const MpDescription& machine, u64 address);

}  // namespace kelvin::firmware
