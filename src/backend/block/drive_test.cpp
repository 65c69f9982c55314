// SPDX-License-Identifier: Apache-2.0
#include "backend/block/drive.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstring>

#include "backend/block/file_node.h"

namespace kelvin::block {
namespace {

using backend::BlockRequest;

class DriveTest : public testing::TestWithParam<IoEngine> {
  protected:
    DriveTest() : path_(testing::TempDir() + "drive_test." + std::to_string(::getpid())) {
        auto io = IoContext::create(GetParam());
        if (io) {
            io_ = std::move(*io);
        }
    }
    ~DriveTest() override { std::remove(path_.c_str()); }

    std::shared_ptr<FileNode> open(FileOptions options) {
        options.path = path_;
        auto node = FileNode::open(*io_, options);
        EXPECT_TRUE(node) << node.error().message();
        return *node;
    }
    std::shared_ptr<FileNode> create(u64 size, bool direct = false) {
        auto node = open({.direct = direct, .lock = LockMode::writer, .create = true});
        EXPECT_EQ(io_->run(node->resize(size)), 0);
        return node;
    }
    int perform(Drive& drive, BlockRequest request) {
        int answer = -1;
        request.context = &answer;
        request.done = [](BlockRequest& done, int error) { *static_cast<int*>(done.context) = error; };
        drive.submit(request);
        EXPECT_EQ(answer, -1) << "done before submit() returned";
        drive.drain();
        return answer;
    }
    int transfer(Drive& drive, BlockRequest::Kind kind, u64 offset, std::span<u8> bytes) {
        iovec segment{bytes.data(), bytes.size()};
        return perform(drive, {.kind = kind, .offset = offset, .length = bytes.size(), .segments = {&segment, 1}});
    }

    std::string path_;
    std::unique_ptr<IoContext> io_;
};

TEST_P(DriveTest, ReadsWhatWasWritten) {
    for (const bool direct : {false, true}) {
        Drive drive(*io_, create(1 << 20, direct), {.name = "d"});
        std::vector<u8> data(5000, 0x5A);
        ASSERT_EQ(transfer(drive, BlockRequest::Kind::write, 512, data), 0);
        std::vector<u8> back(8192, 1);
        ASSERT_EQ(transfer(drive, BlockRequest::Kind::read, 0, back), 0);
        EXPECT_TRUE(is_zero(std::span(back).first(512)));
        EXPECT_EQ(std::memcmp(back.data() + 512, data.data(), data.size()), 0);
        EXPECT_TRUE(is_zero(std::span(back).subspan(5512)));
        EXPECT_EQ(perform(drive, {.kind = BlockRequest::Kind::write_zeroes, .offset = 512, .length = 5000}), 0);
        EXPECT_EQ(perform(drive, {.kind = BlockRequest::Kind::flush}), 0);
        ASSERT_EQ(transfer(drive, BlockRequest::Kind::read, 0, back), 0);
        EXPECT_TRUE(is_zero(back));
        EXPECT_EQ(drive.size(), u64{1} << 20);
    }
}

Detached write_to(FileNode& node, u64 offset, Buffers buffers, u64& left) {
    EXPECT_EQ(co_await node.write(offset, buffers), 0);
    --left;
}

TEST_P(DriveTest, WritesThatLetTheFileGrowAtTheSameTimeLoseNothing) {
    constexpr u64 kPiece = 512 * 5;
    for (const bool direct : {false, true}) {
        const auto node = create(0, direct);
        std::vector<u8> data(kPiece * 100);
        for (u64 i = 0; i < data.size(); ++i) {
            data[i] = static_cast<u8>(1 + i / 512 % 250);
        }
        std::vector<SingleBuffer> pieces;
        for (u64 at = 0; at < data.size(); at += kPiece) {
            pieces.emplace_back(std::span(data).subspan(at, kPiece));
        }
        u64 left = pieces.size();
        for (u64 i = 0; i < pieces.size(); ++i) {
            const u64 each = i * 37 % pieces.size();
            write_to(*node, each * kPiece, pieces[each].buffers(), left);
        }
        while (left != 0) {
            io_->turn(true);
        }
        std::vector<u8> back(data.size());
        EXPECT_EQ(io_->run(node->read(0, SingleBuffer(back).buffers())), 0);
        EXPECT_TRUE(back == data);
        struct stat status {};
        ASSERT_EQ(::stat(path_.c_str(), &status), 0);
        EXPECT_EQ(status.st_size, static_cast<off_t>(data.size()));
    }
}

TEST_P(DriveTest, RefusesWhatIsBeyondTheEndOrNotAllowed) {
    create(1 << 20);
    Drive drive(*io_, open({.read_only = true}), {.name = "d"});
    std::vector<u8> data(512);
    EXPECT_EQ(transfer(drive, BlockRequest::Kind::write, 0, data), EROFS);
    EXPECT_EQ(transfer(drive, BlockRequest::Kind::read, 1 << 20, data), EINVAL);
    EXPECT_EQ(transfer(drive, BlockRequest::Kind::read, ~u64{0} - 100, data), EINVAL);
    EXPECT_EQ(transfer(drive, BlockRequest::Kind::read, (1 << 20) - 512, data), 0);
}

TEST_P(DriveTest, ManyAtOnceAllEnd) {
    Drive drive(*io_, create(1 << 20), {.name = "d"});
    std::vector<u8> memory(1 << 20, 7);
    std::vector<iovec> segments(2048);
    std::vector<BlockRequest> requests(2048);
    int done = 0;
    {
        const backend::BlockBatch batch(drive);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            segments[i] = {memory.data() + i * 512, 512};
            requests[i] = {.kind = BlockRequest::Kind::write,
                           .offset = i * 512,
                           .length = 512,
                           .segments = {&segments[i], 1},
                           .done = [](BlockRequest& r, int error) { *static_cast<int*>(r.context) += error == 0; },
                           .context = &done};
            drive.submit(requests[i]);
        }
    }
    drive.drain();
    EXPECT_EQ(done, 2048);
}

TEST_P(DriveTest, RunsOnAnEventLoop) {
    EventLoop loop;
    Drive drive(*io_, create(1 << 20), {.name = "d"});
    io_->attach(loop);
    BlockRequest request{.kind = BlockRequest::Kind::flush,
                         .done = [](BlockRequest& r, int) { static_cast<EventLoop*>(r.context)->stop(); },
                         .context = &loop};
    drive.submit(request);
    loop.run();
    io_->detach();
    EXPECT_EQ(drive.in_flight(), 0U);
}

TEST_P(DriveTest, ASecondWriterIsToldWhoIsThere) {
    const auto first = create(512);
    const auto second = FileNode::open(*io_, {.path = path_, .lock = LockMode::writer});
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().what.find("is in use by this process itself"), std::string::npos) << second.error().what;
    EXPECT_FALSE(FileNode::open(*io_, {.path = path_, .read_only = true, .lock = LockMode::reader}));
    EXPECT_TRUE(FileNode::open(*io_, {.path = path_, .read_only = true, .lock = LockMode::none}));
}

TEST_P(DriveTest, ReadersDoNotKeepEachOtherOut) {
    create(512);
    const auto first = open({.read_only = true});
    const auto second = open({.read_only = true});
    EXPECT_FALSE(FileNode::open(*io_, {.path = path_, .lock = LockMode::writer}));
}

INSTANTIATE_TEST_SUITE_P(Engines, DriveTest, testing::Values(IoEngine::automatic, IoEngine::threads),
                         [](const auto& with) { return with.param == IoEngine::threads ? "threads" : "automatic"; });

TEST(RangeLocks, ExclusiveOnesWaitAndOthersPass) {
    auto io = std::move(IoContext::create(IoEngine::threads).value());
    RangeLock lock(*io);
    RangeLock::Entry a{.begin = 0, .end = 10};
    RangeLock::Entry b{.begin = 5, .end = 15};
    RangeLock::Entry c{.begin = 9, .end = 11, .kind = RangeLock::Kind::exclusive};
    RangeLock::Entry d{.begin = 20, .end = 30, .kind = RangeLock::Kind::exclusive};
    EXPECT_TRUE(lock.try_lock(a));
    EXPECT_TRUE(lock.try_lock(b));
    EXPECT_FALSE(lock.try_lock(c));
    EXPECT_TRUE(lock.try_lock(d));
    lock.unlock(a);
    EXPECT_FALSE(lock.try_lock(c));
    lock.unlock(b);
    EXPECT_TRUE(lock.try_lock(c));
}

}  // namespace
}  // namespace kelvin::block
