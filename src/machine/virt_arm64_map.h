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
inline constexpr Range kUart = {{0x09000000}, 0x1000};
inline constexpr Range kRtc = {{0x09010000}, 0x1000};
inline constexpr Range kFwCfg = {{0x09020000}, 0x18};
inline constexpr Range kGpio = {{0x09030000}, 0x1000};
inline constexpr Range kVirtioMmio = {{0x0a000000}, 0x200};  ///< the first of kVirtioMmioSlots
inline constexpr unsigned kVirtioMmioSlots = 32;
inline constexpr Gpa kRamBase = {0x40000000};

// Shared peripheral interrupts, counted from the GIC's 32.
inline constexpr unsigned kUartSpi = 1;
inline constexpr unsigned kRtcSpi = 2;
inline constexpr unsigned kGpioSpi = 7;
inline constexpr unsigned kVirtioMmioSpi = 16;  ///< of the first slot
inline constexpr unsigned kSpis = 256;

// Private peripheral interrupts, counted from the GIC's 16.
inline constexpr unsigned kPmuPpi = 7;
inline constexpr unsigned kHypervisorTimerPpi = 10;
inline constexpr unsigned kVirtualTimerPpi = 11;
inline constexpr unsigned kSecureTimerPpi = 13;
inline constexpr unsigned kPhysicalTimerPpi = 14;

/// The pin of the GPIO controller that the guest sees as its power key.
inline constexpr unsigned kPowerKeyPin = 3;

}  // namespace kelvin::machine::virt
