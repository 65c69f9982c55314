// SPDX-License-Identifier: Apache-2.0
// For tests of consoles: one with ports, their lines, and a driver.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "bus/virtio/test_driver.h"
#include "device/virtio_console/virtio_console.h"

namespace kelvin::device::serial_test {

using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using Piece = TestDriver::Piece;
using Kind = SerialPort::Kind;

inline constexpr u64 kMultiport = 2;
inline constexpr u16 kControlIn = 2;
inline constexpr u16 kControlOut = 3;

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

    /// What a machine that is saved does.
    state::Json save() {
        state::Json saved;
        machine.thread.loop.call([&] {
            device->savable()->quiesce();
            saved = *device->savable()->save();
        });
        return saved;
    }
    Result<> load(const state::Json& saved) {
        Result<> outcome = ok();
        machine.thread.loop.call([&] { outcome = device->savable()->load(saved); });
        return outcome;
    }

    TestMachine machine;
    Events events;
    std::unique_ptr<VirtioConsole> device;
    std::vector<std::unique_ptr<SerialPort>> ports;
    std::unique_ptr<TestDriver> driver;
    std::map<u16, Piece> answers;
};

}  // namespace kelvin::device::serial_test
