// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/debugger_view.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cpu/arm64/test_cpu.h"
#include "cpu/arm64/test_tables.h"

namespace kelvin::arm64 {
namespace {

constexpr std::size_t kSp = 31, kPc = 32, kCpsr = 33, kV0 = 34, kFpsr = 66, kFpcr = 67;

class DebuggerViewTest : public testing::Test {
  protected:
    u64 read(std::size_t number) const {
        u64 value = 0;
        const auto bytes = view_.read_register(number);
        std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
        return value;
    }
    void write(std::size_t number, u64 value) {
        view_.write_register(number, {reinterpret_cast<const u8*>(&value), DebuggerView::register_size(number)});
    }

    TestCpu test_;
    DebuggerView view_{test_.cpu};
};

TEST_F(DebuggerViewTest, NumbersAreThoseOfGdb) {
    EXPECT_EQ(DebuggerView::register_count(), 68U);
    State& state = test_.cpu.state();
    state.x[30] = 30;
    state.sp = 31;
    state.pc = 32;
    state.v[31].d[0] = 65;
    EXPECT_EQ(read(30), 30U);
    EXPECT_EQ(read(kSp), 31U);
    EXPECT_EQ(read(kPc), 32U);
    EXPECT_EQ(read(kV0 + 31), 65U);
    EXPECT_EQ(DebuggerView::register_size(kV0), 16U);
    EXPECT_EQ(DebuggerView::register_size(kCpsr), 4U);
}

TEST_F(DebuggerViewTest, OnlyWhatTheProcessorHasIsWritten) {
    write(kFpsr, ~u64{0});
    EXPECT_EQ(read(kFpsr), 0x0800009fU);
    write(kFpcr, ~u64{0});
    EXPECT_EQ(read(kFpcr) & ~u64{0x07c80000}, 0U);
    const u64 before = read(kCpsr);
    write(kCpsr, 0xf0000010 | (before & 0x3ef));  // AArch32
    EXPECT_EQ(read(kCpsr), before | 0xf0000000);
    write(kCpsr, 0x3cd);  // EL3
    EXPECT_EQ(read(kCpsr) & 0xc, 4U);
}

TEST_F(DebuggerViewTest, AnotherModeHasItsOwnStackPointer) {
    test_.cpu.state().sp = 0x1000;
    test_.cpu.state().sp_el[0] = 0x2000;
    write(kCpsr, 0x3c0);  // EL0
    EXPECT_EQ(read(kSp), 0x2000U);
    write(kCpsr, 0x3c5);
    EXPECT_EQ(read(kSp), 0x1000U);
}

TEST_F(DebuggerViewTest, DescriptionsNameEachRegisterOnce) {
    const std::string text =
        DebuggerView::description("aarch64-core.xml") + DebuggerView::description("aarch64-fpu.xml");
    std::size_t count = 0;
    for (std::size_t at = text.find("<reg "); at != std::string::npos; at = text.find("<reg ", at + 1)) {
        count++;
    }
    EXPECT_EQ(count, DebuggerView::register_count());
    EXPECT_NE(DebuggerView::description("target.xml").find("aarch64-fpu.xml"), std::string::npos);
    EXPECT_EQ(DebuggerView::description("../etc/passwd"), "");
}

}  // namespace
}  // namespace kelvin::arm64
