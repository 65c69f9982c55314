// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "memory/address_map.h"

namespace kelvin::memory {

Result<RamBlock> RamBlock::allocate(u64 size) {
    // NORESERVE: a guest may be given more memory than it will ever touch.
    void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) {
        return host_error("allocating " + std::to_string(size >> 20) + " MiB of guest memory", errno,
                          "give the machine less memory");
    }
    // Huge pages halve the host's TLB misses of random accesses. Only advice: the kernel may have them off.
    ::madvise(data, size, MADV_HUGEPAGE);
    return RamBlock(static_cast<u8*>(data), size);
}

Result<RamBlock> RamBlock::map_file(int fd, u64 size, bool shared) {
    void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        return host_error("mapping " + std::to_string(size >> 10) + " KiB of a file", errno);
    }
    return RamBlock(static_cast<u8*>(data), size);
}

void RamBlock::discard(u64 offset, u64 size) const {
    KELVIN_ASSERT(offset <= size_ && size <= size_ - offset);
    const u64 page = static_cast<u64>(::sysconf(_SC_PAGESIZE));
    const u64 first = (offset + page - 1) / page * page;
    const u64 end = (offset + size) / page * page;
    if (first < end) {
        ::madvise(data_ + first, end - first, MADV_DONTNEED);
    }
}

RamBlock::RamBlock(RamBlock&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

RamBlock& RamBlock::operator=(RamBlock&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

RamBlock::~RamBlock() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
    }
}

}  // namespace kelvin::memory
