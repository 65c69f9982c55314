// SPDX-License-Identifier: Apache-2.0
#include "backend/block/qcow2/table_cache.h"

#include <algorithm>
#include <vector>

#include "base/bits.h"

namespace kelvin::block::qcow2 {

namespace {

/// What is written around a changed entry: the host's page, since the host would read it otherwise.
constexpr u64 kWriteUnit = 4096;

}  // namespace

Table* TableCache::find(u64 offset) {
    const auto found = tables_.find(offset);
    if (found == tables_.end()) {
        return nullptr;
    }
    found->second->last_use = ++uses_;
    return found->second.get();
}

Task<Outcome<Table*>> TableCache::get(u64 offset) {
    if (Table* const table = find(offset); table != nullptr) {
        co_return table;
    }
    auto table = std::make_unique<Table>(offset, table_size_);
    const Buffers buffers = table->memory.buffers();
    if (const int error = co_await file_.read(offset, buffers); error != 0) {
        co_return std::unexpected(error);
    }
    table->last_use = ++uses_;
    Table* const kept = tables_.try_emplace(offset, std::move(table)).first->second.get();
    co_return kept;
}

Table& TableCache::create(u64 offset) {
    auto table = std::make_unique<Table>(offset, table_size_);
    std::ranges::fill(table->bytes(), u8{0});
    table->touch(0, table_size_);
    table->unreachable = true;
    table->last_use = ++uses_;
    auto& slot = tables_[offset];
    slot = std::move(table);
    return *slot;
}

void TableCache::trim() {
    std::vector<std::pair<u64, u64>> clean;
    for (const auto& [offset, table] : tables_) {
        if (!table->is_dirty()) {
            clean.emplace_back(table->last_use, offset);
        }
    }
    std::ranges::sort(clean);
    for (const auto& [last_use, offset] : clean) {
        if (tables_.size() <= most_ / 2) {
            return;
        }
        tables_.erase(offset);
    }
}

bool TableCache::has_dirty() const {
    return std::ranges::any_of(tables_, [](const auto& entry) { return entry.second->is_dirty(); });
}

Task<int> TableCache::write_dirty(bool unreachable) {
    std::vector<Table*> dirty;
    for (const auto& [offset, table] : tables_) {
        if (table->is_dirty() && table->unreachable == unreachable) {
            dirty.push_back(table.get());
        }
    }
    std::ranges::sort(dirty, {}, &Table::offset);
    for (Table* table : dirty) {
        const u64 begin = align_down(table->dirty_begin, kWriteUnit);
        const u64 end = std::min(align_up(table->dirty_end, kWriteUnit), table_size_);
        const Buffers buffers = table->memory.buffers().part(begin, end - begin);
        if (const int error = co_await file_.write(table->offset + begin, buffers); error != 0) {
            co_return error;
        }
        table->dirty_begin = ~u64{0};
        table->dirty_end = 0;
    }
    co_return 0;
}

void TableCache::all_reachable() {
    for (const auto& [offset, table] : tables_) {
        table->unreachable = false;
    }
}

}  // namespace kelvin::block::qcow2
