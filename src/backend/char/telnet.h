// SPDX-License-Identifier: Apache-2.0
// Telnet (RFC 854). A server asks its peer's terminal to show what the guest echoes and to send characters at once.
#pragma once

#include "backend/char/stream_codec.h"

namespace kelvin::backend {

class TelnetCodec final : public StreamCodec {
  public:
    explicit TelnetCodec(bool is_server) : is_server_(is_server) {}

    std::vector<u8> greeting() const override;
    void decode(std::span<const u8> received, Decoded& out) override;
    void encode(std::span<const u8> bytes, std::vector<u8>& out) const override;

  private:
    enum class State : u8 {
        data,
        carriage_return,  ///< what follows it may be a NUL that belongs to it
        command,          ///< behind IAC
        option,           ///< behind WILL, WONT, DO or DONT
        subnegotiation,   ///< until IAC SE
        subnegotiation_command,
    };
    void take_command(u8 byte, Decoded& out);

    const bool is_server_;
    State state_ = State::data;
    u8 verb_ = 0;
    bool binary_ = false;  // the peer sends 8-bit characters as they are (RFC 856)
};

}  // namespace kelvin::backend
