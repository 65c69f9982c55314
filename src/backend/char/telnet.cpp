// SPDX-License-Identifier: Apache-2.0
#include "backend/char/telnet.h"

namespace kelvin::backend {

namespace {

// RFC 854, and the options of RFC 856 to 858.
constexpr u8 kSubnegotiationEnd = 240;
constexpr u8 kBreak = 243;
constexpr u8 kSubnegotiation = 250;
constexpr u8 kWill = 251;
constexpr u8 kWont = 252;
constexpr u8 kDo = 253;
constexpr u8 kDont = 254;
constexpr u8 kEscape = 255;  // IAC

constexpr u8 kBinary = 0;
constexpr u8 kEcho = 1;
constexpr u8 kSuppressGoAhead = 3;

}  // namespace

std::vector<u8> TelnetCodec::greeting() const {
    if (!is_server_) {
        return {};
    }
    return {kEscape, kWill, kEcho, kEscape, kWill, kSuppressGoAhead, kEscape, kWill, kBinary, kEscape, kDo, kBinary};
}

void TelnetCodec::decode(std::span<const u8> received, Decoded& out) {
    for (const u8 byte : received) {
        switch (state_) {
            case State::carriage_return:
                state_ = State::data;
                if (byte == 0) {
                    break;
                }
                [[fallthrough]];
            case State::data:
                if (byte == kEscape) {
                    state_ = State::command;
                } else {
                    out.bytes.push_back(byte);
                    state_ = byte == '\r' && !binary_ ? State::carriage_return : State::data;
                }
                break;
            case State::command:
                take_command(byte, out);
                break;
            case State::option:
                state_ = State::data;
                // The answers to what greeting() asks for; what else a peer offers or wants is ignored.
                if (byte == kBinary && (verb_ == kWill || verb_ == kWont)) {
                    binary_ = verb_ == kWill;
                }
                break;
            case State::subnegotiation:
                state_ = byte == kEscape ? State::subnegotiation_command : state_;
                break;
            case State::subnegotiation_command:
                state_ = byte == kSubnegotiationEnd ? State::data : State::subnegotiation;
                break;
        }
    }
}

void TelnetCodec::take_command(u8 byte, Decoded& out) {
    state_ = State::data;
    switch (byte) {
        case kEscape:
            out.bytes.push_back(byte);
            break;
        case kBreak:
            out.line_break = true;
            break;
        case kSubnegotiation:
            state_ = State::subnegotiation;
            break;
        case kWill:
        case kWont:
        case kDo:
        case kDont:
            verb_ = byte;
            state_ = State::option;
            break;
        default:
            break;
    }
}

void TelnetCodec::encode(std::span<const u8> bytes, std::vector<u8>& out) const {
    for (const u8 byte : bytes) {
        out.push_back(byte);
        if (byte == kEscape) {
            out.push_back(byte);
        }
    }
}

}  // namespace kelvin::backend
