// SPDX-License-Identifier: Apache-2.0
#include "device/chipset/system_ports.h"

#include <optional>

#include "base/bits.h"

namespace kelvin::device {

namespace {

constexpr u64 kAddress = 0;
constexpr u64 kResetControl = 1;
constexpr u64 kData = 4;

constexpr u32 kEnable = 1U << 31;
constexpr u32 kAddressBits = 0x80ff'fffc;

constexpr u8 kSystemReset = 1 << 1;
constexpr u8 kResetProcessor = 1 << 2;
constexpr u8 kFullReset = 1 << 3;

/// Where the register lies in configuration space as memory has it; none if the address port is off.
std::optional<u64> place(u32 address, u64 offset) {
    if ((address & kEnable) == 0) {
        return std::nullopt;
    }
    const u64 bus_and_function = bits(address, 23, 8);
    return bus_and_function << 12 | (address & 0xfc) | (offset - kData);
}

}  // namespace

void ControlPortA::write_byte(u64, u8 value) {
    value_ = static_cast<u8>(value & (kA20 | kReset));
    if ((value & kReset) != 0) {
        reset_.set(true);
        reset_.set(false);
    }
}

u64 ConfigPorts::read(u64 offset, unsigned size) {
    State state;
    {
        const std::lock_guard lock(lock_);
        state = state_;
    }
    if (offset == kAddress && size == 4) {
        return state.address;
    }
    if (offset == kResetControl && size == 1) {
        return state.reset_control;
    }
    const std::optional<u64> at = offset >= kData ? place(state.address, offset) : std::nullopt;
    return at ? ecam_.read(*at, size) : low_mask(size * 8);
}

void ConfigPorts::write(u64 offset, unsigned size, u64 value) {
    u32 address = 0;
    {
        const std::lock_guard lock(lock_);
        if (offset == kAddress && size == 4) {
            state_.address = static_cast<u32>(value) & kAddressBits;
        }
        address = state_.address;
    }
    if (offset == kResetControl && size == 1) {
        return write_reset_control(static_cast<u8>(value));
    }
    if (const auto at = offset >= kData ? place(address, offset) : std::nullopt) {
        ecam_.write(*at, size, value);
    }
}

/// The rising edge of its second bit is what resets.
void ConfigPorts::write_reset_control(u8 value) {
    bool resets = false;
    {
        const std::lock_guard lock(lock_);
        resets = (value & kResetProcessor) != 0 && (state_.reset_control & kResetProcessor) == 0;
        state_.reset_control = value & (kSystemReset | kResetProcessor | kFullReset);
    }
    if (resets) {
        reset_.set(true);
        reset_.set(false);
    }
}

void ConfigPorts::reset() {
    const std::lock_guard lock(lock_);
    state_ = {};
}

ConfigPorts::State ConfigPorts::save() const {
    const std::lock_guard lock(lock_);
    return state_;
}

void ConfigPorts::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_.address = state.address & kAddressBits;
    state_.reset_control = state.reset_control & (kSystemReset | kResetProcessor | kFullReset);
}

}  // namespace kelvin::device
