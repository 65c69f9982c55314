// SPDX-License-Identifier: Apache-2.0
// Message-signalled interrupts: writes that a device makes to an interrupt controller's address.
#pragma once

#include "base/types.h"

namespace kelvin::bus {

struct Msi {
    u64 address = 0;
    u32 data = 0;
    u32 requester = 0;  ///< who writes: bus << 8 | device << 3 | function
};

class MsiController {
  public:
    virtual ~MsiController() = default;
    /// Any thread, with a device's lock held or not; must not call the device back. A message to an address that is not
    /// the controller's is lost.
    virtual void deliver(const Msi& message) = 0;
};

}  // namespace kelvin::bus
