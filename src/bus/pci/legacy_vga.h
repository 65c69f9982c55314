// SPDX-License-Identifier: Apache-2.0
// What of a video card answers where IBM's VGA was: a board that has these places sends them to the first such card.
#pragma once

#include "base/types.h"
#include "memory/mmio.h"

namespace kelvin::bus::pci {

class LegacyVga {
  public:
    static constexpr Gpa kMemory{0xa0000};
    static constexpr u64 kMemorySize = 0x20000;
    static constexpr u16 kPorts = 0x3b0;
    static constexpr u32 kPortCount = 0x30;
    static constexpr u16 kDispiPorts = 0x1ce;  ///< Bochs's: index and data
    static constexpr u32 kDispiPortCount = 3;

    virtual ~LegacyVga() = default;
    // They lock by themselves, and answer with ones while the guest has switched them off.
    virtual memory::MmioHandler& vga_memory() = 0;
    virtual memory::MmioHandler& vga_ports() = 0;
    virtual memory::MmioHandler& dispi_ports() = 0;
};

}  // namespace kelvin::bus::pci
