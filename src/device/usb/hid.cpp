// SPDX-License-Identifier: Apache-2.0
#include "device/usb/hid.h"

#include <algorithm>

#include "device/usb/key_usages.h"
#include "state/saved_state.h"

namespace kelvin::device {

using bus::usb::Answer;
using bus::usb::Outcome;
using usb::HidModel;

namespace {

/// HID 1.11, 7.1 and 7.2.
constexpr u16 kGetHidDescriptor = 0x8106;
constexpr u16 kGetReport = 0xa101;
constexpr u16 kGetIdle = 0xa102;
constexpr u16 kGetProtocol = 0xa103;
constexpr u16 kSetReport = 0x2109;
constexpr u16 kSetIdle = 0x210a;
constexpr u16 kSetProtocol = 0x210b;
constexpr u8 kHidType = 0x21;
constexpr u8 kReportType = 0x22;
constexpr std::size_t kHidAt = 18;  // in the configuration
constexpr std::size_t kHidSize = 9;

constexpr u8 kFirstModifier = 0xe0;
constexpr u8 kRollOver = 1;
constexpr u8 kLamps = 0x1f;
constexpr std::size_t kKeysOfReport = 6;

u8 clamped(i32& counts) {
    const i32 now = std::clamp(counts, -127, 127);
    counts -= now;
    return static_cast<u8>(static_cast<i8>(now));
}

}  // namespace

Hid::Hid(const HidModel& model, const Options& options, backend::Input& input)
    : Function(options.place, usb::describe(model, options.place.serial)), model_(model), input_(input) {
    input_.add(*this);
}

Hid::~Hid() {
    input_.remove(*this);
}

void Hid::was_reset() {
    state_ = {};
    right_ = down_ = wheel_ = 0;
    changed_ = false;
}

Hid::Kinds Hid::kinds() const {
    return {.keys = model_.kind == HidModel::Kind::keyboard,
            .relative = model_.kind == HidModel::Kind::mouse,
            .absolute = model_.kind == HidModel::Kind::tablet};
}

void Hid::key(u16 code, bool down) {
    const u8 usage = usb::key_usage(code);
    const bool was = std::ranges::find(state_.pressed, usage) != state_.pressed.end();
    if (usage == 0 || was == down || (down && state_.pressed.size() == kMostPressed)) {
        return;
    }
    if (down) {
        state_.pressed.push_back(usage);
    } else {
        std::erase(state_.pressed, usage);
    }
    queue(keyboard_report());
}

void Hid::button(backend::Button which, bool down) {
    const u8 bit = static_cast<u8>(1U << static_cast<unsigned>(which));
    state_.buttons = static_cast<u8>(down ? state_.buttons | bit : state_.buttons & ~bit);
    // A press and a release in one frame are two reports.
    changed_ = true;
    end_of_frame();
}

void Hid::move(i32 right, i32 down) {
    constexpr i32 kMost = 1 << 16;
    right_ = std::clamp(right_ + std::clamp(right, -kMost, kMost), -kMost, kMost);
    down_ = std::clamp(down_ + std::clamp(down, -kMost, kMost), -kMost, kMost);
    changed_ = true;
}

void Hid::place(u16 x, u16 y) {
    state_.x = std::min(x, kFarthest);
    state_.y = std::min(y, kFarthest);
    changed_ = true;
}

void Hid::turn(i32 down) {
    wheel_ = std::clamp(wheel_ - std::clamp(down, -127, 127), -127, 127);  // away from the user is positive
    changed_ = true;
}

void Hid::end_of_frame() {
    if (model_.kind == HidModel::Kind::keyboard || !changed_) {
        return;
    }
    changed_ = false;
    do {
        queue(pointer_report());
    } while ((right_ != 0 || down_ != 0) && state_.waiting.size() < kMostWaiting);
    right_ = down_ = 0;
}

/// B.1: modifiers, and six keys, or that there are more.
Hid::Report Hid::keyboard_report() const {
    Report report(model_.report_size);
    std::size_t keys = 0;
    for (const u8 usage : state_.pressed) {
        if (usage >= kFirstModifier) {
            report[0] = static_cast<u8>(report[0] | 1U << (usage - kFirstModifier));
        } else if (keys++ < kKeysOfReport) {
            report[1 + keys] = usage;
        }
    }
    if (keys > kKeysOfReport) {
        std::fill(report.begin() + 2, report.end(), kRollOver);
    }
    return report;
}

Hid::Report Hid::pointer_report() {
    if (model_.kind == HidModel::Kind::mouse) {
        const u8 x = clamped(right_);
        const u8 y = clamped(down_);
        return {state_.buttons, x, y, clamped(wheel_)};
    }
    return {state_.buttons,
            static_cast<u8>(state_.x),
            static_cast<u8>(state_.x >> 8),
            static_cast<u8>(state_.y),
            static_cast<u8>(state_.y >> 8),
            clamped(wheel_)};
}

void Hid::queue(Report report) {
    if (standard_.configuration == 0) {
        return;  // nobody listens
    }
    if (state_.waiting.size() == kMostWaiting) {
        state_.waiting.back() = std::move(report);  // the newest says what is so now
        return;
    }
    state_.waiting.push_back(std::move(report));
    tell_ready(usb::kHidEndpoint);
}

Outcome Hid::read(unsigned number, std::span<u8> room) {
    if (number != usb::kHidEndpoint || standard_.configuration == 0 || (standard_.halted >> number & 1U) != 0) {
        return {};
    }
    if (state_.waiting.empty()) {
        return {Answer::not_yet, 0};
    }
    const Outcome outcome = send(state_.waiting.front(), room);
    state_.waiting.erase(state_.waiting.begin());
    return outcome;
}

Outcome Hid::request(const bus::usb::Setup& setup, std::span<u8> data) {
    switch (setup.key()) {
        case kGetHidDescriptor: {
            if (setup.value >> 8 == kReportType) {
                return send(model_.report_descriptor, data);
            }
            const std::vector<u8> all = usb::describe(model_, "").configuration;
            return setup.value >> 8 == kHidType ? send(std::span(all).subspan(kHidAt, kHidSize), data) : Outcome{};
        }
        case kGetReport:
            return send(model_.kind == HidModel::Kind::keyboard ? keyboard_report() : pointer_report(), data);
        case kSetReport:
            if (model_.kind != HidModel::Kind::keyboard || data.empty()) {
                return {};
            }
            state_.leds = data[0] & kLamps;
            return {Answer::done, data.size()};
        case kGetIdle:
            return send(std::array{state_.idle}, data);
        case kSetIdle:
            state_.idle = static_cast<u8>(setup.value >> 8);
            return {Answer::done, 0};
        case kGetProtocol:
            return model_.protocol != 0 ? send(std::array{static_cast<u8>(!state_.boot)}, data) : Outcome{};
        case kSetProtocol:
            if (model_.protocol == 0 || setup.value > 1) {
                return {};
            }
            state_.boot = setup.value == 0;
            return {Answer::done, 0};
        default:
            return {};
    }
}

Result<state::Json> Hid::save() {
    state_.standard = standard_;
    return state::save_state(state_);
}

Result<> Hid::load(const state::Json& json) {
    State saved;
    KELVIN_TRY(state::load_state("", json, saved));
    const bool sound =
        saved.pressed.size() <= kMostPressed && saved.waiting.size() <= kMostWaiting &&
        std::ranges::all_of(saved.waiting, [&](const Report& report) { return report.size() == model_.report_size; }) &&
        saved.leds <= kLamps && saved.x <= kFarthest && saved.y <= kFarthest;
    if (!sound) {
        return user_error("these are values that an input device cannot have");
    }
    standard_ = saved.standard;
    state_ = std::move(saved);
    return ok();
}

}  // namespace kelvin::device
