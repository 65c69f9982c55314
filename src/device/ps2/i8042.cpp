// SPDX-License-Identifier: Apache-2.0
#include "device/ps2/i8042.h"

#include <utility>

namespace kelvin::device {

namespace {

// "Status register".
constexpr u8 kOutputFull = 0x01;
constexpr u8 kSystem = 0x04;
constexpr u8 kWasCommand = 0x08;
constexpr u8 kNotLocked = 0x10;
constexpr u8 kFromMouse = 0x20;
constexpr u8 kKeptStatus = kOutputFull | kSystem | kWasCommand | kFromMouse;

// "Controller command byte".
constexpr u8 kKeyboardInterrupt = 0x01;
constexpr u8 kMouseInterrupt = 0x02;
constexpr u8 kSystemFlag = 0x04;
constexpr u8 kKeyboardOff = 0x10;
constexpr u8 kMouseOff = 0x20;
constexpr u8 kTranslate = 0x40;
constexpr u8 kConfig = 0x77;

// "Output port".
constexpr u8 kNoReset = 0x01;
constexpr u8 kA20 = 0x02;
constexpr u8 kKeyboardLine = 0x10;
constexpr u8 kMouseLine = 0x20;

// Commands at port 0x64.
constexpr u8 kReadConfig = 0x20;
constexpr u8 kWriteConfig = 0x60;
constexpr u8 kDisableMouse = 0xa7;
constexpr u8 kEnableMouse = 0xa8;
constexpr u8 kTestMouse = 0xa9;
constexpr u8 kSelfTest = 0xaa;
constexpr u8 kTestKeyboard = 0xab;
constexpr u8 kDisableKeyboard = 0xad;
constexpr u8 kEnableKeyboard = 0xae;
constexpr u8 kReadInputPort = 0xc0;
constexpr u8 kReadOutputPort = 0xd0;
constexpr u8 kWriteOutputPort = 0xd1;
constexpr u8 kWriteKeyboardOutput = 0xd2;
constexpr u8 kWriteMouseOutput = 0xd3;
constexpr u8 kWriteMouse = 0xd4;
constexpr u8 kDisableA20 = 0xdd;
constexpr u8 kEnableA20 = 0xdf;
constexpr u8 kPulse = 0xf0;  // and above: lines of the output port by the bits that are 0

constexpr u8 kBreak = 0xf0;

bool takes_data(u8 command) {
    return command == kWriteConfig || (command >= kWriteOutputPort && command <= kWriteMouse);
}

}  // namespace

I8042::I8042(const Wires& wires) : wires_(wires) {
    data_port_.controller = this;
    command_port_.controller = this;
}

void I8042::reset() {
    const std::lock_guard lock(lock_);
    state_ = {};
    wires_.a20.set(true);
    drive();
}

I8042::State I8042::save() const {
    const std::lock_guard lock(lock_);
    return state_;
}

void I8042::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.config &= kConfig;
    state_.status = static_cast<u8>((state_.status & kKeptStatus) | kNotLocked);
    state_.output_port = static_cast<u8>((state_.output_port & kA20) | kNoReset);
    state_.command = takes_data(state_.command) ? state_.command : u8{0};
    state_.replies.trim();
    state_.mouse_replies.trim();
    state_.keyboard.trim();
    state_.mouse.trim();
    wires_.a20.set((state_.output_port & kA20) != 0);
    drive();
}

u8 I8042::read_status() {
    const std::lock_guard lock(lock_);
    return state_.status;
}

/// An empty buffer reads as what was there last.
u8 I8042::read_data() {
    const std::lock_guard lock(lock_);
    state_.status &= static_cast<u8>(~(kOutputFull | kFromMouse));
    drive();  // each byte makes an edge
    const u8 value = state_.output;
    update();
    return value;
}

void I8042::write_data(u8 value) {
    std::unique_lock lock(lock_);
    state_.status &= static_cast<u8>(~kWasCommand);
    if (state_.command != 0) {
        const u8 command = state_.command;
        state_.command = 0;
        finish(command, value);
    } else {
        state_.config &= static_cast<u8>(~kKeyboardOff);
        state_.keyboard.write(value);
    }
    update();
    const bool resets = std::exchange(resets_, false);
    lock.unlock();
    pulse_reset(resets);
}

void I8042::write_command(u8 value) {
    std::unique_lock lock(lock_);
    state_.status |= kWasCommand;
    state_.command = takes_data(value) ? value : u8{0};
    carry_out(value);
    update();
    const bool resets = std::exchange(resets_, false);
    lock.unlock();
    pulse_reset(resets);
}

void I8042::pulse_reset(bool wanted) const {
    if (wanted) {
        wires_.reset.set(true);
        wires_.reset.set(false);
    }
}

void I8042::carry_out(u8 command) {
    switch (command) {
        case kReadConfig:
            reply(state_.config);
            break;
        case kDisableMouse:
            state_.config |= kMouseOff;
            break;
        case kEnableMouse:
            state_.config &= static_cast<u8>(~kMouseOff);
            break;
        case kTestMouse:
        case kTestKeyboard:
            reply(0);
            break;
        case kSelfTest:
            state_.status |= kSystem;
            state_.config |= kSystemFlag;
            reply(0x55);
            break;
        case kDisableKeyboard:
            state_.config |= kKeyboardOff;
            break;
        case kEnableKeyboard:
            state_.config &= static_cast<u8>(~kKeyboardOff);
            break;
        case kReadInputPort:
            reply(0x80);  // the keyboard is not locked
            break;
        case kReadOutputPort: {
            const bool full = (state_.status & kOutputFull) != 0;
            const u8 line = (state_.status & kFromMouse) != 0 ? kMouseLine : kKeyboardLine;
            reply(static_cast<u8>(state_.output_port | (full ? line : 0)));
            break;
        }
        case kDisableA20:
            set_output_port(state_.output_port & static_cast<u8>(~kA20));
            break;
        case kEnableA20:
            set_output_port(state_.output_port | kA20);
            break;
        default:
            resets_ = command >= kPulse && (command & kNoReset) == 0;
    }
}

void I8042::finish(u8 command, u8 data) {
    switch (command) {
        case kWriteConfig:
            state_.config = data & kConfig;
            state_.status = static_cast<u8>((state_.status & ~kSystem) | (data & kSystemFlag));
            break;
        case kWriteOutputPort:
            set_output_port(data);
            break;
        case kWriteKeyboardOutput:
            reply(data);
            break;
        case kWriteMouseOutput:
            state_.mouse_replies.push({&data, 1});
            break;
        default:
            state_.config &= static_cast<u8>(~kMouseOff);
            state_.mouse.write(data);
    }
}

void I8042::set_output_port(u8 value) {
    state_.output_port = static_cast<u8>((value & kA20) | kNoReset);
    wires_.a20.set((value & kA20) != 0);
    resets_ = (value & kNoReset) == 0;
}

/// What the keyboard has for the system, in set 1 if the controller translates.
std::optional<u8> I8042::keyboard_byte() {
    while (state_.keyboard.has_data()) {
        const u8 value = state_.keyboard.take();
        if ((state_.config & kTranslate) == 0) {
            return value;
        }
        if (value == kBreak) {
            state_.released = true;
            continue;
        }
        const u8 translated = translate_scan_code(value);
        const bool released = std::exchange(state_.released, false) && translated < 0x80;
        return static_cast<u8>(translated | (released ? 0x80 : 0));
    }
    return {};
}

void I8042::fill(u8 value, bool from_mouse) {
    state_.output = value;
    state_.status = static_cast<u8>((state_.status & ~kFromMouse) | kOutputFull | (from_mouse ? kFromMouse : 0));
}

/// The next byte into the output buffer, if that is empty.
void I8042::update() {
    if ((state_.status & kOutputFull) == 0) {
        if (!state_.replies.empty()) {
            fill(state_.replies.pop(), false);
        } else if (!state_.mouse_replies.empty()) {
            fill(state_.mouse_replies.pop(), true);
        } else if (const auto key = (state_.config & kKeyboardOff) == 0 ? keyboard_byte() : std::nullopt) {
            fill(*key, false);
        } else if ((state_.config & kMouseOff) == 0 && state_.mouse.has_data()) {
            fill(state_.mouse.take(), true);
        }
    }
    drive();
}

void I8042::drive() {
    const bool full = (state_.status & kOutputFull) != 0;
    const bool from_mouse = (state_.status & kFromMouse) != 0;
    const bool keyboard = full && !from_mouse && (state_.config & kKeyboardInterrupt) != 0;
    const bool mouse = full && from_mouse && (state_.config & kMouseInterrupt) != 0;
    if (keyboard != std::exchange(keyboard_driven_, keyboard)) {
        wires_.keyboard.set(keyboard);
    }
    if (mouse != std::exchange(mouse_driven_, mouse)) {
        wires_.mouse.set(mouse);
    }
}

void I8042::key(u16 code, bool down) {
    const std::lock_guard lock(lock_);
    state_.keyboard.key(code, down);
    update();
}

void I8042::button(backend::Button which, bool down) {
    const std::lock_guard lock(lock_);
    state_.mouse.button(which, down);
}

void I8042::move(i32 right, i32 down) {
    const std::lock_guard lock(lock_);
    state_.mouse.move(right, down);
}

void I8042::turn(i32 down) {
    const std::lock_guard lock(lock_);
    state_.mouse.turn(down);
}

void I8042::end_of_frame() {
    const std::lock_guard lock(lock_);
    state_.mouse.end_of_frame();
    update();
}

}  // namespace kelvin::device
