// SPDX-License-Identifier: Apache-2.0
#include "vm/drives.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "backend/block/qcow2/create.h"

namespace kelvin::vm {
namespace {

using state::Json;

class DrivesTest : public testing::Test {
  protected:
    DrivesTest() : folder_(testing::TempDir() + "drives_test." + std::to_string(::getpid()) + "/") {
        std::filesystem::create_directories(folder_);
    }
    ~DrivesTest() override {
        drives_.reset();
        std::filesystem::remove_all(folder_);
    }

    std::string make(const std::string& name, const std::string& begin = {}) {
        const std::string path = folder_ + name;
        std::ofstream(path) << begin;
        std::filesystem::resize_file(path, 1 << 20);
        return path;
    }
    DriveSpec spec(const std::string& file, const std::string& id = "d") {
        DriveSpec drive;
        drive.id = id;
        drive.file = file;
        drive.format = ImageFormat::raw;
        return drive;
    }
    int perform(backend::BlockDevice& disk, backend::BlockRequest::Kind kind, std::span<u8> bytes) {
        iovec segment{bytes.data(), bytes.size()};
        int answer = -1;
        backend::BlockRequest request{.kind = kind, .length = bytes.size(), .segments = {&segment, 1}};
        request.context = &answer;
        request.done = [](backend::BlockRequest& done, int error) { *static_cast<int*>(done.context) = error; };
        disk.submit(request);
        disk.drain();
        return answer;
    }
    std::string lone(const std::string& file) {
        DriveSpec drive = spec(file, file);
        drive.format.reset();
        drive.named_alone = true;
        const auto added = drives_->add(drive);
        return added ? "" : added.error().what;
    }

    EventLoop loop_;
    std::unique_ptr<Drives> drives_ = std::make_unique<Drives>(loop_);
    std::string folder_;
};

TEST_F(DrivesTest, ADeviceTakesADriveOrANode) {
    ASSERT_TRUE(drives_->add(spec(make("a.img"))));
    ASSERT_TRUE(drives_->add_node({{"driver", "null-co"}, {"node-name", "n"}, {"size", 1 << 20}}));
    EXPECT_TRUE(drives_->claim("d", {"1", "one", "/one", false}));
    EXPECT_NE(drives_->claim("d", {"2", "two", "/two", false}).error().what.find("is used by one"), std::string::npos);
    EXPECT_TRUE(drives_->claim("n", {"2", "two", "/two", true}));
    EXPECT_NE(drives_->claim("n", {"3", "three", "", false}).error().what.find("used by two and three"),
              std::string::npos);
    EXPECT_NE(drives_->remove_node("n").error().what.find("in use by two"), std::string::npos);
    EXPECT_NE(drives_->claim("m", {"3", "three", "", false}).error().message().find("there are: d, n"),
              std::string::npos);
    const Json list = drives_->query_block();
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0]["device"], "d");
    EXPECT_EQ(list[0]["inserted"]["drv"], "raw");
    EXPECT_EQ(list[1]["device"], "");
    EXPECT_EQ(list[1]["qdev"], "/two");
    EXPECT_EQ(list[1]["inserted"]["node-name"], "n");
    EXPECT_EQ(list[1]["removable"], true);
    drives_->release("2");
    EXPECT_EQ(drives_->query_block().size(), 1U);
    EXPECT_TRUE(drives_->remove_node("n"));
}

TEST_F(DrivesTest, WhatIsWrittenToASnapshotIsForgotten) {
    const std::string file = make("a.img", "before");
    DriveSpec drive = spec(file);
    drive.snapshot = true;
    ASSERT_TRUE(drives_->add(drive));
    backend::BlockDevice& disk = **drives_->claim("d", {"1", "one", "", false});
    EXPECT_FALSE(disk.read_only());
    std::vector<u8> bytes(512, 'x');
    EXPECT_EQ(perform(disk, backend::BlockRequest::Kind::write, bytes), 0);
    std::ranges::fill(bytes, u8{0});
    EXPECT_EQ(perform(disk, backend::BlockRequest::Kind::read, bytes), 0);
    EXPECT_EQ(bytes[0], 'x');
    drives_->release("1");
    drives_.reset();
    std::string text;
    std::ifstream(file) >> text;
    EXPECT_EQ(text.substr(0, 6), "before");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(DrivesTest, AFileNamedAloneIsWhatItsNameAndContentSay) {
    EXPECT_EQ(lone(make("a.img")), "");
    EXPECT_NE(drives_->notes().front().find("is a raw disk"), std::string::npos);
    EXPECT_NE(lone(make("b.img", "QFI\xfb")).find("begins like one of format qcow2"), std::string::npos);
    EXPECT_NE(lone(make("c.qcow2")).find("does not begin like one"), std::string::npos);
    EXPECT_NE(lone(make("d.raw", "KDMV")).find("begins like one of format vmdk"), std::string::npos);
}

TEST_F(DrivesTest, AChangeOfSizeIsToldToTheDevice) {
    const std::string file = make("a.img");
    ASSERT_TRUE(drives_->add(spec(file)));
    backend::BlockDevice& disk = **drives_->claim("d", {"1", "one", "", false});
    int told = 0;
    disk.set_size_handler([](void* count) { ++*static_cast<int*>(count); }, &told);
    EXPECT_TRUE(drives_->resize("d", "", 2 << 20));
    EXPECT_EQ(told, 1);
    EXPECT_EQ(disk.size(), 2U << 20);
    EXPECT_FALSE(drives_->resize("d", "", 1000));
    EXPECT_FALSE(drives_->resize("e", "", 1024));
    ASSERT_TRUE(drives_->add_node({{"driver", "null-co"}, {"node-name", "n"}}));
    EXPECT_TRUE(drives_->resize("", "n", 1024));
    EXPECT_EQ(drives_->query_nodes(true)[0]["image"]["virtual-size"], 1024);
    disk.set_size_handler(nullptr, nullptr);
    std::vector<u8> bytes(512);
    perform(disk, backend::BlockRequest::Kind::read, bytes);
    const Json statistics = drives_->query_statistics(false)[0];
    EXPECT_EQ(statistics["stats"]["rd_operations"], 1);
    EXPECT_EQ(statistics["stats"]["rd_bytes"], 512);
    EXPECT_EQ(statistics["parent"]["stats"]["rd_operations"], 0);
}

TEST_F(DrivesTest, WritesGoToTheOverlayAfterASnapshot) {
    const std::string file = make("a.img");
    ASSERT_TRUE(drives_->add(spec(file)));
    backend::BlockDevice& disk = **drives_->claim("d", {"1", "one", "", false});
    std::vector<u8> bytes(512, 'a');
    ASSERT_EQ(perform(disk, backend::BlockRequest::Kind::write, bytes), 0);
    for (const std::string name : {"b", "c"}) {
        const DriveSnapshot wanted{.drive = "d", .file = folder_ + name, .name = name};
        const auto taken = drives_->snapshot({&wanted, 1});
        ASSERT_TRUE(taken) << taken.error().message();
        ASSERT_EQ(perform(disk, backend::BlockRequest::Kind::read, bytes), 0);
        EXPECT_EQ(bytes[0], name[0] - 1);
        bytes.assign(512, static_cast<u8>(name[0]));
        ASSERT_EQ(perform(disk, backend::BlockRequest::Kind::write, bytes), 0);
    }
    const Json inserted = drives_->query_block()[0]["inserted"];
    EXPECT_EQ(inserted["node-name"], "c");
    EXPECT_EQ(inserted["backing_file"], folder_ + "b");
    EXPECT_EQ(inserted["backing_file_depth"], 2);
    const DriveSnapshot again{.drive = "d", .file = folder_ + "b"};
    EXPECT_NE(drives_->snapshot({&again, 1}).error().what.find("is there, and not empty"), std::string::npos);
    drives_->release("1");
    drives_.reset();
    std::ifstream base(file);
    EXPECT_EQ(base.get(), 'a');
    // The images name each other.
    drives_ = std::make_unique<Drives>(loop_);
    DriveSpec whole = spec(folder_ + "c");
    whole.format = ImageFormat::qcow2;
    ASSERT_TRUE(drives_->add(whole));
    ASSERT_EQ(perform(**drives_->claim("d", {"1", "one", "", false}), backend::BlockRequest::Kind::read, bytes), 0);
    EXPECT_EQ(bytes[0], 'c');
    drives_->release("1");
}

TEST_F(DrivesTest, SnapshotsAreTakenTogetherOrNotAtAll) {
    ASSERT_TRUE(drives_->add(spec(make("a.img"), "d")));
    ASSERT_TRUE(drives_->add(spec(make("b.img"), "e")));
    const std::size_t nodes = drives_->query_nodes(true).size();
    const DriveSnapshot first{.drive = "d", .file = folder_ + "c"};
    const DriveSnapshot wrong{.drive = "e", .file = folder_ + "none/d"};
    const DriveSnapshot twice{.drive = "d", .file = folder_ + "e"};
    EXPECT_FALSE(drives_->snapshot(std::vector{first, wrong}));
    EXPECT_EQ(drives_->query_nodes(true).size(), nodes);
    std::filesystem::remove(folder_ + "c");
    EXPECT_NE(drives_->snapshot(std::vector{first, twice}).error().what.find("named twice"), std::string::npos);
    EXPECT_EQ(drives_->query_nodes(true).size(), nodes);
    std::filesystem::remove(folder_ + "c");
    const DriveSnapshot second{.drive = "e", .file = folder_ + "d"};
    EXPECT_TRUE(drives_->snapshot(std::vector{first, second}));
    EXPECT_EQ(drives_->query_nodes(true).size(), nodes + 4);
}

TEST_F(DrivesTest, AnOverlayThatDoesNotFitIsRefused) {
    ASSERT_TRUE(drives_->add(spec(make("a.img"))));
    const std::string base = drives_->query_block()[0]["inserted"]["node-name"];
    const auto refusal = [&](const std::string& node, const std::string& overlay) {
        const DriveSnapshot wanted{.node = node, .overlay = overlay};
        const auto taken = drives_->snapshot({&wanted, 1});
        return taken ? "" : taken.error().what;
    };
    const auto image = [&](const std::string& name, u64 size) {
        std::ofstream(folder_ + name).flush();
        ASSERT_TRUE(
            drives_->add_node({{"driver", "file"}, {"node-name", name + "-file"}, {"filename", folder_ + name}}));
        block::qcow2::CreateOptions options;
        options.size = size;
        ASSERT_TRUE(drives_->create_image(name + "-file", options));
        ASSERT_TRUE(drives_->add_node(
            {{"driver", "qcow2"}, {"node-name", name}, {"file", name + "-file"}, {"backing", nullptr}}));
        EXPECT_FALSE(drives_->create_image(name + "-file", options)) << "it is in use";
    };
    ASSERT_TRUE(drives_->add_node({{"driver", "null-co"}, {"node-name", "null"}, {"size", 1 << 20}}));
    EXPECT_NE(refusal(base, "null").find("cannot have another behind it"), std::string::npos);
    image("small", 1 << 19);
    EXPECT_NE(refusal(base, "small").find("it is of 524288 bytes"), std::string::npos);
    image("right", 1 << 20);
    EXPECT_NE(refusal("right", "right").find("same file"), std::string::npos);
    EXPECT_EQ(refusal(base, "right"), "");
    EXPECT_NE(refusal(base, "right").find("is behind it already"), std::string::npos);
    image("next", 1 << 20);
    EXPECT_NE(refusal(base, "next").find("refers to the latter too"), std::string::npos);
    EXPECT_EQ(refusal("right", "next"), "");
    EXPECT_NE(drives_->remove_node("right").error().what.find("in use by node 'next'"), std::string::npos);
}

}  // namespace
}  // namespace kelvin::vm
