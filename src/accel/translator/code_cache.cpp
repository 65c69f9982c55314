// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/code_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bits.h"

namespace kelvin::translator {

Result<CodeCache> CodeCache::create(u64 size) {
    const u64 segment_size = align_up(std::clamp(size / 16, kSmallestSegment, kLargestSegment), 4096);
    const unsigned segment_count = std::max(4u, static_cast<unsigned>(size / segment_size));
    size = kStubBytes + segment_count * segment_size;
    // Not of a file: perf looks for names of code only in memory that it takes for anonymous.
    void* const write = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (write == MAP_FAILED) {
        return host_error("mapping the code cache", errno);
    }
    // From an old size of 0, a shared mapping is not moved but mapped once more.
    void* const execute = mremap(write, 0, size, MREMAP_MAYMOVE);
    if (execute == MAP_FAILED || mprotect(execute, size, PROT_READ | PROT_EXEC) != 0) {
        const int error = errno;
        munmap(write, size);
        if (execute != MAP_FAILED) {
            munmap(execute, size);
        }
        return host_error("mapping the code cache for execution", error,
                          "the host must allow executable mappings of anonymous memory (SELinux: execmem)");
    }
    return CodeCache(static_cast<u8*>(write), static_cast<u8*>(execute), segment_size, segment_count);
}

CodeCache::CodeCache(CodeCache&& other) noexcept
    : write_(std::exchange(other.write_, nullptr)),
      execute_(other.execute_),
      segment_size_(other.segment_size_),
      segment_count_(other.segment_count_),
      segment_(other.segment_),
      segments_used_(other.segments_used_),
      cursor_(other.cursor_) {}

CodeCache::~CodeCache() {
    if (write_ != nullptr) {
        munmap(write_, mapped_size());
        munmap(execute_, mapped_size());
    }
}

void CodeCache::commit(std::size_t bytes) {
    const u64 used = static_cast<u64>(cursor_ - write_) + bytes;
    cursor_ = std::min(write_ + align_up(used, kAlignment), segment_start(segment_) + segment_size_);
}

void CodeCache::advance() {
    segment_ = next(segment_);
    segments_used_ = std::min(segments_used_ + 1, segment_count_);
    cursor_ = segment_start(segment_);
}

u64 CodeCache::used() const {
    return (segments_used_ - 1) * segment_size_ + static_cast<u64>(cursor_ - segment_start(segment_));
}

}  // namespace kelvin::translator
