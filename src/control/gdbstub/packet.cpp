// SPDX-License-Identifier: Apache-2.0
#include "control/gdbstub/packet.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace kelvin::gdbstub {

namespace {

constexpr u8 kInterrupt = 3;
constexpr char kEscape = '}';
constexpr u8 kEscapeBit = 0x20;

std::optional<u8> byte_of(std::string_view digits) {
    u8 value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

u8 checksum(std::string_view payload) {
    u8 sum = 0;
    for (const char c : payload) {
        sum = static_cast<u8>(sum + static_cast<u8>(c));
    }
    return sum;
}

}  // namespace

void PacketReader::take(u8 byte, std::vector<Incoming>& incoming) {
    using Kind = Incoming::Kind;
    switch (state_) {
        case State::outside:
            if (byte == '$') {
                begin(incoming);
            } else if (byte == kInterrupt) {
                incoming.push_back({Kind::interrupt, {}});
            } else if (byte == '+' || byte == '-') {
                incoming.push_back({byte == '+' ? Kind::acknowledged : Kind::resend, {}});
            }
            return;
        case State::payload:
        case State::escaped:
            return take_payload(byte, incoming);
        case State::first_digit:
            digits_[0] = static_cast<char>(byte);
            state_ = State::second_digit;
            return;
        case State::second_digit:
            digits_[1] = static_cast<char>(byte);
            return finish(incoming);
    }
}

void PacketReader::begin(std::vector<Incoming>& incoming) {
    incoming.push_back({Incoming::Kind::begun, {}});
    state_ = State::payload;
    payload_.clear();
    too_long_ = false;
    sum_ = 0;
}

void PacketReader::take_payload(u8 byte, std::vector<Incoming>& incoming) {
    if (byte == '#') {
        state_ = State::first_digit;
        return;
    }
    if (byte == '$') {
        // Never within a packet: the end of the one before was lost.
        return begin(incoming);
    }
    sum_ = static_cast<u8>(sum_ + byte);
    if (state_ == State::payload && byte == kEscape) {
        state_ = State::escaped;
        return;
    }
    const u8 value = state_ == State::escaped ? byte ^ kEscapeBit : byte;
    state_ = State::payload;
    if (payload_.size() == kMaxPayload) {
        too_long_ = true;
    } else {
        payload_ += static_cast<char>(value);
    }
}

void PacketReader::finish(std::vector<Incoming>& incoming) {
    state_ = State::outside;
    if (byte_of({digits_, 2}) != sum_) {
        incoming.push_back({Incoming::Kind::damaged, {}});
    } else if (too_long_) {
        incoming.push_back({Incoming::Kind::too_long, {}});
    } else {
        incoming.push_back({Incoming::Kind::packet, std::exchange(payload_, {})});
    }
}

std::string frame(std::string_view payload) {
    return fmt::format("${}#{:02x}", payload, checksum(payload));
}

std::string escape(std::string_view data) {
    std::string escaped;
    for (const char c : data) {
        if (c == '#' || c == '$' || c == kEscape || c == '*') {
            escaped += kEscape;
            escaped += static_cast<char>(static_cast<u8>(c) ^ kEscapeBit);
        } else {
            escaped += c;
        }
    }
    return escaped;
}

std::string to_hex(std::span<const u8> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const u8 byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::string to_hex(std::string_view text) {
    return to_hex({reinterpret_cast<const u8*>(text.data()), text.size()});
}

std::optional<std::vector<u8>> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) {
        return std::nullopt;
    }
    std::vector<u8> bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto byte = byte_of(text.substr(i, 2));
        if (!byte) {
            return std::nullopt;
        }
        bytes.push_back(*byte);
    }
    return bytes;
}

}  // namespace kelvin::gdbstub
