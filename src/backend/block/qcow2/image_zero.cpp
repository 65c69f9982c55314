// SPDX-License-Identifier: Apache-2.0
// Discards and zeroes: whole clusters by their table entries, the rest by writing.
#include <fmt/format.h>

#include "backend/block/qcow2/image.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

/// Where zeroes have to be written, so many at once: a request may be of a gigabyte, and there may be many.
constexpr u64 kZeroChunk = u64{1} << 20;

}  // namespace

Task<int> Image::zero_edge(u64 offset, u64 length) {
    while (length > 0) {
        const auto mapping = co_await find(offset, std::min(length, kZeroChunk));
        if (!mapping) {
            co_return mapping.error();
        }
        const bool is_zero = mapping->kind == Mapping::Kind::zero ||
                             (mapping->kind == Mapping::Kind::unallocated && backing_ == nullptr);
        if (!is_zero) {
            AlignedMemory zeroes(mapping->length);
            zeroes.buffers().clear();
            const Buffers buffers = zeroes.buffers();
            if (const int error = co_await write_locked(offset, buffers); error != 0) {
                co_return error;
            }
        }
        offset += mapping->length;
        length -= mapping->length;
    }
    co_return 0;
}

/// Whole clusters lose their storage. They read as zeroes then (`to_zero`, or a backing layer would be seen), or are
/// what they are without an entry.
Task<int> Image::zero_clusters(u64 offset, u64 length, bool to_zero) {
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    const bool has_backing = backing_ != nullptr;
    const bool flagged = (to_zero || has_backing) && (has_backing || header_.version == 3);
    const u64 entry = flagged && !header_.extended_l2() ? kReadsAsZero : 0;
    const u64 bitmap = flagged && header_.extended_l2() ? low_mask(32) << 32 : 0;
    for (u64 at = offset; at < offset + length;) {
        const u64 next = std::min(offset + length, align_down(at, table_span()) + table_span());
        if (l1_[l1_index(at)] == 0 && !has_backing) {
            at = next;
            continue;
        }
        const auto table = co_await writable_table(l1_index(at));
        if (!table) {
            co_return table.error();
        }
        for (; at < next; at += header_.cluster_size()) {
            const u64 index = l2_index(at);
            const u64 old = entry_at((*table)->bytes(), index);
            if (old == entry && bitmap_at((*table)->bytes(), index) == bitmap) {
                continue;
            }
            if ((old & kCompressed) == 0 && (old & kOffsetMask) != 0 &&
                ((old & kOffsetMask & (header_.cluster_size() - 1)) != 0 || is_metadata(old & kOffsetMask))) {
                co_return co_await mark_corrupt(fmt::format(
                    "the L2 entry {:#x} of guest offset {:#x} refers to a table of the image itself", old, at));
            }
            set_entry(**table, index, entry, bitmap);
            drop_entry(old);
        }
        if (l2_.is_over_budget()) {
            if (const int error = co_await commit(); error != 0) {
                co_return error;
            }
            l2_.trim();
        }
    }
    co_return 0;
}

Task<int> Image::write_zeroes(u64 offset, u64 length, bool /*may_unmap*/) {
    if (options_.read_only || corrupt_) {
        co_return options_.read_only ? EROFS : EIO;
    }
    const u64 size = header_.cluster_size();
    length = std::min(length, header_.size - std::min(offset, header_.size));
    const u64 end = offset + length;
    RangeLock::Entry entry;
    entry.begin = align_down(offset, size);
    entry.end = align_up(end, size);
    entry.kind = RangeLock::Kind::exclusive;
    co_await ranges_.lock(entry);
    const RangeGuard guard(ranges_, entry);
    // A disk's last cluster is whole as far as the disk goes.
    const u64 first = align_up(offset, size);
    const u64 last = end == header_.size ? entry.end : align_down(end, size);
    const bool by_entries = first < last && (header_.version == 3 || backing_ == nullptr);
    int error = 0;
    if (!by_entries) {
        error = co_await zero_edge(offset, length);
    } else {
        error = co_await zero_edge(offset, first - offset);
        error = error != 0 ? error : co_await zero_clusters(first, last - first, true);
        if (error == 0 && end > last) {
            error = co_await zero_edge(last, end - last);
        }
    }
    co_return error != 0 ? error : co_await tidy();
}

Task<int> Image::discard(u64 offset, u64 length) {
    if (options_.read_only || corrupt_) {
        co_return options_.read_only ? EROFS : EIO;
    }
    const u64 size = header_.cluster_size();
    length = std::min(length, header_.size - std::min(offset, header_.size));
    const u64 end = offset + length;
    RangeLock::Entry entry;
    entry.begin = align_up(offset, size);
    entry.end = end == header_.size ? align_up(end, size) : align_down(end, size);
    entry.kind = RangeLock::Kind::exclusive;
    if (entry.begin >= entry.end || (backing_ != nullptr && header_.version == 2)) {
        co_return 0;
    }
    co_await ranges_.lock(entry);
    const RangeGuard guard(ranges_, entry);
    const int error = co_await zero_clusters(entry.begin, entry.end - entry.begin, false);
    co_return error != 0 ? error : co_await tidy();
}

Task<int> Image::preallocate(u64 offset, u64 length) {
    const u64 size = header_.cluster_size();
    const u64 end = align_up(offset + length, size);
    for (u64 at = align_down(offset, size); at < end;) {
        const auto wanted = co_await clusters_to_replace(at, end - at);
        if (!wanted) {
            co_return wanted.error();
        }
        Outcome<Refcounts::Run> run = Refcounts::Run{};
        {
            co_await metadata_.lock();
            const TaskGuard guard(metadata_);
            run = co_await refcounts_.allocate(*wanted);
        }
        if (!run) {
            co_return run.error();
        }
        const u64 next = at + run->clusters * size;
        int error = 0;
        if (!run->fresh) {
            error = co_await file_->write_zeroes(run->offset, run->clusters * size, false);
        }
        error = error != 0 ? error : co_await point_to(*run, at, next, at, next);
        error = error != 0 ? error : co_await tidy();
        if (error != 0) {
            co_return error;
        }
        at = next;
    }
    co_return 0;
}

}  // namespace kelvin::block::qcow2
