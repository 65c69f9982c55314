// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "device/isa_devices/isa_debug_console.h"
#include "device/isa_devices/isa_parallel.h"
#include "device/isa_devices/isa_serial.h"

namespace kelvin::device {

std::span<const bus::DeviceType> types_of_isa_devices() {
    using bus::device_type;
    static constexpr auto kTypes = std::to_array<bus::DeviceType>({
        device_type<IsaDebugConsole>("isa-debugcon", "", "ISA", "misc", "firmware's messages, written to a port"),
        device_type<IsaParallel>("isa-parallel", "", "ISA", "misc", "a parallel port"),
        device_type<IsaSerial>("isa-serial", "", "ISA", "misc", "a further serial port"),
    });
    return kTypes;
}

}  // namespace kelvin::device
