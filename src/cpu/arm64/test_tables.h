// SPDX-License-Identifier: Apache-2.0
// Translation tables for tests, built in guest RAM as an operating system would.
#pragma once

#include <gtest/gtest.h>

#include <cstring>

#include "base/bits.h"
#include "cpu/arm64/translation.h"
#include "memory/address_map.h"

namespace kelvin::arm64 {

/// RAM at kRamBase whose upper half holds tables.
class TestMemory {
  public:
    static constexpr u64 kRamBase = 0x4000'0000, kRamSize = 16 << 20;

    TestMemory() {
        auto block = memory::RamBlock::allocate(kRamSize);
        EXPECT_TRUE(block);
        host_ = block->data();
        EXPECT_TRUE(map.add_ram(Gpa{kRamBase}, std::move(*block), "ram"));
    }

    /// A zeroed table, aligned to 64 KiB.
    u64 new_table() { return kRamBase + (next_table_ += 0x10000); }
    u64 read(u64 address) const {
        u64 value;
        std::memcpy(&value, host_ + (address - kRamBase), sizeof value);
        return value;
    }
    void write(u64 address, u64 value) { std::memcpy(host_ + (address - kRamBase), &value, sizeof value); }

    memory::AddressMap map;

  private:
    u8* host_ = nullptr;
    u64 next_table_ = kRamSize / 2;
};

namespace descriptor {
inline constexpr u64 kValid = 1, kTable = 3, kPage = 3, kBlock = 1;
inline constexpr u64 kUser = 1u << 6, kReadOnly = 1u << 7, kAccessed = 1u << 10, kNonGlobal = 1u << 11;
inline constexpr u64 kDbm = u64{1} << 51, kPxn = u64{1} << 53, kUxn = u64{1} << 54;
inline constexpr u64 kPxnTable = u64{1} << 59, kUxnTable = u64{1} << 60;
inline constexpr u64 kNoUserTable = u64{1} << 61, kReadOnlyTable = u64{1} << 62;
}  // namespace descriptor

/// Tables of one half of the address space.
class TestTables {
  public:
    TestTables(TestMemory& memory, unsigned granule_bits, unsigned input_bits)
        : memory_(memory), granule_bits_(granule_bits), top_(input_bits), root(memory.new_table()) {}

    unsigned shift(unsigned level) const { return granule_bits_ + (granule_bits_ - 3) * (3 - level); }
    unsigned start_level() const { return 3 - (top_ - granule_bits_ - 1) / (granule_bits_ - 3); }

    /// Puts `leaf` at `level`, making tables on the way with `table_attributes`. Returns the descriptor's address.
    u64 put(u64 va, unsigned level, u64 leaf, u64 table_attributes = 0) {
        u64 table = root;
        unsigned top = top_;
        for (unsigned l = start_level();; l++) {
            const u64 slot = table + bits(va, top - 1, shift(l)) * 8;
            if (l == level) {
                memory_.write(slot, leaf);
                return slot;
            }
            if (memory_.read(slot) == 0) {
                memory_.write(slot, memory_.new_table() | descriptor::kTable | table_attributes);
            }
            table = memory_.read(slot) & 0x0000'ffff'ffff'f000;
            top = shift(l);
        }
    }

  private:
    TestMemory& memory_;
    unsigned granule_bits_, top_;

  public:
    u64 root;
};

}  // namespace kelvin::arm64
