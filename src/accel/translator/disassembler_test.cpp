// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/disassembler.h"

#include <gtest/gtest.h>

namespace kelvin::translator {
namespace {

TEST(Disassembler, ShowsArm64AndBytesThatAreNoInstruction) {
    const u8 code[] = {0x00, 0x00, 0x02, 0x8b, 0xff, 0xff, 0xff, 0xff, 0xc0, 0x03, 0x5f, 0xd6};
    Disassembler disassembler(Disassembler::Architecture::arm64);
    EXPECT_EQ(disassembler.text(code, sizeof code, 0x1000),
              "  1000: add x0, x0, x2\n  1004: .bytes ff ff ff ff\n  1008: ret \n");
}

TEST(Disassembler, ShowsX64) {
    const u8 code[] = {0x48, 0x01, 0xd1, 0xc3};
    Disassembler disassembler(Disassembler::Architecture::x64);
    EXPECT_EQ(disassembler.text(code, sizeof code, 0x20), "  20: add rcx, rdx\n  23: ret \n");
}

TEST(Disassembler, ShowsWhatCameWithAvx512) {
    const u8 code[] = {0x62, 0xa1, 0x55, 0x00, 0xef, 0xe6, 0xc3};
    Disassembler disassembler(Disassembler::Architecture::x64);
    EXPECT_EQ(disassembler.text(code, sizeof code, 0x20), "  20: vpxord xmm20, xmm21, xmm22\n  26: ret \n");
}

}  // namespace
}  // namespace kelvin::translator
