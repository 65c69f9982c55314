// SPDX-License-Identifier: Apache-2.0
// In a network namespace of its own, which needs the right to make one.
#include "backend/net/tap_network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "backend/net/test_guest.h"

namespace kelvin::backend {
namespace {

constexpr const char* kInterface = "kelvin0";

void set_address(int socket, unsigned long request, const char* text) {
    ifreq change{};
    std::strcpy(change.ifr_name, kInterface);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, text, &address.sin_addr);
    std::memcpy(&change.ifr_addr, &address, sizeof address);
    EXPECT_EQ(::ioctl(socket, request, &change), 0);
}

struct Rig {
    /// Empty if there is nothing to test with.
    explicit Rig(bool vnet_hdr, u32 queues = 1) {
        TapOptions options;
        options.ifname = kInterface;
        options.vnet_hdr = vnet_hdr;
        options.queues = queues;
        thread.loop.call([&] {
            if (::unshare(CLONE_NEWNET) != 0) {
                return;
            }
            auto made = TapNetwork::create(options, thread.loop);
            if (!made) {
                return;
            }
            tap = std::move(*made);
            socket = Fd(::socket(AF_INET, SOCK_DGRAM, 0));
            set_address(socket.get(), SIOCSIFADDR, "192.168.77.1");
            set_address(socket.get(), SIOCSIFNETMASK, "255.255.255.0");
            ifreq change{};
            std::strcpy(change.ifr_name, kInterface);
            change.ifr_flags = IFF_UP;
            EXPECT_EQ(::ioctl(socket.get(), SIOCSIFFLAGS, &change), 0);
            tap->set_receiver(&guest);
        });
    }
    ~Rig() {
        thread.loop.call([&] { tap.reset(); });
    }
    /// The host looks for `address`, and sends it a word once it is found.
    void host_sends(const char* address, std::string_view text) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(7);
        ::inet_pton(AF_INET, address, &to.sin_addr);
        thread.loop.call([&] {
            ::sendto(socket.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
        });
    }
    /// Answers the question that came last, as 52:54:00:01:02:03.
    void answer_question() {
        thread.loop.call([&] {
            // Others may have come since.
            drop_all_but_questions();
            std::vector<u8> frame = guest.frames.back();
            constexpr std::array<u8, 6> kOwn = {0x52, 0x54, 0, 1, 2, 3};
            std::array<u8, 10> sender{};
            std::copy_n(frame.begin() + 22, 10, sender.begin());
            std::copy_n(frame.begin() + 38, 4, frame.begin() + 28);
            std::ranges::copy(kOwn, frame.begin() + 22);
            std::ranges::copy(sender, frame.begin() + 32);
            std::copy_n(sender.begin(), 6, frame.begin());
            std::ranges::copy(kOwn, frame.begin() + 6);
            frame[21] = 2;
            const iovec piece{frame.data(), frame.size()};
            tap->send({&piece, 1}, {});
        });
    }
    void drop_all_but_questions() {
        std::erase_if(guest.frames, [](const auto& f) { return f.size() < 42 || f[12] != 8 || f[13] != 6; });
    }
    bool was_asked() {
        return eventually(thread, [&] {
            drop_all_but_questions();
            return !guest.frames.empty();
        });
    }

    TestGuest guest;
    std::unique_ptr<TapNetwork> tap;
    Fd socket;
    LoopThread thread;
};

void exchange(bool vnet_hdr) {
    Rig rig(vnet_hdr);
    if (rig.tap == nullptr) {
        GTEST_SKIP() << "no network namespace, or no /dev/net/tun";
    }
    EXPECT_EQ(rig.tap->interface(), kInterface);
    rig.host_sends("192.168.77.2", "hello, guest");
    ASSERT_TRUE(rig.was_asked());
    rig.answer_question();
    EXPECT_TRUE(hears(rig.thread, rig.guest, "hello, guest"));
    EXPECT_EQ(rig.guest.offload.flags, 0);
    rig.thread.loop.call([&] { rig.tap->set_receiver_offloads({.checksum = true, .tcp4 = true}); });
    rig.host_sends("192.168.77.2", "sums are yours");
    EXPECT_TRUE(hears(rig.thread, rig.guest, "sums are yours"));
    EXPECT_EQ(rig.guest.offload.flags, vnet_hdr ? FrameOffload::kNeedsChecksum : 0);
}

TEST(TapNetwork, WithHeaders) {
    exchange(true);
}

TEST(TapNetwork, WithoutHeaders) {
    exchange(false);
}

TEST(TapNetwork, WithoutRoomFramesWaitInTheHost) {
    Rig rig(true);
    if (rig.tap == nullptr) {
        GTEST_SKIP() << "no network namespace, or no /dev/net/tun";
    }
    rig.host_sends("192.168.77.2", "x");
    ASSERT_TRUE(rig.was_asked());
    rig.answer_question();
    rig.thread.loop.call([&] { rig.guest.room = false; });
    for (int i = 0; i < 20; ++i) {
        rig.host_sends("192.168.77.2", "number " + std::to_string(i));
    }
    rig.thread.loop.call([&] {
        rig.guest.room = true;
        rig.tap->ready();
    });
    EXPECT_TRUE(hears(rig.thread, rig.guest, "number 0"));
    EXPECT_TRUE(hears(rig.thread, rig.guest, "number 19"));
}

TEST(TapNetwork, QueuesShareTheFlows) {
    Rig rig(true, 2);
    if (rig.tap == nullptr) {
        GTEST_SKIP() << "no network namespace, or no /dev/net/tun";
    }
    ASSERT_EQ(rig.tap->queue_count(), 2U);
    rig.host_sends("192.168.77.2", "x");
    ASSERT_TRUE(rig.was_asked());
    rig.answer_question();
    TestGuest second;
    rig.thread.loop.call([&] { rig.tap->queue(1).set_receiver(&second); });
    // Each socket is a flow.
    for (int i = 0; i < 64; ++i) {
        rig.thread.loop.call([&] { rig.socket = Fd(::socket(AF_INET, SOCK_DGRAM, 0)); });
        rig.host_sends("192.168.77.2", "flow " + std::to_string(i));
    }
    EXPECT_TRUE(eventually(rig.thread, [&] { return second.frames.size() > 4 && rig.guest.frames.size() > 4; }));
    rig.thread.loop.call([&] { rig.tap->queue(1).set_receiver(nullptr); });
    for (int i = 64; i < 72; ++i) {
        rig.thread.loop.call([&] { rig.socket = Fd(::socket(AF_INET, SOCK_DGRAM, 0)); });
        rig.host_sends("192.168.77.2", "flow " + std::to_string(i));
        EXPECT_TRUE(hears(rig.thread, rig.guest, "flow " + std::to_string(i)));
    }
}

TEST(TapNetwork, OptionsThatDoNotGoTogether) {
    EventLoop loop;
    const auto fails = [&](const TapOptions& options) { return !TapNetwork::create(options, loop); };
    TapOptions options;
    options.fds = "3:x";
    EXPECT_TRUE(fails(options));
    options.fds = "3:4";
    options.queues = 2;
    EXPECT_TRUE(fails(options));
    options = {};
    options.queues = 0;
    EXPECT_TRUE(fails(options));
    options.queues = 257;
    EXPECT_TRUE(fails(options));
}

}  // namespace
}  // namespace kelvin::backend
