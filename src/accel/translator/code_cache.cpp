// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/code_cache.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bits.h"

namespace kelvin::translator {

Result<CodeCache> CodeCache::create(u64 size) {
    size = align_up(size + kStubBytes, 4096);
    const int fd = memfd_create("kelvin-code", MFD_CLOEXEC);
    if (fd < 0) {
        return host_error("creating the code cache", errno);
    }
    if (ftruncate(fd, static_cast<off_t>(size)) != 0) {
        const int error = errno;
        close(fd);
        return host_error("sizing the code cache", error);
    }
    void* write = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    void* execute = mmap(nullptr, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    const int error = errno;
    close(fd);
    if (write == MAP_FAILED || execute == MAP_FAILED) {
        for (void* mapping : {write, execute}) {
            if (mapping != MAP_FAILED) {
                munmap(mapping, size);
            }
        }
        return host_error("mapping the code cache", error,
                          "the host must allow executable mappings of anonymous memory (SELinux: execmem)");
    }
    return CodeCache(static_cast<u8*>(write), static_cast<u8*>(execute), size);
}

CodeCache::CodeCache(CodeCache&& other) noexcept
    : write_(std::exchange(other.write_, nullptr)),
      execute_(other.execute_),
      size_(other.size_),
      cursor_(other.cursor_) {}

CodeCache::~CodeCache() {
    if (write_ != nullptr) {
        munmap(write_, size_);
        munmap(execute_, size_);
    }
}

void CodeCache::commit(std::size_t bytes) {
    const u64 used = static_cast<u64>(cursor_ - write_) + bytes;
    cursor_ = write_ + align_up(used, kAlignment);
    if (cursor_ > write_ + size_) {
        cursor_ = write_ + size_;
    }
}

}  // namespace kelvin::translator
