// SPDX-License-Identifier: Apache-2.0
// Memory for generated code, mapped twice: written at one address, run at another, so that no page is ever writable and
// executable at once. It is filled segment by segment, round and round.
#pragma once

#include "base/result.h"
#include "base/types.h"
#include "emit/x64/assembler.h"

namespace kelvin::translator {

/// Guarded by the translator's lock.
class CodeCache {
  public:
    /// About `size` bytes for regions and, before them, a fixed area for stubs.
    static Result<CodeCache> create(u64 size);
    CodeCache(CodeCache&& other) noexcept;
    CodeCache& operator=(CodeCache&&) = delete;
    CodeCache(const CodeCache&) = delete;
    CodeCache& operator=(const CodeCache&) = delete;
    ~CodeCache();

    x64::CodeBuffer stubs() const { return {write_, write_ + kStubBytes, rw_to_rx()}; }
    /// All that is free of the current segment, aligned for a region's entry.
    x64::CodeBuffer free_space() const { return {cursor_, segment_start(segment_) + segment_size_, rw_to_rx()}; }
    /// The first `bytes` of free_space() are in use.
    void commit(std::size_t bytes);

    unsigned segment_count() const { return segment_count_; }
    unsigned segment() const { return segment_; }
    /// The one that comes after `segment`.
    unsigned next(unsigned segment) const { return segment + 1 == segment_count_ ? 0 : segment + 1; }
    bool segment_is_empty() const { return cursor_ == segment_start(segment_); }
    /// The next segment becomes the current one. What it held is gone: no vCPU may be in it or come to it.
    void advance();

    u8* base() const { return write_; }
    std::ptrdiff_t rw_to_rx() const { return execute_ - write_; }
    /// Bytes that hold regions, dropped ones too.
    u64 used() const;
    /// Bytes that there are for regions.
    u64 size() const { return segment_count_ * segment_size_; }

  private:
    static constexpr u64 kStubBytes = u64{64} << 10;
    static constexpr u64 kAlignment = 16;
    static constexpr u64 kSmallestSegment = u64{64} << 10;
    static constexpr u64 kLargestSegment = u64{2} << 20;

    CodeCache(u8* write, u8* execute, u64 segment_size, unsigned segment_count)
        : write_(write),
          execute_(execute),
          segment_size_(segment_size),
          segment_count_(segment_count),
          cursor_(segment_start(0)) {}
    u64 mapped_size() const { return kStubBytes + segment_count_ * segment_size_; }
    u8* segment_start(unsigned segment) const { return write_ + kStubBytes + segment * segment_size_; }

    u8* write_;
    u8* execute_;
    u64 segment_size_;
    unsigned segment_count_;
    unsigned segment_ = 0;
    unsigned segments_used_ = 1;
    u8* cursor_;
};

}  // namespace kelvin::translator
