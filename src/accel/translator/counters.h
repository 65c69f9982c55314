// SPDX-License-Identifier: Apache-2.0
// What the translator counts about itself: where C++ comes by anyway, so that generated code pays nothing.
#pragma once

#include <array>
#include <string>

#include "accel/translator/block_table.h"
#include "base/counter.h"
#include "cpu/arm64/exception_counts.h"
#include "emit/x64/runtime.h"

namespace kelvin::translator {

/// Why generated code was left.
enum class ExitReason : u8 {
    unlinked,     ///< a jump within the page that had not been linked yet
    missed_jump,  ///< a jump by register or to another page that the jump cache did not have
    instruction,  ///< one that must be left after: it changed the processor's mode or tables, or is a barrier
    exception,
    attention,  ///< another thread wanted it: an interrupt, a timer, the end of the run
    count,
};

/// Of one vCPU; its thread counts.
struct VcpuCounters {
    std::array<Counter, static_cast<std::size_t>(ExitReason::count)> exits;
    Counter waits;
    /// Accesses that generated code handed to C++, by what they found.
    Counter load_fills, store_fills, devices, page_crossings, stores_to_code, atomics, watched;
    Counter fetch_fills;
    Counter flushes_all, flushes_asid, flushes_pages;
    Counter mode_changes;

    void left(ExitReason reason) { exits[static_cast<std::size_t>(reason)].add(); }
};

/// By x64::Counted: what generated code has counted.
using ExecutionCounts = std::array<u64, x64::kCounted>;

/// Of translations by one tier of the translator.
struct TierCounters {
    u64 regions = 0;
    u64 guest_bytes = 0;
    u64 hot_bytes = 0;  ///< of host code
    u64 cold_bytes = 0;
    u64 nanoseconds = 0;
};

/// Guarded by the translator's lock.
struct TranslatorCounters {
    static constexpr unsigned kTiers = 1;

    std::array<TierCounters, kTiers> tiers;
    u64 segments_emptied = 0;  ///< of regions in use
};

/// What `info jit` says of the code and its cache.
struct CodeReport {
    TranslatorCounters counters;
    BlockTable::Counts blocks;
    u64 regions_in_use = 0;
    u64 cache_size = 0;
    u64 cache_used = 0;
    unsigned segments = 0;
    u64 regions_judged = 0;  ///< by how their accesses use page slots
    u64 accesses_scattered = 0;
};
std::string describe(const CodeReport& report);

/// What it says of one vCPU.
std::string describe(unsigned index, const VcpuCounters& counters, const arm64::ExceptionCounts& exceptions);

std::string describe(unsigned index, const ExecutionCounts& counts);

}  // namespace kelvin::translator
