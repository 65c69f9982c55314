// SPDX-License-Identifier: Apache-2.0
#include "device/interrupt_controller/ioapic.h"

#include "base/bits.h"

namespace kelvin::device {

namespace {

// 3.1: memory mapped registers; the last is of later chipsets.
constexpr u64 kSelect = 0x00;
constexpr u64 kWindow = 0x10;
constexpr u64 kEnd = 0x40;

// 3.2: registers behind the window.
constexpr u8 kId = 0x00;
constexpr u8 kVersion = 0x01;
constexpr u8 kArbitration = 0x02;
constexpr u8 kRedirections = 0x10;
constexpr u32 kVersionValue = (Ioapic::kPins - 1) << 16 | 0x20;

// 3.2.4: the redirection table's entries.
constexpr u64 kRemoteIrr = u64{1} << 14;
constexpr u64 kLevel = u64{1} << 15;
constexpr u64 kMasked = u64{1} << 16;
constexpr u64 kWritable = 0xff00'0000'0001'afff;
constexpr unsigned kFixed = 0;
constexpr unsigned kLowestPriority = 1;

// SDM volume 3, 11.11.1 and 11.11.2: messages to local APICs.
constexpr u64 kMessageAddress = 0xfee0'0000;
constexpr u32 kMessageAssert = 1U << 14;
constexpr u32 kMessageLevel = 1U << 15;

/// Only these wait for an end; the others count as edges whatever the entry says.
bool is_level(u64 entry) {
    const u64 mode = bits(entry, 10, 8);
    return (entry & kLevel) != 0 && (mode == kFixed || mode == kLowestPriority);
}

}  // namespace

Ioapic::Ioapic(bus::MsiController& messages) : messages_(messages) {
    state_.redirections.fill(kMasked);
    for (unsigned pin = 0; pin < kPins; ++pin) {
        inputs_[pin] = {this, pin};
    }
}

void Ioapic::reset() {
    const std::lock_guard lock(lock_);
    const u32 lines = state_.lines;
    state_ = {};
    state_.lines = lines;
    state_.redirections.fill(kMasked);
}

Ioapic::State Ioapic::save() const {
    const std::lock_guard lock(lock_);
    return state_;
}

/// What was sent before is in the local APICs' state.
void Ioapic::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.id &= 0x0f;
    state_.lines &= static_cast<u32>(low_mask(kPins));
    for (u64& entry : state_.redirections) {
        entry &= is_level(entry) ? kWritable | kRemoteIrr : kWritable;
    }
}

/// The polarity in an entry is what the board's wires have already: a level that is high asks.
void Ioapic::drive(unsigned pin, bool level) {
    const std::lock_guard lock(lock_);
    const u32 which = u32{1} << pin;
    const bool rises = level && (state_.lines & which) == 0;
    state_.lines = level ? state_.lines | which : state_.lines & ~which;
    const u64 entry = state_.redirections[pin];
    if (is_level(entry)) {
        send_level(pin);
    } else if (rises && (entry & kMasked) == 0) {
        send(pin);  // "Interrupt Mask": an edge at a masked pin is lost
    }
}

/// One for each end, while the pin is high.
void Ioapic::send_level(unsigned pin) {
    u64& entry = state_.redirections[pin];
    if ((state_.lines >> pin & 1) != 0 && (entry & (kMasked | kRemoteIrr)) == 0) {
        entry |= kRemoteIrr;
        send(pin);
    }
}

void Ioapic::send(unsigned pin) {
    const u64 entry = state_.redirections[pin];
    bus::Msi message;
    message.address = kMessageAddress | bits(entry, 63, 56) << 12 | bits(entry, 11, 11) << 2;
    message.data = static_cast<u32>(bits(entry, 10, 0)) | kMessageAssert | (is_level(entry) ? kMessageLevel : 0);
    messages_.deliver(message);
}

void Ioapic::end_of_interrupt(u8 vector) {
    const std::lock_guard lock(lock_);
    end(vector);
}

void Ioapic::end(u8 vector) {
    for (unsigned pin = 0; pin < kPins; ++pin) {
        u64& entry = state_.redirections[pin];
        if (is_level(entry) && (entry & kRemoteIrr) != 0 && static_cast<u8>(entry) == vector) {
            entry &= ~kRemoteIrr;
            send_level(pin);
        }
    }
}

/// "All accesses are 32 bits": others of a register's first byte count as such.
u64 Ioapic::read(u64 offset, unsigned size) {
    const std::lock_guard lock(lock_);
    const u64 value = offset == kSelect ? state_.select : offset == kWindow ? read_register() : 0;
    return size >= 4 ? value : value & low_mask(size * 8);
}

void Ioapic::write(u64 offset, unsigned, u64 value) {
    const std::lock_guard lock(lock_);
    if (offset == kSelect) {
        state_.select = static_cast<u8>(value);
    } else if (offset == kWindow) {
        write_register(static_cast<u32>(value));
    } else if (offset == kEnd) {
        end(static_cast<u8>(value));
    }
}

u32 Ioapic::read_register() const {
    if (state_.select == kId || state_.select == kArbitration) {
        return u32{state_.id} << 24;
    }
    if (state_.select == kVersion) {
        return kVersionValue;
    }
    const unsigned half = state_.select - unsigned{kRedirections};
    if (state_.select < kRedirections || half / 2 >= kPins) {
        return 0;
    }
    return static_cast<u32>(state_.redirections[half / 2] >> half % 2 * 32);
}

void Ioapic::write_register(u32 value) {
    if (state_.select == kId) {
        state_.id = static_cast<u8>(bits(value, 27, 24));
        return;
    }
    const unsigned half = state_.select - unsigned{kRedirections};
    if (state_.select >= kRedirections && half / 2 < kPins) {
        write_redirection(half / 2, half % 2 != 0, value);
    }
}

/// An entry that is switched to edges and back awaits no end: how systems do without the EOI register.
void Ioapic::write_redirection(unsigned pin, bool high, u32 value) {
    u64& entry = state_.redirections[pin];
    const u64 written = high ? with_bits(entry, 63, 32, value) : with_bits(entry, 31, 0, value);
    entry = (written & kWritable) | (entry & kRemoteIrr);
    if (is_level(entry)) {
        send_level(pin);
    } else {
        entry &= ~kRemoteIrr;
    }
}

}  // namespace kelvin::device
