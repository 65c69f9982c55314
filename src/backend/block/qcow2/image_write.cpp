// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "backend/block/qcow2/compression.h"
#include "backend/block/qcow2/image.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

/// So many clusters may wait for being freed before a commit is made for them.
constexpr u64 kMaxDropped = 65536;

}  // namespace

Task<int> Image::write(u64 offset, Buffers buffers) {
    if (options_.read_only || corrupt_) {
        co_return options_.read_only ? EROFS : EIO;
    }
    // The disk's last sector may reach beyond its end.
    buffers = buffers.part(0, std::min(buffers.length(), header_.size - std::min(offset, header_.size)));
    {
        RangeLock::Entry entry;
        entry.begin = offset;
        entry.end = offset + buffers.length();
        co_await ranges_.lock(entry);
        const RangeGuard guard(ranges_, entry);
        const auto written = co_await write_in_place(offset, buffers);
        if (!written) {
            co_return written.error();
        }
        if (*written) {
            co_return 0;
        }
    }
    RangeLock::Entry entry;
    entry.begin = align_down(offset, header_.cluster_size());
    entry.end = align_up(offset + buffers.length(), header_.cluster_size());
    entry.kind = RangeLock::Kind::exclusive;
    co_await ranges_.lock(entry);
    const RangeGuard guard(ranges_, entry);
    const int error = co_await write_locked(offset, buffers);
    co_return error != 0 ? error : co_await tidy();
}

/// Writes all of it, or finds that some of it has no place of its own yet: false.
Task<Outcome<bool>> Image::write_in_place(u64 offset, Buffers buffers) {
    while (buffers.length() > 0) {
        const auto mapping = co_await find(offset, buffers.length());
        if (!mapping) {
            co_return std::unexpected(mapping.error());
        }
        if (!is_writable(*mapping)) {
            co_return false;
        }
        if (const int error = co_await file_->write(mapping->host_offset, buffers.part(0, mapping->length));
            error != 0) {
            co_return std::unexpected(error);
        }
        offset += mapping->length;
        buffers = buffers.part(mapping->length, buffers.length() - mapping->length);
    }
    co_return true;
}

/// With the clusters locked for us alone.
Task<int> Image::write_locked(u64 offset, Buffers buffers) {
    while (buffers.length() > 0) {
        const auto mapping = co_await find(offset, buffers.length());
        if (!mapping) {
            co_return mapping.error();
        }
        u64 done = mapping->length;
        if (is_writable(*mapping)) {
            if (const int error = co_await file_->write(mapping->host_offset, buffers.part(0, done)); error != 0) {
                co_return error;
            }
        } else {
            const auto written = co_await write_new(offset, buffers);
            if (!written) {
                co_return written.error();
            }
            done = *written;
        }
        offset += done;
        buffers = buffers.part(done, buffers.length() - done);
    }
    co_return 0;
}

/// How many clusters from that of `offset` on, within one L2 table, cannot be written where they are.
Task<Outcome<u64>> Image::clusters_to_replace(u64 offset, u64 length) {
    const u64 size = header_.cluster_size();
    const u64 end = std::min(offset + length, align_down(offset, table_span()) + table_span());
    u64 count = 0;
    for (u64 at = align_down(offset, size); at < end;) {
        const u64 from = std::max(at, offset);
        const auto mapping = co_await find(from, end - from);
        if (!mapping) {
            co_return std::unexpected(mapping.error());
        }
        const bool is_normal = mapping->kind == Mapping::Kind::normal;
        if (is_normal && is_metadata(mapping->host_offset)) {
            co_return std::unexpected(co_await mark_corrupt(fmt::format(
                "the L2 entry {:#x} of guest offset {:#x} refers to a table of the image itself", mapping->entry, at)));
        }
        if (count != 0 && is_normal && mapping->copied) {
            break;
        }
        const u64 next = header_.extended_l2() || is_normal ? at + size : align_up(from + mapping->length, size);
        count += (next - at) >> header_.cluster_bits;
        at = next;
    }
    co_return count;
}

/// Gives the beginning of the range new clusters; answers how many bytes of it are done.
Task<Outcome<u64>> Image::write_new(u64 offset, Buffers buffers) {
    const u64 size = header_.cluster_size();
    const auto wanted = co_await clusters_to_replace(offset, buffers.length());
    if (!wanted) {
        co_return std::unexpected(wanted.error());
    }
    Outcome<Refcounts::Run> run = Refcounts::Run{};
    {
        co_await metadata_.lock();
        const TaskGuard guard(metadata_);
        run = co_await refcounts_.allocate(*wanted);
    }
    if (!run) {
        co_return std::unexpected(run.error());
    }
    for (u64 i = 0; i < run->clusters; ++i) {
        if (is_metadata(run->offset + i * size)) {
            co_return std::unexpected(co_await mark_corrupt(
                fmt::format("the cluster at {:#x} is in use for tables, but counted as free", run->offset + i * size)));
        }
    }
    const u64 begin = align_down(offset, size);
    const u64 end = std::min(offset + buffers.length(), begin + run->clusters * size);
    // What the guest does not write of the first and last cluster is copied; with subclusters, only theirs, if nothing
    // of the cluster was there.
    const u64 unit = header_.subcluster_size();
    u64 cow_begin = begin;
    u64 cow_end = begin + run->clusters * size;
    if (header_.extended_l2()) {
        const auto first = co_await find(begin, size);
        const auto last = co_await find(cow_end - size, size);
        if (!first || !last) {
            co_return std::unexpected(EIO);
        }
        cow_begin = first->entry == 0 ? align_down(offset, unit) : cow_begin;
        cow_end = last->entry == 0 ? align_up(end, unit) : cow_end;
    }
    int error = co_await write_run(*run, offset, buffers.part(0, end - offset), cow_begin, cow_end);
    error = error != 0 ? error : co_await point_to(*run, begin, begin + run->clusters * size, cow_begin, cow_end);
    if (error != 0) {
        co_await metadata_.lock();
        const TaskGuard guard(metadata_);
        co_await refcounts_.take_back(*run);
        co_return std::unexpected(error);
    }
    co_return end - offset;
}

/// Writes the data, and around it what was there before.
Task<int> Image::write_run(const Refcounts::Run& run, u64 offset, Buffers buffers, u64 cow_begin, u64 cow_end) {
    const u64 begin = align_down(offset, header_.cluster_size());
    const u64 end = offset + buffers.length();
    AlignedMemory head(offset - cow_begin);
    AlignedMemory tail(cow_end - end);
    const u64 disk_end = std::max(header_.size, end);
    int error = 0;
    if (offset > cow_begin) {
        error = co_await read_mapped(cow_begin, head.buffers());
    }
    if (error == 0 && cow_end > end) {
        tail.buffers().clear();
        error = co_await read_mapped(end, tail.buffers().part(0, std::min(cow_end, disk_end) - end));
    }
    if (error != 0) {
        co_return error;
    }
    u64 from = run.offset + (cow_begin - begin);
    std::vector<iovec> areas;
    if (offset > cow_begin && !(run.fresh && is_zero(head.span()))) {
        head.buffers().append_to(areas);
    } else {
        from = run.offset + (offset - begin);
    }
    buffers.append_to(areas);
    if (cow_end > end && !(run.fresh && is_zero(tail.span()))) {
        tail.buffers().append_to(areas);
    }
    co_return co_await file_->write(from, Buffers(areas));
}

/// Lets the tables refer to the new clusters, and drops what they referred to before.
Task<int> Image::point_to(const Refcounts::Run& run, u64 offset, u64 end, u64 cow_begin, u64 cow_end) {
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    const auto table = co_await writable_table(l1_index(offset));
    if (!table) {
        co_return table.error();
    }
    const u64 size = header_.cluster_size();
    const u64 unit = header_.subcluster_size();
    for (u64 at = offset; at < end; at += size) {
        const u64 index = l2_index(at);
        const u64 old = entry_at((*table)->bytes(), index);
        u64 bitmap = 0;
        if (header_.extended_l2()) {
            const u64 first = (std::max(at, cow_begin) - at) / unit;
            const u64 last = (std::min(at + size, cow_end) - at) / unit;
            const u64 written = low_mask(static_cast<unsigned>(last)) & ~low_mask(static_cast<unsigned>(first));
            const u64 before = old == 0 ? bitmap_at((*table)->bytes(), index) : 0;
            bitmap = written | (before & ~(written << 32) & (low_mask(32) << 32));
        }
        set_entry(**table, index, (run.offset + (at - offset)) | kCopied, bitmap);
        drop_entry(old);
    }
    co_return 0;
}

/// Commits if too much waits for it.
Task<int> Image::tidy() {
    if (refcounts_.dropped_count() < kMaxDropped && !l2_.is_over_budget()) {
        co_return 0;
    }
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    const int error = co_await commit();
    l2_.trim();
    refcounts_.trim();
    co_return error;
}

Task<int> Image::write_compressed(u64 offset, std::span<const u8> data) {
    if (options_.read_only || corrupt_) {
        co_return options_.read_only ? EROFS : EIO;
    }
    std::vector<u8> whole(data.begin(), data.end());
    whole.resize(header_.cluster_size());
    std::vector<u8> packed = pack(header_.compression, whole);
    if (packed.empty()) {
        const SingleBuffer plain(whole);
        co_return co_await write(offset, plain.buffers().part(0, data.size()));
    }
    const u64 mask = header_.cluster_size() - 1;
    co_await metadata_.lock();
    const TaskGuard guard(metadata_);
    u64 at = compressed_at_;
    u64 room = at == 0 ? 0 : align_up(at, header_.cluster_size()) - at;
    if (room != 0) {
        const auto sharers = co_await refcounts_.count(at & ~mask);
        if (!sharers) {
            co_return sharers.error();
        }
        room = *sharers < refcounts_.max_count() ? room : 0;
    }
    if (room < packed.size()) {
        const auto run = co_await refcounts_.allocate(1);
        if (!run) {
            co_return run.error();
        }
        at = room != 0 && run->offset == at + room ? at : run->offset;
    }
    if (at == compressed_at_) {
        if (const int error = co_await refcounts_.add(at & ~mask, 1); error != 0) {
            co_return error;
        }
    }
    const SingleBuffer buffer(packed);
    int error = co_await file_->write(at, buffer.buffers());
    if (error != 0) {
        co_return error;
    }
    const auto table = co_await writable_table(l1_index(offset));
    if (!table) {
        co_return table.error();
    }
    const u64 end = at + packed.size();
    const unsigned x = 62 - (header_.cluster_bits - 8);
    const u64 index = l2_index(offset);
    const u64 old = entry_at((*table)->bytes(), index);
    set_entry(**table, index, kCompressed | ((end - 1) / 512 - at / 512) << x | at, 0);
    drop_entry(old);
    compressed_at_ = (end & mask) == 0 ? 0 : end;
    co_return 0;
}

}  // namespace kelvin::block::qcow2
