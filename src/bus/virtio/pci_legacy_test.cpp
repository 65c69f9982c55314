// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "bus/pci/config_registers.h"
#include "bus/virtio/pci_transport.h"
#include "bus/virtio/test_driver.h"

namespace kelvin::bus::virtio {
namespace {

namespace reg = pci::reg;

/// Gives each chain back, and counts them.
class Counter final : public Device {
  public:
    Counter(EventLoop& io, memory::Dma& dma, u16 kind, RingOptions ring)
        : Device({.id = kind,
                  .pci_class = 0x00ff00,
                  .features = ring.features() | 3,
                  .queue_sizes = {8, 4},
                  .config_size = 4},
                 io, dma) {
        set_config(0, std::array<u8, 4>{1, 2, 3, 4});
    }
    unsigned chains = 0;
    u64 agreed = 0;

  private:
    void started(u64 features) override { agreed = features; }
    void stopped() override {}
    void queue_notified(u16 queue) override {
        serve(queue, chain_, [&](Chain& chain) {
            ++chains;
            give_back(queue, chain, 0);
            return true;
        });
    }
    void config_written(u32 offset, std::span<const u8> data) override { set_config(offset, data); }
    Chain chain_;
};

struct Rig : private pci::FunctionPort {
    explicit Rig(PciOptions options = {}, bool integrated = true, u16 kind = 4, RingOptions ring = {}) {
        machine.thread.loop.call([&] {
            auto made = std::make_unique<Counter>(machine.thread.loop, machine.map, kind, ring);
            counter = made.get();
            accepted = static_cast<bool>(options.check(*made));
            transport = std::make_unique<PciTransport>(options, std::move(made));
        });
        transport->set_port(this, integrated);
        transport->write_config(reg::kCommand, 2, 7);
    }
    ~Rig() override {
        transport->set_port(nullptr, false);
        machine.thread.loop.call([&] { transport.reset(); });
    }
    bool has_legacy() const { return transport->bar(0).kind == pci::Bar::Kind::io; }
    u64 read(u64 offset, unsigned size) { return transport->bar(0).handler->read(offset, size); }
    void write(u64 offset, unsigned size, u64 value) { transport->bar(0).handler->write(offset, size, value); }
    u16 device_id() { return static_cast<u16>(transport->read_config(reg::kDeviceId, 2)); }
    void settle() {
        machine.thread.loop.call([] {});
        machine.thread.loop.call([] {});
    }
    /// One chain of one readable byte in queue 0, whose ring is at TestMachine::kRam.
    void offer() {
        constexpr u64 kRing = TestMachine::kRam;
        const u16 index = machine.load<u16>(kRing + 8 * 16 + 2);
        machine.store<u64>(kRing, kRing + 0x10000);
        machine.store<u64>(kRing + 8, 1);
        machine.store<u16>(kRing + 8 * 16 + 4 + 2 * (index % 8U), 0);
        machine.store<u16>(kRing + 8 * 16 + 2, static_cast<u16>(index + 1));
    }
    u16 used() { return machine.load<u16>(TestMachine::kRam + 4096 + 2); }

    TestMachine machine;
    Counter* counter = nullptr;
    std::unique_ptr<PciTransport> transport;
    bool accepted = false;
    bool line = false;
    unsigned messages = 0;

  private:
    void set_intx(bool level) override { line = level; }
    void send_msi(u64, u32) override { ++messages; }
};

constexpr u32 kRingPage = TestMachine::kRam >> 12;

TEST(PciLegacy, WhereItIs) {
    Rig integrated;
    EXPECT_TRUE(integrated.has_legacy());
    EXPECT_EQ(integrated.device_id(), 0x1005);
    EXPECT_EQ(integrated.transport->read_config(reg::kRevision, 1), 0U);
    EXPECT_EQ(integrated.transport->read_config(reg::kSubsystem, 2), 4U);
    EXPECT_NE(integrated.transport->bar(4).kind, pci::Bar::Kind::none);
    Rig behind_port({}, false);
    EXPECT_FALSE(behind_port.has_legacy());
    EXPECT_EQ(behind_port.device_id(), 0x1044);
    EXPECT_EQ(behind_port.transport->read_config(reg::kRevision, 1), 1U);
    EXPECT_FALSE(Rig({.disable_legacy = state::OnOffAuto::on}).has_legacy());
    EXPECT_TRUE(Rig({.disable_legacy = state::OnOffAuto::off}, false).has_legacy());
    EXPECT_FALSE(Rig({}, true, 4, {.iommu_platform = true}).has_legacy());
    EXPECT_FALSE(Rig({}, true, 19).has_legacy());
    Rig old({.disable_modern = true}, false);
    EXPECT_TRUE(old.has_legacy());
    EXPECT_EQ(old.transport->bar(4).kind, pci::Bar::Kind::none);
}

TEST(PciLegacy, WhatIsRefused) {
    EXPECT_FALSE(Rig({.disable_legacy = state::OnOffAuto::on, .disable_modern = true}).accepted);
    EXPECT_FALSE(Rig({.disable_legacy = state::OnOffAuto::off}, true, 19).accepted);
    EXPECT_FALSE(Rig({.disable_modern = true}, true, 4, {.iommu_platform = true}).accepted);
    EXPECT_TRUE(Rig({.disable_legacy = state::OnOffAuto::off}).accepted);
}

TEST(PciLegacy, ADriverOfBefore1) {
    Rig rig;
    rig.write(18, 1, 3);
    EXPECT_EQ(rig.read(0, 4), 0x38000003U);
    rig.write(4, 4, 0xffffffff & ~(u32{1} << 29));
    EXPECT_EQ(rig.read(12, 2), 8U);
    rig.write(8, 4, kRingPage);
    EXPECT_EQ(rig.read(8, 4), kRingPage);
    rig.write(14, 2, 1);
    EXPECT_EQ(rig.read(12, 2), 4U);
    EXPECT_EQ(rig.read(8, 4), 0U);
    rig.write(14, 2, 2);
    EXPECT_EQ(rig.read(12, 2), 0U);
    // What is offered before the driver is ready is served once it is.
    rig.offer();
    rig.write(16, 2, 0);
    rig.settle();
    EXPECT_EQ(rig.used(), 0);
    rig.write(18, 1, 7);
    rig.settle();
    EXPECT_EQ(rig.counter->agreed, 0x10000003U);
    EXPECT_EQ(rig.used(), 1);
    EXPECT_TRUE(rig.line);
    EXPECT_EQ(rig.read(19, 1), 1U);
    EXPECT_FALSE(rig.line);
    rig.offer();
    rig.write(16, 2, 0);
    rig.settle();
    EXPECT_EQ(rig.used(), 2);
    // Configuration, whose place depends on whether there are vectors.
    EXPECT_EQ(rig.read(20, 4), 0x04030201U);
    rig.write(21, 1, 9);
    EXPECT_EQ(rig.read(20, 4), 0x04030901U);
    u32 at = rig.transport->read_config(reg::kCapabilities, 1);
    while (rig.transport->read_config(at, 1) != reg::capability::kMsix) {
        at = rig.transport->read_config(at + 1, 1);
    }
    rig.transport->write_config(at + 2, 2, 0x8000);
    EXPECT_EQ(rig.read(20, 2), 0xffffU);
    EXPECT_EQ(rig.read(24, 4), 0x04030901U);
    rig.write(20, 2, 1);
    rig.write(14, 2, 0);
    rig.write(22, 2, 77);
    EXPECT_EQ(rig.read(20, 2), 1U);
    EXPECT_EQ(rig.read(22, 2), 0xffffU);
    rig.write(22, 2, 2);
    EXPECT_EQ(rig.read(22, 2), 2U);
    rig.write(18, 1, 0);
    EXPECT_EQ(rig.read(18, 1), 0U);
    EXPECT_EQ(rig.read(8, 4), 0U);
}

TEST(PciLegacy, AnyAccesses) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Rig rig;
    for (int i = 0; i < 20000; ++i) {
        const unsigned size = 1U << random() % 4;
        const u64 offset = random() % (32 / size) * size;
        if (random() % 4 == 0) {
            rig.read(offset, size);
        } else {
            const u64 values[] = {random(), kRingPage + random() % 4, random() % 8, 7};
            rig.write(offset, size, values[random() % 4]);
        }
    }
    rig.transport->reset();
    rig.transport->write_config(reg::kCommand, 2, 7);
    const std::vector<u8> zeros(8192);
    ASSERT_TRUE(rig.machine.map.copy_out({TestMachine::kRam}, zeros));
    rig.write(14, 2, 0);
    rig.write(8, 4, kRingPage);
    rig.write(18, 1, 7);
    rig.offer();
    rig.write(16, 2, 0);
    rig.settle();
    EXPECT_EQ(rig.used(), 1);
}

}  // namespace
}  // namespace kelvin::bus::virtio
