// SPDX-License-Identifier: Apache-2.0
// Packets to a CD drive at port 1.
#include "device/ahci/test_host.h"
#include "device/ata_drive/ata_cd.h"

namespace kelvin::device::ahci {
namespace {

constexpr u64 kData = TestHost::kData;
constexpr u32 kReady = 0x40;

struct CdHost : TestHost {
    CdHost() : medium(thread.loop) {
        thread.loop.call([&] { cd = std::make_unique<AtaCd>(AtaOptions{}, medium); });
        // The driver is one of port 0: the CD drive takes the disk's place.
        ahci->buses()[0]->detach(*unit);
        EXPECT_TRUE(ahci->buses()[0]->attach(*cd, false));
        start();
    }
    ~CdHost() override {
        ahci->buses()[0]->detach(*cd);
        thread.loop.call([&] { cd.reset(); });
        EXPECT_TRUE(ahci->buses()[0]->attach(*unit, false));
    }
    CdHost(const CdHost&) = delete;
    CdHost& operator=(const CdHost&) = delete;

    u32 packet(std::array<u8, 12> bytes, u32 size) {
        return run({.code = 0xa0, .features = 1, .regions = {{kData, size}}, .packet = bytes, .is_packet = true});
    }
    backend::TestDisk medium;
    std::unique_ptr<AtaCd> cd;
};

TEST(AhciCd, Reads) {
    CdHost host;
    EXPECT_EQ(host.port(port_reg::kSignature), 0xeb140101U);
    host.medium.content[5 * 2048] = 0x55;
    host.medium.content[6 * 2048 + 2047] = 0x66;
    EXPECT_EQ(host.packet({0x00}, 0x1000), 0x6041U) << "unit attention";
    host.restart();
    EXPECT_EQ(host.packet({0x03, 0, 0, 0, 18}, 0x1000), kReady);
    EXPECT_EQ(host.load<u8>(kData + 12), 0x29);
    EXPECT_EQ(host.transferred(), 18U);
    EXPECT_EQ(host.packet({0x28, 0, 0, 0, 0, 5, 0, 0, 2}, 4096), kReady);
    EXPECT_EQ(host.transferred(), 4096U);
    EXPECT_EQ(host.load<u8>(kData), 0x55);
    EXPECT_EQ(host.load<u8>(kData + 4095), 0x66);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x40 + 12), 3) << "a command's end";
    EXPECT_EQ(host.packet({0x28, 0, 0, 0, 0, 5, 0, 0, 2}, 2048), 0x5441U) << "too little room";
    host.restart();
    EXPECT_EQ(host.packet({0x03, 0, 0, 0, 18}, 0x1000), kReady);
    EXPECT_EQ(host.load<u8>(kData + 2), 5);
    EXPECT_EQ(host.load<u8>(kData + 12), 0x24);
}

TEST(AhciCd, IsNoDisk) {
    CdHost host;
    EXPECT_EQ(host.run({.code = 0xec, .regions = {{kData, 512}}}), 0x451U);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x40 + 5), 0x14);
    EXPECT_EQ(host.load<u8>(TestHost::kFrames + 0x40 + 6), 0xeb);
    host.restart();
    EXPECT_EQ(host.run({.code = 0xa1, .regions = {{kData, 512}}}), 0x50U);
    EXPECT_EQ(host.load<u16>(kData), 0x85c0);
    EXPECT_EQ(host.run({.code = 0xef, .features = 3, .count = 0x42}), 0x50U);
    EXPECT_EQ(host.run({.code = 0xa1, .regions = {{kData, 512}}}), 0x50U);
    EXPECT_EQ(host.load<u16>(kData + 176), 0x43f);
    state::Json saved;
    host.thread.loop.call([&] {
        saved = *host.cd->savable()->save();
        host.cd->reset();
        EXPECT_NE(*host.cd->savable()->save(), saved);
        EXPECT_TRUE(host.cd->savable()->load(saved));
        EXPECT_EQ(*host.cd->savable()->save(), saved);
        saved["transfer_mode"] = 0;
        EXPECT_FALSE(host.cd->savable()->load(saved));
    });
}

}  // namespace
}  // namespace kelvin::device::ahci
