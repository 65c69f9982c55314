// SPDX-License-Identifier: Apache-2.0
// A PC's ISA bus, for what users add to the board's own devices.
#pragma once

#include <memory>
#include <span>

#include "bus/isa/isa_bus.h"
#include "machine/pc_map.h"

namespace kelvin::machine::pc {

/// "isa.0", on which the board's devices keep their interrupts. `ports` outlives it.
std::unique_ptr<bus::isa::IsaBus> make_isa_slots(Chipset chipset, memory::PortMap& ports,
                                                 std::span<const Wire> interrupts);

}  // namespace kelvin::machine::pc
