// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/slot_trials.h"

#include <gtest/gtest.h>

#include "ir/builder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::translator {
namespace {

using Kind = x64::SlotWatch::Kind;

constexpr RegionKey kKey{.physical = 0x40000100, .checksum = 7, .mode = 1};

/// Only told apart by its address.
const TranslatorVcpu& vcpu(unsigned number) {
    static const std::array<u64, 2> kPlaces{};
    return *reinterpret_cast<const TranslatorVcpu*>(&kPlaces[number]);
}

/// Two loads, of the instructions at 0x100 and 0x104.
ir::Region two_loads() {
    ir::Region region;
    region.guest = &arm64::guest_desc();
    ir::Builder builder(region);
    builder.begin_block();
    for (const u64 place : {0x100, 0x104}) {
        builder.insn_start(place);
        builder.set(0, builder.load(ir::Type::i64, builder.get(1), 0, {}));
    }
    builder.exit_direct(0x108);
    return region;
}

std::vector<bool> scattered(const ir::Region& region) {
    std::vector<bool> result;
    for (const ir::Op& op : region.ops) {
        if (op.code == ir::Opcode::load) {
            result.push_back(op.memory().scattered);
        }
    }
    return result;
}

TEST(SlotTrials, MarkWhatMissesOnceInSixteenTimes) {
    SlotTrials trials;
    ir::Region region = two_loads();
    EXPECT_EQ(trials.prepare(kKey, region).kind, Kind::misses);
    const auto trial = trials.begin(kKey, vcpu(0), 0);
    ASSERT_TRUE(trial);
    EXPECT_EQ(trials.prepare(kKey, region).kind, Kind::trial);
    EXPECT_EQ(trials.prepare({.physical = 0x40000100, .checksum = 8, .mode = 1}, region).kind, Kind::misses);
    const u16 sites[] = {0x100, 0x104};
    trials.made(*trial, sites);
    trials.judge(*trial, {.entries_left = 0, .misses = {x64::kTrialEntries / 16 - 1, x64::kTrialEntries / 16}});
    EXPECT_EQ(trials.prepare(kKey, region).kind, Kind::none);
    EXPECT_EQ(scattered(region), (std::vector{false, true}));
    EXPECT_EQ(trials.judged(), 1U);
    EXPECT_EQ(trials.scattered(), 1U);
    EXPECT_FALSE(trials.begin(kKey, vcpu(0), 0));
}

TEST(SlotTrials, OneOfARegionAndFewAtATime) {
    SlotTrials trials;
    ASSERT_TRUE(trials.begin(kKey, vcpu(0), 0));
    EXPECT_FALSE(trials.begin(kKey, vcpu(1), 0));
    RegionKey key = kKey;
    for (unsigned i = 1; i < x64::kTrials; i++) {
        key.physical += 16;
        EXPECT_EQ(trials.begin(key, vcpu(1), 5), i);
    }
    key.physical += 16;
    EXPECT_FALSE(trials.begin(key, vcpu(0), 0));
    EXPECT_EQ(trials.running(3).vcpu, &vcpu(1));
    EXPECT_FALSE(SlotTrials::is_overdue(trials.running(3), 10'000'005));
    EXPECT_TRUE(SlotTrials::is_overdue(trials.running(3), 10'000'006));
    trials.give_up(3);
    EXPECT_EQ(trials.begin(key, vcpu(0), 0), 3U);
    EXPECT_EQ(trials.judged(), 0U);
}

}  // namespace
}  // namespace kelvin::translator
