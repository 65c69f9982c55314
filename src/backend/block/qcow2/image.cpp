// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/image.h"

#include <fmt/format.h>

#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

Error cannot_read(const std::string& path, const char* what, int error) {
    return host_error(fmt::format("image '{}': {} cannot be read", path, what), error);
}

}  // namespace

Image::Image(IoContext& io, std::shared_ptr<FileNode> file, Header header, ImageOptions options)
    : io_(io),
      file_(std::move(file)),
      header_(std::move(header)),
      options_(options),
      l2_(*file_, header_.cluster_size(), options.l2_budget),
      refcounts_(*file_, header_),
      ranges_(io),
      metadata_(io) {
    for (unsigned i = 0; i < kUnpacked; ++i) {
        unpacked_.push_back(std::make_unique<Unpacked>(io));
    }
}

Result<std::shared_ptr<Image>> Image::open(IoContext& io, std::shared_ptr<FileNode> file, const ImageOptions& options) {
    const std::string path = file->path();
    AlignedMemory start(std::min(file->file_size(), kMaxHeaderBytes));
    if (const int error = io.run(file->read(0, start.buffers())); error != 0) {
        return cannot_read(path, "the header", error);
    }
    Header header = KELVIN_TRY(parse_header(start.span(), path));
    if ((header.incompatible & kCorrupt) != 0 && !options.read_only && !options.for_repair) {
        return user_error(
            fmt::format("image '{}' was found damaged before, and is not written to", path),
            fmt::format("`kelvin-img check -r all '{}'` repairs it; readonly=on reads what is whole", path));
    }
    if ((header.incompatible & kDirty) != 0 && !options.read_only && !options.for_repair) {
        return user_error(
            fmt::format("image '{}' was not closed, and its refcounts were to be written then", path),
            fmt::format("`kelvin-img check -r all '{}'` counts anew; readonly=on reads it as it is", path));
    }
    for (const auto& [what, at] : {std::pair{"L1 table", header.l1_offset + u64{header.l1_size} * 8},
                                   std::pair{"refcount table", header.refcount_table_offset}}) {
        if (at > align_up(file->file_size(), header.cluster_size()) && !options.for_repair) {
            return user_error(fmt::format("image '{}' is cut short: its {} ends at {:#x}, the file at {:#x}", path,
                                          what, at, file->file_size()),
                              fmt::format("`kelvin-img check '{}'` lists what is damaged", path));
        }
    }
    std::shared_ptr<Image> image(new Image(io, std::move(file), std::move(header), options));
    if (const int error = io.run(image->load()); error != 0) {
        return cannot_read(path, "a table", error);
    }
    return image;
}

Task<int> Image::load() {
    std::vector<u8> bytes(u64{header_.l1_size} * 8);
    const SingleBuffer l1_buffer(bytes);
    int error = co_await file_->read(header_.l1_offset, l1_buffer.buffers());
    if (error != 0) {
        co_return error;
    }
    l1_.resize(header_.l1_size);
    for (u64 i = 0; i < l1_.size(); ++i) {
        l1_[i] = qcow2::load<u64>(bytes, i * 8);
    }
    error = co_await refcounts_.load();
    if (error != 0) {
        co_return error;
    }
    if (refcounts_.has_shared_blocks() && !options_.read_only && !options_.for_repair) {
        report(
            fmt::format("image '{}' is damaged: its refcount table refers to one block twice\n  `kelvin-img check -r "
                        "all '{}'` counts anew; readonly=on reads it as it is",
                        path(), path()));
        co_return EIO;
    }
    note_l2_tables();
    if (header_.snapshot_count != 0) {
        const u64 behind = file_->file_size() - std::min(header_.snapshots_offset, file_->file_size());
        std::vector<u8> table(std::min(behind, kMaxSnapshotTableBytes));
        const SingleBuffer buffer(table);
        error = co_await file_->read(header_.snapshots_offset, buffer.buffers());
        if (error != 0) {
            co_return error;
        }
        auto parsed = parse_snapshots(table, header_.snapshot_count, header_.size);
        if (!parsed) {
            report(fmt::format("image '{}': {}", path(), parsed.error().message()));
            co_return EIO;
        }
        snapshots_ = std::move(parsed->snapshots);
        snapshot_table_size_ = parsed->bytes;
    }
    if (!options_.read_only && header_.autoclear != 0 && !options_.for_repair) {
        header_.autoclear = 0;  // section "Header": before anything is written
        co_return co_await store_header();
    }
    co_return 0;
}

void Image::note_l2_tables() {
    l2_tables_.clear();
    for (const u64 entry : l1_) {
        if ((entry & kOffsetMask) != 0) {
            l2_tables_.insert(entry & kOffsetMask);
        }
    }
}

void Image::describe(backend::BlockLimits& limits) const {
    file_->describe(limits);
    limits.discards = true;
    limits.zeroes_quickly = true;
    limits.discard_granularity = static_cast<u32>(header_.cluster_size());
    limits.optimal_transfer = static_cast<u32>(header_.subcluster_size());
}

Task<int> Image::resize(u64 size) {
    if (options_.read_only || corrupt_) {
        co_return options_.read_only ? EROFS : EIO;
    }
    const u64 entries = header_.l1_entries_of(size);
    if (size > u64{INT64_MAX} || entries * 8 > kMaxL1Bytes) {
        co_return EFBIG;
    }
    if (size < header_.size) {
        if (const int error = co_await write_zeroes(size, header_.size - size, true); error != 0) {
            co_return error;
        }
    }
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    if (entries <= l1_.size()) {
        int error = co_await commit();
        if (error == 0) {
            const u64 before = std::exchange(header_.size, size);
            error = co_await store_header();
            header_.size = error != 0 ? before : size;
        }
        co_return error;
    }
    std::vector<u64> larger = l1_;
    larger.resize(entries);
    co_return co_await replace_l1(std::move(larger), size);
}

Task<int> Image::make_empty() {
    const std::shared_ptr<BlockNode> backing = std::exchange(backing_, nullptr);
    int error = co_await write_zeroes(0, header_.size, true);
    if (error == 0) {
        // Entries that say "zero" would hide the backing layer.
        co_await metadata_.lock();
        const TaskGuard guard(metadata_);
        for (u64 i = 0; i < l1_.size(); ++i) {
            if (l1_[i] != 0) {
                const u64 entry = l1_[i];
                l2_.drop(entry & kOffsetMask);
                l2_tables_.erase(entry & kOffsetMask);
                refcounts_.drop(entry & kOffsetMask, header_.cluster_size());
                set_l1(i, 0);
            }
        }
        error = co_await commit_all();
    }
    backing_ = backing;
    co_return error;
}

}  // namespace kelvin::block::qcow2
