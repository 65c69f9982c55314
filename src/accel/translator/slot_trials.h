// SPDX-License-Identifier: Apache-2.0
// Decides which accesses go without their page slot. Those that seldom stay on a page do better to look in the TLB
// themselves: the slot's check is wasted on them, and their misses are jumps that the host cannot predict.
//
// Miss stubs count by the access's place in the code. One that misses often has its region tried: it is made again, to
// count how often it is entered and how often each access misses. By that it is judged, and made once more.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <unordered_map>

#include "base/types.h"
#include "emit/x64/emitter.h"
#include "ir/region.h"

namespace kelvin::translator {

class TranslatorVcpu;

/// A region: where it is, its mode, and a checksum of its code.
struct RegionKey {
    u64 physical = 0;
    u64 checksum = 0;
    u32 mode = 0;

    bool operator==(const RegionKey&) const = default;
};

/// The accesses of those instructions, a bit each, of a region that starts at `start` in its page go without slots.
void mark_scattered(ir::Region& region, u64 start, u64 instructions);

/// Guarded by the translator's lock.
class SlotTrials {
  public:
    /// How the region is to be made; marks the accesses of `region` that are to go without their slots.
    x64::SlotWatch prepare(const RegionKey& key, ir::Region& region) const;

    /// The region is to be tried by `vcpu`: the number of the trial, or none if that is not to be now.
    std::optional<unsigned> begin(const RegionKey& key, const TranslatorVcpu& vcpu, i64 now_ns);
    /// It has been made for its trial; `sites` are the places in the page of the accesses that are counted.
    void made(unsigned trial, std::span<const u16> sites);

    struct Running {
        RegionKey key;
        const TranslatorVcpu* vcpu = nullptr;  ///< null: no trial
        i64 begun_ns = 0;
        std::array<u16, x64::kTrialSites> sites{};
        unsigned site_count = 0;
    };
    const Running& running(unsigned trial) const { return running_[trial]; }
    /// A trial that takes longer is of a region that hardly ever runs.
    static bool is_overdue(const Running& trial, i64 now_ns) { return now_ns - trial.begun_ns > kLongest; }

    /// It has been entered kTrialEntries times, and each site has missed so often.
    void judge(unsigned trial, const x64::SlotTrial& seen);
    void give_up(unsigned trial) { running_[trial].vcpu = nullptr; }

    u64 judged() const { return judged_.size(); }
    u64 scattered() const { return scattered_; }

  private:
    static constexpr i64 kLongest = 10'000'000;
    /// Judgements are forgotten, all at once, when there are so many.
    static constexpr std::size_t kMostJudged = 1u << 16;
    /// Of the entries, one in so many must miss.
    static constexpr u32 kSeldom = 16;

    struct Hash {
        std::size_t operator()(const RegionKey& key) const {
            return (key.physical ^ key.checksum ^ key.mode) * 0x9e3779b97f4a7c15;
        }
    };

    std::unordered_map<RegionKey, u64, Hash> judged_;  ///< a bit for each of its first instructions: scattered
    std::array<Running, x64::kTrials> running_;
    u64 scattered_ = 0;  ///< accesses that were found to be
};

}  // namespace kelvin::translator
