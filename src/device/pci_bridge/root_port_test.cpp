// SPDX-License-Identifier: Apache-2.0
#include "device/pci_bridge/root_port.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "bus/pci/config_registers.h"
#include "bus/pci/express_registers.h"
#include "bus/pci/host_bridge.h"

namespace kelvin::device {
namespace {

namespace pci = bus::pci;
namespace express = bus::pci::express;
namespace reg = bus::pci::reg;

struct Memory final : memory::MmioHandler {
    u64 read(u64 offset, unsigned) override { return 0x1000 + offset; }
    void write(u64, unsigned, u64) override {}
};

struct Card final : pci::Function {
    explicit Card(const pci::FunctionOptions& options = {})
        : Function(options, {.vendor = 0x1234, .device = 0x5678, .class_code = 0x020000}) {
        add_interrupt_pin();
        add_bar(0, pci::Bar::Kind::memory32, 0x1000, memory);
        add_msix(2, 1);
        add_express_endpoint();
    }
    using Function::raise;
    using Function::set_intx;
    Memory memory;
};

struct Messages final : bus::MsiController {
    std::mutex lock;
    std::vector<bus::Msi> seen;
    void deliver(const bus::Msi& message) override {
        const std::lock_guard guard(lock);
        seen.push_back(message);
    }
};

struct Line {
    bool level = false;
    void set(bool now) { level = now; }
};

struct Observer final : bus::DetachObserver {
    std::vector<bus::Device*> released;
    void device_released(bus::Device& device) override { released.push_back(&device); }
};

constexpr u64 kMemory = 0x10000000;
constexpr u32 kPort = 1 << 3;
constexpr u32 kCard = 1 << 8;
constexpr u32 kPressed = express::kButtonPressed;

/// A machine with one port, whose registers are driven as Linux's pciehp drives them.
struct Rig {
    explicit Rig(const RootPort::Options& options = {}) : port(options, "port1") {
        EXPECT_TRUE(host.root().attach(port, false));
        at = static_cast<u32>(read(kPort, reg::kCapabilities, 1));
        EXPECT_EQ(read(kPort, at, 1), reg::capability::kExpress);
    }
    ~Rig() { host.root().detach(port); }

    u64 read(u32 where, u32 offset, unsigned size) { return host.ecam().read(where << 12 | offset, size); }
    void write(u32 where, u32 offset, unsigned size, u64 value) {
        host.ecam().write(where << 12 | offset, size, value);
    }
    void number_buses() {
        write(kPort, reg::kPrimaryBus, 4, 0x00010100);
        write(kPort, reg::kMemoryBase, 4, 0x10001000);  // 1 MiB
        write(kPort, reg::kCommand, 2, reg::command::kMemory | reg::command::kBusMaster);
    }
    void map_card() {
        write(kCard, reg::kBar0, 4, kMemory + 0x4000);
        write(kCard, reg::kCommand, 2, reg::command::kMemory | reg::command::kBusMaster);
    }
    u64 load(u64 address) { return host.window(0).read(address - kMemory, 4); }
    u32 status() { return static_cast<u32>(read(kPort, at + express::kSlotStatus, 2)); }
    void clear(u32 events) { write(kPort, at + express::kSlotStatus, 2, events); }
    void control(u32 value) { write(kPort, at + express::kSlotControl, 2, value); }
    bool link() { return (read(kPort, at + express::kLinkStatus, 2) & express::kLinkActive) != 0; }

    std::array<Line, 4> lines;
    Messages messages;
    pci::HostBridge host{{{{kMemory}, 0x2eff0000, kMemory, false}},
                         {wire_to<&Line::set>(lines[0]), wire_to<&Line::set>(lines[1]), wire_to<&Line::set>(lines[2]),
                          wire_to<&Line::set>(lines[3])},
                         &messages};
    RootPort port;
    u32 at = 0;
    Observer observer;
};

constexpr u32 kInterrupts = express::kHotPlugInterrupt | express::kPresenceChanged | kPressed |
                            express::kCommandCompleted | express::kLinkChangeInterrupt;
constexpr u32 kOn = kInterrupts | express::kAttentionIndicatorOff | express::kPowerIndicatorOn;
constexpr u32 kBlinks = kInterrupts | express::kAttentionIndicatorOff | express::kPowerIndicatorBlinks;
constexpr u32 kOff = kInterrupts | express::kAttentionIndicatorOff | express::kPowerIndicatorOff | express::kPowerOff;

TEST(RootPort, IsABridge) {
    Rig rig({.port = 7, .slot = 5});
    EXPECT_EQ(rig.read(kPort, 0, 4), 0x000c1b36U);
    EXPECT_EQ(rig.read(kPort, 8, 4) >> 8, 0x060400U);
    EXPECT_EQ(rig.read(kPort, reg::kHeaderType, 1), 1U);
    EXPECT_EQ(rig.read(kPort, reg::kInterruptPin, 1), 1U);
    EXPECT_EQ(rig.read(kPort, rig.at + express::kFlags, 2), 0x0142U);
    EXPECT_EQ(rig.read(kPort, rig.at + express::kSlotCapabilities, 4) >> express::kSlotNumberShift, 5U);
    EXPECT_EQ(rig.read(kPort, rig.at + express::kLinkCapabilities, 4) >> 24, 7U);
    rig.write(kPort, reg::kMemoryBase, 4, 0xffffffff);
    EXPECT_EQ(rig.read(kPort, reg::kMemoryBase, 4), 0xfff0fff0U);
    rig.write(kPort, reg::kPrefetchBase, 4, 0xffffffff);
    EXPECT_EQ(rig.read(kPort, reg::kPrefetchBase, 4), 0xfff1fff1U);
    rig.write(kPort, reg::kIoBase, 2, 0xffff);
    EXPECT_EQ(rig.read(kPort, reg::kIoBase, 2), 0xf0f0U);
    rig.port.reset();
    EXPECT_EQ(rig.read(kPort, reg::kMemoryBase, 4), 0U);
}

TEST(RootPort, ForwardsWhatItsRegistersSay) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    EXPECT_EQ(rig.read(kCard, 0, 4), 0xffffffffU);
    rig.number_buses();
    EXPECT_EQ(rig.read(kCard, 0, 4), 0x56781234U);
    EXPECT_EQ(rig.read(kCard | 8, 0, 4), 0xffffffffU);  // no device 1 behind a port
    rig.map_card();
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0x1000U);
    rig.write(kPort, reg::kMemoryBase, 4, 0x20002000);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0xffffffffU);
    rig.write(kPort, reg::kPrefetchBase, 4, 0x10001000);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0x1000U);
    rig.write(kPort, reg::kCommand, 2, reg::command::kBusMaster);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0xffffffffU);
    // INTA of device 0 behind device 1.
    card.set_intx(true);
    EXPECT_TRUE(rig.lines[1].level);
    rig.port.secondary().detach(card);
    EXPECT_FALSE(rig.lines[1].level);
}

TEST(RootPort, MessagesOfItsCard) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    rig.number_buses();
    rig.write(kCard, reg::kBar0 + 8, 4, kMemory + 0x8000);
    rig.write(kCard, reg::kCommand, 2, reg::command::kMemory | reg::command::kBusMaster);
    rig.write(kCard, 0x42, 2, 0x8000);
    rig.host.window(0).write(0x8000, 4, 0x08020040);
    rig.host.window(0).write(0x800c, 4, 0);
    card.raise(0);
    ASSERT_EQ(rig.messages.seen.size(), 1U);
    EXPECT_EQ(rig.messages.seen[0].requester, kCard);
    rig.write(kPort, reg::kCommand, 2, reg::command::kMemory);
    card.raise(0);
    EXPECT_EQ(rig.messages.seen.size(), 1U);
    rig.port.secondary().detach(card);
}

TEST(RootPort, ASecondaryBusReset) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    rig.number_buses();
    rig.map_card();
    rig.write(kPort, reg::kBridgeControl, 2, 0x40);
    EXPECT_EQ(rig.read(kCard, reg::kBar0, 4), 0U);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0xffffffffU);
    rig.write(kPort, reg::kBridgeControl, 2, 0);
    rig.map_card();
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0x1000U);
    rig.port.secondary().detach(card);
}

TEST(RootPort, ACardComesAndGoes) {
    Rig rig;
    Card card;
    rig.number_buses();
    EXPECT_EQ(rig.status(), 0U);
    rig.control(kOff);
    rig.clear(express::kCommandCompleted);
    EXPECT_FALSE(rig.lines[1].level);
    ASSERT_TRUE(rig.port.secondary().attach(card, true));
    EXPECT_TRUE(rig.lines[1].level);
    EXPECT_EQ(rig.status(), express::kPresent | express::kPresenceChanged | kPressed);
    EXPECT_FALSE(rig.link());
    EXPECT_EQ(rig.read(kCard, 0, 4), 0xffffffffU);
    rig.clear(express::kPresenceChanged | kPressed);
    EXPECT_FALSE(rig.lines[1].level);
    rig.control(kBlinks);
    EXPECT_TRUE(rig.link());
    EXPECT_EQ(rig.status(), express::kPresent | express::kCommandCompleted | express::kLinkChanged);
    rig.control(kOn);
    EXPECT_EQ(rig.read(kCard, 0, 4), 0x56781234U);
    rig.map_card();
    rig.clear(0xffff);

    ASSERT_TRUE(rig.port.secondary().request_detach(card, rig.observer));
    EXPECT_EQ(rig.status(), express::kPresent | kPressed);
    EXPECT_TRUE(rig.lines[1].level);
    rig.clear(kPressed);
    rig.control(kBlinks);
    const auto again = rig.port.secondary().request_detach(card, rig.observer);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message().find("at work"), std::string::npos);
    rig.control(kBlinks | express::kPowerOff);
    EXPECT_TRUE(rig.observer.released.empty());
    EXPECT_EQ(rig.read(kCard, 0, 4), 0xffffffffU);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0xffffffffU);
    rig.control(kOff);
    ASSERT_EQ(rig.observer.released, std::vector<bus::Device*>{&card});
    EXPECT_EQ(rig.status() & express::kPresent, 0U);
    rig.port.secondary().detach(card);
    EXPECT_EQ(rig.observer.released.size(), 1U);
}

TEST(RootPort, APoweredOffSlotGivesItsCardAtOnce) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    EXPECT_TRUE(rig.link());
    rig.control(kOff);
    EXPECT_TRUE(rig.observer.released.empty());
    ASSERT_TRUE(rig.port.secondary().request_detach(card, rig.observer));
    EXPECT_EQ(rig.observer.released.size(), 1U);
    rig.port.secondary().detach(card);
}

TEST(RootPort, AResetLetsGo) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    ASSERT_TRUE(rig.port.secondary().request_detach(card, rig.observer));
    rig.port.reset();
    EXPECT_EQ(rig.observer.released.size(), 1U);
    EXPECT_EQ(rig.status(), 0U);
    rig.port.secondary().detach(card);
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    rig.port.reset();
    EXPECT_EQ(rig.status(), express::kPresent);
    EXPECT_TRUE(rig.link());
    rig.port.secondary().detach(card);
}

TEST(RootPort, MessagesOfTheSlot) {
    Rig rig;
    Card card;
    rig.write(kPort, reg::kBar0, 4, kMemory + 0x200000);
    rig.number_buses();
    const u32 msix = static_cast<u32>(rig.read(kPort, rig.at + 1, 1));
    rig.write(kPort, msix + 2, 2, 0x8000);
    rig.host.window(0).write(0x200000, 4, 0x08020040);
    rig.host.window(0).write(0x20000c, 4, 0);
    rig.control(kOff);
    EXPECT_EQ(rig.messages.seen.size(), 1U);
    ASSERT_TRUE(rig.port.secondary().attach(card, true));
    EXPECT_EQ(rig.messages.seen.size(), 1U);  // something is pending already
    rig.clear(0xffff);
    rig.port.secondary().detach(card);
    EXPECT_EQ(rig.messages.seen.size(), 2U);
    EXPECT_FALSE(rig.lines[1].level);
}

TEST(RootPort, Refuses) {
    Rig rig({.hotplug = false});
    Card card;
    EXPECT_FALSE(rig.port.secondary().attach(card, true));
    Card elsewhere({.addr = pci::Devfn{8}});
    EXPECT_FALSE(rig.port.secondary().attach(elsewhere, false));
    RootPort other({}, "port2");
    EXPECT_FALSE(rig.port.secondary().attach(other, false));
    ASSERT_TRUE(rig.port.secondary().attach(card, false));
    EXPECT_TRUE(rig.link());
    EXPECT_FALSE(rig.port.secondary().has_free_place());
    EXPECT_FALSE(rig.port.secondary().request_detach(card, rig.observer));
    rig.port.secondary().detach(card);
}

constexpr unsigned kAccesses = 100'000;

/// A guest that writes anything anywhere while cards come and go.
TEST(RootPort, AnyAccesses) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    Rig rig;
    std::atomic<bool> stop = false;
    std::atomic<unsigned> accesses = 0;
    std::jthread guest([&] {
        std::mt19937_64 random(seed);
        while (!stop) {
            const u32 where = random() % 3 == 0 ? kCard : kPort;
            const unsigned size = 1U << random() % 3;
            const u32 offset = static_cast<u32>(random() % 0x100 / size * size);
            const u64 values[] = {random(), kOff, kOn, 0x00010100, 0x10001000, 7, kMemory};
            rig.write(where, offset, size, values[random() % std::size(values)]);
            rig.read(where, offset, size);
            rig.load(kMemory + random() % 0x100000 / 4 * 4);
            ++accesses;
            if (random() % 8 == 0) {
                rig.number_buses();
                rig.control(random() % 2 == 0 ? kOn : kOff);
            }
        }
    });
    std::mt19937_64 random(seed + 1);
    while (accesses < kAccesses) {
        Card card;
        Observer observer;
        ASSERT_TRUE(rig.port.secondary().attach(card, random() % 4 != 0));
        card.set_intx(true);
        card.raise(0);
        if (random() % 2 == 0) {
            static_cast<void>(rig.port.secondary().request_detach(card, observer));
        }
        rig.port.secondary().detach(card);
    }
    stop = true;
}

}  // namespace
}  // namespace kelvin::device
