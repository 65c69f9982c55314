// SPDX-License-Identifier: Apache-2.0
// Tables of one cluster (L2 tables, refcount blocks) in memory, with what of them is not in the file yet.
#pragma once

#include <memory>
#include <unordered_map>

#include "backend/block/file_node.h"

namespace kelvin::block::qcow2 {

struct Table {
    Table(u64 at, u64 size) : offset(at), memory(size) {}
    u64 offset;
    AlignedMemory memory;
    u64 dirty_begin = ~u64{0};  ///< bytes that are not in the file
    u64 dirty_end = 0;
    bool unreachable = false;  ///< nothing in the file refers to it yet
    u64 last_use = 0;

    bool is_dirty() const { return dirty_begin < dirty_end; }
    std::span<u8> bytes() { return memory.span(); }
    void touch(u64 begin, u64 end) {
        dirty_begin = std::min(dirty_begin, begin);
        dirty_end = std::max(dirty_end, end);
    }
};

/// A Table stays where it is until drop() or trim().
class TableCache {
  public:
    TableCache(FileNode& file, u64 table_size, u64 budget)
        : file_(file), table_size_(table_size), most_(std::max<u64>(budget / table_size, 8)) {}

    /// Null if it is not in memory.
    Table* find(u64 offset);
    Task<Outcome<Table*>> get(u64 offset);
    /// A new table of zeroes, all of it dirty.
    Table& create(u64 offset);
    void drop(u64 offset) { tables_.erase(offset); }
    bool is_over_budget() const { return tables_.size() > most_; }
    /// Forgets those that are clean and were not used for longest, down to half of what is allowed.
    void trim();
    bool has_dirty() const;

    /// Writes the dirty ones, of those only which are reachable or are not.
    Task<int> write_dirty(bool unreachable);
    /// From here on the file refers to all of them.
    void all_reachable();

  private:
    FileNode& file_;
    u64 table_size_;
    u64 most_;
    u64 uses_ = 0;
    std::unordered_map<u64, std::unique_ptr<Table>> tables_;
};

}  // namespace kelvin::block::qcow2
