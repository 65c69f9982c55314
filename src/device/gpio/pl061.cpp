// SPDX-License-Identifier: Apache-2.0
#include "device/gpio/pl061.h"

#include "base/bits.h"

namespace kelvin::device {

namespace {

// GPIODATA fills 1 KiB: bits [9:2] of the address say which lines an access means (3.3.1).
constexpr u64 kDataEnd = 0x400;

}  // namespace

std::span<const bus::Register<Pl061>> Pl061::registers() {
    using S = State;
    using P = Pl061;
    static constexpr std::array<bus::Register<P>, 9> kTable{{
        // name, offset, width, section, reset, write mask, cell, on_read, on_write
        {"GPIODIR", 0x400, 8, "3.3.2", 0, 0xff, &S::direction},
        {"GPIOIS", 0x404, 8, "3.3.3", 0, 0xff, &S::level_sense, nullptr, &P::sense_written},
        {"GPIOIBE", 0x408, 8, "3.3.4", 0, 0xff, &S::both_edges},
        {"GPIOIEV", 0x40c, 8, "3.3.5", 0, 0xff, &S::event},
        {"GPIOIE", 0x410, 8, "3.3.6", 0, 0xff, &S::interrupt_enable},
        {"GPIORIS", 0x414, 8, "3.3.7", 0, 0, nullptr, &P::raw_interrupts},
        {"GPIOMIS", 0x418, 8, "3.3.8", 0, 0, nullptr, &P::masked_interrupts},
        {"GPIOIC", 0x41c, 8, "3.3.9", 0, 0, nullptr, nullptr, &P::clear_edges},
        {"GPIOAFSEL", 0x420, 8, "3.3.10", 0, 0xff, &S::alternate_function},
    }};
    static_assert(bus::is_sane<P>(kTable));
    return kTable;
}

Pl061::Pl061(Wire interrupt, std::array<Wire, kLines> outputs) : interrupt_(interrupt), outputs_(outputs), pins_{} {
    for (unsigned number = 0; number < kLines; ++number) {
        pins_[number] = {this, number};
    }
}

Wire Pl061::input(unsigned number) {
    return wire_to<&Pin::set>(pins_.at(number));
}

void Pl061::reset() {
    const std::lock_guard guard(lock_);
    const u32 inputs = state_.inputs;
    state_ = State{};
    state_.inputs = inputs;
    drive_wires();
}

Pl061::State Pl061::save() const {
    const std::lock_guard guard(lock_);
    return state_;
}

void Pl061::restore(const State& state) {
    const std::lock_guard guard(lock_);
    state_ = state;
    constexpr u32 kAllLines = 0xff;
    for (u32 State::*const lines : {&State::data, &State::edges_seen, &State::inputs}) {
        state_.*lines &= kAllLines;
    }
    bus::trim_registers(registers(), state_);
    drive_wires();
}

u32 Pl061::read_word(u64 offset) {
    const std::lock_guard guard(lock_);
    if (offset < kDataEnd) {
        return lines() & static_cast<u32>(offset >> 2);
    }
    if (const auto* which = bus::find_register(registers(), offset)) {
        return bus::read_register(*which, *this, state_);
    }
    return offset >= bus::kPrimeCellIdentity ? bus::prime_cell_identity(0x061, 0, offset) : 0;
}

void Pl061::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(lock_);
    if (offset < kDataEnd) {
        const u32 meant = static_cast<u32>(offset >> 2) & mask & 0xff;
        state_.data = bus::merge(state_.data, value, meant & state_.direction);
    } else if (const auto* which = bus::find_register(registers(), offset)) {
        bus::write_register(*which, *this, state_, value, mask);
    }
    drive_wires();
}

void Pl061::drive(unsigned number, bool level) {
    const std::lock_guard guard(lock_);
    if (bit(state_.inputs, number) == level) {
        return;
    }
    const u32 mask = 1U << number;
    state_.inputs ^= mask;
    const bool wanted = (state_.both_edges & mask) != 0 || bit(state_.event, number) == level;
    if (wanted && (state_.level_sense & mask) == 0 && (state_.direction & mask) == 0) {
        state_.edges_seen |= mask;
    }
    drive_wires();
}

/// What GPIODATA reads: the latch for outputs, the pins for inputs.
u32 Pl061::lines() const {
    return (state_.data & state_.direction) | (state_.inputs & ~state_.direction);
}

/// Level-sensitive lines follow their pins; edges are kept until GPIOIC (2.4, 3.3.7).
u32 Pl061::raw_interrupts() {
    const u32 levels = ~(state_.inputs ^ state_.event) & state_.level_sense & ~state_.direction;
    return (state_.edges_seen | levels) & 0xff;
}

u32 Pl061::masked_interrupts() {
    return raw_interrupts() & state_.interrupt_enable;
}

void Pl061::clear_edges(u32 value) {
    state_.edges_seen &= ~value;
}

void Pl061::sense_written(u32 value) {
    state_.edges_seen &= ~value;
}

void Pl061::drive_wires() {
    const u32 outputs = state_.data & state_.direction;
    for (u32 changed = outputs ^ outputs_driven_; changed != 0; changed &= changed - 1) {
        const unsigned number = static_cast<unsigned>(std::countr_zero(changed));
        outputs_.at(number).set(bit(outputs, number));
    }
    outputs_driven_ = outputs;
    const bool level = masked_interrupts() != 0;
    if (level != interrupt_driven_) {
        interrupt_driven_ = level;
        interrupt_.set(level);
    }
}

}  // namespace kelvin::device
