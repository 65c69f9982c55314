// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "device/isa_devices/isa_debug_console.h"
#include "device/isa_devices/isa_parallel.h"
#include "device/isa_devices/isa_serial.h"

namespace kelvin::device {
namespace {

struct Line final : backend::CharacterBackend {
    void write(std::span<const u8> bytes) override { text.append(bytes.begin(), bytes.end()); }
    void set_receiver(backend::CharacterReceiver* given) override { receiver = given; }
    void accept_input() override {}
    std::string text;
    backend::CharacterReceiver* receiver = nullptr;
};

struct Input {
    int rises = 0;
    bool level = false;
    void set(bool high) {
        rises += high && !level ? 1 : 0;
        level = high;
    }
};

struct IsaTest : testing::Test {
    IsaTest() {
        std::array<Wire, bus::isa::kInterrupts> wires;
        for (unsigned number = 0; number < wires.size(); ++number) {
            wires[number] = wire_to<&Input::set>(inputs[number]);
        }
        bus = std::make_unique<bus::isa::IsaBus>("isa.0", ports, wires);
        bus->reserve(4, "serial0");
    }
    std::string refusal(bus::Device& device, bool hot = false) const {
        const Result<> outcome = bus->attach(device, hot);
        return outcome ? "" : outcome.error().message();
    }
    std::array<Input, bus::isa::kInterrupts> inputs;
    memory::PortMap ports;
    std::unique_ptr<bus::isa::IsaBus> bus;
    Line line;
};

TEST_F(IsaTest, ASerialPort) {
    IsaSerial serial(0x2f8, 3, &line);
    ASSERT_TRUE(bus->attach(serial, false));
    EXPECT_EQ(bus->place_of(serial), "iobase 0x2f8");
    ports.write(0x2f8, 1, 'x');
    EXPECT_EQ(line.text, "x");
    ports.write(0x2f9, 1, 1);  // received data interrupt
    const u8 byte = 'y';
    line.receiver->receive({&byte, 1});
    EXPECT_TRUE(inputs[3].level);
    bus->detach(serial);
    EXPECT_FALSE(inputs[3].level);
    EXPECT_EQ(ports.read(0x2f8, 1), 0xffU);
    ASSERT_TRUE(bus->attach(serial, false));
    EXPECT_TRUE(inputs[3].level);
    EXPECT_EQ(ports.read(0x2f8, 1), 'y');
    EXPECT_FALSE(inputs[3].level);
    bus->detach(serial);
}

TEST_F(IsaTest, WhatTwoWantIsRefusedWithBothNames) {
    IsaSerial serial(0x2f8, 4, nullptr);
    EXPECT_NE(refusal(serial).find("isa-serial: interrupt 4 is serial0's"), std::string::npos);
    IsaSerial good(0x2f8, 3, nullptr);
    ASSERT_TRUE(bus->attach(good, false));
    IsaParallel parallel(0x2fa, 7, nullptr);
    EXPECT_NE(refusal(parallel).find("isa-parallel at 0x02fa-0x02fc overlaps isa-serial"), std::string::npos);
    IsaParallel same(0x378, 3, nullptr);
    EXPECT_NE(refusal(same).find("interrupt 3 is isa-serial's"), std::string::npos);
    IsaParallel none(0x378, 16, nullptr);
    EXPECT_NE(refusal(none).find("there is no interrupt 16"), std::string::npos);
    IsaParallel late(0x378, 7, nullptr);
    EXPECT_NE(refusal(late, true).find("from the beginning"), std::string::npos);
    bus->detach(good);
    ASSERT_TRUE(bus->attach(same, false));
    bus->detach(same);
}

TEST_F(IsaTest, APrinterTakesWhatIsStrobed) {
    IsaParallel printer(0x378, 7, &line);
    ASSERT_TRUE(bus->attach(printer, false));
    EXPECT_EQ(ports.read(0x379, 1), 0xdfU);
    ports.write(0x378, 1, 'A');
    ports.write(0x37a, 1, 0x0d);
    ports.write(0x37a, 1, 0x0d);  // still on
    ports.write(0x37a, 1, 0x0c);
    EXPECT_EQ(line.text, "A");
    EXPECT_EQ(inputs[7].rises, 0);
    ports.write(0x37a, 1, 0x1d);
    EXPECT_EQ(line.text, "AA");
    EXPECT_EQ(inputs[7].rises, 1);
    EXPECT_EQ(ports.read(0x378, 1), 'A');
    EXPECT_EQ(ports.read(0x37a, 1), 0xddU);
    const state::Json saved = *printer.savable()->save();
    printer.reset();
    EXPECT_EQ(ports.read(0x37a, 1), 0xc0U);
    ASSERT_TRUE(printer.savable()->load(saved));
    EXPECT_EQ(ports.read(0x37a, 1), 0xddU);
    state::Json bad = saved;
    bad["control"] = 0xff;
    EXPECT_FALSE(printer.savable()->load(bad));
    bus->detach(printer);
    IsaParallel nobody(0x378, 7, nullptr);
    ASSERT_TRUE(bus->attach(nobody, false));
    EXPECT_EQ(ports.read(0x379, 1), 0xe7U);
    bus->detach(nobody);
}

TEST_F(IsaTest, TheDebugPort) {
    IsaDebugConsole console(0xe9, 0xe9, &line);
    ASSERT_TRUE(bus->attach(console, false));
    EXPECT_EQ(ports.read(0xe9, 1), 0xe9U);
    for (const char c : std::string("SeaBIOS")) {
        ports.write(0xe9, 1, static_cast<u8>(c));
    }
    EXPECT_EQ(line.text, "SeaBIOS");
    bus->detach(console);
}

}  // namespace
}  // namespace kelvin::device
