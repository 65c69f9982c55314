// SPDX-License-Identifier: Apache-2.0
// The PCI Express capability (PCI Express Base 5.0, 7.5.3): offsets in it, and bits.
#pragma once

#include "base/types.h"

namespace kelvin::bus::pci::express {

inline constexpr u32 kSize = 0x3c;
inline constexpr u32 kFlags = 0x02;
inline constexpr u32 kDeviceCapabilities = 0x04;
inline constexpr u32 kDeviceControl = 0x08;
inline constexpr u32 kDeviceStatus = 0x0a;
inline constexpr u32 kLinkCapabilities = 0x0c;
inline constexpr u32 kLinkControl = 0x10;
inline constexpr u32 kLinkStatus = 0x12;
inline constexpr u32 kSlotCapabilities = 0x14;
inline constexpr u32 kSlotControl = 0x18;
inline constexpr u32 kSlotStatus = 0x1a;
inline constexpr u32 kRootControl = 0x1c;
inline constexpr u32 kRootStatus = 0x20;
inline constexpr u32 kLinkCapabilities2 = 0x2c;
inline constexpr u32 kLinkControl2 = 0x30;

// Flags.
inline constexpr u16 kVersion2 = 2;
inline constexpr u16 kEndpoint = 0 << 4;
inline constexpr u16 kRootPort = 4 << 4;
inline constexpr u16 kIntegratedEndpoint = 9 << 4;
inline constexpr u16 kSlotImplemented = 1 << 8;

// Device.
inline constexpr u32 kRoleBasedErrors = 1U << 15;
inline constexpr u32 kFunctionLevelReset = 1U << 28;
inline constexpr u16 kInitiateReset = 1U << 15;
/// Relaxed ordering and no snoop are on, requests of 512 bytes: 7.5.3.4.
inline constexpr u16 kDeviceControlReset = 0x2810;
inline constexpr u16 kDeviceControlWritable = 0xf8ff;
inline constexpr u16 kDeviceStatusErrors = 0x000f;

// Link: 2.5 GT/s, one lane.
inline constexpr u32 kLinkX1 = 0x11;
inline constexpr u32 kReportsLinkActive = 1U << 20;
inline constexpr u16 kLinkControlWritable = 0x00fb;
inline constexpr u16 kLinkDisable = 1U << 4;
/// Data Link Layer Link Active.
inline constexpr u16 kLinkActive = 1U << 13;

// Slot capabilities (7.5.3.9).
inline constexpr u32 kHasAttentionButton = 1U << 0;
inline constexpr u32 kHasPowerController = 1U << 1;
inline constexpr u32 kHasAttentionIndicator = 1U << 3;
inline constexpr u32 kHasPowerIndicator = 1U << 4;
inline constexpr u32 kSurpriseRemoval = 1U << 5;
inline constexpr u32 kHotPlugCapable = 1U << 6;
inline constexpr unsigned kSlotNumberShift = 19;
inline constexpr u32 kMaxSlotNumber = 0x1fff;

// Slot status (7.5.3.11): the first five have an enable bit of the same place in slot control.
inline constexpr u16 kButtonPressed = 1U << 0;
inline constexpr u16 kPresenceChanged = 1U << 3;
inline constexpr u16 kCommandCompleted = 1U << 4;
inline constexpr u16 kPresent = 1U << 6;
inline constexpr u16 kLinkChanged = 1U << 8;

// Slot control (7.5.3.10).
inline constexpr u16 kSimpleEvents = 0x1f;
inline constexpr u16 kHotPlugInterrupt = 1U << 5;
inline constexpr u16 kAttentionIndicator = 3U << 6;
inline constexpr u16 kAttentionIndicatorOff = 3U << 6;
inline constexpr u16 kPowerIndicator = 3U << 8;
inline constexpr u16 kPowerIndicatorOn = 1U << 8;
inline constexpr u16 kPowerIndicatorBlinks = 2U << 8;
inline constexpr u16 kPowerIndicatorOff = 3U << 8;
inline constexpr u16 kPowerOff = 1U << 10;
inline constexpr u16 kLinkChangeInterrupt = 1U << 12;

// Root control: errors and power management events may be asked for, and never come.
inline constexpr u16 kRootControlWritable = 0x000f;

}  // namespace kelvin::bus::pci::express
