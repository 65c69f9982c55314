// SPDX-License-Identifier: Apache-2.0
#include "bus/pci/host_bridge.h"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "bus/pci/config_registers.h"

namespace kelvin::bus::pci {
namespace {

struct Memory final : memory::MmioHandler {
    std::atomic<u64> last = 0;
    u64 read(u64 offset, unsigned) override { return 0x1000 + offset; }
    void write(u64 offset, unsigned, u64 value) override { last = offset << 32 | value; }
};

struct Card final : Function {
    explicit Card(const FunctionOptions& options = {})
        : Function(options, {.vendor = 0x1234,
                             .device = 0x5678,
                             .revision = 3,
                             .class_code = 0x020304,
                             .subsystem_vendor = 0x1111,
                             .subsystem = 0x2222}) {
        add_interrupt_pin();
        add_bar(0, Bar::Kind::memory32, 0x2000, low);
        add_bar(1, Bar::Kind::io, 0x20, ports);
        add_bar(2, Bar::Kind::memory64_prefetchable, u64{1} << 33, high);
        add_msix(4, 3);
        add_express_endpoint();
    }
    using Function::raise;
    using Function::set_intx;
    Memory low;
    Memory ports;
    Memory high;
};

struct Messages final : MsiController {
    std::mutex lock;
    std::vector<Msi> seen;
    void deliver(const Msi& message) override {
        const std::lock_guard guard(lock);
        seen.push_back(message);
    }
};

struct Line {
    bool level = false;
    void set(bool now) { level = now; }
};

constexpr u64 kMemory = 0x10000000;
constexpr u64 kPorts = 0x3eff0000;
constexpr u64 kHigh = u64{0x80} << 32;

struct Rig {
    u64 read(u32 where, u32 offset, unsigned size) { return host.ecam().read(where << 12 | offset, size); }
    void write(u32 where, u32 offset, unsigned size, u64 value) {
        host.ecam().write(where << 12 | offset, size, value);
    }
    void map(u32 where) {
        write(where, reg::kBar0, 4, kMemory + 0x4000);
        write(where, reg::kBar0 + 4, 4, 0x1000);
        write(where, reg::kBar0 + 8, 4, 0);
        write(where, reg::kBar0 + 12, 4, kHigh >> 32);
        write(where, reg::kBar0 + 16, 4, kMemory + 0x8000);
        write(where, reg::kCommand, 2, reg::command::kIo | reg::command::kMemory | reg::command::kBusMaster);
    }
    u64 load(u64 address, unsigned size = 4) { return host.window(1).read(address - kMemory, size); }
    void store(u64 address, u64 value) { host.window(1).write(address - kMemory, 4, value); }

    std::array<Line, 4> lines;
    Messages messages;
    HostBridge host{
        {{{kPorts}, 0x10000, 0, true}, {{kMemory}, 0x2eff0000, kMemory, false}, {{kHigh}, u64{1} << 39, kHigh, false}},
        {wire_to<&Line::set>(lines[0]), wire_to<&Line::set>(lines[1]), wire_to<&Line::set>(lines[2]),
         wire_to<&Line::set>(lines[3])},
        &messages};
};

constexpr u32 kSlot1 = 1 << 3;

TEST(HostBridge, NothingReadsAsOnes) {
    Rig rig;
    EXPECT_EQ(rig.read(0, 0, 4), 0x00081b36U);
    EXPECT_EQ(rig.read(kSlot1, 0, 4), 0xffffffffU);
    EXPECT_EQ(rig.read(kSlot1, 0, 2), 0xffffU);
    EXPECT_EQ(rig.read(0x7 << 8, 0, 8), ~u64{0});
    EXPECT_EQ(rig.load(kMemory), 0xffffffffU);
    rig.write(kSlot1, 4, 2, 7);
    rig.store(kMemory, 1);
}

TEST(HostBridge, AFunctionsHeader) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.host.root().attach(card, false));
    EXPECT_EQ(rig.host.root().place_of(card), "addr 01.0");
    EXPECT_EQ(rig.read(kSlot1, 0, 4), 0x56781234U);
    EXPECT_EQ(rig.read(kSlot1, 8, 4), 0x02030403U);
    EXPECT_EQ(rig.read(kSlot1, 0x2c, 4), 0x22221111U);
    EXPECT_EQ(rig.read(kSlot1, 0x3d, 1), 1U);
    rig.write(kSlot1, 0, 4, 0);
    EXPECT_EQ(rig.read(kSlot1, 0, 4), 0x56781234U);
    // Sizes: 6.2.5.1.
    for (u32 bar = 0; bar < 6; ++bar) {
        rig.write(kSlot1, reg::kBar0 + 4 * bar, 4, 0xffffffff);
    }
    EXPECT_EQ(rig.read(kSlot1, reg::kBar0, 4), 0xffffe000U);
    EXPECT_EQ(rig.read(kSlot1, reg::kBar0 + 4, 4), 0xffffffe1U);
    EXPECT_EQ(rig.read(kSlot1, reg::kBar0 + 8, 4), 0x0000000cU);
    EXPECT_EQ(rig.read(kSlot1, reg::kBar0 + 12, 4), 0xfffffffeU);
    EXPECT_EQ(rig.read(kSlot1, reg::kBar0 + 16, 4), 0xfffff000U);
    EXPECT_EQ(rig.read(kSlot1, reg::kBar0 + 20, 4), 0U);
    // The list of capabilities ends, and has both.
    unsigned found = 0;
    u32 at = static_cast<u32>(rig.read(kSlot1, reg::kCapabilities, 1));
    for (int steps = 0; at != 0 && steps < 10; ++steps) {
        const u64 id = rig.read(kSlot1, at, 1);
        found |= id == reg::capability::kMsix ? 1U : id == reg::capability::kExpress ? 2U : 0U;
        at = static_cast<u32>(rig.read(kSlot1, at + 1, 1));
    }
    EXPECT_EQ(at, 0U);
    EXPECT_EQ(found, 3U);
    rig.host.root().detach(card);
    EXPECT_EQ(rig.read(kSlot1, 0, 4), 0xffffffffU);
}

TEST(HostBridge, RangesAreWhereTheGuestPutsThem) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.host.root().attach(card, false));
    rig.map(kSlot1);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0x1000U);
    EXPECT_EQ(rig.load(kMemory + 0x5ffc), 0x2ffcU);
    EXPECT_EQ(rig.load(kMemory + 0x5ffe), 0xffffffffU);  // across the end
    EXPECT_EQ(rig.load(kMemory + 0x3ffc), 0xffffffffU);
    EXPECT_EQ(rig.host.window(0).read(0x1004, 2), 0x1004U);
    EXPECT_EQ(rig.host.window(2).read(u64{1} << 32, 8), 0x1000 + (u64{1} << 32));
    rig.store(kMemory + 0x4008, 5);
    EXPECT_EQ(card.low.last, u64{8} << 32 | 5);
    rig.write(kSlot1, reg::kBar0, 4, kMemory + 0x100000);
    EXPECT_EQ(rig.load(kMemory + 0x4000), 0xffffffffU);
    EXPECT_EQ(rig.load(kMemory + 0x100000), 0x1000U);
    rig.write(kSlot1, reg::kBar0, 4, 0x40000000);  // RAM, beyond the window
    EXPECT_EQ(rig.load(kMemory + 0x100000), 0xffffffffU);
    rig.write(kSlot1, reg::kCommand, 2, reg::command::kIo);
    EXPECT_EQ(rig.load(kMemory + 0x8000), 0xffffffffU);
    EXPECT_EQ(rig.host.window(0).read(0x1000, 1), 0x1000U);
    rig.host.root().detach(card);
    EXPECT_EQ(rig.host.window(0).read(0x1000, 1), 0xffU);
}

TEST(HostBridge, MessagesWaitWhileTheyAreMasked) {
    Rig rig;
    Card card;
    ASSERT_TRUE(rig.host.root().attach(card, false));
    rig.map(kSlot1);
    const u64 table = kMemory + 0x8000;
    rig.store(table + 16, 0x08020040);
    rig.store(table + 24, 77);
    card.raise(1);  // MSI-X is off
    u32 at = static_cast<u32>(rig.read(kSlot1, reg::kCapabilities, 1));
    rig.write(kSlot1, at + 2, 2, 0x8000);
    EXPECT_EQ(rig.read(kSlot1, at + 2, 2), 0x8002U);
    card.raise(1);
    card.raise(9);
    EXPECT_TRUE(rig.messages.seen.empty());
    EXPECT_EQ(rig.load(table + 0x800), 2U);
    rig.store(table + 28, 0);
    ASSERT_EQ(rig.messages.seen.size(), 1U);
    EXPECT_EQ(rig.messages.seen[0].address, 0x08020040U);
    EXPECT_EQ(rig.messages.seen[0].data, 77U);
    EXPECT_EQ(rig.messages.seen[0].requester, kSlot1);
    EXPECT_EQ(rig.load(table + 0x800), 0U);
    rig.write(kSlot1, at + 2, 2, 0xc000);
    card.raise(1);
    EXPECT_EQ(rig.messages.seen.size(), 1U);
    rig.write(kSlot1, at + 2, 2, 0x8000);
    EXPECT_EQ(rig.messages.seen.size(), 2U);
    rig.write(kSlot1, reg::kCommand, 2, reg::command::kMemory);  // no bus master
    card.raise(1);
    EXPECT_EQ(rig.messages.seen.size(), 2U);
    card.reset();
    EXPECT_EQ(rig.read(kSlot1, at + 2, 2), 2U);
    rig.host.root().detach(card);
}

TEST(HostBridge, PinsTurnWithTheDevicesNumber) {
    Rig rig;
    Card first({.addr = Devfn{1 << 3}});
    Card fifth({.addr = Devfn{5 << 3}});
    ASSERT_TRUE(rig.host.root().attach(first, false));
    ASSERT_TRUE(rig.host.root().attach(fifth, false));
    first.set_intx(true);
    fifth.set_intx(true);
    EXPECT_TRUE(rig.lines[1].level);
    EXPECT_NE(rig.read(kSlot1, reg::kStatus, 2) & reg::status::kInterrupt, 0U);
    first.set_intx(false);
    EXPECT_TRUE(rig.lines[1].level);
    rig.write(5 << 3, reg::kCommand, 2, reg::command::kInterruptDisable);
    EXPECT_FALSE(rig.lines[1].level);
    rig.write(5 << 3, reg::kCommand, 2, 0);
    EXPECT_TRUE(rig.lines[1].level);
    rig.host.root().detach(fifth);
    EXPECT_FALSE(rig.lines[1].level);
    rig.host.root().detach(first);
}

TEST(HostBridge, PlacesThatAreTaken) {
    Rig rig;
    Card one({.addr = Devfn{2 << 3}});
    Card same({.addr = Devfn{2 << 3}});
    Card second({.addr = Devfn{2 << 3 | 1}});
    ASSERT_TRUE(rig.host.root().attach(one, false));
    const auto taken = rig.host.root().attach(same, false);
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().message().find("addr=02.0 of bus 'pcie.0' is taken"), std::string::npos);
    EXPECT_FALSE(rig.host.root().attach(second, false));
    EXPECT_FALSE(rig.host.root().attach(same, true));
    rig.host.root().detach(one);
}

TEST(Devfn, IsReadAsQemuWritesIt) {
    const auto read = [](const state::Json& json) {
        Devfn devfn;
        return read_value(json, devfn) ? std::optional(devfn.value) : std::nullopt;
    };
    EXPECT_EQ(read("5"), 5 << 3);
    EXPECT_EQ(read("0x1f.0x7"), 0xff);
    EXPECT_EQ(read("a.1"), 10 << 3 | 1);
    EXPECT_EQ(read(17), 17);
    EXPECT_FALSE(read("20"));
    EXPECT_FALSE(read("1.8"));
    EXPECT_FALSE(read(""));
    EXPECT_FALSE(read("1."));
    EXPECT_FALSE(read(256));
}

TEST(HostBridge, AnyAccessesFromManyThreads) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    Rig rig;
    Card stays;
    ASSERT_TRUE(rig.host.root().attach(stays, false));
    std::atomic<bool> stop = false;
    std::vector<std::jthread> guests;
    for (unsigned guest = 0; guest < 3; ++guest) {
        guests.emplace_back([&, guest] {
            std::mt19937_64 random(seed + guest);
            while (!stop) {
                const u32 where = random() % 4 << 3;
                const unsigned size = 1U << random() % 4;
                const u32 offset = static_cast<u32>(random() % 0x200 / size * size);
                const u64 values[] = {random(), kMemory + random() % 0x10000, 7, 0x8000};
                rig.write(where, offset, size, values[random() % 4]);
                rig.read(where, offset, size);
                const u64 address = random() % 0x10000;
                rig.host.window(random() % 2).write(address, size, random());
                rig.host.window(random() % 2).read(address, size);
                stays.raise(static_cast<u16>(random() % 4));
                stays.set_intx(random() % 2 == 0);
            }
        });
    }
    for (int i = 0; i < 300; ++i) {
        Card comes;
        ASSERT_TRUE(rig.host.root().attach(comes, false));
        rig.map(2 << 3);
        rig.host.root().detach(comes);
    }
    stop = true;
    guests.clear();
    rig.host.root().detach(stays);
}

struct MemoryCard final : Function {
    MemoryCard() : Function({}, {.vendor = 0x1234, .device = 0x1111, .class_code = 0x030000}) {
        block = std::move(*memory::RamBlock::allocate(0x10000));
        add_memory_bar(0, Bar::Kind::memory32_prefetchable, block);
    }
    memory::RamBlock block;
};

/// A root bus on an address map whose configuration space the guest may move into the window at kMemory.
struct BoardRig {
    struct MovableFunction final : HostFunction {
        MovableFunction() : HostFunction({.vendor = 0x8086, .device = 0x29c0, .class_code = 0x060000}) {
            space().define<u32>(0x60, 0, ~u32{0});
        }
        std::optional<Gpa> ecam_base() const override {
            const u32 base = config().get<u32>(0x60);
            return base != 0 ? std::optional(Gpa{base}) : std::nullopt;
        }
        bool config_written(u32, unsigned) override { return true; }
    };

    BoardRig() {
        HostBridge::Board board;
        board.windows = {{{kMemory}, 0x20000000, kMemory, false}};
        for (Line& line : lines) {
            board.interrupts.push_back(wire_to<&Line::set>(line));
        }
        board.wire_of = [](unsigned device, unsigned pin) { return device >= 25 ? pin : 4 + (device + pin) % 4; };
        board.memory = &map;
        board.function = std::make_unique<MovableFunction>();
        host = std::make_unique<HostBridge>(std::move(board));
        EXPECT_TRUE(map.add_mmio({kMemory}, 0x20000000, host->window(0), "window", memory::Locking::handler));
    }
    void write(u32 where, u32 offset, u32 value) { host->ecam().write(where << 12 | offset, 4, value); }

    memory::AddressMap map;
    std::array<Line, 8> lines;
    std::unique_ptr<HostBridge> host;
};

TEST(HostBridge, MemoryOfAFunctionIsTheGuestsWhileItIsMapped) {
    BoardRig rig;
    MemoryCard card;
    ASSERT_TRUE(rig.host->root().attach(card, false));
    EXPECT_EQ(rig.host->ecam().read(kSlot1 << 12 | reg::kBar0, 4), 8U);
    rig.write(kSlot1, reg::kBar0, kMemory + 0x100000);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x100000}).host, nullptr);
    rig.write(kSlot1, reg::kCommand, reg::command::kMemory);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x101000}).host, card.block.data() + 0x1000);
    EXPECT_TRUE(rig.map.write({kMemory + 0x100004}, 4, 0x12345678));
    EXPECT_EQ(card.block.data()[7], 0x12);
    rig.write(kSlot1, reg::kBar0, kMemory + 0x200000);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x100000}).host, nullptr);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x200000}).host, card.block.data());
    rig.host->root().detach(card);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x200000}).host, nullptr);
}

TEST(HostBridge, AnOptionRomIsReadWhileItIsOn) {
    BoardRig rig;
    Card card;
    const std::array<u8, 3> content = {0x55, 0xaa, 1};
    ASSERT_TRUE(card.set_rom(content));
    ASSERT_TRUE(rig.host->root().attach(card, false));
    rig.write(kSlot1, reg::kRom, ~0U);
    EXPECT_EQ(rig.host->ecam().read(kSlot1 << 12 | reg::kRom, 4), 0xfffff001U);
    rig.write(kSlot1, reg::kRom, kMemory + 0x30000);
    rig.write(kSlot1, reg::kCommand, reg::command::kMemory);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x30000}).host, nullptr);
    rig.write(kSlot1, reg::kRom, (kMemory + 0x30000) | 1);
    u64 value = 0;
    EXPECT_TRUE(rig.map.read({kMemory + 0x30000}, 4, value));
    EXPECT_EQ(value, 0x1aa55U);
    EXPECT_TRUE(rig.map.write({kMemory + 0x30000}, 4, 0));
    EXPECT_TRUE(rig.map.read({kMemory + 0x30000}, 4, value));
    EXPECT_EQ(value, 0x1aa55U);
    rig.host->root().detach(card);
    EXPECT_EQ(rig.map.find_page({kMemory + 0x30000}).host, nullptr);
}

TEST(HostBridge, ConfigurationSpaceIsWhereTheGuestPutsIt) {
    BoardRig rig;
    u64 value = 0;
    EXPECT_TRUE(rig.map.read({kMemory + 0x10000000}, 4, value));
    EXPECT_EQ(value, 0xffffffffU);
    rig.write(0, 0x60, kMemory + 0x10000000);
    EXPECT_TRUE(rig.map.read({kMemory + 0x10000000}, 4, value));
    EXPECT_EQ(value, 0x29c08086U);
    EXPECT_TRUE(rig.map.write({kMemory + 0x10000060}, 4, 0));
    EXPECT_TRUE(rig.map.read({kMemory + 0x10000000}, 4, value));
    EXPECT_EQ(value, 0xffffffffU);
}

TEST(HostBridge, TheBoardSaysWherePinsEnd) {
    BoardRig rig;
    FunctionOptions options;
    options.addr = Devfn{0x1d << 3};
    Card late(options);
    Card early;
    ASSERT_TRUE(rig.host->root().attach(late, false));
    ASSERT_TRUE(rig.host->root().attach(early, false));
    late.set_intx(true);
    EXPECT_TRUE(rig.lines[0].level);
    early.set_intx(true);
    EXPECT_TRUE(rig.lines[5].level);
    early.set_intx(false);
    EXPECT_FALSE(rig.lines[5].level);
    EXPECT_TRUE(rig.lines[0].level);
}

}  // namespace
}  // namespace kelvin::bus::pci
