// SPDX-License-Identifier: Apache-2.0
// Every entry of integer Advanced SIMD and cryptography at each of its element sizes, with results measured on Debian's
// QEMU 10.0.2 (user mode, -cpu max).
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::TestMachine;

/// V0 to V7 at the start, low half first; X1 and X2.
constexpr u64 kVectors[8][2] = {
    {0x0123456789abcdef, 0xfedcba9876543210}, {0x00017fff80000080, 0x8000800080008000},
    {0x80808080017f00ff, 0x7fffffff80000000}, {0x8000000000000000, 0x00000000000000ff},
    {0xff7f80000102f0e1, 0x05fb0310fe0c1f2d}, {0x8000000080000000, 0xffffffff00000001},
    {0x7fffffffffffffff, 0xff01ffffffff8001}, {0x3c5aa5c30ff0e11e, 0xdeadbeefcafef00d},
};
constexpr u64 kGeneral[3] = {0, 0xffffffffffffff85, 0x123456789abcdef0};

constexpr u32 kSaturated = 1u << 27;

struct Row {
    u32 word;
    u64 high, low;  ///< V0
    u32 fpsr = 0;
};

void expect_runs(u32 word, V128 vector, u64 general, u32 fpsr) {
    TestMachine m;
    for (unsigned i = 0; i < 8; i++) {
        m.state.v[i] = v128(kVectors[i][0], kVectors[i][1]);
    }
    std::copy(std::begin(kGeneral), std::end(kGeneral), m.state.x);
    m.run({word});
    EXPECT_EQ(m.exception_class(), 0xff) << std::hex << word;
    EXPECT_EQ(m.state.v[0].d[0], vector.d[0]) << std::hex << word;
    EXPECT_EQ(m.state.v[0].d[1], vector.d[1]) << std::hex << word;
    EXPECT_EQ(m.state.x[0], general) << std::hex << word;
    EXPECT_EQ(m.state.fpsr, fpsr) << std::hex << word;
}

void expect_measured(std::span<const Row> rows) {
    for (const Row& row : rows) {
        expect_runs(row.word, v128(row.low, row.high), kGeneral[0], row.fpsr);
    }
}

TEST(AdvancedSimdMeasured, General) {
    struct ToGeneral {
        u32 word;
        u64 result;
    };
    // clang-format off
    for (const ToGeneral& row : std::to_array<ToGeneral>({
        {0x4e1f2c20, 0xffffffffffffff80},  // smov x0, v1.b[15]
        {0x0e122c80, 0x1f2d},  // smov w0, v4.h[4]
        {0x4e1c2cc0, 0xffffffffff01ffff},  // smov x0, v6.s[3]
        {0x0e1f3cc0, 0xff},  // umov w0, v6.b[15]
        {0x0e123cc0, 0x8001},  // umov w0, v6.h[4]
        {0x0e143c80, 0xfe0c1f2d},  // mov w0, v4.s[2]
        {0x4e083c40, 0x80808080017f00ff},  // mov x0, v2.d[0]
    })) {
        // clang-format on
        expect_runs(row.word, v128(kVectors[0][0], kVectors[0][1]), row.result, 0);
    }
}

TEST(AdvancedSimdMeasured, Vector) {
    constexpr Row kRows[] = {
#include "lift/arm64/advanced_simd_vector_test.def"
    };
    expect_measured(kRows);
}

TEST(AdvancedSimdMeasured, Scalar) {
    constexpr Row kRows[] = {
#include "lift/arm64/advanced_simd_scalar_test.def"
    };
    expect_measured(kRows);
}

TEST(AdvancedSimdMeasured, Cryptography) {
    constexpr Row kRows[] = {
#include "lift/arm64/crypto_test.def"
    };
    expect_measured(kRows);
}

}  // namespace
}  // namespace kelvin::arm64
