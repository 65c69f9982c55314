// SPDX-License-Identifier: Apache-2.0
// Hosts that fail in the middle, and images that were made to harm.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "backend/block/qcow2/create.h"
#include "backend/block/qcow2/image.h"

namespace kelvin::block::qcow2 {
namespace {

constexpr u64 kCluster = 65536;

class FaultsTest : public testing::Test {
  protected:
    FaultsTest() {
        CreateOptions options;
        options.size = 64 * kCluster;
        image_ = create(*io_, open_file(true), options).value();
    }
    ~FaultsTest() override { std::remove(path_.c_str()); }

    std::shared_ptr<FileNode> open_file(bool create = false, bool read_only = false) {
        return FileNode::open(*io_, {.path = path_,
                                     .read_only = read_only,
                                     .lock = read_only ? LockMode::none : LockMode::writer,
                                     .create = create})
            .value();
    }
    /// Closes the image, puts `value` at `offset` of the file, and opens it again.
    void damage(u64 offset, u64 value) {
        EXPECT_EQ(io_->run(image_->close()), 0);
        image_.reset();
        const auto file = open_file();
        u8 bytes[8];
        store<u64>(bytes, 0, value);
        const SingleBuffer buffer(bytes);
        EXPECT_EQ(io_->run(file->write(offset, buffer.buffers())), 0);
    }
    u64 field(u64 offset) {
        u8 bytes[8];
        const SingleBuffer buffer(bytes);
        EXPECT_EQ(io_->run(open_file(false, true)->read(offset, buffer.buffers())), 0);
        return load<u64>(bytes, 0);
    }
    int write(u64 offset) {
        std::vector<u8> bytes(4096, 0x5A);
        const SingleBuffer buffer(bytes);
        return io_->run(image_->write(offset, buffer.buffers()));
    }
    u64 file_size() const {
        struct stat status {};
        EXPECT_EQ(::stat(path_.c_str(), &status), 0);
        return static_cast<u64>(status.st_size);
    }

    std::string path_ = testing::TempDir() + "faults_test." + std::to_string(::getpid());
    std::unique_ptr<IoContext> io_ = std::move(IoContext::create(IoEngine::threads).value());
    std::shared_ptr<Image> image_;
};

/// The host's limit on a file's size, while this lives.
class SizeLimit {
  public:
    explicit SizeLimit(u64 bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        handler_ = std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~SizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    SizeLimit(const SizeLimit&) = delete;
    SizeLimit& operator=(const SizeLimit&) = delete;

  private:
    rlimit before_{};
    void (*handler_)(int);
};

TEST_F(FaultsTest, WritesThatFailTakeNoRoom) {
    ASSERT_EQ(write(0), 0);
    ASSERT_EQ(io_->run(image_->flush()), 0);
    const u64 before = file_size();
    {
        const SizeLimit limit(before);
        for (u64 i = 0; i < 200; ++i) {
            EXPECT_EQ(write(8 * kCluster), EFBIG);
        }
    }
    ASSERT_EQ(write(8 * kCluster), 0);
    ASSERT_EQ(io_->run(image_->close()), 0);
    EXPECT_LE(file_size(), before + 2 * kCluster);
}

TEST_F(FaultsTest, AFlushThatFailedDoesNotSucceedLater) {
    const auto file = open_file(false, true);
    const std::string other = path_ + ".other";
    const auto node = FileNode::open(*io_, {.path = other, .lock = LockMode::writer, .create = true}).value();
    ASSERT_EQ(io_->run(node->resize(512)), 0);
    DirectRequest direct;
    ASSERT_TRUE(node->begin_direct(0, 512, false, direct));
    // A pipe in its place cannot be synchronized.
    const Fd kept(::dup(direct.fd));
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::dup2(ends[0], direct.fd), direct.fd);
    EXPECT_NE(io_->run(node->flush()), 0);
    ASSERT_EQ(::dup2(kept.get(), direct.fd), direct.fd);
    EXPECT_NE(io_->run(node->flush()), 0);
    ::close(ends[0]);
    ::close(ends[1]);
    std::remove(other.c_str());
}

TEST_F(FaultsTest, ARefcountBlockThatIsThereTwiceIsRefused) {
    const u64 table = image_->header().refcount_table_offset;
    damage(table + 8, field(table));
    EXPECT_FALSE(Image::open(*io_, open_file(), {}));
    EXPECT_TRUE(Image::open(*io_, open_file(false, true), {.read_only = true}));
    EXPECT_TRUE(Image::open(*io_, open_file(), {.for_repair = true}));
}

TEST_F(FaultsTest, AnEntryThatNamesAFarPlaceDoesNotGrowTheFile) {
    ASSERT_EQ(write(0), 0);
    ASSERT_EQ(io_->run(image_->flush()), 0);
    const u64 l2 = field(image_->header().l1_offset) & kOffsetMask;
    damage(l2, (u64{1} << 50) | kCopied);
    const u64 before = file_size();
    image_ = Image::open(*io_, open_file(), {}).value();
    EXPECT_EQ(io_->run(image_->discard(0, kCluster)), 0);
    EXPECT_EQ(io_->run(image_->flush()), EIO);
    EXPECT_EQ(file_size(), before);
}

TEST_F(FaultsTest, DamageIsToldOfSoOftenAndNoMore) {
    unsigned told = 0;
    image_->set_report([&](const std::string&) { ++told; });
    for (unsigned i = 0; i < 100; ++i) {
        image_->report("damaged");
    }
    EXPECT_EQ(told, BlockNode::kMaxReports + 1);
}

}  // namespace
}  // namespace kelvin::block::qcow2
