// SPDX-License-Identifier: Apache-2.0
// Registers of 32 bits, whatever the width of the access.
#pragma once

#include "memory/mmio.h"

namespace kelvin::bus {

/// Splits accesses of any width and alignment into whole words, lowest first.
class WordRegisters : public memory::MmioHandler {
  public:
    u64 read(u64 offset, unsigned size) final;
    void write(u64 offset, unsigned size, u64 value) final;

  protected:
    /// `offset` is a multiple of 4.
    virtual u32 read_word(u64 offset) = 0;
    /// The bytes written are those whose bits are set in `mask`; `value` is zero elsewhere.
    virtual void write_word(u64 offset, u32 value, u32 mask) = 0;
};

/// What a plain register holds after a write of some of its bytes.
constexpr u32 merge(u32 old, u32 value, u32 mask) {
    return (old & ~mask) | (value & mask);
}

}  // namespace kelvin::bus
