// SPDX-License-Identifier: Apache-2.0
#include "backend/block/buffers.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "base/bits.h"

namespace kelvin::block {

namespace {

constexpr u64 kPage = 4096;

u64 total(std::span<const iovec> segments) {
    u64 sum = 0;
    for (const iovec& segment : segments) {
        sum += segment.iov_len;
    }
    return sum;
}

}  // namespace

Buffers::Buffers(std::span<const iovec> segments) : segments_(segments), length_(total(segments)) {}

Buffers::Buffers(std::span<const iovec> segments, u64 skip, u64 length)
    : segments_(segments), skip_(skip), length_(length) {
    while (!segments_.empty() && skip_ >= segments_.front().iov_len) {
        skip_ -= segments_.front().iov_len;
        segments_ = segments_.subspan(1);
    }
}

template <class Visit>
void Buffers::each(Visit&& visit) const {
    u64 left = length_;
    u64 skip = skip_;
    for (std::size_t i = 0; left > 0 && i < segments_.size(); ++i) {
        const u64 size = std::min<u64>(left, segments_[i].iov_len - skip);
        if (size > 0) {
            visit(std::span<u8>(static_cast<u8*>(segments_[i].iov_base) + skip, size));
        }
        left -= size;
        skip = 0;
    }
}

void Buffers::append_to(std::vector<iovec>& list) const {
    each([&](std::span<u8> area) { list.push_back({area.data(), area.size()}); });
}

std::span<const iovec> Buffers::whole() const {
    u64 sum = 0;
    for (std::size_t i = 0; skip_ == 0 && i < segments_.size(); ++i) {
        sum += segments_[i].iov_len;
        if (sum == length_) {
            return segments_.first(i + 1);
        }
    }
    return {};
}

void Buffers::copy_from(std::span<const u8> bytes) const {
    each([&](std::span<u8> area) {
        const u64 size = std::min(area.size(), bytes.size());
        std::memcpy(area.data(), bytes.data(), size);
        bytes = bytes.subspan(size);
    });
}

void Buffers::copy_to(std::span<u8> bytes) const {
    each([&](std::span<u8> area) {
        const u64 size = std::min(area.size(), bytes.size());
        std::memcpy(bytes.data(), area.data(), size);
        bytes = bytes.subspan(size);
    });
}

void Buffers::clear() const {
    each([](std::span<u8> area) { std::memset(area.data(), 0, area.size()); });
}

bool Buffers::is_zero() const {
    bool zero = true;
    each([&](std::span<u8> area) { zero = zero && block::is_zero(area); });
    return zero;
}

bool Buffers::is_aligned(u64 alignment) const {
    bool aligned = true;
    each([&](std::span<u8> area) {
        // The address is only looked at.
        const auto address = reinterpret_cast<std::uintptr_t>(area.data());
        aligned = aligned && ((address | area.size()) & (alignment - 1)) == 0;
    });
    return aligned;
}

// Not by aligned_alloc(): what is given back to it does not serve its next caller before glibc 2.38 (bug 14581), so
// that disks that come and go would take more and more.
AlignedMemory::AlignedMemory(u64 size) : storage_(std::make_unique_for_overwrite<u8[]>(size + kPage)), size_(size) {
    void* begin = storage_.get();
    std::size_t room = size + kPage;
    area_ = {std::align(kPage, size, begin, room), size};
}

AlignedMemory::AlignedMemory(AlignedMemory&& other) noexcept
    : storage_(std::move(other.storage_)),
      size_(std::exchange(other.size_, 0)),
      area_(std::exchange(other.area_, iovec{})) {}

bool is_zero(std::span<const u8> bytes) {
    const auto* data = bytes.data();
    u64 size = bytes.size();
    for (; size >= 32; data += 32, size -= 32) {
        u64 words[4];
        std::memcpy(words, data, sizeof words);
        if ((words[0] | words[1] | words[2] | words[3]) != 0) {
            return false;
        }
    }
    return std::all_of(data, data + size, [](u8 byte) { return byte == 0; });
}

}  // namespace kelvin::block
