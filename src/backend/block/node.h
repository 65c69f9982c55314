// SPDX-License-Identifier: Apache-2.0
// One layer of a disk: a host file, an image format on one, a disk of zeroes. Formats are written against this; guests'
// devices see backend::BlockDevice (drive.h).
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "backend/block/block_device.h"
#include "backend/block/buffers.h"
#include "backend/block/range_lock.h"
#include "backend/block/task.h"
#include "base/types.h"

namespace kelvin::block {

/// A value, or an errno.
template <class T>
using Outcome = std::expected<T, int>;

/// What a range is made of, from its beginning until that changes.
struct Extent {
    u64 length = 0;
    bool present = false;  ///< this layer has it; else the backing layer is read, or zeroes
    bool zero = false;     ///< reads as zeroes
    bool compressed = false;
    std::optional<u64> host_offset;  ///< where in the layer's file
};

/// A request that goes to the host's file as it is. Lent by whoever begins it, and kept until end_direct().
struct DirectRequest {
    int fd = -1;
    IoEngine engine = IoEngine::automatic;
    u64 offset = 0;  ///< in that file
    RangeLock::Entry lock;
};

/// Offsets and lengths are bytes within size(); what is read, written or freed need not be aligned. Functions return 0
/// or an errno. An image that is met damaged says so by `report` once, in words, and fails the request with EIO.
class BlockNode {
  public:
    virtual ~BlockNode() = default;

    virtual u64 size() const = 0;
    virtual bool read_only() const = 0;
    virtual std::string_view driver() const = 0;  ///< "file", "qcow2"
    virtual const std::string& path() const = 0;
    virtual void describe(backend::BlockLimits& limits) const = 0;

    virtual Task<int> read(u64 offset, Buffers buffers) = 0;
    virtual Task<int> write(u64 offset, Buffers buffers) = 0;
    virtual Task<int> write_zeroes(u64 offset, u64 length, bool may_unmap) = 0;
    virtual Task<int> discard(u64 offset, u64 length) = 0;
    virtual Task<int> flush() = 0;
    /// flush(), after which nothing is written any more: an image puts its tables in order, and is read-only.
    virtual Task<int> freeze() { return flush(); }
    virtual Task<Outcome<Extent>> extent(u64 offset, u64 length) = 0;
    virtual Task<int> resize(u64 size) = 0;
    /// Writes what is kept in memory and gives the file back in order; nothing may be asked of it afterwards.
    virtual Task<int> close() = 0;

    /// True if the range lies in one piece in a host file, and may be read (written) there now; then end_direct()
    /// follows.
    virtual bool begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) = 0;
    virtual void end_direct(DirectRequest& /*request*/) {}
    /// What begin_direct() asks of memory.
    virtual u64 memory_alignment() const { return 1; }

    virtual BlockNode* backing() const { return nullptr; }

    /// Where the words about damage go; standard error until it is set.
    void set_report(std::function<void(const std::string&)> report) { report_ = std::move(report); }
    void report(const std::string& text) const;
    /// A guest that reads what is damaged again and again does not fill the host's log.
    static constexpr unsigned kMaxReports = 16;

  private:
    mutable unsigned reports_ = 0;
    std::function<void(const std::string&)> report_;
};

}  // namespace kelvin::block
