// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/debugger_view.h"

#include <gtest/gtest.h>

namespace kelvin::x86 {
namespace {

u64 read(const State& state, std::string_view name) {
    u64 value = 0;
    const std::vector<u8> bytes = read_debugger_register(state, *find_debugger_register(name));
    for (std::size_t index = std::min<std::size_t>(bytes.size(), 8); index-- > 0;) {
        value = value << 8 | bytes[index];
    }
    return value;
}

TEST(DebuggerView, RegistersAreWhereGdbWantsThem) {
    State state;
    for (unsigned number = 0; number < 16; ++number) {
        state.general[number] = 0x1111'0000'0000'0000 + number;
    }
    state.segments[gs] = {0x1234'5678'9abc, 0xffff, 0x2b, 0};
    state.cr3 = 0x77;
    EXPECT_EQ(find_debugger_register("rax"), 0u);
    EXPECT_EQ(find_debugger_register("rbx"), 1u);
    EXPECT_EQ(find_debugger_register("rip"), 16u);
    EXPECT_EQ(find_debugger_register("st0"), 24u);
    EXPECT_EQ(find_debugger_register("xmm0"), 40u);
    EXPECT_EQ(find_debugger_register("mxcsr"), 56u);
    EXPECT_EQ(find_debugger_register("fs_base"), 57u);
    EXPECT_EQ(find_debugger_register("x0"), std::nullopt);
    EXPECT_EQ(read(state, "rbx"), 0x1111'0000'0000'0003u);
    EXPECT_EQ(read(state, "rsp"), 0x1111'0000'0000'0004u);
    EXPECT_EQ(read(state, "gs"), 0x2bu);
    EXPECT_EQ(read(state, "gs_base"), 0x1234'5678'9abcu);
    EXPECT_EQ(read(state, "cr3"), 0x77u);
    EXPECT_EQ(read(state, "fctrl"), 0x37fu);
}

TEST(DebuggerView, WhatIsWrittenIsRead) {
    for (std::size_t number = 0; number < debugger_register_count(); ++number) {
        State state;
        std::vector<u8> bytes(debugger_register_size(number), 0);
        bytes[0] = 0x5a;
        write_debugger_register(state, number, bytes);
        const std::vector<u8> got = read_debugger_register(state, number);
        EXPECT_EQ(got.size(), bytes.size());
        EXPECT_TRUE(got[0] == 0x5a || got[0] == 0 || number == *find_debugger_register("ftag")) << number;
    }
}

TEST(DebuggerView, TagsFollowFromValues) {
    State state;
    EXPECT_EQ(read(state, "ftag"), 0xffffu);
    state.fp.status = 6 << 11;  // the stack's top is register 6
    state.fp.tags = 0xc0;
    state.fp.st[0] = {0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f};
    EXPECT_EQ(read(state, "ftag"), 0x4fffu);
    const u8 bytes[] = {0xff, 0x3f, 0, 0};
    write_debugger_register(state, *find_debugger_register("ftag"), bytes);
    EXPECT_EQ(state.fp.tags, 0x80);
}

TEST(DebuggerView, DescribesItself) {
    const std::string text = debugger_description("target.xml");
    EXPECT_NE(text.find("<architecture>i386:x86-64</architecture>"), std::string::npos);
    EXPECT_NE(text.find("<reg name=\"xmm15\" bitsize=\"128\" type=\"vec128\"/>"), std::string::npos);
    EXPECT_EQ(debugger_description("other.xml"), "");
}

}  // namespace
}  // namespace kelvin::x86
