// SPDX-License-Identifier: Apache-2.0
// Packets of GDB's remote serial protocol ("Debugging with GDB", appendix E.1): "$payload#checksum".
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace kelvin::gdbstub {

/// Longest payload that is taken or sent, escapes included. A peer that sends more must not make us hold it.
inline constexpr std::size_t kMaxPayload = 0x4000;

/// What came in.
struct Incoming {
    enum class Kind : u8 {
        packet,        ///< with `payload`, its escapes resolved
        interrupt,     ///< 0x03 between packets
        begun,         ///< the first byte of a packet
        acknowledged,  ///< '+'
        resend,        ///< '-'
        damaged,       ///< a packet whose checksum is wrong
        too_long,
    };
    Kind kind;
    std::string payload;
};

/// Takes a stream of bytes apart. What belongs to no packet is skipped.
class PacketReader {
  public:
    /// Appends what has been completed to `incoming`.
    void take(u8 byte, std::vector<Incoming>& incoming);

  private:
    enum class State : u8 { outside, payload, escaped, first_digit, second_digit };

    void begin(std::vector<Incoming>& incoming);
    void take_payload(u8 byte, std::vector<Incoming>& incoming);
    void finish(std::vector<Incoming>& incoming);

    State state_ = State::outside;
    std::string payload_;
    bool too_long_ = false;
    u8 sum_ = 0;
    char digits_[2] = {};
};

/// `payload`, whose binary parts are escaped already, as it goes over the line.
std::string frame(std::string_view payload);
/// Binary data within a payload.
std::string escape(std::string_view data);

std::string to_hex(std::span<const u8> bytes);
std::string to_hex(std::string_view text);
/// Nothing if there is anything but pairs of digits.
std::optional<std::vector<u8>> from_hex(std::string_view text);

}  // namespace kelvin::gdbstub
