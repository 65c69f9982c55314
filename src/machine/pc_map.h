// SPDX-License-Identifier: Apache-2.0
// What is where in a PC: QEMU's q35 and pc.
#pragma once

#include <algorithm>

#include "base/bits.h"
#include "base/types.h"

namespace kelvin::machine::pc {

enum class Chipset : u8 { q35, i440fx };

inline constexpr u64 kGiB = u64{1} << 30;
inline constexpr u64 kConventionalEnd = 0xa0000;
inline constexpr u64 kLegacyEnd = 0x100000;
inline constexpr u64 kHighRam = 4 * kGiB;

/// Memory below 4 GiB is everything there is up to here, and if there is more, to a rounder number.
constexpr u64 low_ram(Chipset chipset, u64 ram_size) {
    const u64 most = chipset == Chipset::q35 ? 0xb000'0000 : 0xe000'0000;
    const u64 rounder = chipset == Chipset::q35 ? 2 * kGiB : 3 * kGiB;
    return ram_size < most ? ram_size : rounder;
}

// PCI has what is between RAM and the interrupt controllers, and what is behind all RAM.
inline constexpr u64 kPciEnd = 0xfec0'0000;
constexpr u64 pci_high(u64 high_ram) {
    return align_up(kHighRam + high_ram, kGiB);
}
inline constexpr u64 kPciHighEnd = u64{1} << 46;
inline constexpr u64 kEcam = 0xb000'0000;  ///< of Q35, where firmware puts it
inline constexpr u64 kEcamSize = 256U << 20;

inline constexpr u64 kIoapic = 0xfec0'0000;
inline constexpr u64 kLocalApic = 0xfee0'0000;

// Ports, and their ISA interrupts.
inline constexpr u16 kSerial = 0x3f8;
inline constexpr unsigned kSerialInterrupt = 4;
inline constexpr u16 kClock = 0x70;
inline constexpr unsigned kClockInterrupt = 8;
inline constexpr u16 kPowerCommand = 0xb2;
inline constexpr u16 kPowerBase = 0x600;  ///< where firmware puts the ports of power management
inline constexpr u32 kPowerPorts = 0x80;
inline constexpr unsigned kAcpiInterrupt = 9;

// Global system interrupts.
inline constexpr unsigned kInterrupts = 24;
inline constexpr unsigned kTimerPin = 2;  ///< of the I/O APIC: where the interval timer's is
/// Q35's PCI interrupts A to H have inputs of their own.
inline constexpr unsigned kFirstPirq = 16;
/// Where firmware routes PCI's interrupts A to D, and E to H again.
inline constexpr u8 kIsaRoutes[] = {10, 10, 11, 11};

/// Which PCI interrupt pin `pin` of a device of the root bus is. As firmware knows it for both boards.
constexpr unsigned pirq_of_q35(unsigned device, unsigned pin) {
    return device >= 25 ? pin : 4 + (device + pin) % 4;
}
constexpr unsigned pirq_of_i440fx(unsigned device, unsigned pin) {
    return (device + 3 + pin) % 4;
}

/// The I/O APIC's input for it.
constexpr unsigned input_of(Chipset chipset, unsigned device, unsigned pin) {
    return chipset == Chipset::q35 ? kFirstPirq + pirq_of_q35(device, pin) : kIsaRoutes[pirq_of_i440fx(device, pin)];
}

}  // namespace kelvin::machine::pc
