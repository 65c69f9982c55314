// SPDX-License-Identifier: Apache-2.0
#include "bus/usb/function.h"

#include <algorithm>
#include <array>

namespace kelvin::bus::usb {

namespace {

/// 9.4, with bmRequestType in front.
constexpr u16 kGetStatusOfDevice = 0x8000;
constexpr u16 kGetStatusOfInterface = 0x8100;
constexpr u16 kGetStatusOfEndpoint = 0x8200;
constexpr u16 kClearFeatureOfDevice = 0x0001;
constexpr u16 kSetFeatureOfDevice = 0x0003;
constexpr u16 kClearFeatureOfEndpoint = 0x0201;
constexpr u16 kSetFeatureOfEndpoint = 0x0203;
constexpr u16 kGetDescriptor = 0x8006;
constexpr u16 kGetConfiguration = 0x8008;
constexpr u16 kSetConfiguration = 0x0009;
constexpr u16 kGetInterface = 0x810a;
constexpr u16 kSetInterface = 0x010b;

constexpr u16 kEnglish = 0x0409;
constexpr u8 kStringDescriptor = 3;

std::vector<u8> text_descriptor(std::string_view text) {
    std::vector<u8> made = {0, kStringDescriptor};
    for (const char letter : text.substr(0, 126)) {
        made.push_back(static_cast<u8>(letter));
        made.push_back(0);
    }
    made[0] = static_cast<u8>(made.size());
    return made;
}

}  // namespace

Function::Function(const PlaceOptions& options, Description description)
    : wanted_port_(options.port), description_(std::move(description)) {}

Result<> Function::Standard::check() const {
    return configuration <= 1 ? ok() : Result<>(user_error("a USB device has no such configuration"));
}

void Function::reset() {
    standard_ = {};
    was_reset();
}

Outcome Function::send(std::span<const u8> what, std::span<u8> room) {
    const std::size_t size = std::min(what.size(), room.size());
    std::ranges::copy(what.first(size), room.begin());
    return {Answer::done, size};
}

Outcome Function::descriptor(const Setup& setup, std::span<u8> room) const {
    const unsigned index = setup.value & 0xffU;
    switch (setup.value >> 8) {
        case 1:
            return send(description_.device, room);
        case 2:
            return index == 0 ? send(description_.configuration, room) : Outcome{};
        case kStringDescriptor:
            if (index == 0) {
                return send(std::array<u8, 4>{4, kStringDescriptor, kEnglish & 0xff, kEnglish >> 8}, room);
            }
            return index <= description_.strings.size() ? send(text_descriptor(description_.strings[index - 1]), room)
                                                        : Outcome{};
        default:
            return {};
    }
}

Outcome Function::control(const Setup& setup, std::span<u8> data) {
    const u16 endpoint = static_cast<u16>(1U << (setup.index & 0xfU));
    switch (setup.key()) {
        case kGetStatusOfDevice:
            return send(std::array<u8, 2>{1, 0}, data);
        case kGetStatusOfInterface:
            return send(std::array<u8, 2>{}, data);
        case kGetStatusOfEndpoint:
            return send(std::array<u8, 2>{static_cast<u8>((standard_.halted & endpoint) != 0), 0}, data);
        case kClearFeatureOfEndpoint:
            standard_.halted &= static_cast<u16>(~endpoint);
            return {Answer::done, 0};
        case kSetFeatureOfEndpoint:
            standard_.halted |= endpoint;
            return {Answer::done, 0};
        case kClearFeatureOfDevice:
        case kSetFeatureOfDevice:
            return {};
        case kGetConfiguration:
            return send(std::array<u8, 1>{standard_.configuration}, data);
        case kSetConfiguration:
            if (setup.value > 1) {
                return {};
            }
            standard_ = {.configuration = static_cast<u8>(setup.value)};
            return {Answer::done, 0};
        case kGetInterface:
            return send(std::array<u8, 1>{}, data);
        case kSetInterface:
            return {setup.value == 0 ? Answer::done : Answer::stall, 0};
        case kGetDescriptor: {
            const Outcome outcome = descriptor(setup, data);
            return outcome;
        }
        default:
            return request(setup, data);
    }
}

}  // namespace kelvin::bus::usb
