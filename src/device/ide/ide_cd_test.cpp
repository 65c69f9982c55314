// SPDX-License-Identifier: Apache-2.0
// Packets to a CD drive on the second channel.
#include <numeric>

#include "device/ata_drive/ata_cd.h"
#include "device/ide/test_host.h"

namespace kelvin::device::ide {
namespace {

constexpr u64 kData = TestHost::kData;
constexpr u8 kReady = 0x40;
constexpr u8 kAsksForData = 0x58;

struct CdHost : TestHost {
    CdHost() : medium(thread.loop) {
        thread.loop.call([&] { cd = std::make_unique<AtaCd>(AtaOptions{}, medium); });
        EXPECT_TRUE(ide->buses()[1]->attach(*cd, false));
        channel = 1;
        std::iota(medium.content.begin(), medium.content.end(), u8{3});
        packet({0x00}, 0);  // takes the news of power
        in(port::kStatus);
    }
    ~CdHost() {
        ide->buses()[1]->detach(*cd);
        thread.loop.call([&] { cd.reset(); });
    }
    CdHost(const CdHost&) = delete;
    CdHost& operator=(const CdHost&) = delete;

    /// `limit`: what the host takes at once; by the bus master if `features` says so.
    u8 packet(const std::array<u8, 12>& bytes, u16 limit, u16 features = 0) {
        EXPECT_EQ(run({.code = 0xa0, .features = features, .lba = u64{limit} << 8, .device = 0xa0}), 0x48);
        EXPECT_FALSE(line()) << "it asks for the packet without an interrupt";
        EXPECT_EQ(in(port::kCount), 1);
        write_words(bytes);
        settle();
        settle();
        return wait();
    }
    /// All that it has, in the pieces that it says.
    std::vector<u8> take() {
        std::vector<u8> data;
        while ((in(port::kStatus)&0x08) != 0) {
            EXPECT_EQ(in(port::kCount), 2);
            read_words(data, (in(port::kLbaLow + 1) | in(port::kLbaLow + 2) << 8) / 2U);
            ++pieces;
        }
        return data;
    }
    backend::TestDisk medium;
    std::unique_ptr<AtaCd> cd;
    unsigned pieces = 0;
};

TEST(IdeCd, DataByTheProcessor) {
    CdHost host;
    EXPECT_EQ(host.packet({0x28, 0, 0, 0, 0, 7, 0, 0, 3}, 2048), kAsksForData);
    EXPECT_TRUE(host.line());
    const std::vector<u8> data = host.take();
    EXPECT_EQ(host.pieces, 3U);
    EXPECT_EQ(data, std::vector<u8>(host.medium.content.begin() + 7 * 2048, host.medium.content.begin() + 10 * 2048));
    EXPECT_EQ(host.alternate_status(), kReady);
    EXPECT_EQ(host.in(port::kCount), 3);
    host.pieces = 0;
    EXPECT_EQ(host.packet({0x12, 0, 0, 0, 36}, 0xffff), kAsksForData);
    EXPECT_EQ(host.take().size(), 36U);
    EXPECT_EQ(host.pieces, 1U);
    EXPECT_EQ(host.packet({0x00}, 0), kReady);
    EXPECT_TRUE(host.line());
}

TEST(IdeCd, DataByTheBusMaster) {
    CdHost host;
    host.set_regions({{kData, 4096}});
    EXPECT_EQ(host.packet({0xa8, 0, 0, 0, 0, 2, 0, 0, 0, 2}, 0, 1), 0x48);
    host.master_out(master::kCommandAt, master::kStart | master::kToMemory);
    host.settle();
    EXPECT_EQ(host.wait(), kReady);
    EXPECT_TRUE(host.line());
    EXPECT_EQ(host.master_in(master::kStatusAt), master::kInterrupt);
    EXPECT_EQ(host.bytes(kData, 4096),
              std::vector<u8>(host.medium.content.begin() + 2 * 2048, host.medium.content.begin() + 4 * 2048));
}

TEST(IdeCd, ErrorsAndSense) {
    CdHost host;
    EXPECT_EQ(host.packet({0x28, 0, 0, 0xff, 0, 0, 0, 0, 1}, 2048), 0x41);
    EXPECT_EQ(host.in(port::kFeatures), 0x54);
    EXPECT_EQ(host.packet({0x03, 0, 0, 0, 18}, 64), kAsksForData);
    EXPECT_EQ(host.take().at(12), 0x21);
    EXPECT_EQ(host.packet({0x03, 0, 0, 0, 18}, 64), kAsksForData);
    EXPECT_EQ(host.take().at(12), 0) << "told once";
}

TEST(IdeCd, Signature) {
    CdHost host;
    EXPECT_EQ(host.run({.code = 0xec, .device = 0xa0}), 0x51);
    EXPECT_EQ(host.in(port::kLbaLow + 1), 0x14);
    EXPECT_EQ(host.in(port::kLbaLow + 2), 0xeb);
    EXPECT_EQ(host.run({.code = 0xa1, .device = 0xa0}), kAsksForData);
    std::vector<u8> words;
    host.read_words(words, 256);
    EXPECT_EQ(words[1], 0x85);
    host.in(port::kStatus);
    EXPECT_EQ(host.run({.code = 0xa0, .lba = 0, .device = 0xa0}), 0x48);
    host.out(port::kStatus, 0x08);
    host.settle();
    EXPECT_EQ(host.in(port::kLbaLow + 2), 0xeb);
    EXPECT_FALSE(host.line());
}

}  // namespace
}  // namespace kelvin::device::ide
