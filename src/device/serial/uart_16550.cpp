// SPDX-License-Identifier: Apache-2.0
#include "device/serial/uart_16550.h"

#include <algorithm>

namespace kelvin::device {

namespace {

// Table II: registers by their address; the first two are the divisor's while DLAB is set.
enum Offset : u64 {
    kData,
    kInterruptEnable,
    kInterruptIdentification,
    kLineControl,
    kModemControl,
    kLineStatus,
    kModemStatus,
    kScratch
};

constexpr u8 kDivisorLatchAccess = 0x80;  // LCR

// IER, 8.7.
constexpr u8 kReceivedEnable = 0x1;
constexpr u8 kTransmitterEnable = 0x2;
constexpr u8 kLineStatusEnable = 0x4;
constexpr u8 kModemStatusEnable = 0x8;

// IIR, 8.6; in order of priority.
constexpr u8 kNoInterrupt = 0x1;
constexpr u8 kLineStatusInterrupt = 0x6;
constexpr u8 kReceivedInterrupt = 0x4;
constexpr u8 kTimeoutInterrupt = 0xc;
constexpr u8 kTransmitterInterrupt = 0x2;
constexpr u8 kModemStatusInterrupt = 0x0;
constexpr u8 kFifosEnabled = 0xc0;

// FCR, 8.5.
constexpr u8 kFifoEnable = 0x1;
constexpr u8 kClearReceiver = 0x2;
constexpr u8 kDmaMode = 0x8;
constexpr u8 kTrigger = 0xc0;

// LSR, 8.4.
constexpr u8 kDataReady = 0x1;
constexpr u8 kOverrun = 0x2;
constexpr u8 kBreak = 0x10;
constexpr u8 kTransmitterEmpty = 0x60;

// MCR, 8.8, and MSR, 8.9: what the other end's lines are, and that they have changed.
constexpr u8 kDataTerminalReady = 0x1;
constexpr u8 kRequestToSend = 0x2;
constexpr u8 kOut1 = 0x4;
constexpr u8 kOut2 = 0x8;
constexpr u8 kLoop = 0x10;
constexpr u8 kClearToSend = 0x10;
constexpr u8 kDataSetReady = 0x20;
constexpr u8 kRingIndicator = 0x40;
constexpr u8 kCarrierDetect = 0x80;
constexpr u8 kConnected = kClearToSend | kDataSetReady | kCarrierDetect;
constexpr u8 kLines = 0xf0;

}  // namespace

Uart16550::Uart16550(backend::CharacterBackend* line, Wire interrupt) : line_(line), interrupt_(interrupt) {
    if (line_ != nullptr) {
        line_->set_receiver(this);
        line_->set_front_open(true);
    }
}

Uart16550::~Uart16550() {
    if (line_ != nullptr) {
        line_->set_receiver(nullptr);
    }
}

void Uart16550::reset() {
    const std::lock_guard lock(lock_);
    state_ = {};
    notice_room();
    drive_interrupt();
}

Uart16550::State Uart16550::save() const {
    const std::lock_guard lock(lock_);
    return state_;
}

void Uart16550::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.interrupt_enable &= 0x0f;
    state_.modem_control &= 0x1f;
    state_.modem_changes &= 0x0f;
    state_.line_errors &= kOverrun | kBreak;
    state_.fifo_control &= kFifoEnable | kDmaMode | kTrigger;
    state_.first %= kFifoDepth;
    state_.count = std::min(state_.count, depth());
    notice_room();
    drive_interrupt();
}

bool Uart16550::is_looped() const {
    return (state_.modem_control & kLoop) != 0;
}

u32 Uart16550::trigger_level() const {
    constexpr u32 kLevels[] = {1, 4, 8, 14};
    return has_fifos() ? kLevels[state_.fifo_control >> 6] : 1;
}

u8 Uart16550::read_byte(u64 offset) {
    const std::lock_guard lock(lock_);
    const bool latched = (state_.line_control & kDivisorLatchAccess) != 0;
    switch (offset) {
        case kData:
            return latched ? static_cast<u8>(state_.divisor) : take_received();
        case kInterruptEnable:
            return latched ? static_cast<u8>(state_.divisor >> 8) : state_.interrupt_enable;
        case kInterruptIdentification:
            return read_identification();
        case kLineControl:
            return state_.line_control;
        case kModemControl:
            return state_.modem_control;
        case kLineStatus:
            return read_line_status();
        case kModemStatus: {
            const u8 value = modem_lines() | state_.modem_changes;
            state_.modem_changes = 0;
            drive_interrupt();
            return value;
        }
        default:
            return state_.scratch;
    }
}

void Uart16550::write_byte(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    const bool latched = (state_.line_control & kDivisorLatchAccess) != 0;
    if (latched && offset == kData) {
        state_.divisor = static_cast<u16>((state_.divisor & 0xff00) | value);
        return;
    }
    if (latched && offset == kInterruptEnable) {
        state_.divisor = static_cast<u16>((state_.divisor & 0x00ff) | value << 8);
        return;
    }
    switch (offset) {
        case kData:
            transmit(value);
            break;
        case kInterruptEnable: {
            // That the transmitter is empty is told to who begins to ask, too.
            const u8 begun = static_cast<u8>(value & ~state_.interrupt_enable);
            state_.interrupt_enable = value & 0x0f;
            state_.transmitter_interrupt |= (begun & kTransmitterEnable) != 0;
            break;
        }
        case kInterruptIdentification:
            control_fifos(value);
            break;
        case kLineControl:
            state_.line_control = value;
            break;
        case kModemControl:
            control_modem(value & 0x1f);
            break;
        case kScratch:
            state_.scratch = value;
            break;
        default:
            break;  // statuses
    }
    drive_interrupt();
}

u8 Uart16550::take_received() {
    if (state_.count == 0) {
        return 0;
    }
    const u8 value = state_.received[state_.first];
    state_.first = (state_.first + 1) % kFifoDepth;
    --state_.count;
    notice_room();
    drive_interrupt();
    return value;
}

/// The interrupt ends with the write and comes back when the character is sent: those that look at edges see one.
void Uart16550::transmit(u8 value) {
    state_.transmitter_interrupt = false;
    drive_interrupt();
    state_.transmitter_interrupt = true;
    if (is_looped()) {
        push(value);
    } else if (line_ != nullptr) {
        line_->write({&value, 1});
    }
}

u8 Uart16550::identify_interrupt() const {
    const u8 enabled = state_.interrupt_enable;
    if ((enabled & kLineStatusEnable) != 0 && state_.line_errors != 0) {
        return kLineStatusInterrupt;
    }
    if ((enabled & kReceivedEnable) != 0 && state_.count != 0) {
        // Fewer than the trigger level wait for no more: the time of four characters has passed at once.
        return state_.count >= trigger_level() ? kReceivedInterrupt : kTimeoutInterrupt;
    }
    if ((enabled & kTransmitterEnable) != 0 && state_.transmitter_interrupt) {
        return kTransmitterInterrupt;
    }
    if ((enabled & kModemStatusEnable) != 0 && state_.modem_changes != 0) {
        return kModemStatusInterrupt;
    }
    return kNoInterrupt;
}

u8 Uart16550::read_identification() {
    const u8 source = identify_interrupt();
    if (source == kTransmitterInterrupt) {
        state_.transmitter_interrupt = false;
        drive_interrupt();
    }
    return static_cast<u8>(source | (has_fifos() ? kFifosEnabled : 0));
}

u8 Uart16550::read_line_status() {
    const u8 value = static_cast<u8>(kTransmitterEmpty | state_.line_errors | (state_.count != 0 ? kDataReady : 0));
    state_.line_errors = 0;
    drive_interrupt();
    return value;
}

u8 Uart16550::modem_lines() const {
    if (!is_looped()) {
        return line_ != nullptr ? kConnected : 0;
    }
    u8 lines = 0;
    lines |= (state_.modem_control & kRequestToSend) != 0 ? kClearToSend : 0;
    lines |= (state_.modem_control & kDataTerminalReady) != 0 ? kDataSetReady : 0;
    lines |= (state_.modem_control & kOut1) != 0 ? kRingIndicator : 0;
    lines |= (state_.modem_control & kOut2) != 0 ? kCarrierDetect : 0;
    return lines;
}

/// The ring indicator counts when it ends.
void Uart16550::control_modem(u8 value) {
    const u8 before = modem_lines();
    state_.modem_control = value;
    const u8 after = modem_lines();
    u8 changed = static_cast<u8>((before ^ after) & kLines);
    if ((after & kRingIndicator) != 0) {
        changed &= static_cast<u8>(~kRingIndicator);
    }
    state_.modem_changes |= static_cast<u8>(changed >> 4);
    notice_room();
}

void Uart16550::control_fifos(u8 value) {
    const bool switched = ((value ^ state_.fifo_control) & kFifoEnable) != 0;
    if (switched || (value & kClearReceiver) != 0) {
        clear_received();
    }
    state_.fifo_control = (value & kFifoEnable) != 0 ? value & (kFifoEnable | kDmaMode | kTrigger) : u8{0};
    notice_room();
}

void Uart16550::clear_received() {
    state_.first = 0;
    state_.count = 0;
}

void Uart16550::push(u8 value) {
    if (state_.count == depth()) {
        state_.line_errors |= kOverrun;
        return;
    }
    state_.received[(state_.first + state_.count) % kFifoDepth] = value;
    ++state_.count;
}

/// What is looped back hears nothing of the line.
size_t Uart16550::space() {
    const std::lock_guard lock(lock_);
    const size_t room = is_looped() ? 0 : depth() - state_.count;
    input_waits_ = room == 0;
    return room;
}

void Uart16550::receive(std::span<const u8> bytes) {
    const std::lock_guard lock(lock_);
    for (const u8 byte : bytes) {
        push(byte);
    }
    drive_interrupt();
}

void Uart16550::receive_break() {
    const std::lock_guard lock(lock_);
    push(0);
    state_.line_errors |= kBreak;
    drive_interrupt();
}

void Uart16550::notice_room() {
    if (input_waits_ && !is_looped() && state_.count < depth() && line_ != nullptr) {
        input_waits_ = false;
        line_->accept_input();
    }
}

void Uart16550::drive_interrupt() {
    const bool level = identify_interrupt() != kNoInterrupt;
    if (level != interrupt_driven_) {
        interrupt_driven_ = level;
        interrupt_.set(level);
    }
}

}  // namespace kelvin::device
