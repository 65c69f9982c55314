// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/debug_registers.h"

#include <gtest/gtest.h>

namespace kelvin::kvm {
namespace {

TEST(DebugRegisters, BreakpointsAndWatchpoints) {
    const accel::Watchpoint watched{0x1006, 6, false, true};
    accel::DebugOrders orders{.points = {{0x7fff}, {watched}}};
    const DebugRegisters registers(orders);
    EXPECT_TRUE(registers.all_fit() && !registers.empty());
    // 2 bytes, 4 bytes, an instruction.
    EXPECT_EQ(registers.addresses(), (std::array<u64, 4>{0x1006, 0x1008, 0x7fff, 0}));
    EXPECT_EQ(registers.control(), 0x00d5'002au);
    EXPECT_EQ(registers.event(2)->watched, watched);
    EXPECT_EQ(registers.event(2)->kind, accel::DebugEvent::Kind::watchpoint);
    EXPECT_EQ(registers.event(4)->kind, accel::DebugEvent::Kind::breakpoint);
    EXPECT_FALSE(registers.event(0x4000));
    EXPECT_FALSE(registers.event(8));
    orders.step = true;
    EXPECT_EQ(DebugRegisters(orders).control(), 0x00d5'000au);
}

TEST(DebugRegisters, ThereAreFour) {
    EXPECT_TRUE(DebugRegisters({.points = {{1, 2, 3, 4}, {}}}).all_fit());
    EXPECT_FALSE(DebugRegisters({.points = {{1, 2, 3, 4, 5}, {}}}).all_fit());
    EXPECT_FALSE(DebugRegisters({.points = {{}, {{0x1001, 0xffff'ffff, true, true}}}}).all_fit());
    EXPECT_EQ(DebugRegisters({.points = {{}, {{0, 8, true, false}}}}).control(), 0x000b'0002u);
}

}  // namespace
}  // namespace kelvin::kvm
