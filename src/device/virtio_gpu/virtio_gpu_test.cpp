// SPDX-License-Identifier: Apache-2.0
#include "device/virtio_gpu/virtio_gpu.h"

#include <gtest/gtest.h>

#include <cstring>

#include "bus/virtio/test_driver.h"

namespace kelvin::device {
namespace {

using bus::virtio::TestDriver;
using bus::virtio::TestMachine;
using gpu::Answer;
using gpu::Command;
using Bytes = std::vector<u8>;

constexpr u32 kBgrx = 2;

template <class... Parts>
Bytes join(const Parts&... parts) {
    Bytes bytes;
    const auto append = [&](const auto& part) {
        const std::size_t at = bytes.size();
        bytes.resize(at + sizeof part);
        std::memcpy(bytes.data() + at, &part, sizeof part);
    };
    (append(parts), ...);
    return bytes;
}

struct Rig {
    explicit Rig(const VirtioGpu::Options& options = {}) {
        loop().call([&] { device = std::make_unique<VirtioGpu>(options, loop(), machine.map, screens, "card"); });
        driver = std::make_unique<TestDriver>(machine, *device);
        start();
    }
    ~Rig() {
        driver.reset();
        loop().call([&] { device.reset(); });
    }
    EventLoop& loop() { return machine.thread.loop; }
    void start() {
        ASSERT_TRUE(driver->start(0, 16));
        request_at = driver->allocate(4096);
        answer_at = driver->allocate(4096);
    }

    Bytes ask_raw(const Bytes& request, u32 room = 4096, u16 queue = 0) {
        EXPECT_TRUE(machine.map.copy_out({request_at}, request));
        const std::array pieces = {TestDriver::Piece{request_at, static_cast<u32>(request.size()), false},
                                   TestDriver::Piece{answer_at, room, true}};
        return machine.bytes(answer_at, driver->request(queue, pieces));
    }
    template <class... Parts>
    Bytes ask(Command command, const Parts&... parts) {
        return ask_raw(join(gpu::Header{.type = static_cast<u32>(command)}, parts...));
    }
    template <class... Parts>
    Answer tell(Command command, const Parts&... parts) {
        const Bytes bytes = ask(command, parts...);
        u32 type = 0;
        EXPECT_EQ(bytes.size(), sizeof(gpu::Header));
        std::memcpy(&type, bytes.data(), std::min(sizeof type, bytes.size()));
        return static_cast<Answer>(type);
    }
    Answer create(u32 id, u32 format, u32 width, u32 height) {
        return tell(Command::resource_create_2d, gpu::ResourceCreate2d{id, format, width, height});
    }
    Answer attach(u32 id, u64 address, u32 length) {
        return tell(Command::resource_attach_backing, gpu::AttachBacking{id, 1}, gpu::MemoryEntry{address, length});
    }
    Answer transfer(u32 id, const gpu::Rectangle& place, u64 offset = 0) {
        return tell(Command::transfer_to_host_2d, gpu::TransferToHost2d{place, offset, id});
    }
    Answer scan_out(const gpu::Rectangle& place, u32 id, u32 scanout = 0) {
        return tell(Command::set_scanout, gpu::SetScanout{place, scanout, id});
    }
    /// A resource of words 1, 2, 3 and so on.
    void make(u32 id, u32 format, u32 width, u32 height) {
        const u32 size = width * height * 4;
        const u64 at = driver->allocate(size);
        for (u32 index = 0; index < size / 4; ++index) {
            machine.store<u32>(at + u64{4} * index, index + 1);
        }
        EXPECT_EQ(create(id, format, width, height), Answer::ok_no_data);
        EXPECT_EQ(attach(id, at, size), Answer::ok_no_data);
        EXPECT_EQ(transfer(id, {0, 0, width, height}), Answer::ok_no_data);
    }
    const backend::Picture& draw() {
        loop().call([&] { device->draw(picture); });
        return picture;
    }
    u32 config(u32 offset) const {
        u32 value = 0;
        device->read_config(offset, {reinterpret_cast<u8*>(&value), sizeof value});
        return value;
    }

    TestMachine machine;
    backend::Screens screens;
    std::unique_ptr<VirtioGpu> device;
    std::unique_ptr<TestDriver> driver;
    backend::Picture picture;
    u64 request_at = 0;
    u64 answer_at = 0;
};

using Pixels = std::vector<u32>;

TEST(VirtioGpu, SaysWhatItsMonitorIs) {
    VirtioGpu::Options options;
    options.xres = 1024;
    options.yres = 768;
    Rig rig(options);
    EXPECT_EQ(rig.screens.find("card"), rig.device.get());
    EXPECT_EQ(rig.config(8), 1U);
    EXPECT_EQ(rig.config(12), 0U);
    const Bytes info = rig.ask(Command::get_display_info);
    ASSERT_EQ(info.size(), 408U);
    EXPECT_EQ(join(u32{0x1101}), Bytes(info.begin(), info.begin() + 4));
    EXPECT_EQ(join(0U, 0U, 1024U, 768U, 1U, 0U, 0U), Bytes(info.begin() + 24, info.begin() + 52));
    const Bytes edid = rig.ask(Command::get_edid, gpu::GetEdid{});
    ASSERT_EQ(edid.size(), 1056U);
    EXPECT_EQ(join(u32{0x1104}), Bytes(edid.begin(), edid.begin() + 4));
    EXPECT_EQ(join(128U), Bytes(edid.begin() + 24, edid.begin() + 28));
    EXPECT_EQ(edid[32 + 56], 1024 & 0xff);
    EXPECT_EQ(rig.tell(Command::get_edid, gpu::GetEdid{1}), Answer::invalid_scanout_id);
    EXPECT_EQ(rig.tell(Command{0x108}), Answer::unspecified);
}

TEST(VirtioGpu, ShowsWhatWasCopied) {
    Rig rig;
    EXPECT_EQ(rig.draw().width, 640U);
    EXPECT_EQ(rig.create(5, kBgrx, 3, 2), Answer::ok_no_data);
    // Two pieces, the first of which ends within a pixel.
    const u64 at = rig.driver->allocate(64);
    const Bytes bytes = join(u32{0xff000001}, 2U, 3U, 4U, 5U, 6U);
    ASSERT_TRUE(rig.machine.map.copy_out({at}, std::span(bytes).first(6)));
    ASSERT_TRUE(rig.machine.map.copy_out({at + 40}, std::span(bytes).subspan(6)));
    EXPECT_EQ(rig.tell(Command::resource_attach_backing, gpu::AttachBacking{5, 2}, gpu::MemoryEntry{at, 6},
                       gpu::MemoryEntry{at + 40, 18}),
              Answer::ok_no_data);
    EXPECT_EQ(rig.scan_out({0, 0, 3, 2}, 5), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels, Pixels(6));
    EXPECT_EQ(rig.transfer(5, {1, 0, 2, 2}, 4), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels, (Pixels{0, 2, 3, 0, 5, 6}));
    EXPECT_EQ(rig.transfer(5, {0, 0, 3, 2}), Answer::ok_no_data);
    EXPECT_EQ(rig.tell(Command::resource_flush, gpu::ResourceFlush{{0, 0, 3, 2}, 5}), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels, (Pixels{1, 2, 3, 4, 5, 6}));
    // A part of it, and nothing of it.
    EXPECT_EQ(rig.scan_out({1, 1, 2, 1}, 5), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels, (Pixels{5, 6}));
    EXPECT_EQ(rig.scan_out({0, 0, 3, 2}, 0), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels, Pixels(640 * 480));
}

TEST(VirtioGpu, KnowsTheOrderOfColors) {
    Rig rig;
    struct Case {
        u32 format;
        Bytes red;
    };
    const auto cases = std::to_array<Case>({{1, {0, 0, 9, 7}},
                                            {2, {0, 0, 9, 7}},
                                            {3, {7, 9, 0, 0}},
                                            {4, {7, 9, 0, 0}},
                                            {67, {9, 0, 0, 7}},
                                            {68, {7, 0, 0, 9}},
                                            {121, {7, 0, 0, 9}},
                                            {134, {9, 0, 0, 7}}});
    for (const Case& each : cases) {
        const u64 at = rig.driver->allocate(4);
        ASSERT_TRUE(rig.machine.map.copy_out({at}, each.red));
        EXPECT_EQ(rig.create(each.format, each.format, 1, 1), Answer::ok_no_data);
        EXPECT_EQ(rig.attach(each.format, at, 4), Answer::ok_no_data);
        EXPECT_EQ(rig.transfer(each.format, {0, 0, 1, 1}), Answer::ok_no_data);
        EXPECT_EQ(rig.scan_out({0, 0, 1, 1}, each.format), Answer::ok_no_data);
        EXPECT_EQ(rig.draw().pixels, Pixels{0x090000}) << each.format;
    }
    EXPECT_EQ(rig.create(200, 5, 1, 1), Answer::invalid_parameter);
}

TEST(VirtioGpu, RefusesWhatCannotBe) {
    Rig rig;
    rig.make(1, kBgrx, 4, 4);
    EXPECT_EQ(rig.create(1, kBgrx, 4, 4), Answer::invalid_resource_id);
    EXPECT_EQ(rig.create(0, kBgrx, 4, 4), Answer::invalid_resource_id);
    EXPECT_EQ(rig.create(2, kBgrx, 0, 4), Answer::invalid_parameter);
    EXPECT_EQ(rig.create(2, kBgrx, 0xffffffff, 0xffffffff), Answer::invalid_parameter);
    EXPECT_EQ(rig.attach(1, TestMachine::kRam, 16), Answer::unspecified);
    EXPECT_EQ(rig.attach(3, TestMachine::kRam, 16), Answer::invalid_resource_id);
    EXPECT_EQ(rig.transfer(1, {1, 0, 0xffffffff, 1}), Answer::invalid_parameter);
    EXPECT_EQ(rig.transfer(1, {0, 0, 4, 4}, 1), Answer::invalid_parameter);
    EXPECT_EQ(rig.transfer(1, {0, 0, 4, 1}, ~u64{0}), Answer::invalid_parameter);
    EXPECT_EQ(rig.transfer(1, {0, 0, 0, 0}), Answer::ok_no_data);
    EXPECT_EQ(rig.transfer(3, {0, 0, 1, 1}), Answer::invalid_resource_id);
    EXPECT_EQ(rig.tell(Command::resource_flush, gpu::ResourceFlush{{0, 1, 4, 4}, 1}), Answer::invalid_parameter);
    EXPECT_EQ(rig.tell(Command::resource_flush, gpu::ResourceFlush{{}, 9}), Answer::invalid_resource_id);
    EXPECT_EQ(rig.scan_out({0, 0, 5, 4}, 1), Answer::invalid_parameter);
    EXPECT_EQ(rig.scan_out({0, 0, 0, 4}, 1), Answer::invalid_parameter);
    EXPECT_EQ(rig.scan_out({0, 0, 4, 4}, 9), Answer::invalid_resource_id);
    EXPECT_EQ(rig.scan_out({0, 0, 4, 4}, 1, 1), Answer::invalid_scanout_id);
    EXPECT_EQ(rig.tell(Command::resource_unref, gpu::OfResource{9}), Answer::invalid_resource_id);
    EXPECT_EQ(rig.tell(Command::resource_detach_backing, gpu::OfResource{1}), Answer::ok_no_data);
    EXPECT_EQ(rig.tell(Command::resource_detach_backing, gpu::OfResource{1}), Answer::unspecified);
    EXPECT_EQ(rig.transfer(1, {0, 0, 1, 1}), Answer::unspecified);
    EXPECT_EQ(rig.attach(1, 0x1000, 64), Answer::unspecified);
    EXPECT_EQ(rig.attach(1, TestMachine::kRam + TestMachine::kRamSize - 8, 64), Answer::unspecified);
    EXPECT_EQ(rig.attach(1, TestMachine::kRam, 0), Answer::unspecified);
    EXPECT_EQ(rig.tell(Command::resource_attach_backing, gpu::AttachBacking{1, 2}, gpu::MemoryEntry{}),
              Answer::invalid_parameter);
    EXPECT_EQ(rig.tell(Command::resource_attach_backing, gpu::AttachBacking{1, 0xffffffff}), Answer::unspecified);
    EXPECT_TRUE(rig.device->fault().empty());
}

TEST(VirtioGpu, AnswersWhatIsTooShort) {
    Rig rig;
    EXPECT_EQ(rig.tell(Command::resource_create_2d, u64{0}), Answer::invalid_parameter);
    EXPECT_EQ(rig.ask_raw(Bytes(23)).size(), 24U);
    EXPECT_EQ(rig.ask_raw(join(gpu::Header{.type = 0x100}), 407).size(), 0U);
    EXPECT_EQ(rig.ask_raw(join(gpu::Header{.type = 0x100}), 408).size(), 408U);
    const Bytes fenced =
        rig.ask_raw(join(gpu::Header{.type = 0x9999, .flags = 0x81, .fence_id = 0x123456789a, .ctx_id = 7}));
    EXPECT_EQ(fenced, join(gpu::Header{.type = 0x1200, .flags = 1, .fence_id = 0x123456789a, .ctx_id = 7}));
    const Bytes unfenced = rig.ask_raw(join(gpu::Header{.type = 0x9999, .fence_id = 5}));
    EXPECT_EQ(unfenced, join(gpu::Header{.type = 0x1200}));
}

TEST(VirtioGpu, TakesNoMoreOfTheHostThanItMay) {
    VirtioGpu::Options options;
    options.max_hostmem.bytes = 4096;
    Rig rig(options);
    EXPECT_EQ(rig.create(1, kBgrx, 32, 32), Answer::out_of_memory);
    EXPECT_EQ(rig.create(1, kBgrx, 32, 28), Answer::ok_no_data);
    EXPECT_EQ(rig.create(2, kBgrx, 1, 1), Answer::out_of_memory);
    Bytes request = join(gpu::Header{.type = 0x106}, gpu::AttachBacking{1, 20});
    request.resize(request.size() + 20 * sizeof(gpu::MemoryEntry));
    EXPECT_EQ(rig.ask_raw(request), join(gpu::Header{.type = 0x1201}));
    EXPECT_EQ(rig.attach(1, TestMachine::kRam, 64), Answer::ok_no_data);
    EXPECT_EQ(rig.tell(Command::resource_unref, gpu::OfResource{1}), Answer::ok_no_data);
    EXPECT_EQ(rig.create(2, kBgrx, 30, 30), Answer::ok_no_data);
    rig.start();
    EXPECT_EQ(rig.create(2, kBgrx, 30, 30), Answer::ok_no_data);
}

/// More work than is done in one turn, all of which is done.
TEST(VirtioGpu, DoesLongWorkInTurns) {
    Rig rig;
    const Bytes create = join(gpu::Header{.type = 0x101}, gpu::ResourceCreate2d{7, kBgrx, 4096, 4096});
    const Bytes forget = join(gpu::Header{.type = 0x102}, gpu::OfResource{7});
    for (int count = 0; count < 4; ++count) {
        for (const Bytes& request : {create, forget}) {
            const std::array pieces = {rig.driver->readable(request), rig.driver->writable(24)};
            rig.driver->offer(0, pieces);
        }
    }
    rig.driver->notify(0);
    for (int count = 0; count < 8; ++count) {
        const auto used = rig.driver->wait_used(0);
        ASSERT_TRUE(used);
        EXPECT_EQ(used->written, 24U);
    }
    EXPECT_EQ(rig.create(7, kBgrx, 8192, 8192), Answer::out_of_memory);
}

TEST(VirtioGpu, PutsTheCursorInFront) {
    Rig rig;
    rig.make(1, kBgrx, 70, 70);
    rig.make(2, 1, 64, 64);
    const u64 at = rig.driver->allocate(16);
    ASSERT_TRUE(rig.machine.map.copy_out({at}, join(0xff102030U, 0x80400000U, 0U)));
    ASSERT_EQ(rig.tell(Command::resource_detach_backing, gpu::OfResource{2}), Answer::ok_no_data);
    ASSERT_EQ(rig.attach(2, at, 12), Answer::ok_no_data);
    ASSERT_EQ(rig.transfer(2, {0, 0, 3, 1}), Answer::ok_no_data);
    ASSERT_EQ(rig.scan_out({0, 0, 70, 70}, 1), Answer::ok_no_data);
    const auto cursor = [&](Command command, u32 x, u32 y, u32 resource, u32 scanout = 0) {
        return rig.ask_raw(join(gpu::Header{.type = static_cast<u32>(command)},
                                gpu::CursorCommand{.scanout = scanout, .x = x, .y = y, .resource = resource}),
                           64, 1);
    };
    cursor(Command::update_cursor, 2, 0, 2);
    EXPECT_EQ(rig.draw().pixels[1], 2U);
    EXPECT_EQ(rig.draw().pixels[2], 0x102030U);
    EXPECT_EQ(rig.draw().pixels[3], 0x400001U);  // 4 * 127 / 255
    EXPECT_EQ(rig.draw().pixels[4], 5U);
    cursor(Command::move_cursor, 0xffffffff, 69, 0);
    EXPECT_EQ(rig.draw().pixels[2], 3U);
    EXPECT_EQ(rig.draw().pixels[69 * 70],
              0x400000U + (69 * 70 + 1) / 256 * 256 * 127 / 255 / 256 * 256 + (69 * 70 + 1) % 256 * 127 / 255);
    for (const u32 far : {70U, 0x80000000U, 0x7fffffffU, 0xffffffc0U}) {
        cursor(Command::move_cursor, far, far, 0);
        EXPECT_EQ(rig.draw().pixels[0], 1U);
        EXPECT_EQ(rig.draw().pixels.back(), 70U * 70);
    }
    EXPECT_EQ(cursor(Command::update_cursor, 0, 0, 1), join(gpu::Header{.type = 0x1205}));
    EXPECT_EQ(cursor(Command::update_cursor, 0, 0, 9), join(gpu::Header{.type = 0x1203}));
    EXPECT_EQ(cursor(Command::update_cursor, 0, 0, 2, 1), join(gpu::Header{.type = 0x1202}));
    cursor(Command::update_cursor, 0, 0, 2);
    EXPECT_EQ(rig.draw().pixels[0], 0x102030U);
    EXPECT_EQ(rig.tell(Command::resource_unref, gpu::OfResource{2}), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels[0], 0x102030U);
    cursor(Command::update_cursor, 0, 0, 0);
    EXPECT_EQ(rig.draw().pixels[0], 1U);
    EXPECT_EQ(rig.tell(Command::resource_unref, gpu::OfResource{1}), Answer::ok_no_data);
    EXPECT_EQ(rig.draw().pixels, Pixels(640 * 480));
}

TEST(VirtioGpu, TellsOfAnotherSize) {
    Rig rig;
    const auto suggest = [&](u32 width, u32 height) {
        rig.loop().call([&] { rig.device->suggest_size(width, height); });
    };
    suggest(1280, 800);
    EXPECT_EQ(rig.driver->config_interrupts(), 0U);
    suggest(1000, 1);
    EXPECT_EQ(rig.driver->config_interrupts(), 1U);
    EXPECT_EQ(rig.config(0), 1U);
    const Bytes info = rig.ask(Command::get_display_info);
    EXPECT_EQ(join(1000U, 16U, 1U), Bytes(info.begin() + 32, info.begin() + 44));
    EXPECT_EQ(rig.ask(Command::get_edid, gpu::GetEdid{})[32 + 56], 1000 & 0xff);
    rig.device->write_config(4, join(2U));
    EXPECT_EQ(rig.config(0), 1U);
    rig.device->write_config(4, join(1U));
    EXPECT_EQ(rig.config(0), 0U);
    EXPECT_EQ(rig.config(4), 0U);
    rig.device->write_config(0, join(~0U, 0U, ~0U, ~0U));
    EXPECT_EQ(rig.config(0), 0U);
    EXPECT_EQ(rig.config(8), 1U);
}

TEST(VirtioGpu, SavesAllOfIt) {
    Rig rig;
    rig.make(1, kBgrx, 64, 64);
    rig.make(9, 1, 64, 64);
    ASSERT_EQ(rig.scan_out({8, 8, 32, 16}, 1), Answer::ok_no_data);
    rig.ask_raw(join(gpu::Header{.type = 0x300}, gpu::CursorCommand{.x = 3, .y = 4, .resource = 9}), 64, 1);
    rig.loop().call([&] { rig.device->suggest_size(1111, 777); });
    const Pixels before = rig.draw().pixels;
    state::Json saved;
    rig.loop().call([&] { saved = *rig.device->savable()->save(); });
    const auto load = [&](const state::Json& from) {
        Result<> outcome = ok();
        rig.loop().call([&] { outcome = rig.device->savable()->load(from); });
        return outcome;
    };
    rig.device->set_status(0);
    EXPECT_EQ(rig.draw().width, 640U);
    const Result<> loaded = load(saved);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(rig.draw().pixels, before);
    EXPECT_EQ(rig.config(0), 1U);
    state::Json again;
    rig.loop().call([&] { again = *rig.device->savable()->save(); });
    EXPECT_EQ(again, saved);
    EXPECT_EQ(rig.transfer(1, {0, 0, 64, 64}), Answer::ok_no_data);

    const auto spoilt = [&](const char* where, const state::Json& value) {
        state::Json bad = saved;
        bad["own"][state::Json::json_pointer(where)] = value;
        EXPECT_FALSE(load(bad)) << where;
    };
    spoilt("/width", 5U);
    spoilt("/scanout/resource", 2U);
    spoilt("/scanout/place/width", 57U);
    spoilt("/cursor/pixels", state::Json::array({1U}));
    spoilt("/resources/0/id", 9U);
    spoilt("/resources/0/format", 5U);
    spoilt("/resources/0/height", 0x8000U);
    spoilt("/resources/0/width", 32U);
    spoilt("/resources/0/pieces/0/address", 0U);
    spoilt("/resources/0/parts/0/offset", 0x3001U);
}

}  // namespace
}  // namespace kelvin::device
