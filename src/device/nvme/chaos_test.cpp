// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "device/nvme/test_host.h"

namespace kelvin::device::nvme {
namespace {

using Entry = TestHost::Entry;
constexpr u64 kPage = TestHost::kPage;
constexpr u64 kNowhere = 0x10000000;

/// Registers, doorbells, commands, resets and namespaces as they come; whatever is asked, the controller can be used
/// afterwards.
class Chaos {
  public:
    explicit Chaos(unsigned seed) : random_(seed), other_(host_.thread.loop) {
        host_.enable_messages();
        start();
    }
    ~Chaos() { take_out(); }

    void step() {
        switch (random_() % 24) {
            case 0:
                host_.write(pick(0x1100) & ~u64{3}, random_(), random_() % 2 == 0 ? 4 : 8);
                break;
            case 1:
                host_.read(pick(0x1100), 1U << pick(4));
                break;
            case 2:
                host_.write(reg::kDoorbells + 4 * pick(16), pick(20));
                break;
            case 3:
                host_.write(reg::kConfiguration, random_() & 0xf);
                break;
            case 4:
                random_() % 4 == 0 ? host_.nvme->reset() : start();
                break;
            case 5:
                random_() % 2 == 0 ? put_in() : take_out();
                break;
            case 6:
                host_.nvme->write_config(static_cast<u32>(pick(64)) * 4, 4, static_cast<u32>(random_()));
                host_.nvme->write_config(bus::pci::reg::kCommand, 2, 6);
                break;
            default:
                command(static_cast<u16>(pick(3)));
                break;
        }
    }
    void check() {
        take_out();
        start();
        EXPECT_EQ(host_.run(1, TestHost::blocks(Opcode::read, 3, 8, host_.allocate())).status, Status::success);
    }

  private:
    u64 pick(u64 count) { return random_() % count; }
    void start() {
        host_.nvme->reset();
        host_.nvme->write_config(bus::pci::reg::kCommand, 2, 6);
        host_.enable();
        host_.create_pair(1);
        host_.create_pair(2, 4);
    }
    void put_in() {
        if (added_ == nullptr) {
            added_ = std::make_unique<NvmeNamespace>(NvmeNamespace::Options{}, other_);
            EXPECT_TRUE(host_.nvme->buses()[0]->attach(*added_, true));
        }
    }
    void take_out() {
        if (added_ != nullptr) {
            host_.nvme->buses()[0]->detach(*added_);
            added_.reset();
        }
    }
    u64 address() {
        switch (pick(8)) {
            case 0:
                return random_();
            case 1:
                return kNowhere;
            case 2:
                return TestHost::kRam + pick(TestHost::kRamSize + kPage);
            default:
                return TestHost::kRam + 0x100000 + pick(64) * kPage;
        }
    }
    void command(u16 queue) {
        if (host_.queue(queue).size == 0) {
            return;
        }
        Entry entry{.opcode = static_cast<u8>(pick(random_() % 8 == 0 ? 256 : 13)),
                    .flags = static_cast<u8>(random_() % 4 == 0 ? random_() : 0),
                    .space = static_cast<u32>(random_() % 16 == 0 ? random_() : pick(4)),
                    .prp1 = address(),
                    .prp2 = address()};
        for (u32& word : entry.words) {
            word = static_cast<u32>(random_() % 8 == 0 ? random_() : pick(16));
        }
        if (random_() % 2 == 0) {
            entry.words[1] = static_cast<u32>(pick(2)) << 16 | 3;
        }
        // Lists are made of what may be places.
        host_.store<u64>(TestHost::kRam + 0x100000 + pick(64) * kPage + 8 * pick(512), address());
        host_.offer(queue, entry, random_() % 4 != 0);
        while (random_() % 4 != 0 && host_.poll(queue)) {
        }
    }

    std::mt19937_64 random_;
    TestHost host_;
    backend::TestDisk other_;
    std::unique_ptr<NvmeNamespace> added_;
};

TEST(Nvme, WithstandsAnything) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    for (unsigned life = 0; life < 8; ++life) {
        Chaos chaos(seed + life);
        for (int i = 0; i < 1500; ++i) {
            chaos.step();
        }
        chaos.check();
    }
}

}  // namespace
}  // namespace kelvin::device::nvme
