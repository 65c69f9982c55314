// SPDX-License-Identifier: Apache-2.0
// Registers and bits that code speaks of. Sections are those of the PCI/PCI-X Family of Gigabit Ethernet Controllers
// Software Developer's Manual, revision 4.0 ("8254x"), and of the 82574 datasheet, revision 3.4.
#pragma once

#include "base/types.h"

namespace kelvin::device::intel {

namespace reg {

inline constexpr u32 kControl = 0x0000;              // CTRL
inline constexpr u32 kStatus = 0x0008;               // STATUS
inline constexpr u32 kEeprom = 0x0010;               // EECD
inline constexpr u32 kEepromRead = 0x0014;           // EERD
inline constexpr u32 kExtended = 0x0018;             // CTRL_EXT
inline constexpr u32 kMdi = 0x0020;                  // MDIC
inline constexpr u32 kVlanType = 0x0038;             // VET
inline constexpr u32 kCause = 0x00c0;                // ICR
inline constexpr u32 kThrottle = 0x00c4;             // ITR
inline constexpr u32 kCauseSet = 0x00c8;             // ICS
inline constexpr u32 kMaskSet = 0x00d0;              // IMS
inline constexpr u32 kMaskClear = 0x00d8;            // IMC
inline constexpr u32 kAutoClear = 0x00dc;            // EIAC
inline constexpr u32 kAutoMask = 0x00e0;             // IAM
inline constexpr u32 kVectors = 0x00e4;              // IVAR
inline constexpr u32 kThrottles = 0x00e8;            // EITR, five
inline constexpr u32 kReceive = 0x0100;              // RCTL
inline constexpr u32 kTransmit = 0x0400;             // TCTL
inline constexpr u32 kEepromWrite = 0x102c;          // EEWR
inline constexpr u32 kSplit = 0x2170;                // PSRCTL
inline constexpr u32 kReceiveRing = 0x2800;          // RDBAL of queue 0
inline constexpr u32 kReceiveDelay = 0x2820;         // RDTR
inline constexpr u32 kReceiveDelayMost = 0x282c;     // RADV
inline constexpr u32 kSmallFrame = 0x2c00;           // RSRPD
inline constexpr u32 kTransmitRing = 0x3800;         // TDBAL of queue 0
inline constexpr u32 kTransmitDelay = 0x3820;        // TIDV
inline constexpr u32 kTransmitDescriptors = 0x3828;  // TXDCTL
inline constexpr u32 kTransmitDelayMost = 0x382c;    // TADV
inline constexpr u32 kReceiveSums = 0x5000;          // RXCSUM
inline constexpr u32 kReceiveFilter = 0x5008;        // RFCTL
inline constexpr u32 kMulticast = 0x5200;            // MTA
inline constexpr u32 kAddresses = 0x5400;            // RAL, RAH
inline constexpr u32 kVlans = 0x5600;                // VFTA
inline constexpr u32 kMultiQueue = 0x5818;           // MRQC
inline constexpr u32 kRedirection = 0x5c00;          // RETA
inline constexpr u32 kRssKey = 0x5c80;               // RSSRK
inline constexpr u32 kSemaphore = 0x5b50;            // SWSM
inline constexpr u32 kTimeLow = 0xb600;              // SYSTIML
inline constexpr u32 kTimeHigh = 0xb604;             // SYSTIMH
inline constexpr u32 kTimeIncrement = 0xb608;        // TIMINCA

// Of a ring, from its first register; queue 1 is 0x100 behind queue 0.
inline constexpr u32 kRingSize = 0x08;
inline constexpr u32 kRingHead = 0x10;
inline constexpr u32 kRingTail = 0x18;
inline constexpr u32 kNextRing = 0x100;

// Statistics (8254x 13.7, 82574 10.2.7). Some have a high half behind them.
inline constexpr u32 kStatistics = 0x4000;
inline constexpr u32 kStatisticsEnd = 0x4128;
inline constexpr u32 kMissed = 0x4010;
inline constexpr u32 kReceivedBySize = 0x405c;  // PRC64 to PRC1522
inline constexpr u32 kGoodReceived = 0x4074;
inline constexpr u32 kBroadcastsReceived = 0x4078;
inline constexpr u32 kMulticastsReceived = 0x407c;
inline constexpr u32 kGoodTransmitted = 0x4080;
inline constexpr u32 kGoodBytesReceived = 0x4088;
inline constexpr u32 kGoodBytesTransmitted = 0x4090;
inline constexpr u32 kNoBuffers = 0x40a0;
inline constexpr u32 kTooLong = 0x40ac;
inline constexpr u32 kBytesReceived = 0x40c0;
inline constexpr u32 kBytesTransmitted = 0x40c8;
inline constexpr u32 kReceived = 0x40d0;
inline constexpr u32 kTransmitted = 0x40d4;
inline constexpr u32 kTransmittedBySize = 0x40d8;  // PTC64 to PTC1522
inline constexpr u32 kMulticastsTransmitted = 0x40f0;
inline constexpr u32 kBroadcastsTransmitted = 0x40f4;
inline constexpr u32 kSegmented = 0x40f8;  // TSCTC

}  // namespace reg

/// CTRL (8254x 13.4.1).
namespace ctrl {
inline constexpr u32 kReset = 1U << 26;
inline constexpr u32 kVlanMode = 1U << 30;
inline constexpr u32 kPhyReset = 1U << 31;
}  // namespace ctrl

/// CTRL_EXT (82574 10.2.2.5).
namespace ctrl_ext {
inline constexpr u32 kReloadEeprom = 1U << 13;
inline constexpr u32 kMessageAutoMask = 1U << 24;  // EIAME
inline constexpr u32 kReadAutoMask = 1U << 27;     // IAME
}  // namespace ctrl_ext

/// STATUS (8254x 13.4.2): full duplex, link, 1000 Mbit/s.
namespace status {
inline constexpr u32 kFullDuplex = 1U << 0;
inline constexpr u32 kLinkUp = 1U << 1;
inline constexpr u32 kGigabit = 2U << 6 | 2U << 8;
}  // namespace status

/// EECD (8254x 13.4.3, 82574 10.2.2.3).
namespace eecd {
inline constexpr u32 kClock = 1U << 0;
inline constexpr u32 kSelect = 1U << 1;
inline constexpr u32 kInput = 1U << 2;
inline constexpr u32 kOutput = 1U << 3;
inline constexpr u32 kRequest = 1U << 6;
inline constexpr u32 kGrant = 1U << 7;
inline constexpr u32 kPresent = 1U << 8;
inline constexpr u32 kLoaded = 1U << 9;  // of the 82574
}  // namespace eecd

/// ICR and its kin (8254x 13.4.17, 82574 10.2.4.1).
namespace cause {
inline constexpr u32 kTransmitted = 1U << 0;
inline constexpr u32 kTransmitEmpty = 1U << 1;
inline constexpr u32 kLinkChanged = 1U << 2;
inline constexpr u32 kReceiveLow = 1U << 4;
inline constexpr u32 kOverrun = 1U << 6;
inline constexpr u32 kReceived = 1U << 7;
inline constexpr u32 kMdiDone = 1U << 9;
inline constexpr u32 kTransmitLow = 1U << 15;
inline constexpr u32 kSmallFrame = 1U << 16;
// Of the 82574:
inline constexpr u32 kReceiveQueue0 = 1U << 20;
inline constexpr u32 kTransmitQueue0 = 1U << 22;
inline constexpr u32 kOther = 1U << 24;
inline constexpr u32 kAsserted = 1U << 31;
inline constexpr u32 kOthers = kLinkChanged | kOverrun | kMdiDone | kSmallFrame;
}  // namespace cause

/// RCTL (8254x 13.4.22).
namespace rctl {
inline constexpr u32 kEnable = 1U << 1;
inline constexpr u32 kAllUnicast = 1U << 3;
inline constexpr u32 kAllMulticast = 1U << 4;
inline constexpr u32 kLong = 1U << 5;
inline constexpr u32 kLoopback = 3U << 6;
inline constexpr u32 kSplitDescriptors = 1U << 10;
inline constexpr u32 kBroadcast = 1U << 15;
inline constexpr u32 kVlanFilter = 1U << 18;
inline constexpr u32 kFormatFilter = 1U << 19;
inline constexpr u32 kFormat = 1U << 20;
inline constexpr u32 kLargeBuffers = 1U << 25;
inline constexpr u32 kStripSequence = 1U << 26;
}  // namespace rctl

namespace tctl {
inline constexpr u32 kEnable = 1U << 1;
inline constexpr u32 kPad = 1U << 3;
}  // namespace tctl

/// RXCSUM (8254x 13.4.37, 82574 10.2.5.15).
namespace rxcsum {
inline constexpr u32 kNetwork = 1U << 8;
inline constexpr u32 kTransport = 1U << 9;
inline constexpr u32 kHash = 1U << 13;  // PCSD
}  // namespace rxcsum

/// RFCTL (82574 10.2.5.16).
inline constexpr u32 kExtendedStatus = 1U << 15;

}  // namespace kelvin::device::intel
