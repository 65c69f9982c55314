// SPDX-License-Identifier: Apache-2.0
// stream, dgram and socket networks with each other, and with peers that misbehave; captures.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "backend/net/network_types.h"
#include "backend/net/packet_capture.h"
#include "backend/net/test_guest.h"
#include "base/fd.h"
#include "base/timer_service.h"
#include "state/options.h"

namespace kelvin::backend {
namespace {

struct Folder {
    Folder() { EXPECT_NE(::mkdtemp(path.data()), nullptr); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string path = "/tmp/kelvin-net-XXXXXX";
};

struct Bench {
    /// What -netdev `text` makes, with `guest` at its end; or null, and `error`.
    std::unique_ptr<NetworkPort> make(const std::string& text, TestGuest& guest) {
        state::Json options = *state::parse_options(text, "type");
        const std::string type = options["type"];
        options.erase("type");
        std::unique_ptr<NetworkPort> port;
        thread.loop.call([&] {
            auto made = (*find_network_type(type))->make(options, thread.loop, *clock);
            if (made) {
                port = std::move(*made);
                port->set_receiver(&guest);
            } else {
                error = made.error().message();
            }
        });
        return port;
    }
    void drop(std::unique_ptr<NetworkPort>& port) {
        thread.loop.call([&] { port.reset(); });
    }
    /// Frames pass both ways between networks of these kinds.
    void expect_pair(const std::string& first, const std::string& second) {
        TestGuest ours;
        TestGuest theirs;
        auto left = make(first, ours);
        auto right = make(second, theirs);
        ASSERT_TRUE(left != nullptr && right != nullptr) << error;
        EXPECT_TRUE(eventually(thread, [&] {
            const iovec piece{const_cast<char*>("hello"), 5};
            left->send({&piece, 1}, {});
            return !theirs.frames.empty();
        }));
        send_text(thread, *right, "to the left");
        EXPECT_TRUE(hears(thread, ours, "to the left"));
        drop(left);
        drop(right);
    }

    std::unique_ptr<HostTimerService> clock = std::move(*HostTimerService::create());
    std::string error;
    LoopThread thread;
};

TEST(SocketNetworks, TalkToEachOther) {
    const Folder folder;
    Bench bench;
    const std::string path = "type=unix,addr.path=" + folder.path + "/s";
    bench.expect_pair("stream,server=on,addr." + path, "stream,addr." + path);
    bench.expect_pair("stream,reconnect-ms=5,addr." + path, "stream,server=on,addr." + path);
    const auto at = [&](const char* part, const char* name) {
        return std::string(part) + ".type=unix," + part + ".path=" + folder.path + "/" + name;
    };
    bench.expect_pair("dgram," + at("local", "a") + "," + at("remote", "b"),
                      "dgram," + at("local", "b") + "," + at("remote", "a"));
    const std::string ports[] = {std::to_string(20000 + ::getpid() % 20000),
                                 std::to_string(40001 + ::getpid() % 20000)};
    bench.expect_pair("socket,listen=127.0.0.1:" + ports[0], "socket,connect=127.0.0.1:" + ports[0]);
    bench.expect_pair("socket,udp=127.0.0.1:" + ports[0] + ",localaddr=127.0.0.1:" + ports[1],
                      "socket,udp=127.0.0.1:" + ports[1] + ",localaddr=127.0.0.1:" + ports[0]);
    int pair[2] = {};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    bench.expect_pair("socket,fd=" + std::to_string(pair[0]),
                      "stream,addr.type=fd,addr.str=" + std::to_string(pair[1]));
}

/// A network whose peer the test is.
struct Peer {
    Peer() {
        int pair[2] = {};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        end = Fd(pair[0]);
        port = bench.make("socket,fd=" + std::to_string(pair[1]), guest);
    }
    ~Peer() { bench.drop(port); }
    void write(std::string_view bytes) const {
        EXPECT_EQ(::write(end.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    Bench bench;
    TestGuest guest;
    Fd end;
    std::unique_ptr<NetworkPort> port;
};

TEST(SocketNetworks, FramesComeInPieces) {
    Peer peer;
    using namespace std::string_view_literals;
    for (const char& byte : "\0\0\0\x03one\0\0\0\0\0\0\0\x03two"sv) {
        peer.write({&byte, 1});
    }
    EXPECT_TRUE(hears(peer.bench.thread, peer.guest, "two"));
    EXPECT_EQ(peer.guest.frames.size(), 3U);
}

TEST(SocketNetworks, ALengthThatNoFrameHasEndsTheConnection) {
    Peer peer;
    using namespace std::string_view_literals;
    peer.write("\xff\xff\xff\xffgarbage"sv);
    char byte = 0;
    EXPECT_EQ(::read(peer.end.get(), &byte, 1), 0);
    send_text(peer.bench.thread, *peer.port, "into the void");
    EXPECT_NE(peer.port->describe().find("not connected"), std::string::npos);
}

TEST(SocketNetworks, AGuestWithoutRoomGetsEveryFrameLater) {
    Peer peer;
    peer.bench.thread.loop.call([&] { peer.guest.room = false; });
    const std::string frame = std::string("\0\0\x03\xe8", 4) + std::string(1000, 'x');
    for (int i = 0; i < 40; ++i) {
        peer.write(frame);
    }
    peer.bench.thread.loop.call([] {});
    EXPECT_TRUE(eventually(peer.bench.thread, [&] {
        peer.guest.room = peer.guest.frames.size() % 7 != 6 || !peer.guest.room;
        peer.port->ready();
        return peer.guest.frames.size() == 40;
    }));
}

TEST(SocketNetworks, APeerThatDoesNotReadCostsFramesOnly) {
    Peer peer;
    const std::string big(60000, 'b');
    for (int i = 0; i < 200; ++i) {
        send_text(peer.bench.thread, *peer.port, big);
    }
    std::vector<u8> bytes(60018);
    std::size_t whole = 0;
    while (::recv(peer.end.get(), bytes.data(), bytes.size(), MSG_WAITALL) == static_cast<ssize_t>(bytes.size())) {
        EXPECT_EQ(bytes[2], 60014 >> 8);
        if (++whole == 15) {
            break;
        }
    }
    EXPECT_EQ(whole, 15U);
}

TEST(SocketNetworks, WrongOptions) {
    Bench bench;
    TestGuest guest;
    for (const auto& [text, mentioned] : {std::pair{"socket,listen=:1,connect=:2", "exactly one"},
                                          {"socket,connect=nothing", "is no address"},
                                          {"stream,server=on", "no address"},
                                          {"stream,addr.type=unix,addr.path=/nowhere/x", "cannot connect"},
                                          {"stream,addr.type=unix,addr.path=/nowhere/x,server=on", "cannot have"},
                                          {"stream,addr.type=inte,addr.port=1", "of type 'inte'"},
                                          {"stream,addr.type=fd,addr.str=99999", "no open descriptor"},
                                          {"dgram,local.type=inet,local.host=127.0.0.1,local.port=0", "to go to"},
                                          {"dgram", "to come to"},
                                          {"tap,script=/etc/x", "no scripts"},
                                          {"tap,queues=257", "queues=257"},
                                          {"tap,fd=0", "no tap interface"},
                                          {"tap,ifname=a-name-that-is-too-long", "longer than"}}) {
        bench.error.clear();
        EXPECT_EQ(bench.make(text, guest), nullptr) << text;
        EXPECT_NE(bench.error.find(mentioned), std::string::npos) << bench.error;
    }
    EXPECT_NE(find_network_type("strean").error().message().find("did you mean 'stream'"), std::string::npos);
}

TEST(PacketCapture, KeepsFramesOfBothWays) {
    const Folder folder;
    Peer peer;
    std::unique_ptr<PacketCapture> capture;
    const std::string path = folder.path + "/frames.pcap";
    peer.bench.thread.loop.call([&] {
        peer.port->set_receiver(nullptr);
        capture = std::move(*PacketCapture::create(path, 20, *peer.port));
        capture->set_receiver(&peer.guest);
    });
    send_text(peer.bench.thread, *capture, "going out");
    using namespace std::string_view_literals;
    peer.write(
        "\0\0\0\x06"
        "coming"sv);
    EXPECT_TRUE(hears(peer.bench.thread, peer.guest, "coming"));
    peer.bench.thread.loop.call([&] {
        capture->set_receiver(nullptr);
        capture.reset();
    });
    std::ifstream file(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    ASSERT_EQ(bytes.size(), 24U + 16 + 20 + 16 + 6);
    EXPECT_EQ(bytes.substr(0, 4), "\xd4\xc3\xb2\xa1");
    EXPECT_EQ(bytes.substr(24 + 8, 8), "\x14\0\0\0\x17\0\0\0"sv);
    EXPECT_EQ(bytes.substr(24 + 16 + 14, 6), "going ");
    EXPECT_EQ(bytes.substr(bytes.size() - 6), "coming");
    EXPECT_FALSE(PacketCapture::create("/nowhere/x", 20, *peer.port));
}

}  // namespace
}  // namespace kelvin::backend
