// SPDX-License-Identifier: Apache-2.0
#include "device/ps2/keyboard.h"

#include <algorithm>
#include <optional>

namespace kelvin::device {

namespace {

// "Commands from the system" and to it.
constexpr u8 kSetIndicators = 0xed;
constexpr u8 kEcho = 0xee;
constexpr u8 kSelectSet = 0xf0;
constexpr u8 kReadId = 0xf2;
constexpr u8 kSetRate = 0xf3;
constexpr u8 kEnable = 0xf4;
constexpr u8 kDisable = 0xf5;
constexpr u8 kDefaults = 0xf6;
constexpr u8 kResend = 0xfe;
constexpr u8 kReset = 0xff;
constexpr u8 kAcknowledge = 0xfa;
constexpr u8 kTestPassed = 0xaa;
constexpr u8 kBreak = 0xf0;
constexpr u8 kExtended = 0xe0;

// "Scan code set 1" by the codes of set 2.
constexpr u8 kSet1[128] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,  //
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,  //
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,  //
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,  //
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,  //
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,  //
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,  //
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54};
constexpr u8 kF7 = 0x83;  // the only key of set 2 beyond the table

u8 set2_of(u8 set1) {
    if (set1 == 0x41) {
        return kF7;
    }
    return static_cast<u8>(std::ranges::find(kSet1, set1) - std::begin(kSet1));
}

/// Linux's code, and set 1's.
struct KnownKey {
    u16 code;
    u8 set1;
};
/// Behind E0.
constexpr KnownKey kExtendedKeys[] = {{96, 0x1c},  {97, 0x1d},  {98, 0x35},  {99, 0x37},  {100, 0x38}, {102, 0x47},
                                      {103, 0x48}, {104, 0x49}, {105, 0x4b}, {106, 0x4d}, {107, 0x4f}, {108, 0x50},
                                      {109, 0x51}, {110, 0x52}, {111, 0x53}, {113, 0x20}, {114, 0x2e}, {115, 0x30},
                                      {116, 0x5e}, {125, 0x5b}, {126, 0x5c}, {127, 0x5d}, {142, 0x5f}, {143, 0x63},
                                      {140, 0x21}, {155, 0x6c}, {163, 0x19}, {164, 0x22}, {165, 0x10}, {166, 0x24}};
/// Keys of Japanese and Brazilian keyboards, and set 1's codes of them.
constexpr KnownKey kFurtherKeys[] = {{85, 0x76}, {89, 0x73},  {92, 0x79},  {93, 0x70},
                                     {94, 0x7b}, {117, 0x59}, {121, 0x7e}, {124, 0x7d}};
constexpr u16 kPause = 119;
// Linux's codes up to here are set 1's, but for 84, which is no key, and 85.
constexpr u16 kLastPlain = 88;

struct ScanCode {
    bool extended;
    u8 set1;
};
std::optional<ScanCode> find_scan_code(u16 code) {
    if (const auto key = std::ranges::find(kExtendedKeys, code, &KnownKey::code); key != std::end(kExtendedKeys)) {
        return ScanCode{true, key->set1};
    }
    if (const auto key = std::ranges::find(kFurtherKeys, code, &KnownKey::code); key != std::end(kFurtherKeys)) {
        return ScanCode{false, key->set1};
    }
    if (code == 0 || code > kLastPlain || code == 84) {
        return {};
    }
    return ScanCode{false, static_cast<u8>(code)};
}

}  // namespace

u8 translate_scan_code(u8 code) {
    return code < 128 ? kSet1[code] : code == kF7 ? u8{0x41} : code == 0x84 ? u8{0x54} : code;
}

void Ps2Keyboard::trim() {
    keys_.trim();
    replies_.trim();
    set_ = set_ == 1 ? 1 : 2;
    leds_ &= 7;
    rate_ &= 0x7f;
    if (command_ != kSetIndicators && command_ != kSelectSet && command_ != kSetRate) {
        command_ = 0;
    }
}

void Ps2Keyboard::set_defaults() {
    keys_.clear();
    rate_ = 0x2b;
    set_ = 2;
}

u8 Ps2Keyboard::take() {
    last_ = replies_.empty() ? keys_.pop() : replies_.pop();
    return last_;
}

void Ps2Keyboard::write(u8 value) {
    replies_.clear();  // "a command stops what is sent"
    if (command_ != 0 && value < 0x80) {
        finish(value);
    } else {
        begin(value);
    }
}

void Ps2Keyboard::begin(u8 command) {
    command_ = 0;
    switch (command) {
        case kSetIndicators:
        case kSelectSet:
        case kSetRate:
            command_ = command;
            reply(kAcknowledge);
            break;
        case kEcho:
            reply(kEcho);
            break;
        case kReadId:
            reply(kAcknowledge);
            reply(0xab);
            reply(0x83);
            break;
        case kEnable:
            keys_.clear();
            scans_ = true;
            reply(kAcknowledge);
            break;
        case kDisable:
        case kDefaults:
            set_defaults();
            scans_ = command == kDefaults && scans_;
            reply(kAcknowledge);
            break;
        case kResend:
            reply(last_);
            break;
        case kReset:
            set_defaults();
            leds_ = 0;
            scans_ = true;
            reply(kAcknowledge);
            reply(kTestPassed);
            break;
        default:
            reply(kResend);
    }
}

void Ps2Keyboard::finish(u8 argument) {
    const u8 command = command_;
    command_ = 0;
    if (command == kSetIndicators) {
        leds_ = argument & 7;
    } else if (command == kSetRate) {
        rate_ = argument;
    } else if (argument == 0) {
        reply(kAcknowledge);
        reply(set_);
        return;
    } else if (argument <= 2) {
        set_ = argument;
    } else {
        reply(kResend);  // set 3 there is not
        return;
    }
    reply(kAcknowledge);
}

void Ps2Keyboard::key(u16 code, bool down) {
    if (!scans_) {
        return;
    }
    if (code == kPause) {  // has no break code
        static constexpr u8 kSecond[] = {0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77};
        static constexpr u8 kFirst[] = {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5};
        if (down) {
            keys_.push(set_ == 1 ? std::span<const u8>(kFirst) : std::span<const u8>(kSecond));
        }
        return;
    }
    const std::optional<ScanCode> found = find_scan_code(code);
    if (!found) {
        return;
    }
    std::array<u8, 3> bytes{};
    std::size_t count = 0;
    if (found->extended) {
        bytes[count++] = kExtended;
    }
    if (set_ == 1) {
        bytes[count++] = static_cast<u8>(found->set1 | (down ? 0 : 0x80));
    } else {
        if (!down) {
            bytes[count++] = kBreak;
        }
        bytes[count++] = set2_of(found->set1);
    }
    keys_.push(std::span(bytes).first(count));
}

}  // namespace kelvin::device
