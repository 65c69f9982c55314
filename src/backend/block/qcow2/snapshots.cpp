// SPDX-License-Identifier: Apache-2.0
// Internal snapshots: an L1 table of its own each, whose clusters are shared with the active one.
//
// Whatever happens in between, no cluster is ever counted less than it is referred to: counts go up before a table or
// the header refers to it, and come down after.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>

#include "backend/block/qcow2/image.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

Task<int> Image::change_entry_references(u64 entry, i64 change) {
    u64 begin = entry & kOffsetMask;
    u64 end = begin + (begin != 0 ? 1 : 0);
    if ((entry & kCompressed) != 0) {
        const unsigned x = 62 - (header_.cluster_bits - 8);
        begin = align_down(entry & low_mask(x) & low_mask(56), 512);
        end = begin + (bits(entry, 61, x) + 1) * 512;
    }
    for (u64 at = align_down(begin, header_.cluster_size()); at < end; at += header_.cluster_size()) {
        if (const int error = co_await refcounts_.add(at, change); error != 0) {
            co_return error;
        }
    }
    co_return 0;
}

/// Of every L2 table in `l1`, and of what those refer to.
Task<int> Image::change_references(std::span<const u64> l1, i64 change) {
    for (const u64 entry : l1) {
        const u64 offset = entry & kOffsetMask;
        if (offset == 0) {
            continue;
        }
        const auto table = co_await l2_.get(offset);
        if (!table) {
            co_return table.error();
        }
        for (u64 i = 0; i < header_.l2_entries(); ++i) {
            if (const int error = co_await change_entry_references(entry_at((*table)->bytes(), i), change);
                error != 0) {
                co_return error;
            }
        }
        if (const int error = co_await refcounts_.add(offset, change); error != 0) {
            co_return error;
        }
        if (l2_.is_over_budget()) {
            l2_.trim();
        }
    }
    co_return 0;
}

/// Makes every "nobody else refers to it" of the active tables agree with the counts.
Task<int> Image::refresh_copied() {
    for (u64 i = 0; i < l1_.size(); ++i) {
        const u64 offset = l1_[i] & kOffsetMask;
        if (offset == 0) {
            continue;
        }
        const auto table_count = co_await refcounts_.count(offset);
        const auto table = co_await l2_.get(offset);
        if (!table || !table_count) {
            co_return EIO;
        }
        if (const u64 wanted = offset | (*table_count == 1 ? kCopied : 0); wanted != l1_[i]) {
            set_l1(i, wanted);
        }
        for (u64 j = 0; j < header_.l2_entries(); ++j) {
            const u64 entry = entry_at((*table)->bytes(), j);
            if ((entry & kCompressed) != 0 || (entry & kOffsetMask) == 0) {
                continue;
            }
            const auto count = co_await refcounts_.count(entry & kOffsetMask);
            if (!count) {
                co_return count.error();
            }
            if (const u64 wanted = (entry & ~kCopied) | (*count == 1 ? kCopied : 0); wanted != entry) {
                set_entry(**table, j, wanted, bitmap_at((*table)->bytes(), j));
            }
        }
        if (l2_.is_over_budget()) {
            if (const int error = co_await commit(); error != 0) {
                co_return error;
            }
            l2_.trim();
        }
    }
    co_return co_await commit();
}

Task<Outcome<std::vector<u64>>> Image::load_l1_of(const Snapshot& snapshot) {
    if (u64{snapshot.l1_size} * 8 > kMaxL1Bytes || (snapshot.l1_offset & (header_.cluster_size() - 1)) != 0) {
        report(fmt::format("image '{}': snapshot '{}' has a damaged L1 table", path(), snapshot.name));
        co_return std::unexpected(EIO);
    }
    std::vector<u8> bytes(u64{snapshot.l1_size} * 8);
    const SingleBuffer buffer(bytes);
    if (const int error = co_await file_->read(snapshot.l1_offset, buffer.buffers()); error != 0) {
        co_return std::unexpected(error);
    }
    std::vector<u64> l1(snapshot.l1_size);
    for (u64 i = 0; i < l1.size(); ++i) {
        l1[i] = qcow2::load<u64>(bytes, i * 8);
    }
    co_return l1;
}

/// Writes the table anew and lets the header refer to it.
Task<int> Image::store_snapshots(std::vector<Snapshot> snapshots) {
    std::vector<u8> bytes = write_snapshots(snapshots);
    u64 offset = 0;
    if (!bytes.empty()) {
        const auto run = co_await refcounts_.allocate_exactly(header_.clusters_of(bytes.size()));
        if (!run) {
            co_return run.error();
        }
        offset = run->offset;
        const SingleBuffer buffer(bytes);
        if (const int error = co_await file_->write(offset, buffer.buffers()); error != 0) {
            co_return error;
        }
    }
    int error = co_await commit();
    if (error != 0) {
        co_return error;
    }
    const u64 old_offset = header_.snapshots_offset;
    header_.snapshot_count = static_cast<u32>(snapshots.size());
    header_.snapshots_offset = offset;
    error = co_await store_header();
    if (error != 0) {
        co_return error;
    }
    if (snapshot_table_size_ != 0) {
        refcounts_.drop(old_offset, snapshot_table_size_);
    }
    snapshot_table_size_ = bytes.size();
    snapshots_ = std::move(snapshots);
    co_return 0;
}

Task<int> Image::create_snapshot(std::string name) {
    if (options_.read_only || corrupt_) {
        co_return options_.read_only ? EROFS : EIO;
    }
    if (refcounts_.max_count() < 2) {
        report(fmt::format("image '{}': refcounts of one bit leave no room for snapshots", path()));
        co_return ENOTSUP;
    }
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    int error = co_await commit();
    if (error != 0) {
        co_return error;
    }
    error = co_await change_references(l1_, 1);
    if (error != 0) {
        co_return error;
    }
    // Flags before anything could be written in place, and counts before the header.
    error = co_await refresh_copied();
    if (error != 0) {
        co_return error;
    }
    std::vector<u64> l1 = l1_;
    const auto offset = co_await write_new_l1(l1);
    if (!offset) {
        co_return offset.error();
    }
    Snapshot snapshot;
    snapshot.l1_offset = *offset;
    snapshot.l1_size = static_cast<u32>(l1.size());
    u64 last = 0;
    for (const Snapshot& other : snapshots_) {
        u64 number = 0;
        std::from_chars(other.id.data(), other.id.data() + other.id.size(), number);
        last = std::max(last, number);
    }
    snapshot.id = std::to_string(last + 1);
    snapshot.name = std::move(name);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    snapshot.seconds = static_cast<u32>(now.tv_sec);
    snapshot.nanoseconds = static_cast<u32>(now.tv_nsec);
    snapshot.disk_size = header_.size;
    std::vector<Snapshot> all = snapshots_;
    all.push_back(std::move(snapshot));
    error = co_await store_snapshots(std::move(all));
    if (error != 0) {
        co_return error;
    }
    co_return co_await commit_all();
}

Task<int> Image::apply_snapshot(u64 index) {
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    const Snapshot snapshot = snapshots_[index];
    auto loaded = co_await load_l1_of(snapshot);
    if (!loaded) {
        co_return loaded.error();
    }
    std::vector<u64> l1 = std::move(*loaded);
    l1.resize(std::max<u64>(l1.size(), header_.l1_entries_of(snapshot.disk_size)));
    for (u64& entry : l1) {
        entry &= ~kCopied;
    }
    int error = co_await commit();
    if (error != 0) {
        co_return error;
    }
    error = co_await change_references(l1, 1);
    if (error != 0) {
        co_return error;
    }
    const std::vector<u64> before = l1_;
    error = co_await replace_l1(std::move(l1), snapshot.disk_size);
    if (error != 0) {
        co_return error;
    }
    note_l2_tables();
    forget_unpacked();
    compressed_at_ = 0;
    error = co_await change_references(before, -1);
    if (error != 0) {
        co_return error;
    }
    error = co_await refresh_copied();
    if (error != 0) {
        co_return error;
    }
    co_return co_await commit_all();
}

Task<int> Image::delete_snapshot(u64 index) {
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    const Snapshot snapshot = snapshots_[index];
    auto l1 = co_await load_l1_of(snapshot);
    if (!l1) {
        co_return l1.error();
    }
    std::vector<Snapshot> rest = snapshots_;
    rest.erase(rest.begin() + static_cast<i64>(index));
    int error = co_await store_snapshots(std::move(rest));
    if (error != 0) {
        co_return error;
    }
    error = co_await change_references(*l1, -1);
    if (error != 0) {
        co_return error;
    }
    refcounts_.drop(snapshot.l1_offset, u64{snapshot.l1_size} * 8);
    error = co_await refcounts_.settle(options_.discard);
    if (error != 0) {
        co_return error;
    }
    error = co_await refresh_copied();
    if (error != 0) {
        co_return error;
    }
    co_return co_await commit_all();
}

}  // namespace kelvin::block::qcow2
