// SPDX-License-Identifier: Apache-2.0
// 32 interrupts and the registers that GICv2's distributor, GICv3's distributor and its redistributors share.
// IHI 0048B 4.3 and IHI 0069 12.9, 12.11: the same offsets, one bit, two bits or one byte an interrupt.
#pragma once

#include <array>
#include <optional>

#include "base/types.h"

namespace kelvin::device {

/// Bit n of each word is the bank's interrupt n. Plain data: it is the saved state too.
struct InterruptBank {
    u32 group = 0;  ///< 1: Group 1
    u32 enabled = 0;
    u32 latched = 0;  ///< pending by an edge or by a write, until acknowledged
    u32 active = 0;
    u32 level = 0;  ///< of the input lines
    u32 edge = 0;   ///< 1: edge-triggered, 0: level-sensitive
    std::array<u8, 32> priority{};

    /// A level-sensitive interrupt is pending while its line is high, whatever has been acknowledged or cleared.
    u32 pending() const { return latched | (level & ~edge); }
    u32 deliverable() const { return pending() & enabled & ~active; }

    void drive(unsigned index, bool high);
    void acknowledge(unsigned index);

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("group", group);
        visit("enabled", enabled);
        visit("latched", latched);
        visit("active", active);
        visit("level", level);
        visit("edge", edge);
        visit("priority", priority);
    }
};

/// A register of a bank: which one, of which bank, and which of its words.
struct BankRegister {
    enum class Kind {
        group,
        set_enable,
        clear_enable,
        set_pending,
        clear_pending,
        set_active,
        clear_active,
        priority,
        config
    };
    Kind kind{};
    unsigned bank = 0;
    unsigned word = 0;  ///< of priority (0 to 7) and config (0 to 1)
};

/// Which bank register lies at `offset` (a multiple of 4), if any.
std::optional<BankRegister> find_bank_register(u64 offset);

/// What the implementation leaves unwritable.
struct BankRules {
    u32 fixed_enable = 0;   ///< interrupts whose enable bit ignores writes
    u32 fixed_pending = 0;  ///< interrupts whose pending bit ignores writes
    u32 fixed_config = 0;   ///< interrupts whose trigger ignores writes
    u8 priority_bits = 0xff;
};

u32 read_bank(const InterruptBank& bank, const BankRegister& which);
void write_bank(InterruptBank& bank, const BankRegister& which, u32 value, u32 mask, const BankRules& rules);

}  // namespace kelvin::device
