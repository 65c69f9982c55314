// SPDX-License-Identifier: Apache-2.0
// A drive's command block registers and their bits (ATA8-ACS; ATA/ATAPI-7, 5 and 6).
#pragma once

#include "base/types.h"

namespace kelvin::bus::ata {

/// Registers that two writes fill have what was written last in the low half ("current") and what was written before
/// that in the high half ("previous", for 48-bit commands).
struct Registers {
    u16 features = 0;
    u16 count = 0;
    u64 lba = 0;  ///< sector number, cylinder low and high in bits [23:0]; what each had before in [47:24]
    u8 device = 0;
    u8 command = 0;
    u8 status = 0;
    u8 error = 0;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("features", features);
        visit("count", count);
        visit("lba", lba);
        visit("device", device);
        visit("command", command);
        visit("status", status);
        visit("error", error);
    }
};

namespace status {
inline constexpr u8 kError = 0x01;  ///< CHECK of PACKET commands
inline constexpr u8 kDataRequest = 0x08;
inline constexpr u8 kSeekComplete = 0x10;  ///< SERVICE of PACKET commands
inline constexpr u8 kFault = 0x20;
inline constexpr u8 kReady = 0x40;
inline constexpr u8 kBusy = 0x80;
/// What a drive shows that waits for a command.
inline constexpr u8 kIdle = kReady | kSeekComplete;
}  // namespace status

namespace error {
inline constexpr u8 kAborted = 0x04;
inline constexpr u8 kIdNotFound = 0x10;
inline constexpr u8 kUncorrectable = 0x40;
}  // namespace error

namespace device_bit {
inline constexpr u8 kLba = 0x40;
inline constexpr u8 kSecond = 0x10;  ///< of the two drives on a cable
inline constexpr u8 kForceUnitAccess = 0x80;
}  // namespace device_bit

/// What COUNT tells of a PACKET command's phase (ATA/ATAPI-7, 6.49).
namespace reason {
inline constexpr u8 kCommand = 0x01;
inline constexpr u8 kToHost = 0x02;
}  // namespace reason

/// FEATURES of PACKET.
inline constexpr u8 kPacketDma = 0x01;

/// Commands that transports treat by themselves.
namespace command {
inline constexpr u8 kDeviceReset = 0x08;
inline constexpr u8 kExecuteDiagnostic = 0x90;
inline constexpr u8 kPacket = 0xa0;
}  // namespace command

inline constexpr u64 kSectorSize = 512;
inline constexpr u64 kPacketSize = 12;
/// 65536 sectors, the most that a command can ask for.
inline constexpr u64 kMaxTransfer = u64{65536} * kSectorSize;

}  // namespace kelvin::bus::ata
