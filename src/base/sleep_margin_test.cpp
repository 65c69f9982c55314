// SPDX-License-Identifier: Apache-2.0
#include "base/sleep_margin.h"

#include <gtest/gtest.h>

namespace kelvin {
namespace {

TEST(SleepMargin, ComesToBeWhatThreeSleepsOfFourKeepTo) {
    SleepMargin margin;
    EXPECT_EQ(margin.ns(), 0);
    for (int i = 0; i < 2000; i++) {
        margin.slept(i * 7 % 20 * 1000);
    }
    EXPECT_GE(margin.ns(), 13'000);
    EXPECT_LE(margin.ns(), 17'000);
    for (int i = 0; i < 200; i++) {
        margin.slept(0);
    }
    EXPECT_EQ(margin.ns(), 0);
}

TEST(SleepMargin, IsBounded) {
    SleepMargin margin;
    for (int i = 0; i < 1000; i++) {
        margin.slept(1'000'000'000);
    }
    EXPECT_EQ(margin.ns(), SleepMargin::kLongest);
}

}  // namespace
}  // namespace kelvin
