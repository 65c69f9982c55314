// SPDX-License-Identifier: Apache-2.0
#include "backend/block/file_node.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/bits.h"

namespace kelvin::block {

namespace {

constexpr u64 kDirectAlignment = 4096;
/// One call never moves more, so that a huge request cannot occupy a worker, nor overflow what the host takes.
constexpr u64 kMaxTransfer = u64{1} << 30;
constexpr u64 kZeroChunk = u64{1} << 20;
/// More is copied in turns, so that a guest with many misaligned requests does not make us take as much memory again.
constexpr u64 kBounceChunk = u64{1} << 20;

bool is_refused_write(int error) {
    return error == EACCES || error == EROFS || error == EPERM;
}

Error cannot_open(const std::string& path, int error, bool read_only) {
    std::string cure;
    if (error == ENOENT) {
        cure = "check the name; kelvin-img create makes a new image";
    } else if (is_refused_write(error) && !read_only) {
        cure = "readonly=on opens it without the right to write";
    } else if (error == EINVAL) {
        cure = "its file system may not know O_DIRECT: try another cache mode than none or directsync";
    }
    return host_error("image '" + path + "' cannot be opened", error, cure);
}

Task<int> done_with(int error) {
    co_return error;
}

}  // namespace

void BlockNode::report(const std::string& text) const {
    if (reports_ > kMaxReports) {
        return;
    }
    const std::string words = reports_++ < kMaxReports ? text : "no more is said of image '" + path() + "'";
    if (report_) {
        report_(words);
    } else {
        std::fprintf(stderr, "kelvin: %s\n", words.c_str());
    }
}

Result<std::shared_ptr<FileNode>> FileNode::open(IoContext& io, const FileOptions& options) {
    int flags = O_CLOEXEC | (options.read_only ? O_RDONLY : O_RDWR) | (options.direct ? O_DIRECT : 0);
    // Not O_TRUNC: the file is emptied once it is known that nobody else uses it. Not to wait for a FIFO's other end.
    flags |= O_NONBLOCK | (options.create ? O_CREAT : 0);
    Fd fd = options.temporary ? open_temporary(options.path) : Fd(::open(options.path.c_str(), flags, 0644));
    if (!fd && options.auto_read_only && !options.read_only && is_refused_write(errno)) {
        FileOptions reader = options;
        reader.read_only = true;
        return open(io, reader);
    }
    if (!fd) {
        return cannot_open(options.path, errno, options.read_only);
    }
    std::shared_ptr<FileNode> node(new FileNode(io, options, std::move(fd)));
    KELVIN_TRY(node->prepare());
    return node;
}

Fd FileNode::open_temporary(const std::string& folder) {
    Fd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        std::string name = folder + "/kelvin.XXXXXX";
        fd = Fd(::mkostemp(name.data(), O_CLOEXEC));
        if (fd) {
            ::unlink(name.c_str());
        }
    }
    return fd;
}

Result<> FileNode::prepare() {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) {
        return host_error("image '" + options_.path + "'", errno);
    }
    is_device_ = S_ISBLK(status.st_mode);
    if (!S_ISREG(status.st_mode) && !is_device_) {
        return user_error("image '" + options_.path + "' is neither a file nor a block device",
                          S_ISDIR(status.st_mode) ? "it is a directory: name a file in it" : "");
    }
    identity_ = {status.st_dev, status.st_ino};
    KELVIN_TRY(io_.enable(options_.engine));
    KELVIN_TRY(lock_file(fd_.get(), options_.path, options_.lock));
    if (options_.create && !is_device_ && ::ftruncate(fd_.get(), 0) != 0) {
        return host_error("image '" + options_.path + "' cannot be emptied", errno);
    }
    if (is_device_) {
        if (::ioctl(fd_.get(), BLKGETSIZE64, &size_) != 0) {
            return host_error("the size of '" + options_.path + "'", errno);
        }
    } else {
        size_ = options_.create ? 0 : static_cast<u64>(status.st_size);
    }
    alignment_ = options_.direct ? kDirectAlignment : 1;
    can_discard_ = options_.discard;
    return ok();
}

Result<> FileNode::lock(LockMode mode) {
    if (mode == options_.lock) {
        return ok();
    }
    KELVIN_TRY(lock_file(fd_.get(), options_.path, mode, options_.lock));
    options_.lock = mode;
    return ok();
}

void FileNode::describe(backend::BlockLimits& limits) const {
    limits.request_alignment = static_cast<u32>(alignment_);
    limits.optimal_transfer = 4096;
    limits.discard_granularity = 4096;
    limits.discards = can_discard_;
    limits.zeroes_quickly = can_zero_;
    limits.write_cache = true;
}

Task<int> FileNode::transfer(IoOperation::Kind kind, u64 offset, Buffers buffers) {
    std::vector<iovec> areas;
    while (buffers.length() > 0) {
        const u64 size = std::min(buffers.length(), kMaxTransfer);
        areas.clear();
        buffers.part(0, size).append_to(areas);
        IoOperation operation;
        operation.kind = kind;
        operation.engine = options_.engine;
        operation.fd = fd_.get();
        operation.offset = offset;
        operation.segments = areas.data();
        operation.segment_count = static_cast<unsigned>(std::min<std::size_t>(areas.size(), kMaxSegments));
        const i64 moved = co_await HostIo(io_, operation);
        if (moved == -EINTR || moved == -EAGAIN) {
            continue;
        }
        if (moved < 0) {
            co_return static_cast<int>(-moved);
        }
        if (moved == 0) {
            if (kind == IoOperation::Kind::write) {
                co_return ENOSPC;
            }
            buffers.clear();  // behind the end of the file
            co_return 0;
        }
        offset += static_cast<u64>(moved);
        buffers = buffers.part(static_cast<u64>(moved), buffers.length() - static_cast<u64>(moved));
    }
    co_return 0;
}

Task<int> FileNode::read(u64 offset, Buffers buffers) {
    if (((offset | buffers.length()) & (alignment_ - 1)) != 0 || !buffers.is_aligned(alignment_)) {
        return bounce_read(offset, buffers);
    }
    return transfer(IoOperation::Kind::read, offset, buffers);
}

Task<int> FileNode::write(u64 offset, Buffers buffers) {
    if (options_.read_only) {
        return done_with(EROFS);
    }
    if (offset + buffers.length() > size_ && is_device_) {
        return done_with(ENOSPC);
    }
    if (alignment_ > 1) {
        return bounce_write(offset, buffers);
    }
    grow_to(offset + buffers.length());
    return transfer(IoOperation::Kind::write, offset, buffers);
}

u64 FileNode::bounce_length(u64 offset, u64 length) const {
    return std::min(length, align_down(offset + kBounceChunk, alignment_) - offset);
}

Task<int> FileNode::bounce_read(u64 offset, Buffers buffers) {
    while (buffers.length() > 0) {
        const u64 length = bounce_length(offset, buffers.length());
        const u64 begin = align_down(offset, alignment_);
        AlignedMemory memory(align_up(offset + length, alignment_) - begin);
        if (const int error = co_await transfer(IoOperation::Kind::read, begin, memory.buffers()); error != 0) {
            co_return error;
        }
        buffers.part(0, length).copy_from(memory.span().subspan(offset - begin));
        offset += length;
        buffers = buffers.part(length, buffers.length() - length);
    }
    co_return 0;
}

Task<int> FileNode::bounce_write(u64 offset, Buffers buffers) {
    if (((offset | buffers.length()) & (alignment_ - 1)) == 0 && buffers.is_aligned(alignment_)) {
        co_return co_await bounce_write_part(offset, buffers);
    }
    while (buffers.length() > 0) {
        const u64 length = bounce_length(offset, buffers.length());
        if (const int error = co_await bounce_write_part(offset, buffers.part(0, length)); error != 0) {
            co_return error;
        }
        offset += length;
        buffers = buffers.part(length, buffers.length() - length);
    }
    co_return 0;
}

Task<int> FileNode::bounce_write_part(u64 offset, Buffers buffers) {
    const u64 begin = align_down(offset, alignment_);
    const u64 end = align_up(offset + buffers.length(), alignment_);
    const bool partial = begin != offset || end != offset + buffers.length();
    RangeLock::Entry entry;
    entry.begin = begin;
    entry.end = end;
    entry.kind = partial ? RangeLock::Kind::exclusive : RangeLock::Kind::shared;
    co_await ranges_.lock(entry);
    const RangeGuard guard(ranges_, entry);
    // Before anything waits: others see from size_ how far the file must reach.
    grow_to(offset + buffers.length());
    int error = 0;
    if (!partial && buffers.is_aligned(alignment_)) {
        co_return co_await transfer(IoOperation::Kind::write, offset, buffers);
    }
    AlignedMemory memory(end - begin);
    if (partial) {
        error = co_await transfer(IoOperation::Kind::read, begin, memory.buffers());
    }
    buffers.copy_to(memory.span().subspan(offset - begin));
    if (error == 0) {
        error = co_await transfer(IoOperation::Kind::write, begin, memory.buffers());
    }
    // The last block reaches beyond the end that the file shall have; what others are writing does not.
    if (error == 0 && !is_device_ && end > size_ && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) {
        error = errno;
    }
    co_return error;
}

Task<int> FileNode::fallocate(int mode, u64 offset, u64 length) {
    IoOperation operation;
    operation.engine = options_.engine;
    operation.kind = IoOperation::Kind::allocate;
    operation.fd = fd_.get();
    operation.mode = mode;
    operation.offset = offset;
    operation.length = length;
    i64 result = 0;
    do {
        result = co_await HostIo(io_, operation);
    } while (result == -EINTR);
    co_return static_cast<int>(-result);
}

Task<int> FileNode::write_zero_bytes(u64 offset, u64 length) {
    AlignedMemory zeroes(std::min(length, kZeroChunk));
    zeroes.buffers().clear();
    while (length > 0) {
        const u64 size = std::min(length, kZeroChunk);
        if (const int error = co_await write(offset, zeroes.buffers().part(0, size)); error != 0) {
            co_return error;
        }
        offset += size;
        length -= size;
    }
    co_return 0;
}

Task<int> FileNode::write_zeroes(u64 offset, u64 length, bool may_unmap) {
    if (options_.read_only) {
        co_return EROFS;
    }
    if (length == 0) {
        co_return 0;
    }
    if (can_zero_) {
        const bool punch = may_unmap && can_discard_ && offset + length <= size_;
        const int mode = punch ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE : FALLOC_FL_ZERO_RANGE;
        const int error = co_await fallocate(is_device_ && !punch ? mode | FALLOC_FL_KEEP_SIZE : mode, offset, length);
        if (error != EOPNOTSUPP && error != ENOTTY && error != EINVAL) {
            if (error == 0 && !punch) {
                grow_to(offset + length);
            }
            co_return error;
        }
        can_zero_ = error == EINVAL;  // misaligned on a device: others may do
    }
    co_return co_await write_zero_bytes(offset, length);
}

Task<int> FileNode::discard(u64 offset, u64 length) {
    if (options_.read_only) {
        co_return EROFS;
    }
    if (!can_discard_ || length == 0) {
        co_return 0;
    }
    const int error = co_await fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
    if (error == EOPNOTSUPP || error == ENOTTY) {
        can_discard_ = false;
    }
    co_return error == EOPNOTSUPP || error == ENOTTY || error == EINVAL ? 0 : error;
}

Task<int> FileNode::allocate(u64 offset, u64 length) {
    const int error = co_await fallocate(0, offset, length);
    if (error == 0) {
        grow_to(offset + length);
    }
    co_return error;
}

/// After a failure the host's page cache forgets that pages are to be written (fsync(2)): another try would succeed
/// without them, and what the guest was not told to be lost would be. Without that cache the guest's data is there.
Task<int> FileNode::flush() {
    if (options_.no_flush || options_.read_only) {
        co_return 0;
    }
    if (lost_ != 0) {
        co_return lost_;
    }
    IoOperation operation;
    operation.engine = options_.engine;
    operation.kind = IoOperation::Kind::synchronize;
    operation.fd = fd_.get();
    i64 result = 0;
    do {
        result = co_await HostIo(io_, operation);
    } while (result == -EINTR);
    if (result < 0 && !options_.direct) {
        lost_ = static_cast<int>(-result);
        report("image '" + options_.path + "': the host has lost writes to it; nothing more is said to be durable");
    }
    co_return static_cast<int>(-result);
}

Task<Outcome<Extent>> FileNode::extent(u64 offset, u64 length) {
    Extent extent{length, true, false, false, offset};
    if (offset >= size_) {
        extent.zero = true;
        co_return extent;
    }
    const off_t data = is_device_ ? -1 : ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_DATA);
    if (data < 0) {
        // ENXIO: nothing but a hole until the end. Anything else: a host that cannot say has data everywhere.
        extent.zero = !is_device_ && errno == ENXIO;
        extent.length = extent.zero ? length : std::min(length, size_ - offset);
        co_return extent;
    }
    if (static_cast<u64>(data) > offset) {
        extent.zero = true;
        extent.length = std::min(length, static_cast<u64>(data) - offset);
        co_return extent;
    }
    const off_t hole = ::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_HOLE);
    if (hole > static_cast<off_t>(offset)) {
        extent.length = std::min(length, static_cast<u64>(hole) - offset);
    }
    co_return extent;
}

Task<int> FileNode::resize(u64 size) {
    if (options_.read_only) {
        co_return EROFS;
    }
    if (is_device_) {
        co_return size <= size_ ? 0 : ENOSPC;
    }
    if (size > u64{INT64_MAX}) {
        co_return EFBIG;
    }
    auto work = [&] { return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? 0 : errno; };
    const i64 error = co_await compute(io_, work);
    size_ = error == 0 ? size : size_;
    co_return static_cast<int>(error);
}

Task<int> FileNode::close() {
    return flush();
}

bool FileNode::begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) {
    // With O_DIRECT a write has to keep out of the way of those that change a part of a block.
    if (((offset | length) & (alignment_ - 1)) != 0 || (is_write && (options_.read_only || alignment_ > 1)) ||
        offset + length > size_) {
        return false;
    }
    if (is_write) {
        note_write(offset + length);
    }
    request.fd = fd_.get();
    request.engine = options_.engine;
    request.offset = offset;
    return true;
}

u64 FileNode::allocated_size() const {
    struct stat status {};
    return ::fstat(fd_.get(), &status) == 0 ? static_cast<u64>(status.st_blocks) * 512 : 0;
}

}  // namespace kelvin::block
