// SPDX-License-Identifier: Apache-2.0
#include "base/nearest_name.h"

#include <gtest/gtest.h>

#include <array>

namespace kelvin {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"virtio-net-pci", "host", "cortex-a57", "cortex-a72"};

TEST(NearestName, FindsTypingMistakes) {
    EXPECT_EQ(nearest_name("hots", kNames), "host");
    EXPECT_EQ(nearest_name("cortex-a75", kNames), "cortex-a57");
    EXPECT_EQ(nearest_name("Cortex-A72", kNames), "cortex-a72");
    EXPECT_EQ(nearest_name("virtio-nett-pci", kNames), "virtio-net-pci");
}

TEST(NearestName, SaysNothingWhenNothingIsClose) {
    EXPECT_EQ(nearest_name("pentium", kNames), "");
    EXPECT_EQ(nearest_name("", kNames), "");
    EXPECT_EQ(nearest_name(std::string(100000, 'a'), kNames), "");
    EXPECT_EQ(did_you_mean("hots", kNames), " (did you mean 'host'?)");
    EXPECT_EQ(did_you_mean("pentium", kNames), "");
}

}  // namespace
}  // namespace kelvin
