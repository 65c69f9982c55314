// SPDX-License-Identifier: Apache-2.0
// The board "virt": where its devices are and which interrupts they raise. The map is QEMU 10's
// (docs/system/arm/virt.rst promises guests only what the device tree says; firmware images know the addresses of
// flash, RAM and UART by heart).
#pragma once

#include "base/types.h"

namespace kelvin::machine::virt {

struct Range {
    Gpa base;
    u64 size;
};

inline constexpr u64 kFlashBankSize = 0x04000000;
inline constexpr Range kFlash0 = {{0x00000000}, kFlashBankSize};
inline constexpr Range kFlash1 = {{0x04000000}, kFlashBankSize};
inline constexpr Range kGicDistributor = {{0x08000000}, 0x10000};
inline constexpr Range kGicV2Cpu = {{0x08010000}, 0x10000};
inline constexpr Range kGicV3Redistributors = {{0x080a0000}, 0xf60000};
inline constexpr Range kGicV2m = {{0x08020000}, 0x1000};
inline constexpr Range kIts = {{0x08080000}, 0x20000};
inline constexpr Range kUart = {{0x09000000}, 0x1000};
inline constexpr Range kRtc = {{0x09010000}, 0x1000};
inline constexpr Range kFwCfg = {{0x09020000}, 0x18};
inline constexpr Range kGpio = {{0x09030000}, 0x1000};
inline constexpr Range kVirtioMmio = {{0x0a000000}, 0x200};  ///< the first of kVirtioMmioSlots
inline constexpr unsigned kVirtioMmioSlots = 32;
inline constexpr Range kPcieMemory = {{0x10000000}, 0x2eff0000};
inline constexpr Range kPciePorts = {{0x3eff0000}, 0x10000};
inline constexpr Gpa kRamBase = {0x40000000};

/// What lies above RAM, or above 256 GiB if there is less.
struct HighRanges {
    Range pcie_configuration;
    Range pcie_memory;
};
constexpr HighRanges high_ranges(u64 ram_size) {
    constexpr u64 kGibi = u64{1} << 30;
    constexpr u64 kSecondRedistributors = u64{64} << 20;  // kept free for a second region of redistributors
    constexpr u64 kConfiguration = u64{256} << 20;
    constexpr u64 kMemory = 512 * kGibi;
    const auto align = [](u64 address, u64 size) { return (address + size - 1) / size * size; };
    const u64 end = align(kRamBase.value + ram_size, kGibi);
    const u64 first = (end > 256 * kGibi ? end : 256 * kGibi) + kSecondRedistributors;
    const u64 configuration = align(first, kConfiguration);
    return {{{configuration}, kConfiguration}, {{align(configuration + kConfiguration, kMemory)}, kMemory}};
}

// Shared peripheral interrupts, counted from the GIC's 32.
inline constexpr unsigned kUartSpi = 1;
inline constexpr unsigned kRtcSpi = 2;
inline constexpr unsigned kPcieSpi = 3;  ///< the first of four
inline constexpr unsigned kGpioSpi = 7;
inline constexpr unsigned kEventSpi = 9;        ///< ACPI's event device: the power button
inline constexpr unsigned kVirtioMmioSpi = 16;  ///< of the first slot
inline constexpr unsigned kGicV2mSpi = 48;      ///< the first of kGicV2mSpis, for messages
inline constexpr unsigned kGicV2mSpis = 64;
inline constexpr unsigned kSpis = 256;

/// Who takes PCI devices' messages.
enum class MessageController : u8 { none, gicv2m, its };
constexpr MessageController message_controller(unsigned gic_version, bool its) {
    if (gic_version == 2) {
        return MessageController::gicv2m;
    }
    return its ? MessageController::its : MessageController::none;
}

// Private peripheral interrupts, counted from the GIC's 16.
inline constexpr unsigned kPmuPpi = 7;
inline constexpr unsigned kHypervisorTimerPpi = 10;
inline constexpr unsigned kVirtualTimerPpi = 11;
inline constexpr unsigned kSecureTimerPpi = 13;
inline constexpr unsigned kPhysicalTimerPpi = 14;

/// The pin of the GPIO controller that the guest sees as its power key.
inline constexpr unsigned kPowerKeyPin = 3;

}  // namespace kelvin::machine::virt
