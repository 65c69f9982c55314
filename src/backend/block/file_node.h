// SPDX-License-Identifier: Apache-2.0
// A host file or block device as a layer: the lowest one, and the whole of a raw image.
#pragma once

#include <sys/types.h>

#include "backend/block/file_lock.h"
#include "backend/block/node.h"
#include "base/fd.h"
#include "base/result.h"

namespace kelvin::block {

struct FileOptions {
    std::string path = {};
    bool read_only = false;
    bool auto_read_only = false;  ///< read_only if the host does not let us write
    bool direct = false;          ///< past the host's page cache (O_DIRECT)
    bool no_flush = false;        ///< nothing is made durable: cache=unsafe
    bool discard = true;          ///< frees the host's storage when asked to
    IoEngine engine = IoEngine::automatic;
    LockMode lock = LockMode::reader;
    bool temporary = false;  ///< `path` is a folder: a file in it without a name, gone when it is closed
    bool create = false;     ///< the file is made, or emptied if it is there
};

/// Which file it is, whatever its name.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
};

class FileNode final : public BlockNode {
  public:
    static Result<std::shared_ptr<FileNode>> open(IoContext& io, const FileOptions& options);

    u64 size() const override { return size_; }
    bool read_only() const override { return options_.read_only; }
    std::string_view driver() const override { return is_device_ ? "host_device" : "file"; }
    const std::string& path() const override { return options_.path; }
    void describe(backend::BlockLimits& limits) const override;

    /// Bytes beyond the end of the file are zeroes.
    Task<int> read(u64 offset, Buffers buffers) override;
    /// Behind the end it grows the file.
    Task<int> write(u64 offset, Buffers buffers) override;
    Task<int> write_zeroes(u64 offset, u64 length, bool may_unmap) override;
    Task<int> discard(u64 offset, u64 length) override;
    Task<int> flush() override;
    Task<Outcome<Extent>> extent(u64 offset, u64 length) override;
    Task<int> resize(u64 size) override;
    Task<int> close() override;
    bool begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) override;
    u64 memory_alignment() const override { return alignment_; }

    /// As `mode` says from here on; an error that names who is in the way leaves it as it is.
    Result<> lock(LockMode mode);
    /// Behind the last byte that was written so far.
    u64 highest_write() const { return highest_write_; }
    /// Makes the host reserve storage: fallocate(2).
    Task<int> allocate(u64 offset, u64 length);
    /// Writes bytes, even if the host could do without them.
    Task<int> write_data_zeroes(u64 offset, u64 length) { return write_zero_bytes(offset, length); }
    FileIdentity identity() const { return identity_; }
    bool is_device() const { return is_device_; }
    /// Bytes of storage that the host has given it.
    u64 allocated_size() const;
    u64 file_size() const { return size_; }
    const FileOptions& options() const { return options_; }
    IoContext& io() { return io_; }

  private:
    static Fd open_temporary(const std::string& folder);
    FileNode(IoContext& io, FileOptions options, Fd fd)
        : io_(io), options_(std::move(options)), fd_(std::move(fd)), ranges_(io) {}
    Result<> prepare();

    Task<int> transfer(IoOperation::Kind kind, u64 offset, Buffers buffers);
    Task<int> bounce_read(u64 offset, Buffers buffers);
    Task<int> bounce_write(u64 offset, Buffers buffers);
    Task<int> bounce_write_part(u64 offset, Buffers buffers);
    u64 bounce_length(u64 offset, u64 length) const;
    Task<int> fallocate(int mode, u64 offset, u64 length);
    Task<int> write_zero_bytes(u64 offset, u64 length);
    void note_write(u64 end) { highest_write_ = end > highest_write_ ? end : highest_write_; }
    void grow_to(u64 end) {
        note_write(end);
        size_ = end > size_ ? end : size_;
    }

    IoContext& io_;
    FileOptions options_;
    Fd fd_;
    u64 size_ = 0;
    u64 highest_write_ = 0;
    u64 alignment_ = 1;  // O_DIRECT: of memory, offsets and lengths
    bool is_device_ = false;
    int lost_ = 0;  // errno: the host has failed to store what it had taken, and does not say so twice
    bool can_zero_ = true;
    bool can_discard_ = true;
    FileIdentity identity_;
    RangeLock ranges_;  // O_DIRECT: who reads, changes and writes back a block keeps others from it
};

}  // namespace kelvin::block
