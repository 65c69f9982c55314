// SPDX-License-Identifier: Apache-2.0
#include "backend/char/websocket.h"

#include <fmt/format.h>
#include <nettle/base64.h>
#include <nettle/sha1.h>

#include <algorithm>
#include <optional>

namespace kelvin::backend {

namespace {

/// A peer that sends more before its request ends is no browser.
constexpr std::size_t kLongestRequest = 8192;

// 5.2.
constexpr u8 kLast = 0x80;
constexpr u8 kReserved = 0x70;
constexpr u8 kMasked = 0x80;
constexpr u8 kContinuation = 0;
constexpr u8 kBinary = 2;
constexpr u8 kClose = 8;
constexpr u8 kPing = 9;
constexpr u8 kPong = 10;
/// Payloads of control frames (5.5), and what the length's first byte says itself.
constexpr u64 kShortPayload = 125;

// 7.4.1.
constexpr u16 kNormal = 1000;
constexpr u16 kProtocolError = 1002;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The value of header `name`.
std::optional<std::string_view> header(std::string_view request, std::string_view name) {
    for (std::size_t begin = request.find("\r\n"); begin != std::string_view::npos;) {
        begin += 2;
        const std::size_t end = request.find("\r\n", begin);
        const std::string_view line = request.substr(begin, end == std::string_view::npos ? end : end - begin);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && same_word(line.substr(0, colon), name)) {
            return trim(line.substr(colon + 1));
        }
        begin = end;
    }
    return std::nullopt;
}

/// `word` is one of those in a list with commas.
bool lists(std::optional<std::string_view> list, std::string_view word) {
    for (std::string_view rest = list.value_or(""); !rest.empty();) {
        const std::size_t comma = rest.find(',');
        if (same_word(trim(rest.substr(0, comma)), word)) {
            return true;
        }
        rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    }
    return false;
}

/// 4.2.2, 5.4.
std::string accept_key(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    sha1_ctx context;
    sha1_init(&context);
    sha1_update(&context, text.size(), reinterpret_cast<const u8*>(text.data()));
    std::array<u8, SHA1_DIGEST_SIZE> digest{};
    sha1_digest(&context, digest.size(), digest.data());
    std::string encoded(BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE), '\0');
    base64_encode_raw(encoded.data(), digest.size(), digest.data());
    return encoded;
}

void append(std::string_view text, std::vector<u8>& out) {
    out.insert(out.end(), text.begin(), text.end());
}

void append_frame(u8 opcode, std::span<const u8> payload, std::vector<u8>& out) {
    out.push_back(kLast | opcode);
    unsigned length_bytes = 0;
    if (payload.size() <= kShortPayload) {
        out.push_back(static_cast<u8>(payload.size()));
    } else if (payload.size() <= 0xffff) {
        out.push_back(126);
        length_bytes = 2;
    } else {
        out.push_back(127);
        length_bytes = 8;
    }
    for (unsigned i = length_bytes; i != 0; --i) {
        out.push_back(static_cast<u8>(u64{payload.size()} >> (8 * (i - 1))));
    }
    out.insert(out.end(), payload.begin(), payload.end());
}

}  // namespace

std::string answer_websocket_request(std::string_view request, bool& accepted) {
    const auto key = header(request, "Sec-WebSocket-Key");
    accepted = request.starts_with("GET ") && lists(header(request, "Upgrade"), "websocket") &&
               lists(header(request, "Connection"), "Upgrade") && key && !key->empty() &&
               header(request, "Sec-WebSocket-Version") == "13";
    if (!accepted) {
        return "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\nContent-Length: "
               "0\r\n\r\n";
    }
    const bool binary = lists(header(request, "Sec-WebSocket-Protocol"), "binary");
    return fmt::format(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n"
        "{}\r\n",
        accept_key(*key), binary ? "Sec-WebSocket-Protocol: binary\r\n" : "");
}

void WebsocketCodec::decode(std::span<const u8> received, Decoded& out) {
    for (const u8 byte : received) {
        if (out.broken_off) {
            return;
        }
        if (!ready_) {
            take_request(byte, out);
        } else if (in_payload_) {
            take_payload(byte, out);
        } else {
            take_header(byte, out);
        }
    }
}

void WebsocketCodec::take_request(u8 byte, Decoded& out) {
    request_ += static_cast<char>(byte);
    if (request_.ends_with("\r\n\r\n")) {
        append(answer_websocket_request(request_, ready_), out.reply);
        out.broken_off = !ready_;
        request_ = {};
    } else if (request_.size() == kLongestRequest) {
        append("HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n", out.reply);
        out.broken_off = true;
    }
}

void WebsocketCodec::take_header(u8 byte, Decoded& out) {
    header_.push_back(byte);
    if (header_.size() < 2) {
        return;
    }
    const u8 short_length = header_[1] & 0x7f;
    const std::size_t length_bytes = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    if (header_.size() < 2 + length_bytes + mask_.size()) {
        return;
    }
    const bool last = (header_[0] & kLast) != 0;
    opcode_ = header_[0] & 0xf;
    left_ = length_bytes == 0 ? short_length : 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
        left_ = left_ << 8 | header_[2 + i];
    }
    const bool is_control = opcode_ >= kClose;
    const bool continues = opcode_ == kContinuation;
    const bool known = opcode_ <= kBinary || (opcode_ >= kClose && opcode_ <= kPong);
    // Clients mask (5.1); control frames are short and whole (5.5); a message ends before the next one begins (5.4).
    if ((header_[1] & kMasked) == 0 || (header_[0] & kReserved) != 0 || !known ||
        (is_control && (!last || left_ > kShortPayload)) || (!is_control && continues != message_open_)) {
        return close(kProtocolError, out);
    }
    message_open_ = is_control ? message_open_ : !last;
    std::copy_n(header_.end() - mask_.size(), mask_.size(), mask_.begin());
    mask_at_ = 0;
    header_.clear();
    control_.clear();
    in_payload_ = left_ != 0;
    if (!in_payload_) {
        end_frame(out);
    }
}

void WebsocketCodec::take_payload(u8 byte, Decoded& out) {
    const u8 plain = byte ^ mask_[mask_at_];
    mask_at_ = (mask_at_ + 1) % mask_.size();
    (opcode_ >= kClose ? control_ : out.bytes).push_back(plain);
    if (--left_ == 0) {
        in_payload_ = false;
        end_frame(out);
    }
}

void WebsocketCodec::end_frame(Decoded& out) {
    if (opcode_ == kPing) {
        append_frame(kPong, control_, out.reply);
    } else if (opcode_ == kClose) {
        close(kNormal, out);
    }
}

void WebsocketCodec::close(u16 reason, Decoded& out) {
    const std::array<u8, 2> payload{static_cast<u8>(reason >> 8), static_cast<u8>(reason)};
    append_frame(kClose, payload, out.reply);
    out.broken_off = true;
}

void WebsocketCodec::encode(std::span<const u8> bytes, std::vector<u8>& out) const {
    append_frame(kBinary, bytes, out);
}

}  // namespace kelvin::backend
