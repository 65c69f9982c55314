// SPDX-License-Identifier: Apache-2.0
// Registers of a byte each, as an 8-bit bus has them, whatever the width of the access.
#pragma once

#include "memory/mmio.h"

namespace kelvin::bus {

/// Splits accesses into bytes, lowest address first, as an ISA bus does.
class ByteRegisters : public memory::MmioHandler {
  public:
    u64 read(u64 offset, unsigned size) final {
        u64 value = 0;
        for (unsigned index = 0; index < size; ++index) {
            value |= u64{read_byte(offset + index)} << index * 8;
        }
        return value;
    }
    void write(u64 offset, unsigned size, u64 value) final {
        for (unsigned index = 0; index < size; ++index) {
            write_byte(offset + index, static_cast<u8>(value >> index * 8));
        }
    }

  protected:
    virtual u8 read_byte(u64 offset) = 0;
    virtual void write_byte(u64 offset, u8 value) = 0;
};

}  // namespace kelvin::bus
