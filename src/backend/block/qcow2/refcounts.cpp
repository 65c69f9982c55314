// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/refcounts.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

constexpr u64 kBlockBudget = u64{4} << 20;

}  // namespace

u64 read_refcount(std::span<const u8> block, u64 index, unsigned order) {
    switch (order) {
        case 3:
            return block[index];
        case 4:
            return load<u16>(block, index * 2);
        case 5:
            return load<u32>(block, index * 4);
        case 6:
            return load<u64>(block, index * 8);
        default: {
            const unsigned width = 1U << order;
            const u64 position = index * width;
            return block[position / 8] >> (position % 8) & low_mask(width);
        }
    }
}

void write_refcount(std::span<u8> block, u64 index, unsigned order, u64 value) {
    switch (order) {
        case 3:
            block[index] = static_cast<u8>(value);
            return;
        case 4:
            return store<u16>(block, index * 2, static_cast<u16>(value));
        case 5:
            return store<u32>(block, index * 4, static_cast<u32>(value));
        case 6:
            return store<u64>(block, index * 8, value);
        default: {
            const unsigned width = 1U << order;
            const u64 position = index * width;
            u8& byte = block[position / 8];
            const u64 mask = low_mask(width) << (position % 8);
            byte = static_cast<u8>((byte & ~mask) | (value << (position % 8) & mask));
        }
    }
}

Refcounts::Refcounts(FileNode& file, Header& header)
    : file_(file), header_(header), blocks_(file, header.cluster_size(), kBlockBudget) {}

Task<int> Refcounts::load() {
    const u64 size = u64{header_.refcount_table_clusters} << header_.cluster_bits;
    AlignedMemory memory(size);
    const Buffers buffers = memory.buffers();
    if (const int error = co_await file_.read(header_.refcount_table_offset, buffers); error != 0) {
        co_return error;
    }
    table_.resize(size / 8);
    for (u64 i = 0; i < table_.size(); ++i) {
        table_[i] = qcow2::load<u64>(memory.span(), i * 8);
        if (table_[i] != 0) {
            has_shared_blocks_ = !block_offsets_.insert(table_[i]).second || has_shared_blocks_;
        }
    }
    fresh_from_ = file_.is_device() ? ~u64{0} : header_.clusters_of(file_.file_size());
    co_return 0;
}

Task<Outcome<Table*>> Refcounts::block(u64 index, bool make) {
    const u64 offset = index < table_.size() ? table_[index] : 0;
    if (offset == 0) {
        if (!make) {
            co_return nullptr;
        }
        co_return co_await make_block(index);
    }
    if ((offset & (header_.cluster_size() - 1)) != 0) {
        file_.report("refcount table entry " + std::to_string(index) + " is damaged");
        co_return std::unexpected(EIO);
    }
    co_return co_await blocks_.get(offset);
}

/// Nothing of what a missing block counts is in use, so that it can lie at the beginning of that itself.
Task<Outcome<Table*>> Refcounts::make_block(u64 index) {
    if (index >= table_.size()) {
        if (const int error = co_await grow(index); error != 0) {
            co_return std::unexpected(error);
        }
        if (table_[index] != 0) {
            co_return co_await blocks_.get(table_[index]);
        }
    }
    const u64 cluster = index * header_.refcounts_per_block();
    Table& table = blocks_.create(cluster << header_.cluster_bits);
    write_refcount(table.bytes(), 0, header_.refcount_order, 1);
    table_[index] = table.offset;
    block_offsets_.insert(table.offset);
    unwritten_.push_back(index);
    fresh_from_ = fresh_from_ == ~u64{0} ? fresh_from_ : std::max(fresh_from_, cluster + 1);
    co_return &table;
}

/// A larger table, with the blocks that count it, in clusters that no block has counted so far. It is durable before
/// the header refers to it.
Task<int> Refcounts::grow(u64 index) {
    const u64 per_block = header_.refcounts_per_block();
    const u64 first_block = std::max<u64>(index, table_.size());
    const u64 entries = align_up(std::max<u64>(table_.size() * 2, first_block + 8), header_.cluster_size() / 8);
    const u64 table_clusters = entries * 8 >> header_.cluster_bits;
    const u64 new_blocks = (table_clusters + per_block - 2) / (per_block - 1) + 1;
    if (entries * 8 > kMaxRefcountTableBytes || first_block + new_blocks > entries) {
        co_return EFBIG;
    }
    // What exists has to be in the file first: the new table refers to it.
    if (const int error = co_await write(); error != 0) {
        co_return error;
    }
    const u64 first = first_block * per_block;
    std::vector<u64> table = table_;
    table.resize(entries);
    for (u64 i = 0; i < new_blocks; ++i) {
        Table& made = blocks_.create((first + i) << header_.cluster_bits);
        made.unreachable = false;
        table[first_block + i] = made.offset;
        block_offsets_.insert(made.offset);
        for (u64 j = 0; j < per_block && i * per_block + j < new_blocks + table_clusters; ++j) {
            write_refcount(made.bytes(), j, header_.refcount_order, 1);
        }
    }
    AlignedMemory memory(entries * 8);
    for (u64 i = 0; i < entries; ++i) {
        store<u64>(memory.span(), i * 8, table[i]);
    }
    const u64 offset = (first + new_blocks) << header_.cluster_bits;
    const Buffers buffers = memory.buffers();
    int error = co_await blocks_.write_dirty(false);
    error = error != 0 ? error : co_await file_.write(offset, buffers);
    error = error != 0 ? error : co_await file_.flush();
    u8 fields[12];
    store<u64>(fields, 0, offset);
    store<u32>(fields, 8, static_cast<u32>(table_clusters));
    const SingleBuffer field_buffer(fields);
    error = error != 0 ? error : co_await file_.write(48, field_buffer.buffers());
    error = error != 0 ? error : co_await file_.flush();
    if (error != 0) {
        co_return error;
    }
    table_ = std::move(table);
    drop(header_.refcount_table_offset, u64{header_.refcount_table_clusters} << header_.cluster_bits);
    header_.refcount_table_offset = offset;
    header_.refcount_table_clusters = static_cast<u32>(table_clusters);
    fresh_from_ = fresh_from_ == ~u64{0} ? fresh_from_ : std::max(fresh_from_, first + new_blocks + table_clusters);
    co_return 0;
}

/// How many clusters from `cluster` on are free, up to `wanted` and the end of its block.
Task<Outcome<u64>> Refcounts::free_run_at(u64 cluster, u64 wanted) {
    const u64 per_block = header_.refcounts_per_block();
    const auto table = co_await block(cluster / per_block, true);
    if (!table) {
        co_return std::unexpected(table.error());
    }
    const u64 index = cluster % per_block;
    u64 run = 0;
    while (run < wanted && index + run < per_block &&
           read_refcount((*table)->bytes(), index + run, header_.refcount_order) == 0) {
        ++run;
    }
    co_return run;
}

Task<int> Refcounts::mark(u64 cluster, u64 count) {
    for (u64 i = 0; i < count; ++i) {
        if (const int error = co_await add((cluster + i) << header_.cluster_bits, 1); error != 0) {
            co_return error;
        }
    }
    co_return 0;
}

Task<Outcome<Refcounts::Run>> Refcounts::allocate(u64 wanted) {
    for (;;) {
        const auto run = co_await free_run_at(next_free_, wanted);
        if (!run) {
            co_return std::unexpected(run.error());
        }
        if (*run == 0) {
            ++next_free_;
            continue;
        }
        const u64 cluster = next_free_;
        if (((cluster + *run) << header_.cluster_bits) > kOffsetMask) {
            co_return std::unexpected(EFBIG);
        }
        if (const int error = co_await mark(cluster, *run); error != 0) {
            co_return std::unexpected(error);
        }
        const bool fresh = cluster >= fresh_from_;
        if (fresh_from_ != ~u64{0}) {
            fresh_from_ = std::max(fresh_from_, cluster + *run);
        }
        next_free_ = cluster + *run;
        co_return Run{cluster << header_.cluster_bits, *run, fresh};
    }
}

Task<Outcome<Refcounts::Run>> Refcounts::allocate_exactly(u64 clusters) {
    u64 cluster = next_free_;
    u64 found = 0;
    while (found < clusters) {
        const auto run = co_await free_run_at(cluster + found, clusters - found);
        if (!run) {
            co_return std::unexpected(run.error());
        }
        if (*run == 0) {
            cluster += found + 1;
            found = 0;
        } else {
            found += *run;
        }
    }
    if (const int error = co_await mark(cluster, clusters); error != 0) {
        co_return std::unexpected(error);
    }
    const bool fresh = cluster >= fresh_from_;
    if (fresh_from_ != ~u64{0}) {
        fresh_from_ = std::max(fresh_from_, cluster + clusters);
    }
    co_return Run{cluster << header_.cluster_bits, clusters, fresh};
}

Task<int> Refcounts::take_back(const Run& run) {
    for (u64 i = 0; i < run.clusters; ++i) {
        if (const int error = co_await add(run.offset + (i << header_.cluster_bits), -1); error != 0) {
            co_return error;
        }
    }
    co_return 0;
}

Task<Outcome<u64>> Refcounts::count(u64 offset) {
    const u64 cluster = offset >> header_.cluster_bits;
    const auto table = co_await block(cluster / header_.refcounts_per_block(), false);
    if (!table) {
        co_return std::unexpected(table.error());
    }
    co_return *table == nullptr
        ? 0
        : read_refcount((*table)->bytes(), cluster % header_.refcounts_per_block(), header_.refcount_order);
}

Task<int> Refcounts::add(u64 offset, i64 change) {
    const u64 cluster = offset >> header_.cluster_bits;
    // A lowered count needs no new block: an entry of the image's could name any place.
    const auto table = co_await block(cluster / header_.refcounts_per_block(), change > 0);
    if (!table) {
        co_return table.error();
    }
    const u64 index = cluster % header_.refcounts_per_block();
    const u64 now = *table == nullptr ? 0 : read_refcount((*table)->bytes(), index, header_.refcount_order);
    if (change < 0 ? now < static_cast<u64>(-change) : now > max_count() - static_cast<u64>(change)) {
        file_.report("image '" + file_.path() + "': the refcount of the cluster at " + std::to_string(offset) + " is " +
                     std::to_string(now) + " and cannot change by " + std::to_string(change) +
                     "; see kelvin-img check");
        co_return EIO;
    }
    write_refcount((*table)->bytes(), index, header_.refcount_order, now + static_cast<u64>(change));
    const u64 byte = (index << header_.refcount_order) / 8;
    (*table)->touch(byte, byte + std::max<u64>(1, (u64{1} << header_.refcount_order) / 8));
    if (now + static_cast<u64>(change) == 0) {
        next_free_ = std::min(next_free_, cluster);
    }
    co_return 0;
}

void Refcounts::drop(u64 offset, u64 length) {
    for (u64 cluster = offset >> header_.cluster_bits; cluster < header_.clusters_of(offset + length); ++cluster) {
        dropped_.push_back(cluster);
    }
}

Task<int> Refcounts::write_table_entries() {
    for (const u64 index : unwritten_) {
        u8 entry[8];
        store<u64>(entry, 0, table_[index]);
        const SingleBuffer buffer(entry);
        if (const int error = co_await file_.write(header_.refcount_table_offset + index * 8, buffer.buffers());
            error != 0) {
            co_return error;
        }
    }
    unwritten_.clear();
    co_return 0;
}

Task<int> Refcounts::write() {
    if (!unwritten_.empty()) {
        // New blocks are durable before the table refers to them.
        int error = co_await blocks_.write_dirty(true);
        error = error != 0 ? error : co_await file_.flush();
        error = error != 0 ? error : co_await write_table_entries();
        if (error != 0) {
            co_return error;
        }
        blocks_.all_reachable();
    }
    co_return co_await blocks_.write_dirty(false);
}

Task<int> Refcounts::settle(bool discard) {
    std::vector<u64> dropped = std::exchange(dropped_, {});
    std::ranges::sort(dropped);
    u64 run_begin = 0;
    u64 run_end = 0;
    for (const u64 cluster : dropped) {
        if (const int error = co_await add(cluster << header_.cluster_bits, -1); error != 0) {
            co_return error;
        }
        const auto left = co_await count(cluster << header_.cluster_bits);
        if (!discard || !left || *left != 0) {
            continue;
        }
        if (cluster != run_end) {
            if (run_end > run_begin) {
                co_await file_.discard(run_begin << header_.cluster_bits, (run_end - run_begin)
                                                                              << header_.cluster_bits);
            }
            run_begin = cluster;
        }
        run_end = cluster + 1;
    }
    if (run_end > run_begin) {
        co_await file_.discard(run_begin << header_.cluster_bits, (run_end - run_begin) << header_.cluster_bits);
    }
    co_return 0;
}

void Refcounts::trim() {
    if (blocks_.is_over_budget()) {
        blocks_.trim();
    }
}

}  // namespace kelvin::block::qcow2
