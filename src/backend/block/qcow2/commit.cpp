// SPDX-License-Identifier: Apache-2.0
// How tables get into the file: see refcounts.h for the order and its reason.
#include <fmt/format.h>

#include "backend/block/qcow2/image.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

constexpr u64 kFeaturesAt = 72;

}  // namespace

Task<int> Image::write_l1() {
    if (l1_dirty_begin_ >= l1_dirty_end_) {
        co_return 0;
    }
    const u64 begin = l1_dirty_begin_;
    std::vector<u8> bytes((l1_dirty_end_ - begin) * 8);
    for (u64 i = 0; i < bytes.size() / 8; ++i) {
        store<u64>(bytes, i * 8, l1_[begin + i]);
    }
    const SingleBuffer buffer(bytes);
    const int error = co_await file_->write(header_.l1_offset + begin * 8, buffer.buffers());
    if (error == 0) {
        l1_dirty_begin_ = ~u64{0};
        l1_dirty_end_ = 0;
    }
    co_return error;
}

/// Afterwards everything that was done is durable.
Task<int> Image::commit() {
    const bool has_tables = is_committing_ || l2_.has_dirty() || l1_dirty_begin_ < l1_dirty_end_;
    int error = 0;
    if (file_->file_size() < refcounts_.end_of_clusters()) {
        error = co_await file_->resize(refcounts_.end_of_clusters());
    }
    // Counts first, and tables that nothing in the file refers to yet.
    if (error == 0) {
        error = co_await refcounts_.write();
    }
    if (error == 0) {
        error = co_await l2_.write_dirty(true);
    }
    if (error == 0) {
        error = co_await file_->flush();
    }
    if (error != 0 || !has_tables) {
        co_return error;
    }
    is_committing_ = true;
    error = co_await l2_.write_dirty(false);
    if (error == 0) {
        error = co_await write_l1();
    }
    if (error == 0) {
        error = co_await file_->flush();
    }
    if (error != 0) {
        co_return error;
    }
    is_committing_ = false;
    l2_.all_reachable();
    co_return co_await refcounts_.settle(options_.discard);
}

/// So that nothing is left in memory, lowered counts neither.
Task<int> Image::commit_all() {
    int error = co_await commit();
    if (error == 0 && refcounts_.has_dropped()) {
        error = co_await refcounts_.settle(options_.discard);
    }
    if (error == 0 && refcounts_.is_dirty()) {
        error = co_await refcounts_.write();
        if (error == 0) {
            error = co_await file_->flush();
        }
    }
    co_return error;
}

Task<int> Image::flush() {
    if (options_.read_only) {
        co_return 0;
    }
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    co_return co_await commit();
}

Task<int> Image::freeze() {
    const int error = co_await close();
    options_.read_only = true;
    co_return error;
}

Task<int> Image::close() {
    if (options_.read_only) {
        co_return 0;
    }
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    co_return co_await commit_all();
}

/// The fixed fields, which lie in one sector, so that they change all at once.
Task<int> Image::store_header() {
    const auto bytes = write_header(header_, path());
    if (!bytes) {
        report(bytes.error().message());
        co_return EIO;
    }
    // The name's place (bytes 8 to 19) and the header's length stay as they are in the file.
    AlignedMemory sector(512);
    const Buffers buffers = sector.buffers();
    int error = co_await file_->read(0, buffers);
    if (error != 0) {
        co_return error;
    }
    const u64 end = header_.version == 2 ? 72 : 100;
    std::copy_n(bytes->begin() + 20, end - 20, sector.data() + 20);
    error = co_await file_->write(0, buffers);
    if (error != 0) {
        co_return error;
    }
    co_return co_await file_->flush();
}

Task<int> Image::store_whole_header() {
    auto bytes = write_header(header_, path());
    if (!bytes) {
        report(bytes.error().message());
        co_return EINVAL;
    }
    const SingleBuffer buffer(*bytes);
    const int error = co_await file_->write(0, buffer.buffers());
    if (error != 0) {
        co_return error;
    }
    co_return co_await file_->flush();
}

Task<int> Image::set_backing_name(std::string name, std::string format) {
    header_.backing_name = std::move(name);
    header_.backing_format = std::move(format);
    co_return co_await store_whole_header();
}

Task<int> Image::change_features(bool to_version_3, std::optional<bool> lazy_refcounts) {
    if (to_version_3) {
        header_.version = 3;  // the rest of what version 2 has is the same
    }
    if (lazy_refcounts && header_.version == 3) {
        header_.compatible =
            *lazy_refcounts ? header_.compatible | kLazyRefcounts : header_.compatible & ~kLazyRefcounts;
    }
    co_return co_await store_whole_header();
}

Task<int> Image::clear_incompatible(u64 set) {
    header_.incompatible &= ~set;
    corrupt_ = (header_.incompatible & kCorrupt) != 0;
    co_return co_await store_header();
}

/// What is damaged stays so that it can be looked at and repaired: nothing is written any more.
Task<int> Image::mark_corrupt(std::string what) {
    report(fmt::format("image '{}': {}; {}everything else still reads\n  `kelvin-img check '{}'` lists what is damaged",
                       path(), what, options_.read_only ? "" : "nothing is written to it any more, ", path()));
    if (!options_.read_only && !corrupt_) {
        corrupt_ = true;
        if (header_.version == 3) {
            header_.incompatible |= kCorrupt;
            u8 field[8];
            store<u64>(field, 0, header_.incompatible);
            const SingleBuffer buffer(field);
            static_cast<void>(co_await file_->write(kFeaturesAt, buffer.buffers()));
        }
    }
    co_return EIO;
}

/// Writes a table that nothing refers to yet, and answers where.
Task<Outcome<u64>> Image::write_new_l1(std::span<const u64> entries) {
    AlignedMemory memory(align_up(std::max<u64>(entries.size() * 8, 1), header_.cluster_size()));
    std::ranges::fill(memory.span(), u8{0});
    for (u64 i = 0; i < entries.size(); ++i) {
        store<u64>(memory.span(), i * 8, entries[i]);
    }
    const auto run = co_await refcounts_.allocate_exactly(memory.span().size() >> header_.cluster_bits);
    if (!run) {
        co_return std::unexpected(run.error());
    }
    const Buffers buffers = memory.buffers();
    if (const int error = co_await file_->write(run->offset, buffers); error != 0) {
        co_return std::unexpected(error);
    }
    co_return run->offset;
}

/// Another L1 table and disk size, at once; the old table is dropped, but not what it refers to.
Task<int> Image::replace_l1(std::vector<u64> entries, u64 disk_size) {
    const auto offset = co_await write_new_l1(entries);
    if (!offset) {
        co_return offset.error();
    }
    int error = co_await commit();
    if (error != 0) {
        co_return error;
    }
    const Header before = header_;
    header_.l1_offset = *offset;
    header_.l1_size = static_cast<u32>(entries.size());
    header_.size = disk_size;
    error = co_await store_header();
    if (error != 0) {
        header_ = before;
        co_return error;
    }
    l1_ = std::move(entries);
    refcounts_.drop(before.l1_offset, u64{before.l1_size} * 8);
    co_return 0;
}

}  // namespace kelvin::block::qcow2
