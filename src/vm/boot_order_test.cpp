// SPDX-License-Identifier: Apache-2.0
#include "vm/boot_order.h"

#include <gtest/gtest.h>

namespace kelvin::vm {
namespace {

using Kind = bus::Bootable::Kind;

std::vector<BootCandidate> three(std::optional<i32> disk, std::optional<i32> cd, std::optional<i32> network) {
    return {{Kind::disk, disk, "/disk"}, {Kind::cd, cd, "/cd"}, {Kind::network, network, "/net"}};
}

TEST(BootOrder, FirmwareDecidesWithoutAWish) {
    EXPECT_EQ(boot_order(three({}, {}, {}), {}, true), "");
    EXPECT_EQ(boot_order(three(-1, {}, {}), {}, true), "");
    EXPECT_EQ(boot_order(three({}, {}, {}), {.order = "", .once = "", .strict = true}, true), "");
}

TEST(BootOrder, IndexesCountAndNothingElse) {
    EXPECT_EQ(boot_order(three(2, {}, 0), {}, true), "/net\n/disk");
    EXPECT_EQ(boot_order(three(2, 1, 0), {.order = "c", .once = "", .strict = true}, true), "/net\n/cd\n/disk\nHALT");
}

TEST(BootOrder, LettersOrderKinds) {
    EXPECT_EQ(boot_order(three({}, {}, {}), {.order = "d", .once = ""}, true), "/cd\n/disk\n/net");
    EXPECT_EQ(boot_order(three({}, {}, {}), {.order = "and", .once = ""}, true), "/net\n/cd\n/disk");
    EXPECT_EQ(boot_order(three({}, {}, {}), {.order = "n", .once = "", .strict = true}, true), "/net\nHALT");
}

TEST(BootOrder, OnceIsForTheFirstStart) {
    const BootOrderSpec spec = {.order = "c", .once = "n"};
    EXPECT_EQ(boot_order(three({}, {}, {}), spec, true), "/net\n/disk\n/cd");
    EXPECT_EQ(boot_order(three({}, {}, {}), spec, false), "/disk\n/cd\n/net");
}

}  // namespace
}  // namespace kelvin::vm
