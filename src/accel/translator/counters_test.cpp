// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/counters.h"

#include <gtest/gtest.h>

namespace kelvin::translator {
namespace {

#define EXPECT_LINE(text, line) EXPECT_NE((text).find("\n" line "\n"), std::string::npos) << (text)

TEST(Counters, DescribeCodeAndCache) {
    CodeReport report;
    report.counters.tiers[0] = {
        .regions = 10, .guest_bytes = 200, .hot_bytes = 500, .cold_bytes = 300, .nanoseconds = 25000};
    report.counters.segments_emptied = 2;
    report.blocks = {.links_made = 9, .links_undone = 4, .stores = 3, .dropped_by_stores = 5, .dropped_for_room = 7};
    report.regions_in_use = 8;
    report.cache_size = u64{64} << 20;
    report.cache_used = u64{16} << 20;
    report.segments = 32;
    const std::string text = "\n" + describe(report);
    EXPECT_LINE(text, "  regions translated                      10  5.0 guest instructions each");
    EXPECT_LINE(text, "  host code, bytes                       800  4.0 a guest byte; 1.5 of them run seldom");
    EXPECT_LINE(text, "  translation time, us                    25  500 ns a guest instruction");
    EXPECT_LINE(text, "  bytes used, dropped code too      16777216  25 % of 64 MiB in 32 segments");
    EXPECT_LINE(text, "  regions dropped for room                 7  2 segments emptied");
    EXPECT_LINE(text, "  regions overwritten                      5  by 3 stores");
    EXPECT_LINE(text, "  jumps linked                             9  4 undone");
}

TEST(Counters, NothingTranslatedIsNoDivisionByZero) {
    const std::string text = "\n" + describe(CodeReport{});
    EXPECT_LINE(text, "  regions translated                       0  0.0 guest instructions each");
}

TEST(Counters, DescribeAProcessor) {
    VcpuCounters counters;
    counters.left(ExitReason::unlinked);
    counters.left(ExitReason::attention);
    counters.left(ExitReason::attention);
    counters.devices.add(6);
    arm64::ExceptionCounts exceptions;
    exceptions.synchronous[0x15].add(3);
    exceptions.synchronous[0x3f].add();
    exceptions.interrupts[0].add(4);
    const std::string text = describe(1, counters, exceptions);
    EXPECT_LINE(text, "  jump not linked yet                      1");
    EXPECT_LINE(text, "  interrupt, timer or stop                 2");
    EXPECT_LINE(text, "  devices or Device memory                 6");
    EXPECT_LINE(text, "  system call (SVC)                        3");
    EXPECT_LINE(text, "  class 0x3f                               1");
    EXPECT_NE(text.find("\n  IRQ                                      4\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("FIQ"), std::string::npos) << text;
    EXPECT_TRUE(text.starts_with("processor 1: ")) << text;
}

}  // namespace
}  // namespace kelvin::translator
