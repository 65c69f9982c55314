// SPDX-License-Identifier: Apache-2.0
// What is between the bytes of a connection and those of a line: telnet's commands, a websocket's frames.
#pragma once

#include <span>
#include <vector>

#include "base/types.h"

namespace kelvin::backend {

/// Of one connection. What comes from the peer is hostile.
class StreamCodec {
  public:
    virtual ~StreamCodec() = default;

    struct Decoded {
        std::vector<u8> bytes;    ///< the line's, never more than were decoded
        std::vector<u8> reply;    ///< for the peer, not encoded
        bool broken_off = false;  ///< the peer ends the connection, or has broken a rule
        bool line_break = false;  ///< the peer asks for a break
    };

    /// What the peer gets at first.
    virtual std::vector<u8> greeting() const { return {}; }
    /// The peer has said what it must say before the line's bytes may pass.
    virtual bool ready() const { return true; }
    virtual void decode(std::span<const u8> received, Decoded& out) = 0;
    virtual void encode(std::span<const u8> bytes, std::vector<u8>& out) const = 0;
};

}  // namespace kelvin::backend
