// SPDX-License-Identifier: Apache-2.0
#include "device/network_card/serial_eeprom.h"

#include <fmt/format.h>

#include "base/bits.h"

namespace kelvin::device::network_card {

namespace {

constexpr unsigned kCommandBits = 8;  // two of the operation, six of the address
constexpr unsigned kDataBits = 16;

// Operations, and what the address says where the operation is 0.
constexpr u32 kOther = 0;
constexpr u32 kWrite = 1;
constexpr u32 kRead = 2;
constexpr u32 kErase = 3;
constexpr u32 kDisable = 0;
constexpr u32 kWriteAll = 1;
constexpr u32 kEraseAll = 2;
constexpr u32 kEnable = 3;

constexpr u32 operation(u32 command) {
    return static_cast<u32>(bits(command, 7, 6));
}
constexpr u32 address(u32 command) {
    return static_cast<u32>(bits(command, 5, 0));
}

}  // namespace

Result<> SerialEeprom::State::check() const {
    if (count > kCommandBits + kDataBits) {
        return user_error(fmt::format("count: {} bits are more than a command has", count));
    }
    return ok();
}

void SerialEeprom::drive(bool select, bool clock, bool data) {
    if (!select) {
        if (state_.select) {
            finish();
        }
        state_.started = false;
        state_.output = true;
    } else if (clock && !state_.clock) {
        clocked(data);
    }
    state_.select = select;
    state_.clock = clock;
}

/// Bits come with the clock's rising edge, and leave with it. A read gives one word after the other.
void SerialEeprom::clocked(bool data) {
    if (!state_.started) {
        state_.started = data;
        state_.shifted = 0;
        state_.count = 0;
        return;
    }
    if (state_.count >= kCommandBits) {
        const u32 command = state_.shifted >> (state_.count - kCommandBits);
        if (operation(command) == kRead) {
            const u32 sent = state_.count - kCommandBits;
            const u16 word = state_.words[address(command)];
            state_.output = bit(word, kDataBits - 1 - sent);
            if (sent + 1 == kDataBits) {
                state_.shifted = kRead << 6 | ((address(command) + 1) % kWords);
                state_.count = kCommandBits;
            } else {
                state_.shifted <<= 1;
                ++state_.count;
            }
            return;
        }
        if (state_.count == kCommandBits + kDataBits) {
            return;
        }
    }
    state_.shifted = state_.shifted << 1 | (data ? 1 : 0);
    ++state_.count;
    // In front of a read's data there is a zero.
    state_.output = !(state_.count == kCommandBits && operation(state_.shifted) == kRead);
}

/// Writing begins when the chip is no longer selected, and takes no time here.
void SerialEeprom::finish() {
    if (!state_.started || state_.count < kCommandBits) {
        return;
    }
    const bool has_data = state_.count == kCommandBits + kDataBits;
    const u32 command = state_.shifted >> (state_.count - kCommandBits) & 0xff;
    const u16 data = static_cast<u16>(state_.shifted);
    const u32 special = address(command) >> 4;
    if (operation(command) == kOther && (special == kEnable || special == kDisable)) {
        state_.unlocked = special == kEnable;
        return;
    }
    if (!state_.unlocked) {
        return;
    }
    if (operation(command) == kWrite && has_data) {
        state_.words[address(command)] = data;
    } else if (operation(command) == kErase) {
        state_.words[address(command)] = 0xffff;
    } else if (operation(command) == kOther && special == kWriteAll && has_data) {
        state_.words.fill(data);
    } else if (operation(command) == kOther && special == kEraseAll) {
        state_.words.fill(0xffff);
    }
}

}  // namespace kelvin::device::network_card
