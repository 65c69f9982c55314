// SPDX-License-Identifier: Apache-2.0
// Memory for generated code, mapped twice: written at one address, run at another, so that no page is ever writable and
// executable at once.
#pragma once

#include "base/result.h"
#include "base/types.h"
#include "emit/x64/assembler.h"

namespace kelvin::translator {

/// Guarded by the translator's lock.
class CodeCache {
  public:
    /// `size` bytes for regions and, before them, a fixed area for stubs.
    static Result<CodeCache> create(u64 size);
    CodeCache(CodeCache&& other) noexcept;
    CodeCache& operator=(CodeCache&&) = delete;
    CodeCache(const CodeCache&) = delete;
    CodeCache& operator=(const CodeCache&) = delete;
    ~CodeCache();

    x64::CodeBuffer stubs() const { return {write_, write_ + kStubBytes, rw_to_rx()}; }
    /// All that is free, aligned for a region's entry.
    x64::CodeBuffer free_space() const { return {cursor_, write_ + size_, rw_to_rx()}; }
    /// The first `bytes` of free_space() are in use.
    void commit(std::size_t bytes);
    /// Forgets all regions. No vCPU may be running code.
    void clear() { cursor_ = write_ + kStubBytes; }

    std::ptrdiff_t rw_to_rx() const { return execute_ - write_; }
    u64 used() const { return static_cast<u64>(cursor_ - write_); }

  private:
    static constexpr u64 kStubBytes = u64{64} << 10;
    static constexpr u64 kAlignment = 16;

    CodeCache(u8* write, u8* execute, u64 size) : write_(write), execute_(execute), size_(size) { clear(); }

    u8* write_;
    u8* execute_;
    u64 size_;
    u8* cursor_ = nullptr;
};

}  // namespace kelvin::translator
