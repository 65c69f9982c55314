// SPDX-License-Identifier: Apache-2.0
// A slot of a port's command list, and the command that was taken from there.
#pragma once

#include "device/ahci/port.h"

namespace kelvin::device::ahci {

struct Port::Slot final : bus::ata::Request {
    Port* port = nullptr;
    unsigned index = 0;
    u64 header_at = 0;
    bus::ata::Protocol protocol = bus::ata::Protocol::none;
    bool is_short = false;  ///< the host's regions are less than what the command moves

    u32 mask() const { return u32{1} << index; }

  private:
    void ended(u64 transferred) override { port->ended(*this, transferred); }
};

}  // namespace kelvin::device::ahci
