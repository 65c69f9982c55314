// SPDX-License-Identifier: Apache-2.0
// What a device's _CRS says that it uses: descriptors for aml::resources() (ACPI 6.3, 6.4).
#pragma once

#include "firmware/aml.h"

namespace kelvin::firmware::aml {

enum class Trigger : u8 { level, edge };

/// 6.4.3.4: memory below 4 GiB that stays where it is.
Term fixed_memory(u32 base, u32 size);
/// 6.4.3.6: one interrupt, active high, not shared.
Term interrupt(u32 number, Trigger trigger);

/// 6.4.2.1: an ISA interrupt, edge-triggered and active high.
Term isa_interrupt(unsigned number);
/// 6.4.2.5: ports that stay where they are.
Term fixed_ports(u16 base, u8 count);

// 6.4.3.5: ranges that a bridge passes on.
Term bus_numbers(u16 first, u16 last);
/// Ports from 0, which the bridge shows to CPUs at `cpu_base`.
Term ports(u32 size, u32 cpu_base);
/// Ports as CPUs number them.
Term port_range(u16 first, u16 last);
Term memory32(u32 base, u32 size);
Term memory64(u64 base, u64 size);

}  // namespace kelvin::firmware::aml
