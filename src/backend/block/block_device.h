// SPDX-License-Identifier: Apache-2.0
// Between a device that reads and writes blocks (virtio-blk, a SCSI disk, NVMe) and the host's end of its disk.
#pragma once

#include <sys/uio.h>

#include <span>
#include <string>

#include "backend/block/error_policy.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::backend {

/// One request. Whoever submits owns it and its buffers, and keeps both untouched until `done` was called.
struct BlockRequest {
    enum class Kind : u8 { read, write, flush, discard, write_zeroes };
    Kind kind = Kind::read;
    bool may_unmap = false;                ///< write_zeroes: the range may lose its storage
    bool force_unit_access = false;        ///< write, write_zeroes: on stable storage before it is done
    u64 offset = 0;                        ///< bytes
    u64 length = 0;                        ///< bytes; equal to the segments' sum for read and write
    std::span<const iovec> segments = {};  ///< read, write
    /// `error` is 0 or an errno: EINVAL beyond the end, EROFS, ENOSPC, EIO... On the event loop's thread, with nothing
    /// of the block layer locked; may submit again, this request too.
    void (*done)(BlockRequest& request, int error) = nullptr;
    void* context = nullptr;  ///< the submitter's
};

/// What a device may tell its guest; all in bytes, 0 where the host has nothing to say.
struct BlockLimits {
    u32 request_alignment = 1;    ///< requests that are aligned to it are served best; any others are served too
    u32 discard_granularity = 0;  ///< smaller discards have no effect
    u32 optimal_transfer = 0;     ///< a multiple of this is written without reading anything
    u64 max_transfer = 0;         ///< larger reads and writes have to be split by the submitter
    bool discards = false;        ///< discard does something
    bool zeroes_quickly = false;  ///< write_zeroes costs less than writing zeroes
    bool write_cache = true;      ///< writes are volatile until a flush
};

/// Of a device whose medium comes and goes: where the user's wishes arrive. The event loop's thread.
class Tray {
  public:
    virtual ~Tray() = default;
    virtual bool is_open() const = 0;
    /// The guest does not let go of the medium.
    virtual bool is_locked() const = 0;
    /// Whatever the guest says.
    virtual void move(bool open) = 0;
    /// The guest is asked to open it.
    virtual void request_open() = 0;
    /// Another medium is in it, or none.
    virtual void medium_changed() = 0;
};

/// All of it on the event loop's thread.
class BlockDevice {
  public:
    virtual ~BlockDevice() = default;

    virtual u64 size() const = 0;  ///< bytes; a multiple of 512
    virtual bool read_only() const = 0;
    virtual const BlockLimits& limits() const = 0;
    /// What the user calls it, for messages: "drive 'hd0'".
    virtual const std::string& name() const = 0;
    /// What the user gave as the disk's serial number; may be empty.
    virtual const std::string& serial() const = 0;

    /// Never calls `done` before it returns. Requests in flight at the same time have no order among each other.
    virtual void submit(BlockRequest& request) = 0;

    /// Between the two the host need not be told of each request by itself; they nest.
    virtual void begin_batch() {}
    virtual void end_batch() {}

    /// Returns once every request is done: their `done` is called from within. Those that wait for the user to mend the
    /// host's storage end with their errors. Not from within a `done`.
    virtual void drain() = 0;

    /// What the user says of the device, and not of the drive, about requests that fail; until the device lets go.
    virtual void set_error_policy(const ErrorPolicy& /*policy*/) {}
    /// As drain(), but requests that wait for the user go on waiting.
    virtual void settle() { drain(); }
    /// Some wait for the user.
    virtual bool holds_requests() const { return false; }

    /// Called when size() has changed; null for none.
    virtual void set_size_handler(void (*handler)(void* context), void* context) = 0;

    /// False: size() is 0, and requests fail with ENOMEDIUM.
    virtual bool has_medium() const { return true; }
    /// By a device that has one, until it is gone; null for none.
    virtual void set_tray(Tray* /*tray*/) {}
    /// The guest has moved it.
    virtual void tray_moved(bool /*open*/) {}
};

/// For who saves the state of a device after settle(): a request that waits for the user cannot be part of it.
Result<> check_savable(const BlockDevice& disk);

/// A batch as long as a scope.
class BlockBatch {
  public:
    explicit BlockBatch(BlockDevice& device) : device_(device) { device_.begin_batch(); }
    ~BlockBatch() { device_.end_batch(); }
    BlockBatch(const BlockBatch&) = delete;
    BlockBatch& operator=(const BlockBatch&) = delete;

  private:
    BlockDevice& device_;
};

}  // namespace kelvin::backend
