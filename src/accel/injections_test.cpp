// SPDX-License-Identifier: Apache-2.0
#include "accel/injections.h"

#include <gtest/gtest.h>

namespace kelvin::accel {
namespace {

TEST(Injections, NamesAreJoinedByPlus) {
    const auto both = parse_injections("no-links+small-cache");
    ASSERT_TRUE(both);
    EXPECT_TRUE(both.value().no_links);
    EXPECT_TRUE(both.value().small_cache);
    EXPECT_FALSE(both.value().slow_memory);
}

TEST(Injections, UnknownNamesAreRefused) {
    EXPECT_NE(parse_injections("no-link").error().message().find("did you mean 'no-links'?"), std::string::npos);
    EXPECT_FALSE(parse_injections(""));
    EXPECT_FALSE(parse_injections("no-links+"));
}

TEST(Injections, HelpNamesEach) {
    EXPECT_NE(describe_injections().find("jump-misses "), std::string::npos);
}

}  // namespace
}  // namespace kelvin::accel
