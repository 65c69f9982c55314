// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/interrupt_bank.h"

#include "base/bits.h"

namespace kelvin::device {

void InterruptBank::drive(unsigned index, bool high) {
    const u32 mask = 1U << index;
    if (!high) {
        level &= ~mask;
        return;
    }
    latched |= mask & edge & ~level;
    level |= mask;
}

void InterruptBank::acknowledge(unsigned index) {
    latched &= ~(1U << index);
    active |= 1U << index;
}

std::optional<BankRegister> find_bank_register(u64 offset) {
    using Kind = BankRegister::Kind;
    const auto slice = [&](unsigned high, unsigned low) { return static_cast<unsigned>(bits(offset, high, low)); };
    if (offset >= 0x080 && offset < 0x400) {
        constexpr std::array kinds{Kind::group,         Kind::set_enable, Kind::clear_enable, Kind::set_pending,
                                   Kind::clear_pending, Kind::set_active, Kind::clear_active};
        return BankRegister{kinds[(offset >> 7) - 1], slice(6, 2), 0};
    }
    if (offset >= 0x400 && offset < 0x800) {
        return BankRegister{Kind::priority, slice(9, 5), slice(4, 2)};
    }
    if (offset >= 0xc00 && offset < 0xd00) {
        return BankRegister{Kind::config, slice(7, 3), slice(2, 2)};
    }
    return std::nullopt;
}

namespace {

/// 16 bits, each moved to the upper bit of a pair: the form of ICFGR.
u32 spread(u32 half) {
    u32 pairs = 0;
    for (unsigned n = 0; n < 16; ++n) {
        pairs |= (half >> n & 1) << (2 * n + 1);
    }
    return pairs;
}

u32 gather(u32 pairs) {
    u32 half = 0;
    for (unsigned n = 0; n < 16; ++n) {
        half |= (pairs >> (2 * n + 1) & 1) << n;
    }
    return half;
}

void write_priorities(InterruptBank& bank, unsigned word, u32 value, u32 mask, u8 implemented) {
    for (unsigned n = 0; n < 4; ++n) {
        if (mask >> (8 * n) & 1) {
            bank.priority[word * 4 + n] = static_cast<u8>(value >> (8 * n)) & implemented;
        }
    }
}

}  // namespace

u32 read_bank(const InterruptBank& bank, const BankRegister& which) {
    switch (which.kind) {
        case BankRegister::Kind::group:
            return bank.group;
        case BankRegister::Kind::set_enable:
        case BankRegister::Kind::clear_enable:
            return bank.enabled;
        case BankRegister::Kind::set_pending:
        case BankRegister::Kind::clear_pending:
            return bank.pending();
        case BankRegister::Kind::set_active:
        case BankRegister::Kind::clear_active:
            return bank.active;
        case BankRegister::Kind::priority: {
            const u8* first = &bank.priority[which.word * 4];
            return u32{first[0]} | u32{first[1]} << 8 | u32{first[2]} << 16 | u32{first[3]} << 24;
        }
        case BankRegister::Kind::config:
            return spread(bank.edge >> (which.word * 16) & 0xffff);
    }
    return 0;
}

void write_bank(InterruptBank& bank, const BankRegister& which, u32 value, u32 mask, const BankRules& rules) {
    switch (which.kind) {
        case BankRegister::Kind::group:
            bank.group = (bank.group & ~mask) | (value & mask);
            break;
        case BankRegister::Kind::set_enable:
            bank.enabled |= value & ~rules.fixed_enable;
            break;
        case BankRegister::Kind::clear_enable:
            bank.enabled &= ~(value & ~rules.fixed_enable);
            break;
        case BankRegister::Kind::set_pending:
            bank.latched |= value & ~rules.fixed_pending;
            break;
        case BankRegister::Kind::clear_pending:
            bank.latched &= ~(value & ~rules.fixed_pending);
            break;
        case BankRegister::Kind::set_active:
            bank.active |= value;
            break;
        case BankRegister::Kind::clear_active:
            bank.active &= ~value;
            break;
        case BankRegister::Kind::priority:
            write_priorities(bank, which.word, value, mask, rules.priority_bits);
            break;
        case BankRegister::Kind::config: {
            const unsigned shift = which.word * 16;
            const u32 written = (gather(mask) << shift) & ~rules.fixed_config;
            bank.edge = (bank.edge & ~written) | ((gather(value) << shift) & written);
            break;
        }
    }
}

}  // namespace kelvin::device
