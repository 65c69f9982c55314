// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "backend/block/qcow2/compression.h"
#include "backend/block/qcow2/image.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

Task<int> Image::read(u64 offset, Buffers buffers) {
    RangeLock::Entry entry;
    entry.begin = offset;
    entry.end = offset + buffers.length();
    co_await ranges_.lock(entry);
    const RangeGuard guard(ranges_, entry);
    // What is beyond the disk's end, in its last sector, reads as zeroes.
    const u64 inside = offset < header_.size ? std::min(buffers.length(), header_.size - offset) : 0;
    buffers.part(inside, buffers.length() - inside).clear();
    co_return co_await read_mapped(offset, buffers.part(0, inside));
}

/// Under a lock on the range.
Task<int> Image::read_mapped(u64 offset, Buffers buffers) {
    while (buffers.length() > 0) {
        const auto mapping = co_await find(offset, buffers.length());
        if (!mapping) {
            co_return mapping.error();
        }
        const Buffers part = buffers.part(0, mapping->length);
        int error = 0;
        switch (mapping->kind) {
            case Mapping::Kind::unallocated:
                error = co_await read_backing(offset, part);
                break;
            case Mapping::Kind::zero:
                part.clear();
                break;
            case Mapping::Kind::normal:
                error = co_await file_->read(mapping->host_offset, part);
                break;
            case Mapping::Kind::compressed:
                error = co_await read_compressed(*mapping, offset, part);
                break;
            case Mapping::Kind::damaged:
                error = EIO;
                break;
        }
        if (error != 0) {
            co_return error;
        }
        offset += part.length();
        buffers = buffers.part(part.length(), buffers.length() - part.length());
    }
    co_return 0;
}

Task<int> Image::read_backing(u64 offset, Buffers buffers) {
    const u64 there =
        backing_ == nullptr || offset >= backing_->size() ? 0 : std::min(buffers.length(), backing_->size() - offset);
    buffers.part(there, buffers.length() - there).clear();
    if (there == 0) {
        co_return 0;
    }
    co_return co_await backing_->read(offset, buffers.part(0, there));
}

Task<int> Image::read_compressed(const Mapping& mapping, u64 offset, Buffers buffers) {
    Unpacked& unpacked = *unpacked_[(offset >> header_.cluster_bits) % kUnpacked];
    co_await unpacked.lock.lock();
    const TaskGuard guard(unpacked.lock);
    if (mapping.entry != unpacked.entry) {
        auto bytes = co_await unpack_cluster(mapping.entry, offset);
        if (!bytes) {
            co_return bytes.error();
        }
        unpacked.bytes = std::move(*bytes);
        unpacked.entry = mapping.entry;
    }
    buffers.copy_from(std::span(unpacked.bytes).subspan(offset & (header_.cluster_size() - 1), buffers.length()));
    co_return 0;
}

/// What the compressed cluster at `offset` of the disk holds (section "Compressed Clusters Descriptor").
Task<Outcome<std::vector<u8>>> Image::unpack_cluster(u64 entry, u64 offset) {
    const unsigned x = 62 - (header_.cluster_bits - 8);
    const u64 host = entry & low_mask(x) & low_mask(56);
    const u64 size = (bits(entry, 61, x) + 1) * 512 - (host & 511);
    AlignedMemory packed(size);
    const Buffers whole = packed.buffers();
    if (const int error = co_await file_->read(host, whole); error != 0) {
        co_return std::unexpected(error);
    }
    std::vector<u8> plain(header_.cluster_size());
    auto work = [&] { return unpack(header_.compression, packed.span(), plain) ? 1 : 0; };
    if (co_await compute(io_, work) == 0) {
        report(
            fmt::format("image '{}': the compressed cluster of guest offset {:#x}, at {:#x} in the file, is damaged; "
                        "everything else still reads\n  `kelvin-img check '{}'` lists what is damaged",
                        path(), align_down(offset, header_.cluster_size()), host, path()));
        co_return std::unexpected(EIO);
    }
    co_return plain;
}

/// Its clusters may become others.
void Image::forget_unpacked() {
    for (const auto& unpacked : unpacked_) {
        unpacked->entry = 0;
    }
}

bool Image::begin_direct(u64 offset, u64 length, bool is_write, DirectRequest& request) {
    if (offset + length > header_.size || (is_write && options_.read_only)) {
        return false;
    }
    const std::optional<Mapping> mapping = known(offset, length);
    if (!mapping || mapping->kind != Mapping::Kind::normal || mapping->length < length ||
        (is_write && !is_writable(*mapping))) {
        return false;
    }
    request.lock.begin = offset;
    request.lock.end = offset + length;
    request.lock.kind = RangeLock::Kind::shared;
    if (!ranges_.try_lock(request.lock)) {
        return false;
    }
    if (!file_->begin_direct(mapping->host_offset, length, is_write, request)) {
        ranges_.unlock(request.lock);
        return false;
    }
    return true;
}

Task<Outcome<Extent>> Image::extent(u64 offset, u64 length) {
    const auto mapping = co_await find(offset, length);
    if (!mapping) {
        co_return std::unexpected(mapping.error());
    }
    Extent extent;
    extent.length = mapping->length;
    extent.present = mapping->kind != Mapping::Kind::unallocated;
    extent.zero = mapping->kind == Mapping::Kind::zero || (!extent.present && backing_ == nullptr);
    extent.compressed = mapping->kind == Mapping::Kind::compressed;
    if (mapping->kind == Mapping::Kind::normal) {
        extent.host_offset = mapping->host_offset;
        // The host may know of a hole there.
        const auto below = co_await file_->extent(mapping->host_offset, mapping->length);
        if (below) {
            extent.length = std::min(extent.length, below->length);
            extent.zero = below->zero;
        }
    }
    co_return extent;
}

}  // namespace kelvin::block::qcow2
