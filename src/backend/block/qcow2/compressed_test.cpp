// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "backend/block/drive.h"
#include "backend/block/qcow2/create.h"

namespace kelvin::block::qcow2 {
namespace {

constexpr u64 kClusters = 24;
constexpr u64 kCluster = 65536;

class CompressedTest : public testing::TestWithParam<IoEngine> {
  protected:
    CompressedTest() : path_(testing::TempDir() + "compressed_test." + std::to_string(::getpid())) {
        io_ = std::move(IoContext::create(GetParam()).value());
        auto file = FileNode::open(*io_, {.path = path_, .lock = LockMode::writer, .create = true}).value();
        CreateOptions options;
        options.size = kClusters * kCluster;
        image_ = create(*io_, file, options).value();
        std::mt19937 random(1);
        for (u64 i = 0; i < disk_.size(); ++i) {
            disk_[i] = i % 16 == 0 ? static_cast<u8>(random()) : disk_[i - 1];
        }
        for (u64 at = 0; at < disk_.size(); at += kCluster) {
            EXPECT_EQ(io_->run(image_->write_compressed(at, std::span(disk_).subspan(at, kCluster))), 0);
        }
        EXPECT_EQ(io_->run(image_->flush()), 0);
    }
    ~CompressedTest() override { std::remove(path_.c_str()); }

    std::string path_;
    std::unique_ptr<IoContext> io_;
    std::shared_ptr<Image> image_;
    std::vector<u8> disk_ = std::vector<u8>(kClusters * kCluster);
};

/// Parts of the same and of other clusters, read and written at once.
TEST_P(CompressedTest, ManyRequestsAtOnce) {
    struct One {
        backend::BlockRequest request;
        std::vector<u8> bytes;
        iovec segment{};
        int error = -1;
    };
    Drive drive(*io_, image_, {.name = "d"});
    std::mt19937 random(2);
    for (unsigned round = 0; round < 20; ++round) {
        std::vector<One> all(64);
        for (u64 i = 0; i < all.size(); ++i) {
            One& one = all[i];
            const bool writes = i % 8 == 0 && round % 2 == 1;
            // Writes lie where nobody reads in the same round.
            const u64 unit = 8192;
            const u64 places = disk_.size() / unit / 2;
            const u64 offset = (random() % places * 2 + (writes ? 1 : 0)) * unit;
            one.bytes.assign(unit, static_cast<u8>(i));
            one.segment = {one.bytes.data(), one.bytes.size()};
            one.request = {.kind = writes ? backend::BlockRequest::Kind::write : backend::BlockRequest::Kind::read,
                           .offset = offset,
                           .length = unit,
                           .segments = {&one.segment, 1}};
            one.request.context = &one;
            one.request.done = [](backend::BlockRequest& request, int error) {
                static_cast<One*>(request.context)->error = error;
            };
            drive.submit(one.request);
            if (writes) {
                drive.drain();
                std::ranges::copy(one.bytes, disk_.begin() + static_cast<i64>(offset));
            }
        }
        drive.drain();
        for (const One& one : all) {
            ASSERT_EQ(one.error, 0);
            if (one.request.kind == backend::BlockRequest::Kind::read) {
                ASSERT_TRUE(std::ranges::equal(one.bytes, std::span(disk_).subspan(one.request.offset, 8192)));
            }
        }
    }
}

TEST_P(CompressedTest, ADamagedClusterIsNamedAndOthersRead) {
    ASSERT_EQ(io_->run(image_->close()), 0);
    std::string words;
    image_->set_report([&](const std::string& text) { words = text; });
    const auto all = std::span(disk_);
    std::vector<u8> part(kCluster);
    const SingleBuffer into(part);
    // The first compressed cluster lies where the empty image ended.
    std::vector<u8> damage(64, 0xFF);
    const SingleBuffer over(damage);
    const u64 at = 4 * kCluster;
    ASSERT_EQ(io_->run(image_->file().write(at, over.buffers())), 0);
    EXPECT_EQ(io_->run(image_->read(0, into.buffers())), EIO);
    EXPECT_NE(words.find("the compressed cluster of guest offset 0x0, at 0x40000"), std::string::npos) << words;
    EXPECT_NE(words.find("kelvin-img check"), std::string::npos);
    EXPECT_EQ(io_->run(image_->read(20 * kCluster, into.buffers())), 0);
    EXPECT_TRUE(std::ranges::equal(part, all.subspan(20 * kCluster, kCluster)));
}

INSTANTIATE_TEST_SUITE_P(Engines, CompressedTest, testing::Values(IoEngine::automatic, IoEngine::threads),
                         [](const auto& with) { return with.param == IoEngine::threads ? "threads" : "automatic"; });

}  // namespace
}  // namespace kelvin::block::qcow2
