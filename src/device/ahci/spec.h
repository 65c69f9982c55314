// SPDX-License-Identifier: Apache-2.0
// Registers and structures of the Advanced Host Controller Interface (Serial ATA AHCI 1.3.1; Serial ATA 3.1 for
// frames).
#pragma once

#include "base/types.h"

namespace kelvin::device::ahci {

inline constexpr unsigned kPorts = 6;
inline constexpr unsigned kSlots = 32;

// Generic host control (3.1) and, from kPortsAt on, kPortSize bytes a port (3.3).
namespace reg {
inline constexpr u64 kCapabilities = 0x00;
inline constexpr u64 kControl = 0x04;
inline constexpr u64 kInterruptStatus = 0x08;
inline constexpr u64 kPortsImplemented = 0x0c;
inline constexpr u64 kVersion = 0x10;
inline constexpr u64 kPortsAt = 0x100;
inline constexpr u64 kPortSize = 0x80;
inline constexpr u64 kSize = 0x1000;
}  // namespace reg

namespace port_reg {
inline constexpr u64 kCommandList = 0x00;
inline constexpr u64 kCommandListHigh = 0x04;
inline constexpr u64 kFrames = 0x08;
inline constexpr u64 kFramesHigh = 0x0c;
inline constexpr u64 kInterruptStatus = 0x10;
inline constexpr u64 kInterruptEnable = 0x14;
inline constexpr u64 kCommand = 0x18;
inline constexpr u64 kTaskFile = 0x20;
inline constexpr u64 kSignature = 0x24;
inline constexpr u64 kSataStatus = 0x28;
inline constexpr u64 kSataControl = 0x2c;
inline constexpr u64 kSataError = 0x30;
inline constexpr u64 kSataActive = 0x34;
inline constexpr u64 kCommandIssue = 0x38;
}  // namespace port_reg

namespace control {
inline constexpr u32 kReset = 1U << 0;
inline constexpr u32 kInterruptEnable = 1U << 1;
inline constexpr u32 kAhciEnable = 1U << 31;
}  // namespace control

/// PxCMD (3.3.7).
namespace command {
inline constexpr u32 kStart = 1U << 0;
inline constexpr u32 kSpinUp = 1U << 1;
inline constexpr u32 kPowerOn = 1U << 2;
inline constexpr u32 kReceiveFrames = 1U << 4;
inline constexpr unsigned kCurrentSlotAt = 8;
inline constexpr u32 kFramesRunning = 1U << 14;
inline constexpr u32 kListRunning = 1U << 15;
inline constexpr u32 kAtapi = 1U << 24;
inline constexpr u32 kActivityLed = 1U << 25;
inline constexpr u32 kWritable = kStart | kReceiveFrames | kAtapi | kActivityLed;
}  // namespace command

/// PxIS and PxIE (3.3.5).
namespace interrupt {
inline constexpr u32 kRegisterFrame = 1U << 0;
inline constexpr u32 kPioSetupFrame = 1U << 1;
inline constexpr u32 kDeviceBitsFrame = 1U << 3;
inline constexpr u32 kConnectChange = 1U << 6;
inline constexpr u32 kPhyReadyChange = 1U << 22;
inline constexpr u32 kOverflow = 1U << 24;
inline constexpr u32 kHostBusDataError = 1U << 28;
inline constexpr u32 kHostBusFatal = 1U << 29;
inline constexpr u32 kTaskFileError = 1U << 30;
/// Those that a write of ones clears; the two of the link follow PxSERR.
inline constexpr u32 kClearable = ~(kConnectChange | kPhyReadyChange);
inline constexpr u32 kEnablable = 0xfdc000ff;
}  // namespace interrupt

/// PxSERR (3.3.12).
namespace sata_error {
inline constexpr u32 kPhyReadyChanged = 1U << 16;
inline constexpr u32 kExchanged = 1U << 26;
}  // namespace sata_error

/// PxSCTL.DET and the fields that say what may be negotiated (3.3.11).
inline constexpr u32 kSataControlWritable = 0xfff;

/// A device is there and the link is up, at 1.5 Gbit/s, with no power saved (3.3.10).
inline constexpr u32 kLinkUp = 0x113;

/// Frame types.
enum class Frame : u8 { host_registers = 0x27, registers = 0x34, pio_setup = 0x5f, device_bits = 0xa1 };

/// Where frames from the device go to (4.2.1).
namespace received {
inline constexpr u64 kPioSetup = 0x20;
inline constexpr u64 kRegisters = 0x40;
inline constexpr u64 kDeviceBits = 0x58;
}  // namespace received

/// A command's header (4.2.2) and table (4.2.3).
namespace header {
inline constexpr u64 kSize = 32;
inline constexpr u32 kFrameWords = 0x1f;
inline constexpr u32 kPacket = 1U << 5;
inline constexpr u32 kClearBusy = 1U << 10;
}  // namespace header
inline constexpr u64 kPacketAt = 0x40;
inline constexpr u64 kRegionsAt = 0x80;
inline constexpr u64 kRegionSize = 16;

}  // namespace kelvin::device::ahci
