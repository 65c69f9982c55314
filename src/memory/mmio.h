// SPDX-License-Identifier: Apache-2.0
// What a memory-mapped device is to the address map.
#pragma once

#include "base/types.h"

namespace kelvin::memory {

/// Registers in guest physical memory. Called with the device's own lock held (see AddressMap), from any vCPU's thread.
/// Offsets and values come from the guest: every offset within the mapped size and every width of 1, 2, 4 or 8 bytes
/// must be answered; accesses never cross the end of the region.
class MmioHandler {
  public:
    virtual ~MmioHandler() = default;

    /// `size` is 1, 2, 4 or 8; the bits above it are ignored.
    virtual u64 read(u64 offset, unsigned size) = 0;
    virtual void write(u64 offset, unsigned size, u64 value) = 0;
};

}  // namespace kelvin::memory
