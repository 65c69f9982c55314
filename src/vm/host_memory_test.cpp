// SPDX-License-Identifier: Apache-2.0
#include "vm/host_memory.h"

#include <gtest/gtest.h>

namespace kelvin::vm {
namespace {

constexpr u64 kGibi = u64{1} << 30;

TEST(HostMemory, ReadsMeminfo) {
    const HostMemory host = parse_host_memory(
        "MemTotal:        8388608 kB\nMemFree:  1 kB\nMemAvailable:    4194304 kB\nSwapTotal:       1048576 kB\n");
    EXPECT_EQ(host.available, 4 * kGibi);
    EXPECT_EQ(host.total, 9 * kGibi);
    EXPECT_EQ(parse_host_memory("").total, 0U);
    EXPECT_EQ(parse_host_memory("MemTotal:").total, 0U);
    EXPECT_GT(read_host_memory().total, 0U);
}

TEST(HostMemory, OnlyTheImpossibleIsRefused) {
    const HostMemory host = {4 * kGibi, 9 * kGibi};
    EXPECT_TRUE(check_ram_size(8 * kGibi, host));
    const auto refused = check_ram_size(10240 * kGibi, host);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().what, "the host has 9 GiB of memory, 4 GiB of it free; 10 TiB were asked for");
    EXPECT_TRUE(check_ram_size(10240 * kGibi, {}));
}

}  // namespace
}  // namespace kelvin::vm
