// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_console/virtio_console.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using Piece = TestDriver::Piece;
using Kind = SerialPort::Kind;

constexpr u64 kMultiport = 2;
constexpr u16 kControlIn = 2;
constexpr u16 kControlOut = 3;

enum Event : u16 {
    device_ready,
    port_add,
    port_remove,
    port_ready,
    console_port,
    resize,
    port_open,
    port_name,
};

/// The host's end: what is written to it is kept, as far as there is room.
struct Line final : backend::CharacterBackend {
    explicit Line(bool comes) : peer_comes(comes) {}
    void write(std::span<const u8> bytes) override {
        const std::lock_guard guard(lock);
        text.append(bytes.begin(), bytes.end());
    }
    std::size_t write_some(std::span<const u8> bytes) override {
        const std::lock_guard guard(lock);
        const std::size_t count = std::min(bytes.size(), room);
        room -= count;
        text.append(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
        return count;
    }
    void set_receiver(backend::CharacterReceiver* to) override { receiver = to; }
    void accept_input() override { ++asked; }
    bool needs_peer() const override { return peer_comes; }

    std::string written() {
        const std::lock_guard guard(lock);
        return text;
    }
    void give_room(std::size_t bytes) {
        {
            const std::lock_guard guard(lock);
            room = bytes;
        }
        receiver->output_possible();
    }
    void type(std::string_view bytes) {
        ASSERT_GE(receiver->space(), bytes.size());
        receiver->receive({reinterpret_cast<const u8*>(bytes.data()), bytes.size()});
    }

    const bool peer_comes;
    std::mutex lock;
    std::string text;
    std::size_t room = std::size_t{1} << 30;
    std::atomic<int> asked = 0;
    backend::CharacterReceiver* receiver = nullptr;
};

struct Events final : bus::DeviceEvents {
    void device_event(std::string_view name, state::Json data) override {
        const std::lock_guard guard(lock);
        all.push_back(std::string(name) + " " + data["id"].get<std::string>() + (data["open"].get<bool>() ? "+" : "-"));
    }
    std::vector<std::string> take() {
        const std::lock_guard guard(lock);
        return std::exchange(all, {});
    }
    std::mutex lock;
    std::vector<std::string> all;
};

struct Message {
    u32 port;
    u16 event;
    u16 value;
    std::string name = {};
    bool operator==(const Message&) const = default;
};

struct Gone final : bus::DetachObserver {
    void device_released(bus::Device& device) override { released = &device; }
    bus::Device* released = nullptr;
};

struct Rig {
    explicit Rig(VirtioConsole::Options options = {.ring = {}}) {
        machine.thread.loop.call(
            [&] { device = std::make_unique<VirtioConsole>(options, machine.thread.loop, machine.map, "serial0.0"); });
        driver = std::make_unique<TestDriver>(machine, *device);
    }
    ~Rig() {
        while (!ports.empty()) {
            take_away(*ports.back());
        }
        driver.reset();
        machine.thread.loop.call([&] { device.reset(); });
    }
    bus::Bus& bus() { return *device->buses().front(); }

    SerialPort& add(Kind kind, Line* line, SerialPort::Options options = {}, std::string id = "p") {
        machine.thread.loop.call([&] {
            ports.push_back(std::make_unique<SerialPort>(options, kind, id, machine.thread.loop, events, line));
        });
        EXPECT_TRUE(bus().attach(*ports.back(), true));
        return *ports.back();
    }
    void take_away(SerialPort& port) {
        bus().detach(port);
        machine.thread.loop.call([&] { std::erase_if(ports, [&](const auto& each) { return each.get() == &port; }); });
    }
    void start(u64 features = kMultiport) {
        ASSERT_TRUE(driver->start(features, 32));
        answers.clear();
        for (int i = 0; i < 16; ++i) {
            offer_answer(64);
        }
    }
    void offer_answer(u32 size) {
        const Piece piece = driver->writable(size);
        answers[driver->offer(kControlIn, {&piece, 1})] = piece;
        driver->notify(kControlIn);
    }
    void say(u32 port, u16 event, u16 value) {
        std::vector<u8> bytes(8);
        std::memcpy(bytes.data(), &port, 4);
        std::memcpy(bytes.data() + 4, &event, 2);
        std::memcpy(bytes.data() + 6, &value, 2);
        const Piece piece = driver->readable(bytes);
        driver->request(kControlOut, {&piece, 1});
        driver->settle();
    }
    Message hear() {
        const auto used = driver->wait_used(kControlIn);
        if (!used || used->written < 8) {
            return {~0U, 0, 0};
        }
        const std::vector<u8> bytes = machine.bytes(answers.at(used->id).address, used->written);
        Message message{};
        std::memcpy(&message.port, bytes.data(), 4);
        std::memcpy(&message.event, bytes.data() + 4, 2);
        std::memcpy(&message.value, bytes.data() + 6, 2);
        message.name.assign(bytes.begin() + 8, bytes.end());
        return message;
    }
    bool silent() {
        driver->settle();
        return machine.load<u16>(driver->place(kControlIn).device.value + 2) == 0;
    }
    /// The dialogue with a driver that wants to use `port`.
    void open(u32 port) {
        say(0, device_ready, 1);
        EXPECT_EQ(hear(), (Message{port, port_add, 1}));
        say(port, port_ready, 1);
    }
    std::string read(u16 queue, u32 size) {
        const Piece piece = driver->writable(size);
        driver->offer(queue, {&piece, 1});
        driver->notify(queue);
        const auto used = driver->wait_used(queue);
        if (!used) {
            return "nothing";
        }
        const std::vector<u8> bytes = machine.bytes(piece.address, used->written);
        return {bytes.begin(), bytes.end()};
    }
    void write(u16 queue, std::string_view text) {
        const Piece piece = driver->readable({reinterpret_cast<const u8*>(text.data()), text.size()});
        driver->offer(queue, {&piece, 1});
        driver->notify(queue);
        driver->settle();
    }

    TestMachine machine;
    Events events;
    std::unique_ptr<VirtioConsole> device;
    std::vector<std::unique_ptr<SerialPort>> ports;
    std::unique_ptr<TestDriver> driver;
    std::map<u16, Piece> answers;
};

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
