// SPDX-License-Identifier: Apache-2.0
// Where the disk's bytes are: sections "Cluster mapping" and "Extended L2 entries".
#include <fmt/format.h>

#include "backend/block/qcow2/image.h"
#include "base/bits.h"

namespace kelvin::block::qcow2 {

Mapping::Kind Image::classify(u64 entry, u64 bitmap, u64 subcluster) const {
    if ((entry & kCompressed) != 0) {
        return Mapping::Kind::compressed;
    }
    const u64 offset = entry & kOffsetMask;
    const bool flag = (entry & kReadsAsZero) != 0;
    if ((entry & kReservedL2) != 0 || (offset & (header_.cluster_size() - 1)) != 0 ||
        (offset == 0 && (entry & kCopied) != 0)) {
        return Mapping::Kind::damaged;
    }
    if (header_.extended_l2()) {
        const bool allocated = bit(bitmap, static_cast<unsigned>(subcluster));
        const bool zero = bit(bitmap, static_cast<unsigned>(subcluster + 32));
        if (flag || (allocated && (zero || offset == 0))) {
            return Mapping::Kind::damaged;
        }
        return zero ? Mapping::Kind::zero : allocated ? Mapping::Kind::normal : Mapping::Kind::unallocated;
    }
    if (flag) {
        return header_.version == 2 ? Mapping::Kind::damaged : Mapping::Kind::zero;
    }
    return offset == 0 ? Mapping::Kind::unallocated : Mapping::Kind::normal;
}

/// From `offset` on, within one L2 table, as far as it is of one kind and, if it is there, in one piece.
Mapping Image::map(std::span<const u8> table, u64 offset, u64 length) const {
    const u64 unit = header_.subcluster_size();
    const u64 end = std::min(offset + length, align_down(offset, table_span()) + table_span());
    Mapping mapping;
    u64 at = offset;
    while (at < end) {
        const u64 index = l2_index(at);
        const u64 entry = entry_at(table, index);
        const u64 inside = at & (header_.cluster_size() - 1);
        const Mapping::Kind kind = classify(entry, bitmap_at(table, index), inside / unit);
        const u64 host = (entry & kOffsetMask) + inside;
        const bool copied = (entry & kCopied) != 0;
        if (at == offset) {
            mapping = {kind, 0, kind == Mapping::Kind::normal ? host : 0, copied, entry};
        } else if (kind != mapping.kind || kind == Mapping::Kind::damaged ||
                   (kind == Mapping::Kind::normal &&
                    (host != mapping.host_offset + (at - offset) || copied != mapping.copied))) {
            break;
        }
        const u64 step = kind == Mapping::Kind::compressed ? header_.cluster_size() : unit;
        at = align_down(at, step) + step;
        if (kind == Mapping::Kind::compressed) {
            break;
        }
    }
    mapping.length = std::min(at, end) - offset;
    return mapping;
}

/// What can be said without reading anything.
std::optional<Mapping> Image::known(u64 offset, u64 length) {
    const u64 index = l1_index(offset);
    const u64 left = std::min(length, align_down(offset, table_span()) + table_span() - offset);
    const u64 entry = index < l1_.size() ? l1_[index] : 0;
    if ((entry & kReservedL1) != 0 || (entry & kOffsetMask & (header_.cluster_size() - 1)) != 0) {
        return Mapping{Mapping::Kind::damaged, left, 0, false, entry};
    }
    if ((entry & kOffsetMask) == 0) {
        return Mapping{Mapping::Kind::unallocated, left, 0, false, 0};
    }
    Table* const table = l2_.find(entry & kOffsetMask);
    if (table == nullptr) {
        return std::nullopt;
    }
    Mapping mapping = map(table->bytes(), offset, left);
    // Where the table is not the active one's alone, nothing that it says of being alone counts.
    mapping.copied = mapping.copied && (entry & kCopied) != 0;
    return mapping;
}

Task<Outcome<Mapping>> Image::find(u64 offset, u64 length) {
    std::optional<Mapping> mapping = known(offset, length);
    if (!mapping) {
        co_await metadata_.lock();
        const TaskGuard guard(metadata_);
        if (l2_.is_over_budget()) {
            l2_.trim();
            if (l2_.is_over_budget() && !options_.read_only) {
                if (const int error = co_await commit(); error != 0) {
                    co_return std::unexpected(error);
                }
                l2_.trim();
            }
        }
        mapping = known(offset, length);
        if (!mapping) {
            const auto table = co_await l2_.get(l1_[l1_index(offset)] & kOffsetMask);
            if (!table) {
                co_return std::unexpected(table.error());
            }
            mapping = known(offset, length);
        }
    }
    if (mapping->kind == Mapping::Kind::damaged) {
        co_return std::unexpected(
            co_await mark_corrupt(fmt::format("the L2 entry {:#x} of guest offset {:#x} (L1 entry {}) is damaged",
                                              mapping->entry, offset, l1_index(offset))));
    }
    co_return *mapping;
}

bool Image::is_metadata(u64 host_offset) const {
    const u64 cluster = align_down(host_offset, header_.cluster_size());
    const auto within = [cluster](u64 begin, u64 bytes) { return cluster >= begin && cluster - begin < bytes; };
    return cluster == 0 || within(header_.l1_offset, u64{header_.l1_size} * 8) ||
           within(header_.refcount_table_offset, u64{header_.refcount_table_clusters} << header_.cluster_bits) ||
           (snapshot_table_size_ != 0 && within(header_.snapshots_offset, snapshot_table_size_)) ||
           l2_tables_.contains(cluster) || refcounts_.is_block(cluster);
}

/// Whether the range may be written where it is.
bool Image::is_writable(const Mapping& mapping) const {
    if (mapping.kind != Mapping::Kind::normal || !mapping.copied || corrupt_) {
        return false;
    }
    const u64 end = mapping.host_offset + mapping.length;
    for (u64 at = mapping.host_offset; at < end; at = align_down(at, header_.cluster_size()) + header_.cluster_size()) {
        if (is_metadata(at)) {
            return false;
        }
    }
    return true;
}

void Image::set_l1(u64 index, u64 entry) {
    l1_[index] = entry;
    l1_dirty_begin_ = std::min(l1_dirty_begin_, index);
    l1_dirty_end_ = std::max(l1_dirty_end_, index + 1);
}

/// The table, nobody else's, to be changed. With metadata_.
Task<Outcome<Table*>> Image::writable_table(u64 index) {
    const u64 entry = l1_[index];
    const u64 old = entry & kOffsetMask;
    if (old != 0 && (entry & kCopied) != 0) {
        co_return co_await l2_.get(old);
    }
    Table* source = nullptr;
    if (old != 0) {
        const auto got = co_await l2_.get(old);
        if (!got) {
            co_return std::unexpected(got.error());
        }
        source = *got;
    }
    const auto run = co_await refcounts_.allocate(1);
    if (!run) {
        co_return std::unexpected(run.error());
    }
    if (is_metadata(run->offset)) {
        co_return std::unexpected(co_await mark_corrupt(
            fmt::format("the cluster at {:#x} is in use for tables, but counted as free", run->offset)));
    }
    Table& table = l2_.create(run->offset);
    if (source != nullptr) {
        std::ranges::copy(source->bytes(), table.bytes().begin());
        refcounts_.drop(old, header_.cluster_size());
        l2_tables_.erase(old);
    }
    l2_tables_.insert(run->offset);
    set_l1(index, run->offset | kCopied);
    co_return &table;
}

void Image::set_entry(Table& table, u64 index, u64 entry, u64 bitmap) {
    const u64 size = header_.l2_entry_size();
    store<u64>(table.bytes(), index * size, entry);
    if (header_.extended_l2()) {
        store<u64>(table.bytes(), index * size + 8, bitmap);
    }
    table.touch(index * size, (index + 1) * size);
}

/// What `entry` referred to loses one reference.
void Image::drop_entry(u64 entry) {
    if ((entry & kCompressed) != 0) {
        const unsigned x = 62 - (header_.cluster_bits - 8);
        const u64 offset = align_down(entry & low_mask(x) & low_mask(56), 512);
        const u64 sectors = bits(entry, 61, x) + 1;
        refcounts_.drop(offset, sectors * 512);
        for (const auto& unpacked : unpacked_) {
            unpacked->entry = unpacked->entry == entry ? 0 : unpacked->entry;
        }
    } else if ((entry & kOffsetMask) != 0) {
        refcounts_.drop(entry & kOffsetMask, header_.cluster_size());
    }
}

}  // namespace kelvin::block::qcow2
