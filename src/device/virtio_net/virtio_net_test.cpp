// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_net/virtio_net.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using backend::FrameOffload;
using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using Piece = TestDriver::Piece;

struct Cable final : backend::NetworkPort {
    void set_receiver(backend::NetworkReceiver* to) override { receiver = to; }
    void send(std::span<const iovec> frame, const FrameOffload& offload) override {
        std::vector<u8> bytes;
        for (const iovec& piece : frame) {
            const auto* const data = static_cast<const u8*>(piece.iov_base);
            bytes.insert(bytes.end(), data, data + piece.iov_len);
        }
        sent.push_back(bytes);
        last_offload = offload;
    }
    void ready() override { ++readies; }
    bool takes_offloads() const override { return true; }
    bool gives_offloads() const override { return true; }
    void set_receiver_offloads(const backend::ReceiverOffloads& wanted) override { offloads = wanted; }
    bool link_up() const override { return plugged; }
    unsigned queue_count() const override { return 1 + static_cast<unsigned>(others.size()); }
    NetworkPort& queue(unsigned index) override { return index == 0 ? *this : others.at(index - 1); }

    bool plugged = true;
    std::vector<Cable> others;
    backend::ReceiverOffloads offloads;
    backend::NetworkReceiver* receiver = nullptr;
    std::vector<std::vector<u8>> sent;
    FrameOffload last_offload;
    int readies = 0;
};

constexpr u64 kChecksum = 1;
constexpr u64 kGuestChecksum = 2;
constexpr u64 kMergeable = 1 << 15;
constexpr u64 kStatus = 1 << 16;
constexpr u64 kAnnounce = 1 << 21;
constexpr u64 kMultiQueue = 1 << 22;
constexpr u64 kControl = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 23;

struct Rig {
    explicit Rig(u64 features = kMergeable, VirtioNet::Options options = {}, std::size_t pairs = 1) {
        cable.others.resize(pairs - 1);
        options.mac = {{0x52, 0x54, 0, 1, 2, 3}};
        machine.thread.loop.call(
            [&] { net = std::make_unique<VirtioNet>(options, machine.thread.loop, machine.map, cable); });
        driver = std::make_unique<TestDriver>(machine, *net);
        EXPECT_TRUE(driver->start(features, 16));
    }
    ~Rig() {
        driver.reset();
        machine.thread.loop.call([&] { net.reset(); });
    }
    bool receive(std::vector<u8> frame, FrameOffload offload = {}) {
        bool taken = false;
        machine.thread.loop.call([&] {
            const std::size_t half = frame.size() / 2;
            const iovec pieces[] = {{frame.data(), half}, {frame.data() + half, frame.size() - half}};
            taken = cable.receiver->receive(pieces, offload);
        });
        return taken;
    }
    u16 status() {
        std::array<u8, 2> bytes{};
        net->read_config(6, bytes);
        return static_cast<u16>(bytes[0] | bytes[1] << 8);
    }
    u8 control(std::vector<u8> command, u16 queue = 2) {
        const Piece pieces[] = {driver->readable(command), driver->writable(1)};
        machine.store<u8>(pieces[1].address, 0xee);
        driver->request(queue, pieces);
        return machine.load<u8>(pieces[1].address);
    }

    TestMachine machine;
    Cable cable;
    std::unique_ptr<VirtioNet> net;
    std::unique_ptr<TestDriver> driver;
};

std::vector<u8> frame_to(std::array<u8, 6> target, std::size_t size) {
    std::vector<u8> frame(size);
    for (std::size_t i = 0; i < size; ++i) {
        frame[i] = static_cast<u8>(i * 3);
    }
    std::ranges::copy(target, frame.begin());
    return frame;
}
constexpr std::array<u8, 6> kOwn = {0x52, 0x54, 0, 1, 2, 3};

TEST(VirtioNet, SendsWhatIsBehindTheHeader) {
    Rig rig(kChecksum);
    std::array<u8, 12> header{1, 0, 0, 0, 0, 0, 14, 0, 6};
    std::vector<u8> frame = frame_to(kOwn, 60);
    const Piece pieces[] = {rig.driver->readable(header), rig.driver->readable(frame)};
    EXPECT_EQ(rig.driver->request(1, pieces), 0U);
    ASSERT_EQ(rig.cable.sent.size(), 1U);
    EXPECT_EQ(rig.cable.sent[0], frame);
    EXPECT_EQ(rig.cable.last_offload.flags, FrameOffload::kNeedsChecksum);
    EXPECT_EQ(rig.cable.last_offload.checksum_start, 14);
    EXPECT_EQ(rig.cable.last_offload.checksum_offset, 6);
    // Too short and too long ones are lost.
    for (const std::size_t size : {std::size_t{5}, std::size_t{20}, std::size_t{70000}}) {
        const std::vector<u8> wrong(size);
        const Piece piece[] = {rig.driver->readable(wrong)};
        rig.driver->request(1, piece);
    }
    EXPECT_EQ(rig.cable.sent.size(), 1U);
}

TEST(VirtioNet, AFrameLiesInSeveralBuffers) {
    Rig rig(kMergeable | kGuestChecksum);
    std::vector<Piece> pieces;
    for (int i = 0; i < 4; ++i) {
        pieces.push_back(rig.driver->writable(100));
        rig.driver->offer(0, std::span(&pieces.back(), 1));
    }
    const std::vector<u8> frame = frame_to(kOwn, 250);
    EXPECT_TRUE(rig.receive(frame, {.flags = FrameOffload::kChecksumValid}));
    std::vector<u8> all;
    for (const u32 size : {100U, 100U, 62U}) {
        const auto used = rig.driver->wait_used(0);
        ASSERT_TRUE(used);
        EXPECT_EQ(used->written, size);
        const std::vector<u8> part = rig.machine.bytes(pieces[used->id].address, size);
        all.insert(all.end(), part.begin(), part.end());
    }
    EXPECT_EQ(all[0], FrameOffload::kChecksumValid);
    EXPECT_EQ(all[10], 3);
    EXPECT_TRUE(std::equal(frame.begin(), frame.end(), all.begin() + 12));
}

TEST(VirtioNet, TheCableIsToldWhatTheDriverTakes) {
    constexpr u64 kOffloads = 1 << 1 | 1 << 2 | 1 << 7 | 1 << 8;
    Rig rig(kMergeable | kControl | kOffloads);
    using Offloads = backend::ReceiverOffloads;
    EXPECT_EQ(rig.cable.offloads, (Offloads{.checksum = true, .tcp4 = true, .tcp6 = true}));
    EXPECT_EQ(rig.control({5, 0, 2, 0, 0, 0, 0, 0, 0, 0}), 0);
    EXPECT_EQ(rig.cable.offloads, (Offloads{.checksum = true}));
    // Not negotiated: congestion marks.
    EXPECT_EQ(rig.control({5, 0, 0, 2, 0, 0, 0, 0, 0, 0}), 1);
    EXPECT_EQ(rig.control({5, 1, 0, 0, 0, 0, 0, 0, 0, 0}), 1);
    EXPECT_EQ(rig.control({5, 0, 0}), 1);
    const Piece piece = rig.driver->writable(200);
    rig.driver->offer(0, std::span(&piece, 1));
    EXPECT_TRUE(rig.receive(frame_to(kOwn, 100), {.flags = 1, .segment_type = 1, .segment_size = 40}));
    ASSERT_TRUE(rig.driver->wait_used(0));
    const std::vector<u8> header = rig.machine.bytes(piece.address, 12);
    EXPECT_EQ(header, (std::vector<u8>{1, 1, 0, 0, 40, 0, 0, 0, 0, 0, 1, 0}));
    rig.net->set_status(0);
    EXPECT_EQ(rig.cable.offloads, Offloads{});
}

TEST(VirtioNet, WithoutRoomTheCableIsToldLater) {
    Rig rig;
    EXPECT_FALSE(rig.receive(frame_to(kOwn, 60)));
    const int before = rig.cable.readies;
    const Piece piece = rig.driver->writable(200);
    rig.driver->offer(0, std::span(&piece, 1));
    rig.driver->notify(0);
    rig.driver->settle();
    EXPECT_EQ(rig.cable.readies, before + 1);
    EXPECT_TRUE(rig.receive(frame_to(kOwn, 60)));
    EXPECT_TRUE(rig.driver->wait_used(0));
}

TEST(VirtioNet, ABufferThatIsTooSmallLosesTheFrame) {
    Rig rig(0);
    const Piece piece = rig.driver->writable(50);
    rig.driver->offer(0, std::span(&piece, 1));
    EXPECT_TRUE(rig.receive(frame_to(kOwn, 60)));
    EXPECT_TRUE(rig.receive(frame_to(kOwn, 30)));
    const auto used = rig.driver->wait_used(0);
    ASSERT_TRUE(used);
    EXPECT_EQ(used->written, 42U);
}

TEST(VirtioNet, FiltersByTheDriversWill) {
    Rig rig(kMergeable | kControl);
    for (int i = 0; i < 12; ++i) {
        const Piece piece = rig.driver->writable(200);
        rig.driver->offer(0, std::span(&piece, 1));
    }
    const std::array<u8, 6> other = {0x52, 0x54, 0, 9, 9, 9};
    const std::array<u8, 6> group = {0x01, 0, 0x5e, 0, 0, 1};
    const std::array<u8, 6> everybody = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    u16 used = 0;
    const auto comes = [&](const std::array<u8, 6>& target) {
        EXPECT_TRUE(rig.receive(frame_to(target, 60)));
        const u16 now = rig.machine.load<u16>(rig.driver->place(0).device.value + 2);
        return std::exchange(used, now) != now;
    };
    EXPECT_TRUE(comes(other));
    EXPECT_EQ(rig.control({0, 0, 0}), 0);
    EXPECT_FALSE(comes(other));
    EXPECT_TRUE(comes(kOwn));
    EXPECT_TRUE(comes(everybody));
    EXPECT_FALSE(comes(group));
    EXPECT_EQ(rig.control({1, 0, 1, 0, 0, 0, 0x52, 0x54, 0, 9, 9, 9, 1, 0, 0, 0, 0x01, 0, 0x5e, 0, 0, 1}), 0);
    EXPECT_TRUE(comes(other));
    EXPECT_TRUE(comes(group));
    EXPECT_EQ(rig.control({1, 0, 0xff, 0xff, 0xff, 0xff}), 1);
    EXPECT_EQ(rig.control({1, 1, 0x52, 0x54, 0, 7, 7, 7}), 0);
    EXPECT_FALSE(comes(kOwn));
    EXPECT_EQ(rig.control({2, 0, 5, 0}), 0);
    EXPECT_EQ(rig.control({2, 0, 0xff, 0xff}), 1);
    EXPECT_EQ(rig.control({0, 9, 0}), 1);
    EXPECT_EQ(rig.control({77, 0}), 1);
    EXPECT_EQ(rig.control({0}), 1);
}

TEST(VirtioNet, AsManyPairsAsTheDriverWants) {
    VirtioNet::Options options;
    options.mq = true;
    Rig rig(kMergeable | kControl | kMultiQueue, options, 3);
    std::array<u8, 2> pairs{};
    rig.net->read_config(8, pairs);
    EXPECT_EQ(pairs[0], 3);
    EXPECT_EQ(rig.net->queue_count(), 7);
    EXPECT_EQ(rig.cable.others[0].receiver, nullptr);
    EXPECT_EQ(rig.control({4, 0, 2, 0}, 6), 0);
    EXPECT_NE(rig.cable.others[0].receiver, nullptr);
    EXPECT_EQ(rig.cable.others[1].receiver, nullptr);
    for (const std::vector<u8>& wrong : {std::vector<u8>{4, 0, 0, 0}, {4, 0, 4, 0}, {4, 1, 1, 0}, {4, 0, 1}}) {
        EXPECT_EQ(rig.control(wrong, 6), 1);
    }
    // Each pair has its end of the cable, both ways; what is sent on one that is not active goes out by the first.
    const std::vector<u8> frame = frame_to(kOwn, 60);
    const Piece room = rig.driver->writable(200);
    rig.driver->offer(2, std::span(&room, 1));
    rig.machine.thread.loop.call([&] {
        const iovec piece{const_cast<u8*>(frame.data()), frame.size()};
        EXPECT_TRUE(rig.cable.others[0].receiver->receive({&piece, 1}, {}));
    });
    EXPECT_TRUE(rig.driver->wait_used(2));
    const std::array<u8, 12> header{};
    for (const u16 queue : {u16{3}, u16{5}}) {
        const Piece pieces[] = {rig.driver->readable(header), rig.driver->readable(frame)};
        rig.driver->request(queue, pieces);
    }
    EXPECT_EQ(rig.cable.others[0].sent.size(), 1U);
    EXPECT_EQ(rig.cable.others[1].sent.size(), 0U);
    EXPECT_EQ(rig.cable.sent.size(), 1U);
    rig.net->set_status(0);
    EXPECT_EQ(rig.cable.others[0].receiver, nullptr);
    EXPECT_NE(rig.cable.receiver, nullptr);
    // A driver that knows of one pair has the control queue behind it.
    ASSERT_TRUE(rig.driver->start(kMergeable | kControl, 16));
    EXPECT_EQ(rig.control({0, 0, 0}, 2), 0);
    EXPECT_EQ(rig.control({4, 0, 2, 0}, 2), 1);
}

TEST(VirtioNet, LinkAndAnnouncements) {
    VirtioNet::Options options;
    options.speed = 10000;
    options.duplex = "full";
    Rig rig(kMergeable | kControl | kStatus | kAnnounce, options);
    EXPECT_EQ(rig.status(), 1U);
    std::array<u8, 5> speed{};
    rig.net->read_config(12, speed);
    EXPECT_EQ(speed, (std::array<u8, 5>{0x10, 0x27, 0, 0, 1}));
    EXPECT_NE(rig.net->identity().features >> 63, 0U);
    rig.machine.thread.loop.call([&] {
        rig.cable.plugged = false;
        rig.cable.receiver->link_changed(false);
    });
    EXPECT_EQ(rig.status(), 0U);
    EXPECT_EQ(rig.driver->config_interrupts(), 1U);
    rig.machine.thread.loop.call([&] {
        rig.cable.plugged = true;
        rig.cable.receiver->link_changed(true);
        rig.net->announce();
    });
    EXPECT_EQ(rig.status(), 3U);
    EXPECT_EQ(rig.control({3, 1}), 1);
    EXPECT_EQ(rig.status(), 3U);
    EXPECT_EQ(rig.control({3, 0}), 0);
    EXPECT_EQ(rig.status(), 1U);
}

TEST(VirtioNet, AnyFramesAndCommands) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    VirtioNet::Options options;
    options.mq = true;
    Rig rig(kMergeable | kControl, options, 2);
    for (int round = 0; round < 300; ++round) {
        // What belongs together comes together.
        const u64 parts[] = {kMergeable, kControl | kMultiQueue, kControl, kChecksum};
        ASSERT_TRUE(rig.driver->start(parts[random() % 4] | parts[random() % 4], 16));
        for (int step = 0; step < 8; ++step) {
            std::vector<u8> bytes(random() % 300);
            for (u8& byte : bytes) {
                byte = static_cast<u8>(random() % 4);
            }
            const Piece pieces[] = {rig.driver->readable(bytes), rig.driver->writable(static_cast<u32>(random() % 64))};
            const u16 queue = static_cast<u16>(random() % 5);
            if (queue % 2 == 0 && queue != 4 && random() % 4 != 0) {
                rig.driver->offer(queue, std::span(pieces).subspan(1));
            } else {
                rig.driver->offer(queue, std::span(pieces).first(1 + random() % 2));
            }
            rig.driver->notify(queue);
            rig.receive(bytes);
        }
        rig.driver->settle();
    }
}

}  // namespace
}  // namespace kelvin::device
