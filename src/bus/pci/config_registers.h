// SPDX-License-Identifier: Apache-2.0
// Offsets and bits of configuration space (PCI Local Bus 3.0, 6.1 to 6.7; PCI Express Base 5.0, 7.5).
#pragma once

#include "base/types.h"

namespace kelvin::bus::pci::reg {

inline constexpr u32 kVendorId = 0x00;
inline constexpr u32 kDeviceId = 0x02;
inline constexpr u32 kCommand = 0x04;
inline constexpr u32 kStatus = 0x06;
inline constexpr u32 kRevision = 0x08;
inline constexpr u32 kClassInterface = 0x09;
inline constexpr u32 kCacheLineSize = 0x0c;
inline constexpr u32 kLatencyTimer = 0x0d;
inline constexpr u32 kHeaderType = 0x0e;
inline constexpr u32 kBar0 = 0x10;
inline constexpr u32 kSubsystemVendor = 0x2c;
inline constexpr u32 kSubsystem = 0x2e;
inline constexpr u32 kRom = 0x30;
inline constexpr u32 kCapabilities = 0x34;
inline constexpr u32 kInterruptLine = 0x3c;
inline constexpr u32 kInterruptPin = 0x3d;

// Of bridges.
inline constexpr u32 kPrimaryBus = 0x18;
inline constexpr u32 kSecondaryBus = 0x19;
inline constexpr u32 kSubordinateBus = 0x1a;
inline constexpr u32 kIoBase = 0x1c;
inline constexpr u32 kIoLimit = 0x1d;
inline constexpr u32 kSecondaryStatus = 0x1e;
inline constexpr u32 kMemoryBase = 0x20;
inline constexpr u32 kMemoryLimit = 0x22;
inline constexpr u32 kPrefetchBase = 0x24;
inline constexpr u32 kPrefetchLimit = 0x26;
inline constexpr u32 kPrefetchBaseUpper = 0x28;
inline constexpr u32 kPrefetchLimitUpper = 0x2c;
inline constexpr u32 kIoBaseUpper = 0x30;
inline constexpr u32 kIoLimitUpper = 0x32;
inline constexpr u32 kBridgeControl = 0x3e;

namespace command {
inline constexpr u16 kIo = 1U << 0;
inline constexpr u16 kMemory = 1U << 1;
inline constexpr u16 kBusMaster = 1U << 2;
inline constexpr u16 kParityError = 1U << 6;
inline constexpr u16 kSystemError = 1U << 8;
inline constexpr u16 kInterruptDisable = 1U << 10;
}  // namespace command

namespace status {
inline constexpr u16 kInterrupt = 1U << 3;
inline constexpr u16 kCapabilityList = 1U << 4;
/// Errors that were seen: written with ones to clear.
inline constexpr u16 kErrors = 0xf900;
}  // namespace status

namespace capability {
inline constexpr u8 kVendorSpecific = 0x09;
inline constexpr u8 kExpress = 0x10;
inline constexpr u8 kMsix = 0x11;
}  // namespace capability

inline constexpr u8 kMultifunction = 0x80;
inline constexpr u8 kBridgeHeader = 0x01;

}  // namespace kelvin::bus::pci::reg
