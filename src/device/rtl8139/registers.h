// SPDX-License-Identifier: Apache-2.0
// Registers of the RTL8139C+ (Realtek's data sheet, revision 1.6, chapters 5 and 9), and bits of them.
#pragma once

#include "base/types.h"

namespace kelvin::device::rtl {

namespace reg {

inline constexpr u32 kAddress = 0x00;         // IDR0 to IDR5
inline constexpr u32 kMulticast = 0x08;       // MAR0 to MAR7
inline constexpr u32 kTransmitStatus = 0x10;  // TSD0 to TSD3
inline constexpr u32 kTally = 0x10;           // DTCCR: the same bytes, in C+ mode
inline constexpr u32 kTransmitStart = 0x20;   // TSAD0 to TSAD3
inline constexpr u32 kNormalRing = 0x20;      // TNPDS: the same bytes, in C+ mode
inline constexpr u32 kHighRing = 0x28;        // THPDS
inline constexpr u32 kReceiveStart = 0x30;    // RBSTART
inline constexpr u32 kCommand = 0x37;         // CR
inline constexpr u32 kReadPointer = 0x38;     // CAPR
inline constexpr u32 kWritePointer = 0x3a;    // CBR
inline constexpr u32 kMask = 0x3c;            // IMR
inline constexpr u32 kStatus = 0x3e;          // ISR
inline constexpr u32 kTransmitConfig = 0x40;  // TCR
inline constexpr u32 kReceiveConfig = 0x44;   // RCR
inline constexpr u32 kCounter = 0x48;         // TCTR
inline constexpr u32 kMissed = 0x4c;          // MPC
inline constexpr u32 kEeprom = 0x50;          // 9346CR
inline constexpr u32 kConfig0 = 0x51;         // CONFIG0, CONFIG1
inline constexpr u32 kConfig1 = 0x52;
inline constexpr u32 kTimer = 0x54;    // TimerInt
inline constexpr u32 kMedia = 0x58;    // MSR
inline constexpr u32 kConfig3 = 0x59;  // CONFIG3, CONFIG4
inline constexpr u32 kConfig4 = 0x5a;
inline constexpr u32 kMultipleInterrupt = 0x5c;  // MULINT
inline constexpr u32 kTransmitSummary = 0x60;    // TSAD
inline constexpr u32 kModeControl = 0x62;        // BMCR
inline constexpr u32 kModeStatus = 0x64;         // BMSR
inline constexpr u32 kAdvertisement = 0x66;      // ANAR
inline constexpr u32 kPartner = 0x68;            // ANLPAR
inline constexpr u32 kExpansion = 0x6a;          // ANER
inline constexpr u32 kWay = 0x70;                // NWAYTR
inline constexpr u32 kLinkStatus = 0x74;         // CSCR
inline constexpr u32 kConfig5 = 0xd8;
inline constexpr u32 kPoll = 0xd9;         // TPPoll
inline constexpr u32 kLargest = 0xda;      // RMS
inline constexpr u32 kPlusCommand = 0xe0;  // C+CR
inline constexpr u32 kReceiveRing = 0xe4;  // RDSAR
inline constexpr u32 kEarly = 0xec;        // ETThR

}  // namespace reg

/// CR.
namespace command {
inline constexpr u8 kEmpty = 1U << 0;
inline constexpr u8 kTransmit = 1U << 2;
inline constexpr u8 kReceive = 1U << 3;
inline constexpr u8 kReset = 1U << 4;
}  // namespace command

/// ISR and IMR.
namespace interrupt {
inline constexpr u16 kReceived = 1U << 0;
inline constexpr u16 kTransmitted = 1U << 2;
inline constexpr u16 kNoRoom = 1U << 4;
inline constexpr u16 kLinkChanged = 1U << 5;
inline constexpr u16 kSoftware = 1U << 8;
inline constexpr u16 kTimeOut = 1U << 14;
}  // namespace interrupt

/// TSD0 to TSD3.
namespace tsd {
inline constexpr u32 kSize = 0x1fff;
inline constexpr u32 kOwn = 1U << 13;
inline constexpr u32 kUnderrun = 1U << 14;
inline constexpr u32 kDone = 1U << 15;
inline constexpr u32 kAborted = 1U << 30;
}  // namespace tsd

/// RCR.
namespace rcr {
inline constexpr u32 kAll = 1U << 0;
inline constexpr u32 kOwn = 1U << 1;
inline constexpr u32 kMulticast = 1U << 2;
inline constexpr u32 kBroadcast = 1U << 3;
inline constexpr u32 kWrap = 1U << 7;
}  // namespace rcr

/// C+CR.
namespace plus {
inline constexpr u16 kTransmit = 1U << 0;
inline constexpr u16 kReceive = 1U << 1;
inline constexpr u16 kSums = 1U << 5;
inline constexpr u16 kTags = 1U << 6;
}  // namespace plus

/// TPPoll.
namespace poll {
inline constexpr u8 kInterrupt = 1U << 0;
inline constexpr u8 kNormal = 1U << 6;
inline constexpr u8 kHigh = 1U << 7;
}  // namespace poll

}  // namespace kelvin::device::rtl
