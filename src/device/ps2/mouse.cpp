// SPDX-License-Identifier: Apache-2.0
#include "device/ps2/mouse.h"

#include <algorithm>

namespace kelvin::device {

namespace {

constexpr u8 kScaling1 = 0xe6;
constexpr u8 kScaling2 = 0xe7;
constexpr u8 kSetResolution = 0xe8;
constexpr u8 kReadStatus = 0xe9;
constexpr u8 kStream = 0xea;
constexpr u8 kReadData = 0xeb;
constexpr u8 kEndWrap = 0xec;
constexpr u8 kWrap = 0xee;
constexpr u8 kRemote = 0xf0;
constexpr u8 kReadId = 0xf2;
constexpr u8 kSetRate = 0xf3;
constexpr u8 kEnable = 0xf4;
constexpr u8 kDisable = 0xf5;
constexpr u8 kDefaults = 0xf6;
constexpr u8 kResend = 0xfe;
constexpr u8 kReset = 0xff;
constexpr u8 kAcknowledge = 0xfa;
constexpr u8 kTestPassed = 0xaa;

constexpr i32 kMostCounts = 255;  // in a packet: nine bits with the sign
constexpr i32 kMostTurns = 7;
// What a guest does not fetch is not counted for ever: sums stay within this.
constexpr i32 kMostWaiting = 1 << 20;

i32 add(i32 sum, i32 more) {
    return static_cast<i32>(std::clamp<i64>(i64{sum} + more, -kMostWaiting, kMostWaiting));
}

}  // namespace

void Ps2Mouse::trim() {
    packets_.trim();
    replies_.trim();
    if (command_ != kSetResolution && command_ != kSetRate) {
        command_ = 0;
    }
    resolution_ &= 3;
    id_ = id_ == 3 || id_ == 4 ? id_ : u8{0};
    buttons_ &= 0x1f;
    reported_ &= 0x1f;
    right_ = add(right_, 0);
    up_ = add(up_, 0);
    wheel_ = add(wheel_, 0);
}

void Ps2Mouse::set_defaults() {
    packets_.clear();
    rates_ = {100, 100, 100};
    resolution_ = 2;
    reports_ = remote_ = wraps_ = doubles_ = false;
    right_ = up_ = wheel_ = 0;
}

u8 Ps2Mouse::take() {
    last_ = replies_.empty() ? packets_.pop() : replies_.pop();
    const u8 taken = last_;
    send_all();  // what there was no room for
    return taken;
}

void Ps2Mouse::write(u8 value) {
    replies_.clear();
    if (wraps_ && value != kReset && value != kEndWrap) {
        reply(value);
    } else if (command_ != 0) {
        finish(value);
    } else {
        begin(value);
    }
}

void Ps2Mouse::finish(u8 argument) {
    if (command_ == kSetRate) {
        set_rate(argument);
    } else {
        resolution_ = argument & 3;
    }
    command_ = 0;
    reply(kAcknowledge);
}

/// Rates of 200, 100 and 80 in a row ask for the wheel, 200, 200 and 80 for five buttons.
void Ps2Mouse::set_rate(u8 rate) {
    rates_ = {rates_[1], rates_[2], rate};
    if (rates_ == std::array<u8, 3>{200, 100, 80}) {
        id_ = 3;
    } else if (rates_ == std::array<u8, 3>{200, 200, 80} && id_ != 0) {
        id_ = 4;
    }
}

void Ps2Mouse::begin(u8 command) {
    reply(kAcknowledge);
    switch (command) {
        case kSetResolution:
        case kSetRate:
            command_ = command;
            break;
        case kScaling1:
        case kScaling2:
            doubles_ = command == kScaling2;
            break;
        case kReadStatus:
            reply(static_cast<u8>((remote_ ? 0x40 : 0) | (reports_ ? 0x20 : 0) | (doubles_ ? 0x10 : 0) |
                                  (buttons_ & 1) << 2 | (buttons_ & 4) >> 1 | (buttons_ & 2) >> 1));
            reply(resolution_);
            reply(rates_[2]);
            break;
        case kStream:
        case kRemote:
            remote_ = command == kRemote;
            break;
        case kReadData:
            send(replies_);
            break;
        case kWrap:
        case kEndWrap:
            wraps_ = command == kWrap;
            break;
        case kReadId:
            reply(id_);
            break;
        case kEnable:
        case kDisable:
            reports_ = command == kEnable;
            break;
        case kDefaults:
            set_defaults();
            break;
        case kReset:
            set_defaults();
            id_ = 0;
            reply(kTestPassed);
            reply(0);
            break;
        default:
            replies_.clear();
            reply(command == kResend ? last_ : kResend);
    }
}

void Ps2Mouse::button(backend::Button which, bool down) {
    const u8 bit = static_cast<u8>(1U << static_cast<unsigned>(which));
    buttons_ = static_cast<u8>(down ? buttons_ | bit : buttons_ & ~bit);
}

void Ps2Mouse::move(i32 right, i32 down) {
    right_ = add(right_, right);
    up_ = add(up_, std::clamp(down, -kMostWaiting, kMostWaiting) * -1);
}

void Ps2Mouse::turn(i32 down) {
    wheel_ = add(wheel_, down);
}

/// One packet of what has come together; false: there was no room.
bool Ps2Mouse::send(ByteQueue& to) {
    const i32 right = std::clamp(right_, -kMostCounts, kMostCounts);
    const i32 up = std::clamp(up_, -kMostCounts, kMostCounts);
    const i32 wheel = id_ != 0 ? std::clamp(wheel_, -kMostTurns, kMostTurns) : wheel_;
    std::array<u8, 4> bytes{};
    bytes[0] = static_cast<u8>(0x08 | (buttons_ & 7) | (right < 0 ? 0x10 : 0) | (up < 0 ? 0x20 : 0));
    bytes[1] = static_cast<u8>(right);
    bytes[2] = static_cast<u8>(up);
    bytes[3] = static_cast<u8>(id_ == 4 ? (wheel & 0xf) | (buttons_ & 0x18) << 1 : wheel);
    if (!to.push(std::span(bytes).first(id_ == 0 ? 3 : 4))) {
        return false;
    }
    right_ -= right;
    up_ -= up;
    wheel_ -= wheel;
    reported_ = buttons_;
    return true;
}

void Ps2Mouse::end_of_frame() {
    if (!reports_ && !remote_) {
        right_ = up_ = wheel_ = 0;
    }
    send_all();
}

/// In remote mode movements are summed until the system asks for them.
void Ps2Mouse::send_all() {
    if (!reports_ || remote_) {
        return;
    }
    while ((right_ != 0 || up_ != 0 || wheel_ != 0 || buttons_ != reported_) && send(packets_)) {
    }
}

}  // namespace kelvin::device
