// SPDX-License-Identifier: Apache-2.0
// A driver that says anything, and programs of the host's that come, talk and go. Again: KELVIN_SEED=N
// virtio_vsock_test
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "device/virtio_vsock/test_guest.h"

namespace kelvin::device {
namespace {

using namespace vsock_test;

constexpr u32 kServed = 80;

class Talk {
  public:
    explicit Talk(u64 seed) : random_(seed), server_(rig_.path(kServed)) { rig_.offer(); }

    void step() {
        switch (below(12)) {
            case 0:
                accept();
                break;
            case 1:
                call();
                break;
            case 2:
            case 3:
                talk();
                break;
            case 4:
                if (below(20) == 0) {
                    begin_anew();
                }
                break;
            default:
                rig_.send(any_header(), std::string(below(3000), 'g'));
        }
        listen();
    }
    /// Nobody is left waiting.
    void end() {
        EXPECT_EQ(rig_.device->fault(), "");
        rig_.start();
        while (has_caller()) {
            programs_.push_back(server_.accept());
        }
        for (const Program& program : programs_) {
            // Who has not said all of a line is still listened to.
            static_cast<void>(::send(program.descriptor(), "\n", 1, MSG_NOSIGNAL));
            std::array<char, 4096> bytes{};
            ssize_t got = 0;
            do {
                got = ::recv(program.descriptor(), bytes.data(), bytes.size(), 0);
            } while (got > 0);
            EXPECT_TRUE(got == 0 || errno != EAGAIN);
        }
    }

  private:
    u64 below(u64 bound) { return random_() % bound; }
    bool has_caller() const {
        pollfd polled{server_.descriptor(), POLLIN, 0};
        return ::poll(&polled, 1, 0) == 1;
    }

    Header any_header() {
        Header header = last_;
        if (below(3) != 0) {
            const std::array<u32, 3> ports{kServed, 81, last_.dst_port};
            header.dst_port = ports[below(ports.size())];
            header.src_port = static_cast<u32>(1000 + below(4));
        }
        header.src_cid = below(20) == 0 ? random_() : kCid;
        header.dst_cid = below(20) == 0 ? random_() : vsock::kHostCid;
        header.type = below(20) == 0 ? static_cast<u16>(random_()) : vsock::kStream;
        header.op = static_cast<u16>(below(20) == 0 ? random_() : below(8));
        header.op = below(4) == 0 ? op::kData : header.op;
        header.len = static_cast<u32>(below(20) == 0 ? random_() : below(1000));
        header.flags = static_cast<u32>(below(5));
        header.buf_alloc = static_cast<u32>(below(3) == 0 ? random_() : below(10000));
        header.fwd_cnt = static_cast<u32>(below(3) == 0 ? random_() : below(10000));
        return header;
    }
    void accept() {
        if (has_caller()) {
            keep(server_.accept());
        }
    }
    void call() {
        Program program = Program::connect(rig_.path());
        const std::array<const char*, 4> lines{"CONNECT 1000\n", "CONNECT 1001\nand data", "CONN", "nothing\n"};
        program.send(lines[below(lines.size())]);
        keep(std::move(program));
    }
    void keep(Program program) {
        programs_.push_back(std::move(program));
        if (programs_.size() > 30) {
            programs_.erase(programs_.begin() + static_cast<std::ptrdiff_t>(below(programs_.size())));
        }
    }
    void talk() {
        if (programs_.empty()) {
            return;
        }
        const std::size_t index = below(programs_.size());
        const Program& program = programs_[index];
        std::array<char, 5000> bytes{};
        switch (below(8)) {
            case 0:
                program.shut(static_cast<int>(below(3)));
                break;
            case 1:
                programs_.erase(programs_.begin() + static_cast<std::ptrdiff_t>(index));
                break;
            case 2:
            case 3:
                static_cast<void>(::recv(program.descriptor(), bytes.data(), below(bytes.size()), MSG_DONTWAIT));
                break;
            default:
                static_cast<void>(
                    ::send(program.descriptor(), bytes.data(), below(bytes.size()), MSG_DONTWAIT | MSG_NOSIGNAL));
        }
    }
    void begin_anew() {
        if (below(2) == 0) {
            rig_.start();
        } else {
            rig_.machine.thread.loop.call([&] {
                rig_.device->savable()->quiesce();
                const auto saved = rig_.device->savable()->save();
                ASSERT_TRUE(saved);
                const auto loaded = rig_.device->savable()->load(*saved);
                ASSERT_TRUE(loaded) << loaded.error().message();
            });
        }
    }
    /// What the device says keeps to the rules. Mostly: sometimes the driver is busy with other things.
    void listen() {
        if (below(10) == 0) {
            return;
        }
        while (rig_.has_packet()) {
            const Header heard = rig_.receive(false).header;
            EXPECT_GE(u16{heard.op}, op::kRequest);
            EXPECT_LE(u16{heard.op}, op::kCreditRequest);
            EXPECT_EQ(heard.len != 0, heard.op == op::kData);
            last_.src_port = heard.dst_port;
            last_.dst_port = heard.src_port;
        }
        rig_.offer(static_cast<unsigned>(below(kQueue - rig_.offered())));
    }

    std::mt19937_64 random_;
    Rig rig_;
    const Server server_;
    std::vector<Program> programs_;
    Header last_;
};

TEST(VirtioVsock, SurvivesAnyTalk) {
    const char* const given = std::getenv("KELVIN_SEED");
    const u64 seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    std::printf("KELVIN_SEED=%llu\n", static_cast<unsigned long long>(seed));
    Talk talk(seed);
    u64 steps = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    for (; std::chrono::steady_clock::now() < end && !testing::Test::HasFailure(); ++steps) {
        talk.step();
    }
    talk.end();
    std::printf("%llu steps\n", static_cast<unsigned long long>(steps));
}

}  // namespace
}  // namespace kelvin::device
