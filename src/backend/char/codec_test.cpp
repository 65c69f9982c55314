// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "backend/char/telnet.h"
#include "backend/char/websocket.h"

namespace kelvin::backend {
namespace {

std::span<const u8> bytes_of(std::string_view text) {
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

std::string text_of(const std::vector<u8>& bytes) {
    return {bytes.begin(), bytes.end()};
}

/// Decodes `received` in pieces of `piece` bytes.
StreamCodec::Decoded decode_pieces(StreamCodec& codec, std::string_view received, std::size_t piece = 1) {
    StreamCodec::Decoded out;
    for (std::size_t at = 0; at < received.size(); at += piece) {
        codec.decode(bytes_of(received.substr(at, piece)), out);
    }
    return out;
}

using namespace std::string_literals;

TEST(Telnet, CommandsAreTakenOut) {
    TelnetCodec codec(true);
    EXPECT_EQ(text_of(codec.greeting()), "\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00"s);
    const auto out =
        decode_pieces(codec, "a\xff\xfd\x01\xff\xfa\x18\x00xterm\xff\xff\xff\xf0\xff\xf1\xff\xff"s + "b\xff\xf3"s);
    EXPECT_EQ(text_of(out.bytes), "a\xff"s + "b");
    EXPECT_TRUE(out.line_break);
    EXPECT_FALSE(out.broken_off);
}

TEST(Telnet, AReturnHasANulUnlessThePeerIsBinary) {
    TelnetCodec codec(true);
    EXPECT_EQ(text_of(decode_pieces(codec, "ls\r\0\r\n"s).bytes), "ls\r\r\n");
    EXPECT_EQ(text_of(decode_pieces(codec, "\xff\xfb\x00\r\0"s).bytes), "\r\0"s);
    std::vector<u8> encoded;
    codec.encode(bytes_of("x\xffy"), encoded);
    EXPECT_EQ(text_of(encoded), "x\xff\xffy");
    EXPECT_TRUE(TelnetCodec(false).greeting().empty());
}

// The example of RFC 6455, 1.3.
const std::string kRequest =
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: chat, binary\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n";

std::string masked(u8 first, std::string_view payload) {
    std::string frame{static_cast<char>(first)};
    if (payload.size() > 125) {
        frame += {'\xfe', static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size())};
    } else {
        frame += static_cast<char>(0x80 | payload.size());
    }
    const std::string mask = "\x37\xfa\x21\x3d";
    frame += mask;
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(payload[i] ^ mask[i % 4]);
    }
    return frame;
}

WebsocketCodec opened() {
    WebsocketCodec codec;
    static_cast<void>(decode_pieces(codec, kRequest));
    return codec;
}

TEST(Websocket, Handshake) {
    WebsocketCodec codec;
    EXPECT_FALSE(codec.ready());
    const auto out = decode_pieces(codec, kRequest + masked(0x82, "early"), 1000);
    EXPECT_TRUE(codec.ready());
    const std::string reply = text_of(out.reply);
    EXPECT_NE(reply.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos) << reply;
    EXPECT_NE(reply.find("Sec-WebSocket-Protocol: binary\r\n"), std::string::npos);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(text_of(out.bytes), "early");
}

TEST(Websocket, RequestsThatAreNone) {
    for (const std::string& request :
         {"POST / HTTP/1.1\r\n\r\n"s, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"s, "\r\n\r\n"s,
          "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key:\r\n\r\n"s}) {
        WebsocketCodec codec;
        const auto out = decode_pieces(codec, request + "more");
        EXPECT_TRUE(out.broken_off) << request;
        EXPECT_FALSE(codec.ready());
        EXPECT_TRUE(text_of(out.reply).starts_with("HTTP/1.1 400 "));
    }
    WebsocketCodec codec;
    const auto out = decode_pieces(codec, std::string(100'000, 'x'), 4096);
    EXPECT_TRUE(out.broken_off);
    EXPECT_TRUE(text_of(out.reply).starts_with("HTTP/1.1 431 "));
}

TEST(Websocket, FramesOfAllSizes) {
    WebsocketCodec codec = opened();
    const std::string large(300, 'L');
    EXPECT_EQ(text_of(decode_pieces(codec, masked(0x82, "Hello") + masked(0x82, "") + masked(0x81, large)).bytes),
              "Hello" + large);
    EXPECT_EQ(text_of(decode_pieces(codec, masked(0x02, "Hel") + masked(0x89, "p") + masked(0x80, "lo")).bytes),
              "Hello");
    for (const std::size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
        std::vector<u8> encoded;
        codec.encode(std::vector<u8>(size, u8{'x'}), encoded);
        const std::size_t header = size <= 125 ? 2 : size <= 65535 ? 4 : 10;
        ASSERT_EQ(encoded.size(), header + size);
        EXPECT_EQ(encoded[0], 0x82);
        EXPECT_EQ(encoded[1], size <= 125 ? size : size <= 65535 ? 126 : 127);
        EXPECT_EQ(encoded[header - 1], static_cast<u8>(size));
    }
}

TEST(Websocket, PingsAreAnsweredAndEndsConfirmed) {
    WebsocketCodec codec = opened();
    EXPECT_EQ(text_of(decode_pieces(codec, masked(0x89, "hi")).reply), "\x8a\x02hi"s);
    const auto end = decode_pieces(codec, masked(0x88, "\x03\xe8"s) + masked(0x82, "late"));
    EXPECT_EQ(text_of(end.reply), "\x88\x02\x03\xe8"s);
    EXPECT_TRUE(end.broken_off);
    EXPECT_TRUE(end.bytes.empty());
}

TEST(Websocket, BrokenRulesEndTheConnection) {
    for (const std::string& frame : {
             "\x82\x05Hello"s,                       // not masked
             masked(0xc2, "x"),                      // a reserved bit
             masked(0x83, "x"),                      // no such frame
             masked(0x80, "x"),                      // continues nothing
             masked(0x02, "x") + masked(0x82, "y"),  // a message within a message
             masked(0x09, "x"),                      // a ping in pieces
             masked(0x89, std::string(126, 'x')),    // a long ping
         }) {
        WebsocketCodec codec = opened();
        const auto out = decode_pieces(codec, frame + masked(0x82, "late"));
        EXPECT_TRUE(out.broken_off);
        EXPECT_EQ(text_of(out.reply), "\x88\x02\x03\xea"s);
    }
    // As long a frame as can be named waits for its bytes, and takes no memory for them.
    WebsocketCodec codec = opened();
    EXPECT_FALSE(decode_pieces(codec, "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0abc"s).broken_off);
}

TEST(Codecs, RandomBytes) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 2000; ++round) {
        TelnetCodec telnet(true);
        WebsocketCodec open = opened();
        WebsocketCodec closed;
        std::string bytes = round % 3 == 0 ? kRequest.substr(0, random() % kRequest.size()) : "";
        for (u64 count = random() % 400; count != 0; --count) {
            bytes += static_cast<char>(random() % 4 == 0 ? random() : 0x80 | (random() & 0xf));
        }
        for (StreamCodec* const codec : {static_cast<StreamCodec*>(&telnet), static_cast<StreamCodec*>(&open),
                                         static_cast<StreamCodec*>(&closed)}) {
            const auto out = decode_pieces(*codec, bytes, 1 + random() % 50);
            EXPECT_LE(out.bytes.size(), bytes.size());
        }
    }
}

}  // namespace
}  // namespace kelvin::backend
