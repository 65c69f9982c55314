// SPDX-License-Identifier: Apache-2.0
#include "device/scsi_disk/scsi_disk.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "base/loop_thread.h"

namespace kelvin::device {
namespace {

using backend::BlockRequest;
using bus::scsi::Sense;
using bus::scsi::Status;
namespace sense = bus::scsi::sense;

/// A disk in memory that answers when it is drained.
struct MemoryDisk final : backend::BlockDevice {
    u64 size() const override { return content.size(); }
    bool read_only() const override { return frozen; }
    const backend::BlockLimits& limits() const override { return bounds; }
    const std::string& name() const override { return text; }
    const std::string& serial() const override { return number; }
    void submit(BlockRequest& request) override { waiting.push_back(&request); }
    void drain() override {
        while (!waiting.empty()) {
            BlockRequest& request = *waiting.front();
            waiting.erase(waiting.begin());
            u64 at = request.offset;
            for (const iovec& piece : request.segments) {
                if (request.kind == BlockRequest::Kind::read) {
                    std::memcpy(piece.iov_base, content.data() + at, piece.iov_len);
                } else {
                    std::memcpy(content.data() + at, piece.iov_base, piece.iov_len);
                }
                at += piece.iov_len;
            }
            if (request.kind == BlockRequest::Kind::write_zeroes || request.kind == BlockRequest::Kind::discard) {
                std::memset(content.data() + request.offset, 0, request.length);
            }
            flushes += request.kind == BlockRequest::Kind::flush ? 1 : 0;
            request.done(request, error);
        }
    }
    void set_size_handler(void (*handler)(void*), void* context) override {
        size_handler = handler;
        size_context = context;
    }

    bool has_medium() const override { return is_there; }
    void set_tray(backend::Tray* which) override { tray = which; }
    void tray_moved(bool open) override { moves.push_back(open); }

    backend::Tray* tray = nullptr;
    bool is_there = true;
    std::vector<bool> moves;
    std::vector<u8> content = std::vector<u8>(1 << 20);
    backend::BlockLimits bounds{.discards = true};
    std::string text = "disk";
    std::string number = "S1";
    bool frozen = false;
    int error = 0;
    int flushes = 0;
    std::vector<BlockRequest*> waiting;
    void (*size_handler)(void*) = nullptr;
    void* size_context = nullptr;
};

struct Command final : bus::scsi::Request {
    Command(std::initializer_list<u8> bytes, std::vector<u8> data_out, u64 room) : out(std::move(data_out)), in(room) {
        std::ranges::copy(bytes, code.begin());
    }
    std::span<const u8, kMaxCdb> cdb() const override { return code; }
    u64 in_size() const override { return in.size(); }
    u64 out_size() const override { return out.size(); }
    bool write_in(u64 offset, std::span<const u8> data) override {
        if (offset + data.size() > in.size()) {
            return false;
        }
        std::ranges::copy(data, in.begin() + static_cast<std::ptrdiff_t>(offset));
        return true;
    }
    bool read_out(u64 offset, std::span<u8> data) const override {
        if (offset + data.size() > out.size()) {
            return false;
        }
        std::memcpy(data.data(), out.data() + offset, data.size());
        return true;
    }
    bool in_pieces(u64 size, std::vector<iovec>& pieces) const override {
        pieces.push_back({const_cast<u8*>(in.data()), size});
        return size <= in.size();
    }
    bool out_pieces(u64 size, std::vector<iovec>& pieces) const override {
        pieces.push_back({const_cast<u8*>(out.data()), size});
        return size <= out.size();
    }
    void complete(Status how, const Sense& reason, u64 bytes) override {
        EXPECT_EQ(completions++, 0);
        status = how;
        why = reason;
        transferred = bytes;
    }

    std::array<u8, kMaxCdb> code{};
    std::vector<u8> out;
    std::vector<u8> in;
    int completions = 0;
    Status status = Status::busy;
    Sense why;
    u64 transferred = 0;
};

struct Rig {
    explicit Rig(ScsiDisk::Kind kind = ScsiDisk::Kind::disk) {
        ScsiDisk::Options options;
        options.logical_block_size = kind == ScsiDisk::Kind::cd ? 2048 : 512;
        unit = std::make_unique<ScsiDisk>(kind, options, disk);
        run({0x00});  // takes the news of power
    }
    Command run(std::initializer_list<u8> bytes, std::vector<u8> out = {}, u64 room = 0) {
        Command command(bytes, std::move(out), room);
        unit->execute(command);
        unit->drain();
        EXPECT_EQ(command.completions, 1);
        return command;
    }
    MemoryDisk disk;
    std::unique_ptr<ScsiDisk> unit;
};

TEST(ScsiDisk, NewsAreToldOnce) {
    Rig rig;
    rig.unit->reset();
    EXPECT_EQ(rig.run({0x12, 0, 0, 0, 36}, {}, 36).status, Status::good);
    const Command told = rig.run({0x00});
    EXPECT_EQ(told.status, Status::check_condition);
    EXPECT_EQ(told.why, sense::kPowerOn);
    EXPECT_EQ(rig.run({0x00}).status, Status::good);
    rig.disk.size_handler(rig.disk.size_context);
    EXPECT_EQ(rig.run({0x03, 0, 0, 0, 18}, {}, 18).in[12], 0x2a);
    EXPECT_EQ(rig.run({0x00}).status, Status::good);
}

TEST(ScsiDisk, WritesAndReads) {
    Rig rig;
    std::vector<u8> data(1024);
    for (std::size_t i = 0; i < data.size(); ++i) {
        data[i] = static_cast<u8>(i * 5);
    }
    EXPECT_EQ(rig.run({0x2a, 0, 0, 0, 0, 4, 0, 0, 2}, data).status, Status::good);
    EXPECT_EQ(std::memcmp(rig.disk.content.data() + 4 * 512, data.data(), data.size()), 0);
    const Command read = rig.run({0x88, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2}, {}, 1024);
    EXPECT_EQ(read.in, data);
    EXPECT_EQ(read.transferred, 1024U);
    EXPECT_EQ(rig.run({0x08, 0, 0, 4, 1}, {}, 512).in[1], 5);
    EXPECT_EQ(rig.run({0x28, 0, 0, 0, 8, 0, 0, 0, 1}, {}, 512).why, sense::kOutOfRange);
    EXPECT_EQ(rig.run({0x28, 0, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff}, {}, 512).why, sense::kOutOfRange);
    EXPECT_EQ(rig.run({0x28, 0, 0, 0, 0, 0, 0, 0, 2}, {}, 512).why, sense::kInvalidField);
    EXPECT_EQ(rig.run({0x35}).status, Status::good);
    EXPECT_EQ(rig.disk.flushes, 1);
    rig.disk.error = EIO;
    EXPECT_EQ(rig.run({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, {}, 512).why, sense::kReadError);
    rig.disk.frozen = true;
    EXPECT_EQ(rig.run({0x2a, 0, 0, 0, 0, 4, 0, 0, 1}, std::vector<u8>(512)).why, sense::kWriteProtected);
}

TEST(ScsiDisk, GivesBlocksBackAndClearsThem) {
    Rig rig;
    std::ranges::fill(rig.disk.content, u8{1});
    std::vector<u8> list(8 + 32);
    list[3] = 32;
    list[15] = 2;  // block 2
    list[19] = 1;  // one of them
    list[31] = 6;  // block 6
    list[35] = 2;
    EXPECT_EQ(rig.run({0x42, 0, 0, 0, 0, 0, 0, 0, 40}, list).status, Status::good);
    EXPECT_EQ(rig.disk.content[2 * 512], 0);
    EXPECT_EQ(rig.disk.content[3 * 512], 1);
    EXPECT_EQ(rig.disk.content[7 * 512], 0);
    EXPECT_EQ(rig.run({0x93, 0x08, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1}, std::vector<u8>(512)).status, Status::good);
    EXPECT_EQ(rig.disk.content[9 * 512], 0);
    EXPECT_EQ(rig.run({0x41, 0, 0, 0, 0, 9, 0, 0, 1}, std::vector<u8>(512, 7)).why, sense::kInvalidField);
    list[3] = 31;
    EXPECT_EQ(rig.run({0x42, 0, 0, 0, 0, 0, 0, 0, 40}, list).why, sense::kInvalidField);
}

TEST(ScsiDisk, OneCommandGivesBackAGigabyteAtMost) {
    Rig rig;
    rig.disk.content.assign(8 << 20, 1);
    const std::size_t count = 129;
    std::vector<u8> list(8 + count * 16);
    list[2] = static_cast<u8>(count * 16 >> 8);
    list[3] = static_cast<u8>(count * 16);
    for (std::size_t i = 0; i < count; ++i) {
        list[8 + i * 16 + 10] = 0x40;  // 16384 blocks of 512 bytes, which is all there is
    }
    const u8 high = static_cast<u8>(list.size() >> 8);
    const u8 low = static_cast<u8>(list.size());
    EXPECT_EQ(rig.run({0x42, 0, 0, 0, 0, 0, 0, high, low}, list).why, sense::kInvalidParameter);
    EXPECT_EQ(rig.disk.content[0], 1);
    list[8 + 10] = 0;
    EXPECT_EQ(rig.run({0x42, 0, 0, 0, 0, 0, 0, high, low}, list).status, Status::good);
    EXPECT_EQ(rig.disk.content[0], 0);
}

TEST(ScsiDisk, SaysWhatItIs) {
    Rig rig;
    const Command inquiry = rig.run({0x12, 0, 0, 0, 36}, {}, 36);
    EXPECT_EQ(std::string(inquiry.in.begin() + 8, inquiry.in.begin() + 29), "QEMU    QEMU HARDDISK");
    EXPECT_EQ(rig.run({0x25}, {}, 8).in, (std::vector<u8>{0, 0, 7, 0xff, 0, 0, 2, 0}));
    EXPECT_EQ(rig.run({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}, {}, 32).in[14], 0xc0);
    const Command pages = rig.run({0x12, 1, 0, 0, 255}, {}, 255);
    EXPECT_EQ(pages.in[3], 6);
    for (std::size_t i = 4; i < 10; ++i) {
        EXPECT_EQ(rig.run({0x12, 1, pages.in[i], 0, 255}, {}, 255).status, Status::good);
    }
    EXPECT_EQ(rig.run({0x12, 1, 0x77, 0, 255}, {}, 255).why, sense::kInvalidField);
    EXPECT_EQ(rig.run({0x1a, 0, 8, 0, 255}, {}, 255).in[12], 8);
    EXPECT_EQ(rig.run({0xff}).why, sense::kInvalidCommand);
    Rig cd(ScsiDisk::Kind::cd);
    EXPECT_EQ(cd.run({0x12, 0, 0, 0, 36}, {}, 36).in[0], 5);
    EXPECT_EQ(cd.run({0x43, 0, 0, 0, 0, 0, 0, 0, 20}, {}, 20).in[18], 2);
    EXPECT_EQ(cd.run({0x1b, 0, 0, 0, 1}).status, Status::good);
    EXPECT_EQ(cd.run({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 64}, {}, 64).in[8 + 6], 0x29);
    EXPECT_EQ(rig.run({0x43, 0, 0, 0, 0, 0, 0, 0, 20}, {}, 20).why, sense::kInvalidCommand);
}

TEST(ScsiDisk, TheTrayOfACdDrive) {
    Rig cd(ScsiDisk::Kind::cd);
    const auto event = [&] { return cd.run({0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8}, {}, 8).in; };
    EXPECT_EQ(event(), (std::vector<u8>{0, 6, 4, 0x10, 0, 2, 0, 0}));
    EXPECT_EQ(cd.run({0x4a, 0, 0, 0, 0x10, 0, 0, 0, 8}, {}, 8).why, sense::kInvalidField);
    EXPECT_EQ(cd.run({0x1e, 0, 0, 0, 1}).status, Status::good);
    EXPECT_EQ(cd.run({0x1b, 0, 0, 0, 2}).why, sense::kRemovalPrevented);
    EXPECT_EQ(cd.run({0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 64}, {}, 64).in[8 + 6], 0x2b);
    ASSERT_NE(cd.disk.tray, nullptr);
    EXPECT_TRUE(cd.disk.tray->is_locked());
    cd.disk.tray->request_open();
    EXPECT_EQ(event()[4], 1) << "the user wants it";
    EXPECT_EQ(event()[4], 0) << "told once";
    EXPECT_EQ(cd.run({0x1e, 0, 0, 0, 0}).status, Status::good);
    EXPECT_EQ(cd.run({0x1b, 0, 0, 0, 2}).status, Status::good);
    EXPECT_EQ(cd.disk.moves, (std::vector<bool>{true}));
    EXPECT_EQ(cd.run({0x00}).why, sense::kNoMediumTrayOpen);
    EXPECT_EQ(cd.run({0x28, 0, 0, 0, 0, 0, 0, 0, 1}, {}, 2048).why, sense::kNoMediumTrayOpen);
    EXPECT_EQ(event()[5], 1);
    EXPECT_EQ(cd.run({0x1b, 0, 0, 0, 3}).status, Status::good);
    EXPECT_EQ(cd.disk.moves, (std::vector<bool>{true, false}));
    EXPECT_EQ(event()[4], 2);
    EXPECT_EQ(cd.run({0x00}).why, sense::kMediumMayHaveChanged);
    EXPECT_EQ(cd.run({0x00}).status, Status::good);
    // The user takes the medium out by force, and puts none in.
    EXPECT_EQ(cd.run({0x1e, 0, 0, 0, 1}).status, Status::good);
    cd.disk.tray->move(true);
    EXPECT_FALSE(cd.disk.tray->is_locked());
    EXPECT_EQ(event(), (std::vector<u8>{0, 6, 4, 0x10, 3, 1, 0, 0}));
    cd.disk.is_there = false;
    cd.disk.tray->move(false);
    EXPECT_EQ(cd.run({0x25}, {}, 8).why, sense::kNoMedium);
    const auto saved = cd.unit->savable()->save();
    ASSERT_TRUE(saved);
    cd.unit->reset();
    EXPECT_TRUE(cd.unit->savable()->load(*saved));
    EXPECT_EQ(*cd.unit->savable()->save(), *saved);
}

TEST(ScsiDisk, WhatACdIs) {
    Rig cd(ScsiDisk::Kind::cd);
    const auto features = cd.run({0x46, 0, 0, 0, 0, 0, 0, 0, 64}, {}, 64).in;
    EXPECT_EQ(features[3], 4 + 12 + 12 + 8);
    EXPECT_EQ(features[7], 8) << "a CD";
    EXPECT_EQ(cd.run({0x46, 2, 0, 3, 0, 0, 0, 0, 64}, {}, 64).in[9], 3);
    EXPECT_EQ(cd.run({0x51, 0, 0, 0, 0, 0, 0, 0, 34}, {}, 34).in[2], 0x0e);
    EXPECT_EQ(cd.run({0x52, 1, 0, 0, 0, 1, 0, 0, 36}, {}, 36).in[26], 2) << "512 blocks";
    EXPECT_EQ(cd.run({0xbd, 0, 0, 0, 0, 0, 0, 0, 0, 8}, {}, 8).status, Status::good);
    EXPECT_EQ(cd.run({0xbb}).status, Status::good);
    cd.disk.content[3 * 2048] = 0x33;
    EXPECT_EQ(cd.run({0xbe, 0, 0, 0, 0, 3, 0, 0, 1, 0x10}, {}, 2048).in[0], 0x33);
    EXPECT_EQ(cd.run({0xbe, 0, 0, 0, 0, 3, 0, 0, 1, 0xf8}, {}, 4096).why, sense::kInvalidField);
    EXPECT_EQ(cd.run({0xa8, 0, 0, 0, 0, 3, 0, 0, 0, 1}, {}, 2048).in[0], 0x33);
    EXPECT_EQ(cd.run({0x2b, 0, 0, 0, 2, 1}).why, sense::kOutOfRange);
}

TEST(ScsiDisk, AnyCommandIsAnswered) {
    const unsigned seed = std::random_device()();
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Rig rig;
    for (int round = 0; round < 20000; ++round) {
        Command command({}, std::vector<u8>(random() % 700), random() % 700);
        for (u8& byte : command.code) {
            byte = random() % 3 == 0 ? static_cast<u8>(random()) : static_cast<u8>(random() % 3);
        }
        constexpr u8 kCodes[] = {0x08, 0x0a, 0x12, 0x1a, 0x28, 0x2a, 0x41, 0x42, 0x5a, 0x88, 0x8a, 0x93, 0x9e, 0x03};
        command.code[0] = random() % 4 == 0 ? static_cast<u8>(random()) : kCodes[random() % std::size(kCodes)];
        for (u8& byte : command.out) {
            byte = static_cast<u8>(random() % 2);
        }
        rig.unit->execute(command);
        rig.unit->drain();
        ASSERT_EQ(command.completions, 1) << int{command.code[0]};
    }
}

TEST(ScsiBus, PlacesAndWhatIsNotThere) {
    LoopThread thread;
    bus::scsi::ScsiBus bus(thread.loop, nullptr);
    MemoryDisk disk;
    ScsiDisk::Options options;
    ScsiDisk first(ScsiDisk::Kind::disk, options, disk);
    ScsiDisk second(ScsiDisk::Kind::disk, options, disk);
    options.scsi_id = 1;
    ScsiDisk third(ScsiDisk::Kind::disk, options, disk);
    ASSERT_TRUE(bus.attach(first, false));
    ASSERT_TRUE(bus.attach(second, false));
    EXPECT_EQ(bus.place_of(second), "scsi-id 1, lun 0");
    EXPECT_FALSE(bus.attach(third, false));
    Command inquiry({0x12, 0, 0, 0, 36}, {}, 36);
    bus.execute(0, 5, inquiry);
    EXPECT_EQ(inquiry.in[0], 0x7f);
    Command list({0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64}, {}, 64);
    bus.execute(0, 0, list);
    EXPECT_EQ(list.in[3], 8);
    Command nobody({0x00}, {}, 0);
    bus.execute(9, 0, nobody);
    EXPECT_EQ(nobody.why, sense::kNoSuchUnit);
    bus.detach(first);
    bus.detach(second);
}

}  // namespace
}  // namespace kelvin::device
