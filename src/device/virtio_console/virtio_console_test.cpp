// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_console/virtio_console.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "device/virtio_console/test_rig.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestDriver;
using Piece = TestDriver::Piece;
using Kind = SerialPort::Kind;
using namespace serial_test;

TEST(VirtioConsole, ADriverWithoutPortsHasAConsole) {
    Line line(false);
    Rig rig;
    rig.add(Kind::console, &line);
    rig.start(0);
    rig.write(1, "boot\n");
    ASSERT_TRUE(rig.driver->wait_used(1));
    EXPECT_EQ(line.written(), "boot\n");
    line.type("ls\n");
    EXPECT_EQ(rig.read(0, 100), "ls\n");
}

TEST(VirtioConsole, TellsOfPortsByTheirNames) {
    Line console(true);
    Line agent(true);
    Rig rig;
    rig.add(Kind::console, &console);
    rig.add(Kind::serial, &agent, {.chardev = "", .name = "org.agent", .nr = 5}, "agent");
    rig.start();
    EXPECT_TRUE(rig.silent());
    rig.say(0, device_ready, 1);
    EXPECT_EQ(rig.hear(), (Message{0, port_add, 1}));
    EXPECT_EQ(rig.hear(), (Message{5, port_add, 1}));
    rig.say(0, port_ready, 1);
    EXPECT_EQ(rig.hear(), (Message{0, console_port, 1}));
    EXPECT_EQ(rig.hear(), (Message{0, port_open, 1}));
    rig.say(5, port_ready, 1);
    EXPECT_EQ(rig.hear(), (Message{5, port_name, 1, "org.agent"}));
    agent.receiver->connected();
    EXPECT_EQ(rig.hear(), (Message{5, port_open, 1}));
    rig.say(5, port_open, 1);
    rig.say(5, port_open, 1);
    EXPECT_EQ(rig.events.take(), std::vector<std::string>{"VSERPORT_CHANGE agent+"});
    EXPECT_TRUE(agent.front_open());
    rig.say(5, port_open, 0);
    EXPECT_EQ(rig.events.take(), std::vector<std::string>{"VSERPORT_CHANGE agent-"});
    EXPECT_FALSE(agent.front_open());
}

TEST(VirtioConsole, InputWaitsForTheGuest) {
    Line line(true);
    Rig rig;
    rig.add(Kind::serial, &line);
    rig.start();
    line.receiver->connected();
    rig.open(1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    EXPECT_EQ(line.receiver->space(), 0U);
    const int asked = line.asked;
    rig.say(1, port_open, 1);
    EXPECT_GT(line.asked, asked);
    const std::size_t space = line.receiver->space();
    line.type(std::string(space, 'x'));
    EXPECT_EQ(line.receiver->space(), 0U);
    EXPECT_EQ(rig.read(4, 10), "xxxxxxxxxx");
    EXPECT_EQ(line.receiver->space(), 10U);
    EXPECT_GT(line.asked, asked + 1);
}

TEST(VirtioConsole, WhoGoesIsSeenToGoBehindWhatTheyHaveSent) {
    Line line(true);
    Rig rig;
    rig.add(Kind::serial, &line);
    rig.start();
    line.receiver->connected();
    rig.open(1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    rig.say(1, port_open, 1);
    line.type("last words");
    line.receiver->disconnected();
    line.receiver->connected();
    EXPECT_EQ(line.receiver->space(), 0U) << "the next peer's must not be mixed with the last one's";
    EXPECT_EQ(rig.read(4, 5), "last ");
    EXPECT_EQ(line.receiver->space(), 0U);
    EXPECT_EQ(rig.read(4, 100), "words");
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 0}));
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    EXPECT_GT(line.receiver->space(), 0U);
}

TEST(VirtioConsole, OutputWaitsForTheHost) {
    Line line(false);
    Rig rig;
    rig.add(Kind::serial, &line);
    rig.start();
    rig.open(1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    line.room = 3;
    rig.write(5, "abcdef");
    rig.write(5, "ghi");
    EXPECT_EQ(line.written(), "abc");
    EXPECT_EQ(rig.machine.load<u16>(rig.driver->place(5).device.value + 2), 0) << "not to be given back yet";
    line.give_room(100);
    ASSERT_TRUE(rig.driver->wait_used(5));
    ASSERT_TRUE(rig.driver->wait_used(5));
    EXPECT_EQ(line.written(), "abcdefghi");
}

TEST(VirtioConsole, AConsoleIsNotHeldUpForLong) {
    Line line(false);
    Rig rig;
    rig.add(Kind::console, &line);
    rig.start(0);
    line.room = 2;
    rig.write(1, "panic: ");
    EXPECT_EQ(line.written(), "pa");
    ASSERT_TRUE(rig.driver->wait_used(1));
    EXPECT_EQ(line.written(), "panic: ");
    rig.write(1, "no init");
    EXPECT_EQ(line.written(), "panic: no init");
    line.give_room(1);
    rig.write(1, "!!");
    EXPECT_EQ(line.written(), "panic: no init!");
}

TEST(VirtioConsole, PortsComeAndGo) {
    Line line(false);
    Rig rig;
    rig.start();
    rig.say(0, device_ready, 1);
    SerialPort& port = rig.add(Kind::serial, &line);
    EXPECT_EQ(rig.bus().place_of(port), "port 1");
    EXPECT_EQ(rig.hear(), (Message{1, port_add, 1}));
    rig.say(1, port_ready, 1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    rig.say(1, port_open, 1);
    line.room = 0;
    rig.write(5, "never taken");
    Gone gone;
    ASSERT_TRUE(rig.bus().request_detach(port, gone));
    EXPECT_EQ(gone.released, &port);
    rig.events.take();
    rig.take_away(port);
    EXPECT_EQ(rig.hear(), (Message{1, port_remove, 1}));
    EXPECT_TRUE(rig.driver->wait_used(5)) << "a driver waits for its buffers";
    EXPECT_EQ(rig.events.take(), std::vector<std::string>{"VSERPORT_CHANGE p-"});
    EXPECT_EQ(line.receiver, nullptr);
    rig.write(5, "to nobody");
    EXPECT_TRUE(rig.driver->wait_used(5));
    rig.add(Kind::serial, nullptr);
    EXPECT_EQ(rig.hear(), (Message{1, port_add, 1}));
}

TEST(VirtioConsole, NumbersOfPorts) {
    Rig rig({.max_ports = 3, .ring = {}});
    const auto refused = [&](Kind kind, std::optional<u32> number) {
        std::string why;
        std::unique_ptr<SerialPort> port;
        rig.machine.thread.loop.call([&] {
            port = std::make_unique<SerialPort>(SerialPort::Options{"", "", number}, kind, "", rig.machine.thread.loop,
                                                rig.events, nullptr);
        });
        if (const auto attached = rig.bus().attach(*port, false); !attached) {
            why = attached.error().message();
        } else {
            rig.bus().detach(*port);
        }
        rig.machine.thread.loop.call([&] { port.reset(); });
        return why;
    };
    EXPECT_NE(refused(Kind::serial, 0).find("port 0 is for a virtconsole"), std::string::npos);
    EXPECT_NE(refused(Kind::serial, 3).find("has ports 0 to 2"), std::string::npos);
    rig.add(Kind::serial, nullptr);
    rig.add(Kind::serial, nullptr);
    EXPECT_NE(refused(Kind::serial, {}).find("has no port left"), std::string::npos);
    EXPECT_NE(refused(Kind::console, 1).find("is taken"), std::string::npos);
    EXPECT_EQ(refused(Kind::console, {}), "");
}

TEST(VirtioConsole, EmergencyWriteNeedsNoDriver) {
    Line line(false);
    Rig rig;
    rig.add(Kind::console, &line);
    const std::array<u8, 4> bytes{'!', 0, 0, 0};
    rig.device->write_config(8, bytes);
    rig.device->write_config(4, bytes);
    EXPECT_EQ(line.written(), "!");
}

TEST(VirtioConsole, AResetClosesPortsAndForgetsOutput) {
    Line line(false);
    Rig rig;
    rig.add(Kind::serial, &line);
    rig.start();
    rig.open(1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    rig.say(1, port_open, 1);
    line.room = 2;
    rig.write(5, "abcd");
    rig.events.take();
    rig.start();
    EXPECT_EQ(rig.events.take(), std::vector<std::string>{"VSERPORT_CHANGE p-"});
    line.give_room(100);
    rig.driver->settle();
    EXPECT_EQ(line.written(), "ab");
    EXPECT_EQ(line.receiver->space(), 0U);
    rig.open(1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
}

TEST(VirtioConsole, ADriverThatAsksAndDoesNotListenIsNotServed) {
    Rig rig({.max_ports = 511, .ring = {}});
    for (int i = 0; i < 30; ++i) {
        rig.add(Kind::serial, nullptr, {"", "name", {}}, "");
    }
    ASSERT_TRUE(rig.driver->start(kMultiport, 32));
    std::vector<u8> bytes(8);
    bytes[6] = 1;
    const Piece ready = rig.driver->readable(bytes);
    unsigned taken = 0;
    for (int i = 0; i < 100; ++i) {
        rig.driver->offer(kControlOut, {&ready, 1});
        rig.driver->notify(kControlOut);
        rig.driver->settle();
        const u16 used = rig.machine.load<u16>(rig.driver->place(kControlOut).device.value + 2);
        if (used == taken) {
            break;
        }
        taken = used;
    }
    EXPECT_LE(taken, 1024 / 30 + 1);
    EXPECT_GE(taken, 32U) << "the ring is the limit, or the messages";
}

TEST(VirtioConsole, BuffersThatNothingFitsInDoNotKeepOthersWaiting) {
    constexpr u16 kPlaces = 32;
    Line line(false);
    Rig rig;
    rig.add(Kind::serial, &line);
    ASSERT_TRUE(rig.driver->start(kMultiport, kPlaces));
    const Piece small = rig.driver->writable(7);
    const u16 id = rig.driver->offer(kControlIn, {&small, 1});
    const u64 available = rig.driver->place(kControlIn).driver.value;
    const u64 used = rig.driver->place(kControlIn).device.value;
    for (u64 place = 0; place < kPlaces; ++place) {
        rig.machine.store<u16>(available + 4 + 2 * place, id);
    }
    std::atomic<bool> told = false;
    std::atomic<bool> gave_up = false;
    std::thread processor([&] {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!told && !gave_up) {
            rig.machine.store<u16>(available + 2, static_cast<u16>(rig.machine.load<u16>(used + 2) + kPlaces - 1));
            gave_up = std::chrono::steady_clock::now() > end;
        }
    });
    rig.say(0, device_ready, 1);
    rig.driver->settle();
    told = true;
    processor.join();
    EXPECT_FALSE(gave_up) << "the loop has done nothing else";
    EXPECT_EQ(rig.device->fault(), "");
}

TEST(VirtioConsole, MessagesThatMakeNoSense) {
    Line line(false);
    Rig rig;
    rig.add(Kind::serial, &line);
    rig.start();
    rig.say(0, device_ready, 0);
    rig.say(7, port_ready, 1);
    rig.say(0xffffffff, port_open, 1);
    rig.say(1, port_remove, 1);
    rig.say(1, 77, 9);
    const Piece small = rig.driver->readable(std::vector<u8>(7));
    rig.driver->request(kControlOut, {&small, 1});
    const Piece wrong_way = rig.driver->writable(8);
    rig.driver->request(kControlOut, {&wrong_way, 1});
    rig.open(1);
    EXPECT_EQ(rig.hear(), (Message{1, port_open, 1}));
    EXPECT_EQ(rig.device->fault(), "");
}

TEST(VirtioConsole, RandomDialogues) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Line lines[] = {Line(false), Line(true), Line(true)};
    Rig rig({.max_ports = 4, .ring = {}});
    rig.add(Kind::console, &lines[0]);
    rig.add(Kind::serial, &lines[1]);
    for (int round = 0; round < 40; ++round) {
        ASSERT_TRUE(rig.driver->start(random() & kMultiport, 64));
        for (int step = 0; step < 50; ++step) {
            std::vector<u8> bytes(random() % 12);
            for (u8& byte : bytes) {
                byte = static_cast<u8>(random() % 8);
            }
            const Piece pieces[] = {rig.driver->readable(bytes), rig.driver->writable(static_cast<u32>(random() % 64))};
            const u16 queue = static_cast<u16>(random() % rig.device->queue_count());
            const std::size_t first = random() % 2;
            rig.driver->offer(queue, std::span(pieces).subspan(first, first == 0 ? 1 + random() % 2 : 1));
            rig.driver->notify(queue);
            backend::CharacterReceiver* const receiver = lines[random() % 2].receiver;
            switch (random() % 8) {
                case 0:
                    receiver->connected();
                    break;
                case 1:
                    receiver->disconnected();
                    break;
                case 2:
                    receiver->receive(std::vector<u8>(std::min<std::size_t>(receiver->space(), random() % 5000)));
                    break;
                case 3:
                    lines[random() % 2].give_room(random() % 3000);
                    break;
                case 4:
                    rig.take_away(rig.add(Kind::serial, &lines[2]));
                    break;
                default:
                    break;
            }
        }
        rig.driver->settle();
    }
    EXPECT_TRUE(rig.driver->start(kMultiport, 32));
}

}  // namespace
}  // namespace kelvin::device
