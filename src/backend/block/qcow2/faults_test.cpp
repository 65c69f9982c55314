// SPDX-License-Identifier: Apache-2.0
// Hosts that fail in the middle, and images that were made to harm.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "backend/block/qcow2/create.h"
#include "backend/block/qcow2/image.h"

namespace {

std::atomic<int> flushes_until_failure = 0;  // the one that fails; 0: none does
std::atomic<long> largest_write = 0;

}  // namespace

// In place of the C library's: these say what Kelvin asks the host for, and fail when a test wants it.
extern "C" int fdatasync(int fd) {
    if (flushes_until_failure > 0 && --flushes_until_failure == 0) {
        errno = EIO;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

extern "C" ssize_t pwritev(int fd, const iovec* areas, int count, off_t offset) {
    const ssize_t written = ::syscall(SYS_pwritev, fd, areas, count, offset, 0);
    largest_write = std::max(largest_write.load(), written);
    return written;
}

namespace kelvin::block::qcow2 {
namespace {

constexpr u64 kCluster = 65536;
constexpr u64 kMiB = u64{1} << 20;

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
    /// Closes the image, and opens it again with O_DIRECT, if the file system has that.
    bool open_directly() {
        EXPECT_EQ(io_->run(image_->close()), 0);
        image_.reset();
        const auto file = FileNode::open(*io_, {.path = path_, .direct = true, .lock = LockMode::writer});
        if (!file) {
            return false;
        }
        image_ = Image::open(*io_, *file, {}).value();
        return true;
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

/// While it lives the file behind `node` is a pipe, from and to no place of which the host moves bytes.
class UnusableFile {
  public:
    explicit UnusableFile(FileNode& node) {
        DirectRequest direct;
        EXPECT_TRUE(node.begin_direct(0, 512, false, direct));
        fd_ = direct.fd;
        kept_ = Fd(::dup(fd_));
        int ends[2];
        EXPECT_EQ(::pipe(ends), 0);
        EXPECT_EQ(::dup2(ends[0], fd_), fd_);
        ::close(ends[0]);
        ::close(ends[1]);
    }
    ~UnusableFile() { EXPECT_EQ(::dup2(kept_.get(), fd_), fd_); }
    UnusableFile(const UnusableFile&) = delete;
    UnusableFile& operator=(const UnusableFile&) = delete;

  private:
    int fd_ = -1;
    Fd kept_;
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
    const std::string other = path_ + ".other";
    const auto node = FileNode::open(*io_, {.path = other, .lock = LockMode::writer, .create = true}).value();
    ASSERT_EQ(io_->run(node->resize(512)), 0);
    {
        const UnusableFile unusable(*node);
        EXPECT_NE(io_->run(node->flush()), 0);
    }
    EXPECT_NE(io_->run(node->flush()), 0);
    std::remove(other.c_str());
}

TEST_F(FaultsTest, ACommitThatFailedAtItsLastFlushIsFinishedByTheNext) {
    ASSERT_EQ(write(0), 0);
    // Behind a cache of the host's no flush after a failed one may succeed.
    if (!open_directly()) {
        GTEST_SKIP() << "no O_DIRECT in " << path_;
    }
    const u64 before = file_size();
    ASSERT_EQ(io_->run(image_->discard(0, kCluster)), 0);
    flushes_until_failure = 2;
    EXPECT_EQ(io_->run(image_->flush()), EIO);
    EXPECT_EQ(flushes_until_failure, 0);
    ASSERT_EQ(io_->run(image_->flush()), 0);
    // What the discard freed is free now, and no other room is needed.
    ASSERT_EQ(write(8 * kCluster), 0);
    ASSERT_EQ(io_->run(image_->close()), 0);
    EXPECT_EQ(file_size(), before);
}

TEST_F(FaultsTest, DiscardsWhoseTableCannotBeReadTakeNoRoom) {
    const u64 far = image_->header().l2_entries() * kCluster;
    ASSERT_EQ(io_->run(image_->resize(2 * far)), 0);
    ASSERT_EQ(write(0), 0);
    ASSERT_EQ(io_->run(image_->create_snapshot("s")), 0);
    ASSERT_EQ(io_->run(image_->close()), 0);
    image_.reset();
    image_ = Image::open(*io_, open_file(), {}).value();
    // Refcounts are in memory from here on; the table for the disk's beginning, which the snapshot has too, is not.
    ASSERT_EQ(write(far), 0);
    ASSERT_EQ(io_->run(image_->flush()), 0);
    const u64 before = file_size();
    {
        const UnusableFile unusable(image_->file());
        for (u64 i = 0; i < 200; ++i) {
            EXPECT_EQ(io_->run(image_->discard(0, kCluster)), ESPIPE);
        }
    }
    ASSERT_EQ(write(far + kCluster), 0);
    ASSERT_EQ(io_->run(image_->close()), 0);
    EXPECT_LE(file_size(), before + kCluster);
}

TEST_F(FaultsTest, MisalignedRequestsAreMovedInPieces) {
    const std::string other = path_ + ".other";
    const auto opened = FileNode::open(*io_, {.path = other, .direct = true, .lock = LockMode::writer, .create = true});
    if (!opened) {
        GTEST_SKIP() << "no O_DIRECT in " << path_;
    }
    FileNode& node = **opened;
    std::vector<u8> written(5 * kMiB);
    for (u64 i = 0; i < written.size(); ++i) {
        written[i] = static_cast<u8>(i * 7 + (i >> 12));
    }
    const SingleBuffer source(written);
    largest_write = 0;
    ASSERT_EQ(io_->run(node.write(1234, source.buffers())), 0);
    EXPECT_LE(largest_write, static_cast<long>(kMiB));
    EXPECT_EQ(node.file_size(), 1234 + written.size());
    std::vector<u8> read(written.size());
    const SingleBuffer target(read);
    ASSERT_EQ(io_->run(node.read(1234, target.buffers())), 0);
    EXPECT_EQ(read, written);
    std::remove(other.c_str());
}

TEST_F(FaultsTest, ZeroesThatHaveToBeWrittenAreWrittenInPieces) {
    const std::string other = path_ + ".other";
    image_.reset();
    CreateOptions options;
    options.size = 64 * kCluster;
    options.version = 2;  // has no entries that read as zeroes
    image_ = create(*io_, open_file(true), options).value();
    const auto below = FileNode::open(*io_, {.path = other, .lock = LockMode::writer, .create = true}).value();
    std::vector<u8> bytes(64 * kCluster, 0x5A);
    const SingleBuffer buffer(bytes);
    ASSERT_EQ(io_->run(below->write(0, buffer.buffers())), 0);
    image_->set_backing(below);
    largest_write = 0;
    ASSERT_EQ(io_->run(image_->write_zeroes(0, bytes.size(), true)), 0);
    EXPECT_GT(largest_write, 0);
    EXPECT_LE(largest_write, static_cast<long>(kMiB));
    ASSERT_EQ(io_->run(image_->read(0, buffer.buffers())), 0);
    EXPECT_TRUE(is_zero(bytes));
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
