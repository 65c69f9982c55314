// SPDX-License-Identifier: Apache-2.0
#include "machine/pc_isa.h"

namespace kelvin::machine::pc {

std::unique_ptr<bus::isa::IsaBus> make_isa_slots(Chipset chipset, memory::PortMap& ports,
                                                 std::span<const Wire> interrupts) {
    auto slots = std::make_unique<bus::isa::IsaBus>("isa.0", ports, interrupts);
    slots->reserve(0, "the timer");
    slots->reserve(1, "the keyboard");
    slots->reserve(2, "the second interrupt controller");
    slots->reserve(kSerialInterrupt, "serial0");
    slots->reserve(kClockInterrupt, "the clock");
    slots->reserve(kAcpiInterrupt, "ACPI");
    slots->reserve(12, "the mouse");
    slots->reserve(13, "the floating point unit");
    if (chipset == Chipset::i440fx) {
        slots->reserve(14, "the first IDE channel");
        slots->reserve(15, "the second IDE channel");
    }
    return slots;
}

}  // namespace kelvin::machine::pc
