// SPDX-License-Identifier: Apache-2.0
// Guest memory as a device sees it: RAM and ROM, never another device's registers.
#pragma once

#include <optional>
#include <span>

#include "base/types.h"
#include "memory/ram_slice.h"

namespace kelvin::memory {

/// Any thread, with a device's lock held or not.
class Dma {
  public:
    virtual ~Dma() = default;

    /// Copies between guest RAM and the host; false, and nothing copied, unless all of the range is RAM (or ROM, for
    /// reads).
    virtual bool copy_in(Gpa address, std::span<u8> out) const = 0;
    virtual bool copy_out(Gpa address, std::span<const u8> data) const = 0;

    /// RAM for use in place, as long as the machine lives; none unless all of the range is one RAM.
    virtual std::optional<RamSlice> slice(Gpa address, u64 size) const = 0;
    /// To be called after writing to a slice: code that was translated from there is stale.
    virtual void announce_write(Gpa address, u64 size) const = 0;

    /// Gives the pages that lie wholly within the range back to the host: they read as zeros, and take memory again
    /// when they are touched. Where they lie does not change, so that slices and translations of addresses stay valid.
    /// False, and nothing done, unless all of the range is RAM.
    virtual bool discard(Gpa address, u64 size) const = 0;
};

}  // namespace kelvin::memory
