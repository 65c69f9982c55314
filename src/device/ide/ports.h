// SPDX-License-Identifier: Apache-2.0
// Ports of a channel and their bits.
#pragma once

#include "base/types.h"

namespace kelvin::device::ide {

/// The command block's (ATA/ATAPI-7, volume 2, 7).
namespace port {
inline constexpr u64 kData = 0;
inline constexpr u64 kFeatures = 1;
inline constexpr u64 kCount = 2;
inline constexpr u64 kLbaLow = 3;
inline constexpr u64 kDevice = 6;
inline constexpr u64 kStatus = 7;
}  // namespace port

/// Of the device control register.
namespace control {
inline constexpr u8 kNoInterrupt = 0x02;
inline constexpr u8 kReset = 0x04;
inline constexpr u8 kHighOrder = 0x80;
inline constexpr u8 kWritable = kNoInterrupt | kReset | kHighOrder;
}  // namespace control

namespace device {
/// Bits of the device register that are always set in what hosts write (ATA-5, 7.5).
inline constexpr u8 kObsolete = 0xa0;
}  // namespace device

/// The bus master's registers (2.0).
namespace master {
inline constexpr u64 kCommandAt = 0;
inline constexpr u64 kStatusAt = 2;
inline constexpr u64 kTableAt = 4;
inline constexpr u64 kSize = 8;

inline constexpr u8 kStart = 0x01;
inline constexpr u8 kToMemory = 0x08;
inline constexpr u8 kActive = 0x01;
inline constexpr u8 kError = 0x02;
inline constexpr u8 kInterrupt = 0x04;
inline constexpr u8 kCapable = 0x60;  ///< which drives can do it: what software has noted
}  // namespace master

}  // namespace kelvin::device::ide
