// SPDX-License-Identifier: Apache-2.0
#include "backend/net/user_network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstring>

#include "backend/net/checksum.h"
#include "base/host_clock.h"
#include "base/loop_thread.h"
#include "base/timer_service.h"

namespace kelvin::backend {
namespace {

TEST(Checksum, IsTheInternets) {
    // RFC 1071's example: 0001 f203 f4f5 f6f7 sums to ddf2.
    std::vector<u8> frame = {9, 9, 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0};
    EXPECT_TRUE(complete_checksum(frame, {.checksum_start = 2, .checksum_offset = 8}));
    EXPECT_EQ(frame[10], 0x22);
    EXPECT_EQ(frame[11], 0x0d);
    std::vector<u8> odd = {0x01, 0x02, 0x03, 0, 0};
    EXPECT_TRUE(complete_checksum(odd, {.checksum_start = 0, .checksum_offset = 3}));
    EXPECT_FALSE(complete_checksum(odd, {.checksum_start = 5, .checksum_offset = 0}));
    EXPECT_FALSE(complete_checksum(odd, {.checksum_start = 0, .checksum_offset = 4}));
    EXPECT_FALSE(complete_checksum(odd, {.checksum_start = 0xffff, .checksum_offset = 0xffff}));
}

TEST(HostForward, Rules) {
    const auto rule = parse_host_forward("tcp:127.0.0.1:2222-10.0.2.15:22");
    ASSERT_TRUE(rule);
    EXPECT_FALSE(rule->udp);
    EXPECT_EQ(rule->host_port, 2222);
    EXPECT_EQ(rule->guest_port, 22);
    EXPECT_EQ(rule->guest.s_addr, ::inet_addr("10.0.2.15"));
    EXPECT_TRUE(parse_host_forward("udp::53-:53")->udp);
    EXPECT_EQ(parse_host_forward("::80-:8080")->host_port, 80);
    for (const char* wrong :
         {"", "tcp::22", "tcp::x-:22", "tcp:1.2.3:4-:5", "tcp::70000-:1", "tcp::1-:0", "icmp::1-:2"}) {
        EXPECT_FALSE(parse_host_forward(wrong)) << wrong;
    }
}

TEST(GuestForward, Rules) {
    const auto rule = parse_guest_forward("tcp:10.0.2.100:80-cmd:cat -n");
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->port, 80);
    EXPECT_TRUE(rule->is_command);
    EXPECT_EQ(rule->target, "cat -n");
    EXPECT_EQ(parse_guest_forward(":10.0.2.100:80-unix:/run/x")->target, "/run/x");
    for (const char* wrong : {"", "tcp:10.0.2.100:80", "tcp:10.0.2.100:80-cmd:", "tcp::80-cmd:x",
                              "tcp:10.0.2.100:0-cmd:x", "udp:10.0.2.100:80-cmd:x", "tcp:10.0.2.100:80-chardev"}) {
        EXPECT_FALSE(parse_guest_forward(wrong)) << wrong;
    }
}

struct Guest final : NetworkReceiver {
    bool receive(std::span<const iovec> frame, const FrameOffload&) override {
        if (!room) {
            return false;
        }
        const auto* const bytes = static_cast<const u8*>(frame[0].iov_base);
        frames.emplace_back(bytes, bytes + frame[0].iov_len);
        return true;
    }
    void link_changed(bool) override {}
    bool room = true;
    std::vector<std::vector<u8>> frames;
};

struct Rig {
    explicit Rig(const UserNetworkOptions& options = {}) {
        auto made = HostTimerService::create();
        clock = std::move(*made);
        thread.loop.call([&] {
            auto network = UserNetwork::create(options, thread.loop, *clock);
            if (network) {
                port = std::move(*network);
                port->set_receiver(&guest);
            } else {
                error = network.error().message();
            }
        });
    }
    ~Rig() {
        thread.loop.call([&] { port.reset(); });
    }
    /// "Who has `address`?", and whether somebody answers.
    bool ask(std::array<u8, 4> address) {
        std::vector<u8> frame = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 1,  2, 3, 8,  6, 0, 1, 8, 0, 6,
                                 4,    0,    1,    0x52, 0x54, 0,    1,    2,    3, 10, 0, 2, 15, 0, 0, 0, 0, 0, 0};
        frame.insert(frame.end(), address.begin(), address.end());
        frame.resize(60);
        const std::size_t before = guest.frames.size();
        thread.loop.call([&] {
            const iovec piece{frame.data(), frame.size()};
            port->send({&piece, 1}, {});
        });
        thread.loop.call([] {});
        return guest.frames.size() > before && guest.frames.back()[21] == 2;
    }

    std::unique_ptr<HostTimerService> clock;
    Guest guest;
    std::unique_ptr<UserNetwork> port;
    std::string error;
    LoopThread thread;
};

TEST(UserNetwork, TheHostAnswersForItsAddresses) {
    Rig rig;
    EXPECT_TRUE(rig.ask({10, 0, 2, 2}));
    EXPECT_TRUE(rig.ask({10, 0, 2, 3}));
    EXPECT_FALSE(rig.ask({10, 0, 2, 77}));
}

TEST(UserNetwork, FramesWaitUntilThereIsRoom) {
    Rig rig;
    rig.guest.room = false;
    EXPECT_FALSE(rig.ask({10, 0, 2, 2}));
    rig.guest.room = true;
    rig.thread.loop.call([&] { rig.port->ready(); });
    EXPECT_EQ(rig.guest.frames.size(), 1U);
}

TEST(UserNetwork, OptionsThatCannotBe) {
    UserNetworkOptions options;
    options.net = "10.0.2.0/33";
    EXPECT_NE(Rig(options).error.find("is no network"), std::string::npos);
    options = {};
    options.dns = "ten";
    EXPECT_NE(Rig(options).error.find("dns 'ten'"), std::string::npos);
    options = {};
    options.hostfwd = {"tcp::1-"};
    EXPECT_NE(Rig(options).error.find("is no rule"), std::string::npos);
    options = {};
    options.guestfwd = {"tcp:10.0.2.2:80-cmd:cat"};
    EXPECT_NE(Rig(options).error.find("cannot be forwarded"), std::string::npos);
    options.guestfwd = {"tcp:10.0.2.100:80-cmd:cat"};
    EXPECT_EQ(Rig(options).error, "");
    options = {};
    options.ipv6_prefixlen = 65;
    EXPECT_NE(Rig(options).error.find("more than 64"), std::string::npos);
    options.ipv6_prefixlen = 64;
    options.ipv6_dns = "10.0.2.3";
    EXPECT_NE(Rig(options).error.find("no IPv6 address"), std::string::npos);
    options = {};
    options.smb = "/srv";
    EXPECT_NE(Rig(options).error.find("not shared"), std::string::npos);
}

TEST(UserNetwork, APortIsForwardedOnce) {
    Rig first;
    Rig second;
    HostForward rule;
    rule.host.s_addr = htonl(INADDR_LOOPBACK);
    rule.guest_port = 22;
    first.thread.loop.call([&] {
        for (rule.host_port = 40000; !first.port->add_forward(rule) && rule.host_port < 41000; ++rule.host_port) {
        }
    });
    second.thread.loop.call([&] {
        EXPECT_FALSE(second.port->add_forward(rule));
        EXPECT_FALSE(second.port->remove_forward(rule));
    });
    first.thread.loop.call([&] {
        EXPECT_NE(first.port->describe().find(std::to_string(rule.host_port)), std::string::npos);
        EXPECT_TRUE(first.port->remove_forward(rule));
    });
}

}  // namespace
}  // namespace kelvin::backend
