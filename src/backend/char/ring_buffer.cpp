// SPDX-License-Identifier: Apache-2.0
#include "backend/char/ring_buffer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace kelvin::backend {

Result<std::unique_ptr<RingBuffer>> RingBuffer::make(u64 size) {
    if (!std::has_single_bit(size) || size > kLargest) {
        return user_error(fmt::format("a ring buffer cannot have {} bytes", size),
                          fmt::format("its size is a power of two, at most {}", kLargest));
    }
    return std::unique_ptr<RingBuffer>(new RingBuffer(size));
}

void RingBuffer::write(std::span<const u8> bytes) {
    const std::lock_guard lock(mutex_);
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    if (bytes_.size() > size_) {
        bytes_.erase(bytes_.begin(), bytes_.end() - static_cast<std::ptrdiff_t>(size_));
    }
}

std::string RingBuffer::read(std::size_t count) {
    const std::lock_guard lock(mutex_);
    const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(std::min(count, bytes_.size()));
    std::string text(bytes_.begin(), end);
    bytes_.erase(bytes_.begin(), end);
    return text;
}

}  // namespace kelvin::backend
