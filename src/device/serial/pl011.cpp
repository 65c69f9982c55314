// SPDX-License-Identifier: Apache-2.0
#include "device/serial/pl011.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::device {

namespace {

// UARTDR and UARTRSR (3.3.1, 3.3.2).
constexpr u16 kBreakError = 1 << 10;
constexpr u32 kStatusOverrun = 1 << 3;

// UARTFR (3.3.3). The other end is always there: clear to send, data set ready, carrier detected.
constexpr u32 kFlagReceiveEmpty = 1 << 4;
constexpr u32 kFlagReceiveFull = 1 << 6;
constexpr u32 kFlagTransmitEmpty = 1 << 7;
constexpr u32 kFlagsConnected = 0x7;

constexpr u32 kFifoEnable = 1 << 4;  // UARTLCR_H
constexpr u32 kLoopback = 1 << 7;    // UARTCR

// UARTRIS and its kin (3.3.11).
constexpr u32 kReceive = 1 << 4;
constexpr u32 kTransmit = 1 << 5;
constexpr u32 kReceiveTimeout = 1 << 6;
constexpr u32 kBreak = 1 << 9;
constexpr u32 kOverrun = 1 << 10;

}  // namespace

std::span<const bus::Register<Pl011>> Pl011::registers() {
    using S = State;
    using P = Pl011;
    static constexpr std::array<bus::Register<P>, 14> kTable{{
        // name, offset, width, section, reset, write mask, cell, on_read, on_write
        {"UARTDR", 0x00, 12, "3.3.1", 0, 0, nullptr, &P::read_data, &P::write_data},
        {"UARTRSR", 0x04, 4, "3.3.2", 0, 0, &S::receive_status, nullptr, &P::clear_receive_status},
        {"UARTFR", 0x18, 9, "3.3.3", 0, 0, nullptr, &P::read_flags},
        {"UARTILPR", 0x20, 8, "3.3.4", 0, 0xff, &S::low_power},
        {"UARTIBRD", 0x24, 16, "3.3.5", 0, 0xffff, &S::integer_baud},
        {"UARTFBRD", 0x28, 6, "3.3.6", 0, 0x3f, &S::fractional_baud},
        {"UARTLCR_H", 0x2c, 8, "3.3.7", 0, 0xff, &S::line_control, nullptr, &P::line_control_written},
        {"UARTCR", 0x30, 16, "3.3.8", 0x300, 0xff87, &S::control},
        {"UARTIFLS", 0x34, 6, "3.3.9", 0x12, 0x3f, &S::fifo_levels, nullptr, &P::levels_changed},
        {"UARTIMSC", 0x38, 11, "3.3.10", 0, 0x7ff, &S::interrupt_mask},
        {"UARTRIS", 0x3c, 11, "3.3.11", 0, 0, &S::raw_interrupts},
        {"UARTMIS", 0x40, 11, "3.3.12", 0, 0, nullptr, &P::masked_interrupts},
        {"UARTICR", 0x44, 11, "3.3.13", 0, 0, nullptr, nullptr, &P::clear_interrupts},
        {"UARTDMACR", 0x48, 3, "3.3.14", 0, 0x7, &S::dma_control},
    }};
    static_assert(bus::is_sane<P>(kTable));
    return kTable;
}

Pl011::Pl011(backend::CharacterBackend* line, Wire interrupt) : line_(line), interrupt_(interrupt) {
    bus::reset_registers(registers(), state_);
    if (line_ != nullptr) {
        line_->set_receiver(this);
    }
}

Pl011::~Pl011() {
    if (line_ != nullptr) {
        line_->set_receiver(nullptr);
    }
}

void Pl011::reset() {
    const std::lock_guard guard(lock_);
    state_ = State{};
    bus::reset_registers(registers(), state_);
    drive_interrupt();
    notice_room();
}

Pl011::State Pl011::save() const {
    const std::lock_guard guard(lock_);
    return state_;
}

void Pl011::restore(const State& state) {
    const std::lock_guard guard(lock_);
    state_ = state;
    bus::trim_registers(registers(), state_);
    state_.first %= kFifoDepth;
    state_.count = std::min(state_.count, depth());
    for (u16& entry : state_.received) {
        entry &= 0xfff;
    }
    drive_interrupt();
    notice_room();
}

u32 Pl011::read_word(u64 offset) {
    const std::lock_guard guard(lock_);
    if (const auto* which = bus::find_register(registers(), offset)) {
        return bus::read_register(*which, *this, state_);
    }
    return offset >= bus::kPrimeCellIdentity ? bus::prime_cell_identity(0x011, 1, offset) : 0;
}

void Pl011::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(lock_);
    if (const auto* which = bus::find_register(registers(), offset)) {
        bus::write_register(*which, *this, state_, value, mask);
        drive_interrupt();
    }
}

u32 Pl011::depth() const {
    return (state_.line_control & kFifoEnable) != 0 ? kFifoDepth : 1;
}

/// How many received characters raise UARTRXINTR: an eighth, a quarter, half, three quarters or seven eighths of the
/// FIFO (3.3.9).
u32 Pl011::receive_level() const {
    constexpr std::array<u8, 8> kLevels{2, 4, 8, 12, 14, 14, 14, 14};
    return depth() == 1 ? 1 : kLevels[bits(state_.fifo_levels, 5, 3)];
}

size_t Pl011::space() {
    const std::lock_guard guard(lock_);
    const size_t room = depth() - state_.count;
    input_waits_ = input_waits_ || room == 0;
    return room;
}

void Pl011::receive(std::span<const u8> bytes) {
    const std::lock_guard guard(lock_);
    for (const u8 byte : bytes) {
        push(byte);
    }
    drive_interrupt();
}

void Pl011::receive_break() {
    const std::lock_guard guard(lock_);
    push(kBreakError);
    state_.raw_interrupts |= kBreak;
    drive_interrupt();
}

/// The timeout interrupt needs no 32 bit periods of silence here: what is not enough for the receive interrupt raises
/// it at once (2.8.2). Drivers read until the FIFO is empty, so that they notice nothing but the lower latency.
void Pl011::push(u16 entry) {
    if (state_.count >= depth()) {
        state_.receive_status |= kStatusOverrun;
        state_.raw_interrupts |= kOverrun;
        return;
    }
    state_.received[(state_.first + state_.count) % kFifoDepth] = entry;
    ++state_.count;
    state_.raw_interrupts |= state_.count >= receive_level() ? kReceive : kReceiveTimeout;
}

u32 Pl011::read_data() {
    if (state_.count == 0) {
        return 0;
    }
    const u16 entry = state_.received[state_.first];
    state_.first = (state_.first + 1) % kFifoDepth;
    --state_.count;
    state_.receive_status = static_cast<u32>(bits(entry, 11, 8));
    if (state_.count < receive_level()) {
        state_.raw_interrupts &= ~kReceive;
    }
    if (state_.count == 0) {
        state_.raw_interrupts &= ~kReceiveTimeout;
    }
    drive_interrupt();
    notice_room();
    return entry;
}

/// Asks for more only when half of the FIFO is free: a character at a time would cost the back end a wake-up each.
void Pl011::notice_room() {
    if (input_waits_ && state_.count <= depth() / 2) {
        input_waits_ = false;
        line_->accept_input();
    }
}

/// The character leaves at once, which brings the transmit FIFO back to its trigger level: UARTTXINTR rises (2.8.3).
void Pl011::write_data(u32 value) {
    const u8 byte = static_cast<u8>(value);
    if ((state_.control & kLoopback) != 0) {
        push(byte);
    } else if (line_ != nullptr) {
        line_->write({&byte, 1});
    }
    state_.raw_interrupts |= kTransmit;
}

void Pl011::clear_receive_status(u32) {
    state_.receive_status = 0;
}

u32 Pl011::read_flags() {
    u32 flags = kFlagTransmitEmpty;
    flags |= state_.count == 0 ? kFlagReceiveEmpty : 0;
    flags |= state_.count >= depth() ? kFlagReceiveFull : 0;
    if ((state_.control & kLoopback) == 0) {
        return flags | kFlagsConnected;
    }
    // DTR, RTS, Out1, Out2 come back as DSR, CTS, DCD, RI (3.3.8).
    const u64 outputs = bits(state_.control, 13, 10);
    return flags | u32{bit(outputs, 1)} << 0 | u32{bit(outputs, 0)} << 1 | u32{bit(outputs, 2)} << 2 |
           u32{bit(outputs, 3)} << 8;
}

/// Switching the FIFO off drops what the one remaining place cannot hold.
void Pl011::line_control_written(u32) {
    if (state_.count > depth()) {
        state_.count = 0;
        state_.raw_interrupts &= ~(kReceive | kReceiveTimeout);
    }
    notice_room();
}

void Pl011::levels_changed(u32) {
    const bool reached = state_.count >= receive_level();
    state_.raw_interrupts = reached ? state_.raw_interrupts | kReceive : state_.raw_interrupts & ~kReceive;
}

u32 Pl011::masked_interrupts() {
    return state_.raw_interrupts & state_.interrupt_mask;
}

void Pl011::clear_interrupts(u32 value) {
    state_.raw_interrupts &= ~value;
}

void Pl011::drive_interrupt() {
    const bool level = masked_interrupts() != 0;
    if (level != interrupt_driven_) {
        interrupt_driven_ = level;
        interrupt_.set(level);
    }
}

}  // namespace kelvin::device
