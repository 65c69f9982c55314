// SPDX-License-Identifier: Apache-2.0
#include "machine/pc.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <fstream>
#include <map>

#include "base/loop_thread.h"
#include "base/timer_service.h"
#include "firmware/little_endian.h"
#include "firmware/test_iasl.h"
#include "machine/pc_acpi.h"

namespace kelvin::machine {
namespace {

struct Line : backend::CharacterBackend {
    std::string sent;
    void write(std::span<const u8> bytes) override { sent.append(bytes.begin(), bytes.end()); }
    void set_receiver(backend::CharacterReceiver*) override {}
    void accept_input() override {}
};

struct Power final : PowerSwitch {
    unsigned offs = 0;
    unsigned resets = 0;
    void switch_off() override { ++offs; }
    void reset_machine() override { ++resets; }
};

class PcTest : public ::testing::TestWithParam<pc::Chipset> {
  protected:
    struct Pin {
        bool level = false;
        void set(bool now) { level = now; }
    };

    void SetUp() override {
        for (Pin& pin : pins) {
            wires.push_back(wire_to<&Pin::set>(pin));
        }
    }
    static PcConfig some_config(u64 ram_size) {
        PcConfig config;
        config.chipset = GetParam();
        config.ram_size = ram_size;
        return config;
    }
    void make(u64 ram_size, std::size_t firmware_size = 256 << 10) {
        PcConfig config = some_config(ram_size);
        config.cpus = 2;
        config.firmware.assign(firmware_size, 0xf4);
        auto made = Pc::create(config, {line, *timers, io.loop, input, power, wires, nullptr});
        ASSERT_TRUE(made) << made.error().message();
        board = std::move(*made);
    }
    bool is_q35() const { return GetParam() == pc::Chipset::q35; }
    u64 load(u64 address, unsigned size = 1) {
        u64 value = ~u64{0};
        board->memory().read(Gpa{address}, size, value);
        return value;
    }
    u32 config_address(unsigned device, unsigned function, u32 offset) {
        return 0x80000000U | device << 11 | function << 8 | (offset & 0xfc);
    }
    u32 read_config(unsigned device, unsigned function, u32 offset) {
        board->ports().write(0xcf8, 4, config_address(device, function, offset));
        return board->ports().read(0xcfc, 4);
    }
    void write_config(unsigned device, unsigned function, u32 offset, unsigned size, u32 value) {
        board->ports().write(0xcf8, 4, config_address(device, function, offset));
        board->ports().write(static_cast<u16>(0xcfc + offset % 4), size, value);
    }
    /// As firmware does it.
    void place_power() {
        if (is_q35()) {
            write_config(0x1f, 0, 0x40, 4, 0x601);
            write_config(0x1f, 0, 0x44, 1, 0x80);
        } else {
            write_config(1, 3, 0x40, 4, 0x601);
            write_config(1, 3, 0x80, 1, 1);
        }
    }

    LoopThread io;
    backend::Input input{io.loop};
    Line line;
    Power power;
    std::unique_ptr<HostTimerService> timers = std::move(*HostTimerService::create());
    std::array<Pin, pc::kInterrupts> pins{};
    std::vector<Wire> wires;
    std::unique_ptr<Pc> board;
};

INSTANTIATE_TEST_SUITE_P(Chipsets, PcTest, ::testing::Values(pc::Chipset::q35, pc::Chipset::i440fx),
                         [](const auto& each) { return each.param == pc::Chipset::q35 ? "q35" : "i440fx"; });

TEST_P(PcTest, FirmwareIsAtTheEndOf4GiBAndBelow1MiB) {
    make(64 << 20);
    EXPECT_EQ(load(0xfffffff0), 0xf4U);
    EXPECT_EQ(load(0xfffc0000), 0xf4U);
    EXPECT_EQ(load(0xffff0), 0xf4U);
    EXPECT_EQ(load(0xe0000), 0xf4U);
    EXPECT_EQ(board->load()->pc, 0xfffffff0U);
    EXPECT_EQ(read_config(0, 0, 0), is_q35() ? 0x29c08086U : 0x12378086U);
    EXPECT_EQ(read_config(is_q35() ? 0x1f : 1, 0, 0), is_q35() ? 0x29188086U : 0x70008086U);
}

TEST_P(PcTest, MuchMemoryContinuesAbove4GiB) {
    make(u64{5} << 30);
    const u64 low = is_q35() ? u64{2} << 30 : u64{3} << 30;
    EXPECT_TRUE(board->memory().write(Gpa{low - 8}, 8, 1));
    EXPECT_EQ(load(low, 4), 0xffffffffU) << "PCI's, where nothing is";
    const u64 high = (u64{5} << 30) - low;
    EXPECT_TRUE(board->memory().write(Gpa{(u64{4} << 30) + high - 8}, 8, 1));
    board->ports().write(0x70, 1, 0x5d);
    EXPECT_EQ(board->ports().read(0x71, 1), high >> 32);
}

TEST_P(PcTest, SwitchesOffAndResets) {
    make(64 << 20);
    board->ports().write(0x604, 2, 0x2000);
    EXPECT_EQ(power.offs, 0U) << "power management is not placed yet";
    place_power();
    board->ports().write(0x604, 2, 0x2000);
    EXPECT_EQ(power.offs, 1U);
    board->ports().write(0xcf9, 1, 0x06);
    EXPECT_EQ(power.resets, 1U);
    board->ports().write(0x92, 1, 0x01);
    EXPECT_EQ(power.resets, 2U);
    board->reset();
    board->ports().write(0x604, 2, 0x2000);
    EXPECT_EQ(power.offs, 1U);
}

TEST_P(PcTest, ThePowerKeyInterrupts) {
    make(64 << 20);
    place_power();
    board->ports().write(0xb2, 1, 2);       // ACPI mode
    board->ports().write(0x602, 2, 0x100);  // the power button's event
    EXPECT_FALSE(pins[9].level);
    board->press_power_key();
    EXPECT_TRUE(pins[9].level);
    board->ports().write(0x600, 2, 0x100);
    EXPECT_FALSE(pins[9].level);
}

TEST_P(PcTest, HasADiskControllerWhereFirmwareLooks) {
    make(64 << 20);
    EXPECT_EQ(board->buses().size(), is_q35() ? 8U : 4U);
    EXPECT_EQ(board->buses()[1]->name(), "ide.0");
    const u32 identity = is_q35() ? read_config(0x1f, 2, 0) : read_config(1, 1, 0);
    EXPECT_EQ(identity, is_q35() ? 0x29228086U : 0x70108086U);
    if (!is_q35()) {
        EXPECT_NE(board->ports().read(0x1f7, 1), 0xffU) << "no drive, but somebody who says so";
    }
    const std::string path = board->firmware_path(*board->buses()[1]);
    EXPECT_EQ(path, is_q35() ? "/pci@i0cf8/pci8086,2922@1f,2" : "/pci@i0cf8/ide@1,1");
}

TEST_P(PcTest, KeysComeToTheKeyboard) {
    make(64 << 20);
    input.key(30, true);
    io.loop.call([] {});
    EXPECT_TRUE(pins[1].level);
    EXPECT_EQ(board->ports().read(0x60, 1), 0x1cU) << "A, as set 2 has it";
    EXPECT_FALSE(pins[1].level);
    board->ports().write(0x64, 1, 0xfe);
    EXPECT_EQ(power.resets, 1U);
}

TEST_P(PcTest, FirmwareIsToldOfMemoryAndTables) {
    make(64 << 20);
    board->ports().write(0x510, 2, 0);
    std::string signature;
    for (int index = 0; index < 4; ++index) {
        signature.push_back(static_cast<char>(board->ports().read(0x511, 1)));
    }
    EXPECT_EQ(signature, "QEMU");
    EXPECT_EQ(board->ports().read(0x514, 4), __builtin_bswap32(0x51454d55));
    board->ports().write(0x510, 2, 5);
    EXPECT_EQ(board->ports().read(0x511, 1), 2U);
}

TEST_P(PcTest, FirmwareOfAnOddSizeIsRefused) {
    PcConfig config = some_config(64 << 20);
    config.firmware.assign(1000, 0);
    const auto made = Pc::create(config, {line, *timers, io.loop, input, power, wires, nullptr});
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message().find("multiple of 64 KiB"), std::string::npos) << made.error().message();
}

TEST_P(PcTest, TablesAreAsTheReferenceCompilerWantsThem) {
    if (!firmware::Iasl::is_there()) {
        GTEST_SKIP() << "iasl is not installed: apt-get install acpica-tools";
    }
    constexpr u64 kTables = 0x7000000;
    firmware::AcpiFiles::Content content = pc::build_acpi(
        {.chipset = GetParam(), .cpus = 2, .low_ram = 0x8000000, .high_ram = 0, .events_at = 0x20, .event_bytes = 16});
    firmware::AcpiFiles::place(content, 0x9fc00, kTables);
    u8 sum = 0;
    for (const u8 byte : content.root) {
        sum = static_cast<u8>(sum + byte);
    }
    EXPECT_EQ(sum, 0);
    const std::span<const u8> bytes(content.tables);
    const auto table_at = [&](u64 address) {
        const std::span<const u8> rest = bytes.subspan(address - kTables);
        return rest.first(firmware::load_le<u32>(rest, 4));
    };
    const auto check = [](std::span<const u8> table) {
        firmware::Iasl iasl;
        std::string remarks;
        const std::string text = iasl.disassemble({table.begin(), table.end()}, remarks);
        for (const char* bad : {"ncorrect checksum", "nvalid", "Unknown", "Error", "Warning"}) {
            EXPECT_EQ((text + remarks).find(bad), std::string::npos) << text << remarks;
        }
        return text;
    };
    const std::span<const u8> list = table_at(firmware::load_le<u64>(std::span(content.root), 24));
    for (std::size_t at = 36; at < list.size(); at += 8) {
        const std::span<const u8> table = table_at(firmware::load_le<u64>(list, at));
        check(table);
        if (std::memcmp(table.data(), "FACP", 4) == 0) {
            const std::string text = check(table_at(firmware::load_le<u64>(table, 140)));
            EXPECT_NE(text.find("_PRT"), std::string::npos);
            const std::span<const u8> shared = table_at(firmware::load_le<u32>(table, 36));
            EXPECT_EQ(std::memcmp(shared.data(), "FACS", 4), 0);
        }
    }
}

}  // namespace
}  // namespace kelvin::machine
