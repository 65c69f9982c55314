// SPDX-License-Identifier: Apache-2.0
// A device's registers as data: what the manual's summary table says, one line a register.
#pragma once

#include <array>
#include <span>

#include "bus/word_registers.h"

namespace kelvin::bus {

/// Device has a `State` with one u32 a plain register.
template <class Device>
struct Register {
    const char* name;
    u32 offset;
    unsigned width;       ///< bits; those above read as zero
    const char* section;  ///< of the manual
    u32 reset = 0;
    u32 write_mask = 0;                             ///< bits of the cell that a write changes
    u32 Device::State::*cell = nullptr;             ///< where it is stored; none if the hooks do it all
    u32 (Device::*on_read)() = nullptr;             ///< gives the value instead of the cell
    void (Device::*on_write)(u32 value) = nullptr;  ///< told the value written (what the cell holds now, if it has one)
};

/// For static_assert: ascending, aligned, not overlapping, no bit outside of a register's width, no bits without a
/// cell.
template <class Device>
consteval bool is_sane(std::span<const Register<Device>> table) {
    u64 next = 0;
    for (const Register<Device>& each : table) {
        const u64 beyond = each.width >= 32 ? 0 : ~u64{0} << each.width & 0xffffffff;
        const bool plain = each.cell != nullptr;
        if (each.offset < next || each.offset % 4 != 0 || each.width == 0 || each.width > 32) {
            return false;
        }
        if (((each.reset | each.write_mask) & beyond) != 0) {
            return false;
        }
        if (!plain && (each.reset != 0 || each.write_mask != 0)) {
            return false;
        }
        next = each.offset + 4;
    }
    return true;
}

template <class Device>
const Register<Device>* find_register(std::span<const Register<Device>> table, u64 offset) {
    for (const Register<Device>& each : table) {
        if (each.offset == offset) {
            return &each;
        }
    }
    return nullptr;
}

template <class Device>
void reset_registers(std::span<const Register<Device>> table, typename Device::State& state) {
    for (const Register<Device>& each : table) {
        if (each.cell != nullptr) {
            state.*each.cell = each.reset;
        }
    }
}

/// Takes away what no register can hold: for restore().
template <class Device>
void trim_registers(std::span<const Register<Device>> table, typename Device::State& state) {
    for (const Register<Device>& each : table) {
        if (each.cell != nullptr && each.width < 32) {
            state.*each.cell &= (u32{1} << each.width) - 1;
        }
    }
}

template <class Device>
u32 read_register(const Register<Device>& which, Device& device, const typename Device::State& state) {
    if (which.on_read != nullptr) {
        return (device.*which.on_read)();
    }
    return which.cell != nullptr ? state.*which.cell : 0;
}

template <class Device>
void write_register(const Register<Device>& which, Device& device, typename Device::State& state, u32 value, u32 mask) {
    if (which.cell != nullptr) {
        u32& cell = state.*which.cell;
        cell = merge(cell, value, mask & which.write_mask);
        value = cell;
    }
    if (which.on_write != nullptr) {
        (device.*which.on_write)(value);
    }
}

/// The identification registers of Arm's PrimeCells, at 0xfe0 to 0xffc of their 4 KiB: PeriphID0-3, then PCellID0-3.
constexpr u64 kPrimeCellIdentity = 0xfe0;

constexpr u32 prime_cell_identity(u32 part, u32 revision, u64 offset) {
    constexpr u32 kArm = 0x41;
    const u32 peripheral = part | kArm << 12 | revision << 20;
    constexpr u32 kCell = 0xb105f00d;
    const u32 word = offset < 0xff0 ? peripheral : kCell;
    return word >> (offset / 4 % 4 * 8) & 0xff;
}

}  // namespace kelvin::bus
