// SPDX-License-Identifier: Apache-2.0
#include "bus/virtio/chain.h"

#include <algorithm>
#include <array>

namespace kelvin::bus::virtio {

namespace {

bool within(u64 total, u64 offset, u64 size) {
    return offset <= total && size <= total - offset;
}

}  // namespace

void Chain::clear() {
    buffers_.clear();
    readable_count_ = 0;
    readable_size_ = 0;
    writable_size_ = 0;
    descriptors = 0;
}

bool Chain::add(const memory::Dma& dma, Gpa address, u32 length, bool writable) {
    if (buffers_.size() == kMaxBuffers || (!writable && buffers_.size() > readable_count_)) {
        return false;
    }
    const auto ram = dma.slice(address, length);
    if (!ram) {
        return false;
    }
    buffers_.push_back({address, *ram});
    if (writable) {
        writable_size_ += length;
    } else {
        ++readable_count_;
        readable_size_ += length;
    }
    return true;
}

/// Calls visit(buffer, offset in it, bytes) for each buffer that the range lies in, which is within all of them.
template <class Visit>
void Chain::for_each_piece(std::span<const Buffer> buffers, u64 offset, u64 size, Visit visit) {
    for (const Buffer& buffer : buffers) {
        if (size == 0) {
            return;
        }
        const u64 length = buffer.ram.size();
        if (offset >= length) {
            offset -= length;
            continue;
        }
        const u64 bytes = std::min(size, length - offset);
        visit(buffer, offset, bytes);
        offset = 0;
        size -= bytes;
    }
}

bool Chain::read(u64 offset, std::span<u8> out) const {
    if (!within(readable_size_, offset, out.size())) {
        return false;
    }
    for_each_piece(readable(), offset, out.size(), [&](const Buffer& buffer, u64 at, u64 bytes) {
        buffer.ram.copy_in(at, out.first(bytes));
        out = out.subspan(bytes);
    });
    return true;
}

bool Chain::write(u64 offset, std::span<const u8> data) const {
    if (!within(writable_size_, offset, data.size())) {
        return false;
    }
    for_each_piece(writable(), offset, data.size(), [&](const Buffer& buffer, u64 at, u64 bytes) {
        buffer.ram.copy_out(at, data.first(bytes));
        data = data.subspan(bytes);
    });
    return true;
}

bool Chain::fill_zero(u64 offset, u64 size) const {
    static constexpr std::array<u8, 4096> kZeros{};
    if (!within(writable_size_, offset, size)) {
        return false;
    }
    for_each_piece(writable(), offset, size, [&](const Buffer& buffer, u64 at, u64 bytes) {
        while (bytes != 0) {
            const u64 piece = std::min<u64>(bytes, kZeros.size());
            buffer.ram.copy_out(at, std::span(kZeros).first(piece));
            at += piece;
            bytes -= piece;
        }
    });
    return true;
}

bool Chain::pieces(std::span<const Buffer> buffers, u64 total, u64 offset, u64 size, std::vector<iovec>& out) {
    if (!within(total, offset, size)) {
        return false;
    }
    for_each_piece(buffers, offset, size, [&](const Buffer& buffer, u64 at, u64 bytes) {
        const iovec whole = buffer.ram.for_system_call();
        out.push_back({static_cast<u8*>(whole.iov_base) + at, bytes});
    });
    return true;
}

bool Chain::readable_pieces(u64 offset, u64 size, std::vector<iovec>& out) const {
    return pieces(readable(), readable_size_, offset, size, out);
}

bool Chain::writable_pieces(u64 offset, u64 size, std::vector<iovec>& out) const {
    return pieces(writable(), writable_size_, offset, size, out);
}

void Chain::announce(const memory::Dma& dma, u64 size) const {
    for_each_piece(writable(), 0, std::min(size, writable_size_),
                   [&](const Buffer& buffer, u64 at, u64 bytes) { dma.announce_write(buffer.address + at, bytes); });
}

}  // namespace kelvin::bus::virtio
