// SPDX-License-Identifier: Apache-2.0
#include "control/monitor_memory.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace kelvin::control {
namespace {

// What is at the beginning of RAM when QEMU 10.0.2 has loaded a kernel for its virt board, and how it shows it.
constexpr auto kBytes = std::to_array<u32>(
    {0x580000c0, 0xaa1f03e1, 0xaa1f03e2, 0xaa1f03e3, 0x58000084, 0xd61f0080, 0x48000000, 0x00000000, 0x40200000, 0});
constexpr u64 kBase = 0x40000000;

std::string show(const char* format) {
    const auto parsed = parse_show_format(format, {});
    EXPECT_TRUE(parsed) << format;
    return show_memory(parsed->format, kBase, [](u64 address, std::span<u8> out) {
        const u64 at = address - kBase;
        const std::size_t count = std::min<std::size_t>(out.size(), sizeof kBytes - at);
        std::memcpy(out.data(), reinterpret_cast<const u8*>(kBytes.data()) + at, count);
        return count;
    });
}

TEST(MonitorMemory, IsShownAsQemuDoes) {
    EXPECT_EQ(show("/8xw"),
              "0000000040000000: 0x580000c0 0xaa1f03e1 0xaa1f03e2 0xaa1f03e3\n"
              "0000000040000010: 0x58000084 0xd61f0080 0x48000000 0x00000000\n");
    EXPECT_EQ(show("/3xg"),
              "0000000040000000: 0xaa1f03e1580000c0 0xaa1f03e3aa1f03e2\n"
              "0000000040000010: 0xd61f008058000084\n");
    EXPECT_EQ(show("/9xb"),
              "0000000040000000: 0xc0 0x00 0x00 0x58 0xe1 0x03 0x1f 0xaa\n"
              "0000000040000008: 0xe2\n");
    EXPECT_EQ(show("/9dw"),
              "0000000040000000: 1476395200 2854159329 2854159330 2854159331\n"
              "0000000040000010: 1476395140 3592355968 1207959552          0\n"
              "0000000040000020: 1075838976\n");
    EXPECT_EQ(show("/5ow"),
              "0000000040000000: 013000000300 025207601741 025207601742 025207601743\n"
              "0000000040000010: 013000000204\n");
    EXPECT_EQ(show("/5uh"), "0000000040000000:   192 22528   993 43551   994\n");
    EXPECT_EQ(show("/20cw"),
              "0000000040000000: '\\xc0' '\\x00' '\\x00' 'X' '\\xe1' '\\x03' '\\x1f' '\\xaa'\n"
              "0000000040000008: '\\xe2' '\\x03' '\\x1f' '\\xaa' '\\xe3' '\\x03' '\\x1f' '\\xaa'\n"
              "0000000040000010: '\\x84' '\\x00' '\\x00' 'X'\n");
    EXPECT_EQ(show("/2i"),
              "0x40000000:  580000c0  ldr      x0, #0x40000018\n"
              "0x40000004:  aa1f03e1  mov      x1, xzr\n");
}

TEST(MonitorMemory, Formats) {
    const auto parsed = parse_show_format("/3dg 5 + 6", {.count = 9, .letter = 'x', .size = 4});
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->format.count, 3U);
    EXPECT_EQ(parsed->format.letter, 'd');
    EXPECT_EQ(parsed->format.size, 8U);
    EXPECT_EQ(parsed->rest, "5 + 6");
    const auto bare = parse_show_format("5", {.count = 9, .letter = 'o', .size = 2});
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->format.count, 1U);
    EXPECT_EQ(bare->format.letter, 'o');
    EXPECT_EQ(bare->format.size, 2U);
    EXPECT_FALSE(parse_show_format("/2z 0", {}));
    EXPECT_FALSE(parse_show_format("/99999999999999999999999x 0", {}));
    EXPECT_FALSE(parse_show_format("/1000000000xb 0", {}));
    EXPECT_EQ(show_value({.letter = 'c'}, 'A'), "'A'\n");
    EXPECT_EQ(show_value({.letter = 'd'}, ~u64{0}), "-1\n");
    EXPECT_EQ(show_value({}, 42), "0x2a\n");
}

TEST(MonitorMemory, Numbers) {
    const FindRegister registers = [](std::string_view name) {
        return name == "x1" ? std::optional<u64>(16) : std::nullopt;
    };
    const auto value = [&](const char* text) { return evaluate(text, registers); };
    EXPECT_EQ(*value("10+0x10*2"), 42U);
    EXPECT_EQ(*value(" ( 10 + 0x10 ) * 2 - 4 / 2"), 50U);
    EXPECT_EQ(*value("$x1*2+$x1"), 48U);
    EXPECT_EQ(*value("-1"), ~u64{0});
    EXPECT_EQ(*value("0xffffffffffffffff"), ~u64{0});
    for (const char* text : {"", "1+", "(1", "1 2", "0x", "0x10000000000000000", "1/0", "$x2", "$", "1)", "+1"}) {
        EXPECT_FALSE(value(text)) << text;
    }
    EXPECT_FALSE(value(std::string(1000, '(').c_str()));
    EXPECT_FALSE(value(std::string(1000, '-').c_str()));
}

}  // namespace
}  // namespace kelvin::control
