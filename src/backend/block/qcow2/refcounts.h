// SPDX-License-Identifier: Apache-2.0
// How often each cluster of the file is referred to, and which ones are free: section "Host cluster management".
//
// The order that keeps an image whole whatever happens: a cluster's count is in the file before anything in the file
// refers to it, and what referred to it is gone from the file before its count is. The other way round a crash would
// leave clusters in use that look free; this way it leaves at worst clusters that look used, which `check -r leaks`
// gives back. So counts are raised at once, in memory, and written before L1 and L2 tables; they are lowered by drop(),
// which only notes them until settle(), after the tables are in the file.
#pragma once

#include <unordered_set>
#include <vector>

#include "backend/block/qcow2/format.h"
#include "backend/block/qcow2/table_cache.h"

namespace kelvin::block::qcow2 {

u64 read_refcount(std::span<const u8> block, u64 index, unsigned order);
void write_refcount(std::span<u8> block, u64 index, unsigned order, u64 value);

/// Used under the image's metadata mutex.
class Refcounts {
  public:
    Refcounts(FileNode& file, Header& header);

    Task<int> load();

    struct Run {
        u64 offset = 0;  ///< in the file
        u64 clusters = 0;
        bool fresh = false;  ///< never used before, so that the file has zeroes there
    };
    /// Between one and `wanted` clusters in a row that were free; their counts become 1.
    Task<Outcome<Run>> allocate(u64 wanted);
    /// Exactly `clusters` in a row.
    Task<Outcome<Run>> allocate_exactly(u64 clusters);

    /// What was allocated last or lately, and nothing has referred to yet.
    Task<int> take_back(const Run& run);

    /// A block that the table refers to twice: what it says cannot be right, and searching it need not end.
    bool has_shared_blocks() const { return has_shared_blocks_; }

    Task<Outcome<u64>> count(u64 offset);
    Task<int> add(u64 offset, i64 change);
    /// Lowers the count of each cluster in the range by one, once that is safe.
    void drop(u64 offset, u64 length);

    bool is_dirty() const { return blocks_.has_dirty(); }
    bool has_dropped() const { return !dropped_.empty(); }
    u64 dropped_count() const { return dropped_.size(); }
    /// Writes raised counts. Durable only after the caller's flush.
    Task<int> write();
    /// Lowers the counts noted by drop(), whose references are durably gone; frees the host's storage if `discard`.
    Task<int> settle(bool discard);
    void trim();

    const std::vector<u64>& table() const { return table_; }
    u64 max_count() const {
        return header_.refcount_order == 6 ? ~u64{0} : (u64{1} << (1U << header_.refcount_order)) - 1;
    }
    bool is_block(u64 offset) const { return block_offsets_.contains(offset); }
    /// Where the file must reach so that every cluster in use lies within it.
    u64 end_of_clusters() const { return fresh_from_ == ~u64{0} ? 0 : fresh_from_ << header_.cluster_bits; }

  private:
    Task<Outcome<Table*>> block(u64 index, bool make);
    Task<Outcome<Table*>> make_block(u64 index);
    Task<int> grow(u64 index);
    Task<Outcome<u64>> free_run_at(u64 cluster, u64 wanted);
    Task<int> mark(u64 cluster, u64 count);
    Task<int> write_table_entries();

    FileNode& file_;
    Header& header_;
    std::vector<u64> table_;  // offsets of blocks, 0: none
    std::unordered_set<u64> block_offsets_;
    std::vector<u64> unwritten_;  // indexes of the table that the file does not have
    TableCache blocks_;
    bool has_shared_blocks_ = false;
    u64 next_free_ = 0;         // no free cluster below it
    u64 fresh_from_ = ~u64{0};  // clusters from here on were never used
    std::vector<u64> dropped_;  // cluster numbers
};

}  // namespace kelvin::block::qcow2
