// SPDX-License-Identifier: Apache-2.0
// The server's side of the websocket protocol (RFC 6455): a browser's handshake, then frames.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "backend/char/stream_codec.h"

namespace kelvin::backend {

/// The line's bytes are the payload of binary frames; where frames and messages begin and end means nothing.
class WebsocketCodec final : public StreamCodec {
  public:
    bool ready() const override { return ready_; }
    void decode(std::span<const u8> received, Decoded& out) override;
    void encode(std::span<const u8> bytes, std::vector<u8>& out) const override;

  private:
    void take_request(u8 byte, Decoded& out);
    void take_header(u8 byte, Decoded& out);
    void take_payload(u8 byte, Decoded& out);
    void end_frame(Decoded& out);
    static void close(u16 reason, Decoded& out);

    bool ready_ = false;
    std::string request_;

    std::vector<u8> header_;  // of the frame that is being received
    bool in_payload_ = false;
    bool message_open_ = false;  // its last frame has not come
    u8 opcode_ = 0;
    u64 left_ = 0;  // bytes of payload
    std::array<u8, 4> mask_{};
    std::size_t mask_at_ = 0;
    std::vector<u8> control_;  // payload of a control frame
};

/// The answer to a client's request, or one that refuses it; `accepted` says which.
std::string answer_websocket_request(std::string_view request, bool& accepted);

}  // namespace kelvin::backend
