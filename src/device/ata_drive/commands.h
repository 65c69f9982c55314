// SPDX-License-Identifier: Apache-2.0
// The commands of ATA disks: codes, how each moves data, what it does (ATA8-ACS, 7 and annex B).
#pragma once

#include "bus/ata/ata.h"

namespace kelvin::device::ata {

enum class Operation : u8 {
    read,
    write,
    write_through,  ///< FUA
    verify,
    flush,
    trim,
    read_log,
    identify,
    set_features,
    set_multiple,
    set_geometry,
    check_power,
    nothing,  ///< succeeds
};

struct Command {
    u8 code;
    Operation operation;
    bus::ata::Protocol protocol;
    bool is_wide;      ///< 48-bit addresses
    bool is_multiple;  ///< blocks of as many sectors as SET MULTIPLE MODE said
};

/// Null: there is none.
const Command* find_command(u8 code);

}  // namespace kelvin::device::ata
