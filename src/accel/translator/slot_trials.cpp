// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/slot_trials.h"

#include <algorithm>

#include "ir/op_format.h"

namespace kelvin::translator {

namespace {

constexpr u64 kPageMask = 4095;

}  // namespace

void mark_scattered(ir::Region& region, u64 start, u64 instructions) {
    u64 place = 0;
    for (ir::Op& op : region.ops) {
        if (op.code == ir::Opcode::insn_start) {
            place = (op.imm - start) / 4;
        } else if (ir::imm_kind(op.code) == ir::ImmKind::memory && place < 64 && (instructions >> place & 1) != 0) {
            ir::MemInfo memory = op.memory();
            memory.scattered = true;
            op.imm = ir::pack_memory(memory, op.offset());
        }
    }
}

x64::SlotWatch SlotTrials::prepare(const RegionKey& key, ir::Region& region) const {
    for (unsigned i = 0; i < running_.size(); i++) {
        if (running_[i].vcpu != nullptr && running_[i].key == key) {
            return {x64::SlotWatch::Kind::trial, i};
        }
    }
    const auto found = judged_.find(key);
    if (found == judged_.end()) {
        return {x64::SlotWatch::Kind::misses, 0};
    }
    if (found->second != 0) {
        mark_scattered(region, key.physical & kPageMask, found->second);
    }
    return {x64::SlotWatch::Kind::none, 0};
}

std::optional<unsigned> SlotTrials::begin(const RegionKey& key, const TranslatorVcpu& vcpu, i64 now_ns) {
    const auto same = [&](const Running& trial) { return trial.vcpu != nullptr && trial.key == key; };
    if (judged_.contains(key) || std::ranges::any_of(running_, same)) {
        return std::nullopt;
    }
    for (unsigned i = 0; i < running_.size(); i++) {
        if (running_[i].vcpu == nullptr) {
            running_[i] = {.key = key, .vcpu = &vcpu, .begun_ns = now_ns};
            return i;
        }
    }
    return std::nullopt;
}

void SlotTrials::made(unsigned trial, std::span<const u16> sites) {
    Running& run = running_[trial];
    run.site_count = static_cast<unsigned>(sites.size());
    std::ranges::copy(sites, run.sites.begin());
}

void SlotTrials::judge(unsigned trial, const x64::SlotTrial& seen) {
    const Running& run = running_[trial];
    u64 instructions = 0;
    for (unsigned i = 0; i < run.site_count; i++) {
        const u64 place = (run.sites[i] - (run.key.physical & kPageMask)) / 4;
        if (seen.misses[i] >= x64::kTrialEntries / kSeldom && place < 64) {
            instructions |= u64{1} << place;
            scattered_++;
        }
    }
    if (judged_.size() == kMostJudged) {
        judged_.clear();
    }
    judged_[run.key] = instructions;
    give_up(trial);
}

}  // namespace kelvin::translator
