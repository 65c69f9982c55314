// SPDX-License-Identifier: Apache-2.0
// A part of a list of memory areas: what a request reads into or writes from. Cheap to copy and to cut.
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <vector>

#include "base/types.h"

namespace kelvin::block {

class Buffers {
  public:
    Buffers() = default;
    explicit Buffers(std::span<const iovec> segments);
    /// `segments` without the first `skip` bytes, `length` bytes of it.
    Buffers(std::span<const iovec> segments, u64 skip, u64 length);

    u64 length() const { return length_; }
    Buffers part(u64 offset, u64 length) const { return Buffers(segments_, skip_ + offset, length); }

    /// Appends the areas, cut to size.
    void append_to(std::vector<iovec>& list) const;
    /// The areas as the host takes them, if they need no cutting.
    std::span<const iovec> whole() const;

    void copy_from(std::span<const u8> bytes) const;
    void copy_to(std::span<u8> bytes) const;
    void clear() const;
    bool is_zero() const;
    /// Addresses and lengths are multiples of `alignment`.
    bool is_aligned(u64 alignment) const;

  private:
    template <class Visit>
    void each(Visit&& visit) const;

    std::span<const iovec> segments_;
    u64 skip_ = 0;
    u64 length_ = 0;
};

/// One area of memory as Buffers.
class SingleBuffer {
  public:
    SingleBuffer(void* data, u64 length) : area_{data, length} {}
    explicit SingleBuffer(std::span<u8> bytes) : area_{bytes.data(), bytes.size()} {}
    Buffers buffers() const { return Buffers({&area_, 1}, 0, area_.iov_len); }

  private:
    iovec area_;
};

/// Memory that O_DIRECT takes: aligned to a page.
class AlignedMemory {
  public:
    explicit AlignedMemory(u64 size);
    AlignedMemory(AlignedMemory&& other) noexcept;
    AlignedMemory(const AlignedMemory&) = delete;
    AlignedMemory& operator=(const AlignedMemory&) = delete;
    ~AlignedMemory() = default;

    u8* data() { return static_cast<u8*>(area_.iov_base); }
    std::span<u8> span() { return {data(), size_}; }
    std::span<const u8> span() const { return {static_cast<const u8*>(area_.iov_base), size_}; }
    Buffers buffers() const { return Buffers({&area_, 1}, 0, size_); }

  private:
    std::unique_ptr<u8[]> storage_;  ///< a page more than is asked for
    u64 size_;
    iovec area_{};
};

bool is_zero(std::span<const u8> bytes);

}  // namespace kelvin::block
