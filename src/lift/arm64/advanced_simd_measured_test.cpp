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

// clang-format off
TEST(AdvancedSimdMeasured, Vector) {
    expect_measured(std::to_array<Row>({
        {0x0e110480, 0x0000000000000000, 0x2d2d2d2d2d2d2d2d},  // dup v0.8b, v4.b[8]
        {0x4e1a0480, 0x0310031003100310, 0x0310031003100310},  // dup v0.8h, v4.h[6]
        {0x0e0404a0, 0x0000000000000000, 0x8000000080000000},  // dup v0.2s, v5.s[0]
        {0x4e180480, 0x05fb0310fe0c1f2d, 0x05fb0310fe0c1f2d},  // dup v0.2d, v4.d[1]
        {0x0e1d0c20, 0x0000000000000000, 0x8585858585858585},  // dup v0.8b, w1
        {0x4e1a0c40, 0xdef0def0def0def0, 0xdef0def0def0def0},  // dup v0.8h, w2
        {0x0e040c20, 0x0000000000000000, 0xffffff85ffffff85},  // dup v0.2s, w1
        {0x4e080c40, 0x123456789abcdef0, 0x123456789abcdef0},  // dup v0.2d, x2
        {0x4e1f1c40, 0xf0dcba9876543210, 0x0123456789abcdef},  // mov v0.b[15], w2
        {0x4e1e1c20, 0xff85ba9876543210, 0x0123456789abcdef},  // mov v0.h[7], w1
        {0x4e141c20, 0xfedcba98ffffff85, 0x0123456789abcdef},  // mov v0.s[2], w1
        {0x4e081c40, 0xfedcba9876543210, 0x123456789abcdef0},  // mov v0.d[0], x2
        {0x6e1354c0, 0xfedcba987654ff10, 0x0123456789abcdef},  // mov v0.b[9], v6.b[10]
        {0x6e160420, 0xfedcba9800803210, 0x0123456789abcdef},  // mov v0.h[5], v1.h[0]
        {0x6e147420, 0xfedcba9880008000, 0x0123456789abcdef},  // mov v0.s[2], v1.s[3]
        {0x6e183c40, 0x80808080017f00ff, 0x0123456789abcdef},  // mov v0.d[1], v2.d[0]
        {0x4f0104c0, 0x0000002600000026, 0x0000002600000026},  // movi v0.4s, #0x26
        {0x0f0014a0, 0x0000000000000000, 0x0123456789abcdef},  // orr v0.2s, #0x5
        {0x4f0024c0, 0x0000060000000600, 0x0000060000000600},  // movi v0.4s, #0x6, lsl #8
        {0x0f073460, 0x0000000000000000, 0x0123e76789abefef},  // orr v0.2s, #0xe3, lsl #8
        {0x4f0144a0, 0x0025000000250000, 0x0025000000250000},  // movi v0.4s, #0x25, lsl #16
        {0x0f005460, 0x0000000000000000, 0x0123456789abcdef},  // orr v0.2s, #0x3, lsl #16
        {0x4f066440, 0xc2000000c2000000, 0xc2000000c2000000},  // movi v0.4s, #0xc2, lsl #24
        {0x0f0774c0, 0x0000000000000000, 0xe7234567efabcdef},  // orr v0.2s, #0xe6, lsl #24
        {0x4f0384c0, 0x0066006600660066, 0x0066006600660066},  // movi v0.8h, #0x66
        {0x0f0094a0, 0x0000000000000000, 0x0127456789afcdef},  // orr v0.4h, #0x5
        {0x4f03a4e0, 0x6700670067006700, 0x6700670067006700},  // movi v0.8h, #0x67, lsl #8
        {0x0f06b440, 0x0000000000000000, 0xc323c767cbabcfef},  // orr v0.4h, #0xc2, lsl #8
        {0x4f02c4c0, 0x000046ff000046ff, 0x000046ff000046ff},  // movi v0.4s, #0x46, msl #8
        {0x0f07d4c0, 0x0000000000000000, 0x00e6ffff00e6ffff},  // movi v0.2s, #0xe6, msl #16
        {0x4f00e420, 0x0101010101010101, 0x0101010101010101},  // movi v0.16b, #0x1
        {0x6f060420, 0xffffff3effffff3e, 0xffffff3effffff3e},  // mvni v0.4s, #0xc1
        {0x2f071460, 0x0000000000000000, 0x0123450489abcd0c},  // bic v0.2s, #0xe3
        {0x6f0424c0, 0xffff79ffffff79ff, 0xffff79ffffff79ff},  // mvni v0.4s, #0x86, lsl #8
        {0x2f003420, 0x0000000000000000, 0x0123446789abccef},  // bic v0.2s, #0x1, lsl #8
        {0x6f0544e0, 0xff58ffffff58ffff, 0xff58ffffff58ffff},  // mvni v0.4s, #0xa7, lsl #16
        {0x2f035480, 0x0000000000000000, 0x01034567898bcdef},  // bic v0.2s, #0x64, lsl #16
        {0x6f056440, 0x5dffffff5dffffff, 0x5dffffff5dffffff},  // mvni v0.4s, #0xa2, lsl #24
        {0x2f077420, 0x0000000000000000, 0x0023456708abcdef},  // bic v0.2s, #0xe1, lsl #24
        {0x6f0484a0, 0xff7aff7aff7aff7a, 0xff7aff7aff7aff7a},  // mvni v0.8h, #0x85
        {0x2f0794c0, 0x0000000000000000, 0x010145018909cd09},  // bic v0.4h, #0xe6
        {0x6f01a460, 0xdcffdcffdcffdcff, 0xdcffdcffdcffdcff},  // mvni v0.8h, #0x23, lsl #8
        {0x2f00b4c0, 0x0000000000000000, 0x0123416789abc9ef},  // bic v0.4h, #0x6, lsl #8
        {0x6f07c4c0, 0xffff1900ffff1900, 0xffff1900ffff1900},  // mvni v0.4s, #0xe6, msl #8
        {0x6f06d4a0, 0xff3a0000ff3a0000, 0xff3a0000ff3a0000},  // mvni v0.4s, #0xc5, msl #16
        {0x2f05e440, 0x0000000000000000, 0xff00ff000000ff00},  // movi d0, #0xff00ff000000ff00
        {0x0e0618e0, 0x0000000000000000, 0xffffffff5ac3f01e},  // uzp1 v0.8b, v7.8b, v6.8b
        {0x4e421880, 0xffff0000808000ff, 0x03101f2d8000f0e1},  // uzp1 v0.8h, v4.8h, v2.8h
        {0x0e8218c0, 0x0000000000000000, 0x017f00ffffffffff},  // uzp1 v0.2s, v6.2s, v2.2s
        {0x4ec51840, 0x8000000080000000, 0x80808080017f00ff},  // uzp1 v0.2d, v2.2d, v5.2d
        {0x4e0528e0, 0xffadffef00fe010d, 0x005a00c300f0001e},  // trn1 v0.16b, v7.16b, v5.16b
        {0x0e4228a0, 0x0000000000000000, 0x8080000000ff0000},  // trn1 v0.4h, v5.4h, v2.4h
        {0x4e872840, 0xcafef00d80000000, 0x0ff0e11e017f00ff},  // trn1 v0.4s, v2.4s, v7.4s
        {0x4ec62860, 0x7fffffffffffffff, 0x8000000000000000},  // trn1 v0.2d, v3.2d, v6.2d
        {0x0e033820, 0x0000000000000000, 0x0080000000000080},  // zip1 v0.8b, v1.8b, v3.8b
        {0x4e4538e0, 0x80003c5a0000a5c3, 0x80000ff00000e11e},  // zip1 v0.8h, v7.8h, v5.8h
        {0x0e8238c0, 0x0000000000000000, 0x017f00ffffffffff},  // zip1 v0.2s, v6.2s, v2.2s
        {0x4ec23880, 0x80808080017f00ff, 0xff7f80000102f0e1},  // zip1 v0.2d, v4.2d, v2.2d
        {0x4e0358a0, 0x0000000080000000, 0xffff000080008000},  // uzp2 v0.16b, v5.16b, v3.16b
        {0x0e475840, 0x0000000000000000, 0x3c5a0ff08080017f},  // uzp2 v0.4h, v2.4h, v7.4h
        {0x4e8458e0, 0x05fb0310ff7f8000, 0xdeadbeef3c5aa5c3},  // uzp2 v0.4s, v7.4s, v4.4s
        {0x4ec258a0, 0x7fffffff80000000, 0xffffffff00000001},  // uzp2 v0.2d, v5.2d, v2.2d
        {0x0e0468c0, 0x0000000000000000, 0xff7f80ff01fff0ff},  // trn2 v0.8b, v6.8b, v4.8b
        {0x4e476880, 0xdead05fbcafefe0c, 0x3c5aff7f0ff00102},  // trn2 v0.8h, v4.8h, v7.8h
        {0x0e836840, 0x0000000000000000, 0x8000000080808080},  // trn2 v0.2s, v2.2s, v3.2s
        {0x4ec368e0, 0x00000000000000ff, 0xdeadbeefcafef00d},  // trn2 v0.2d, v7.2d, v3.2d
        {0x4e047840, 0x057ffbff03ff10ff, 0xfe800c001f002d00},  // zip2 v0.16b, v2.16b, v4.16b
        {0x0e427860, 0x0000000000000000, 0x8080800080800000},  // zip2 v0.4h, v3.4h, v2.4h
        {0x4e877820, 0xdeadbeef80008000, 0xcafef00d80008000},  // zip2 v0.4s, v1.4s, v7.4s
        {0x4ec578e0, 0xffffffff00000001, 0xdeadbeefcafef00d},  // zip2 v0.2d, v7.2d, v5.2d
        {0x2e0120a0, 0x0000000000000000, 0x8000008080000000},  // ext v0.8b, v5.8b, v1.8b, #4
        {0x4e0100c0, 0x00ff00ff00ff00ff, 0xffff000000ffff00},  // tbl v0.16b, {v6.16b}, v1.16b
        {0x0e041060, 0x0000000000000000, 0x012345000000cdef},  // tbx v0.8b, {v3.16b}, v4.8b
        {0x4e3038c0, 0x0000000000000000, 0x000000000000fff5},  // saddlv h0, v6.16b
        {0x0e7038c0, 0x0000000000000000, 0x0000000000007ffc},  // saddlv s0, v6.4h
        {0x4eb03880, 0x0000000000000000, 0x000000000489931e},  // saddlv d0, v4.4s
        {0x2e3038e0, 0x0000000000000000, 0x00000000000003fc},  // uaddlv h0, v7.8b
        {0x6e703820, 0x0000000000000000, 0x0000000000030080},  // uaddlv s0, v1.8h
        {0x6eb03820, 0x0000000000000000, 0x000000018002807f},  // uaddlv d0, v1.4s
        {0x4e30a840, 0x0000000000000000, 0x000000000000007f},  // smaxv b0, v2.16b
        {0x0e70a8c0, 0x0000000000000000, 0x0000000000007fff},  // smaxv h0, v6.4h
        {0x4eb0a8c0, 0x0000000000000000, 0x000000007fffffff},  // smaxv s0, v6.4s
        {0x2e30a860, 0x0000000000000000, 0x0000000000000080},  // umaxv b0, v3.8b
        {0x6e70a8e0, 0x0000000000000000, 0x000000000000f00d},  // umaxv h0, v7.8h
        {0x6eb0a820, 0x0000000000000000, 0x0000000080008000},  // umaxv s0, v1.4s
        {0x4e31a820, 0x0000000000000000, 0x0000000000000080},  // sminv b0, v1.16b
        {0x0e71a880, 0x0000000000000000, 0x0000000000008000},  // sminv h0, v4.4h
        {0x4eb1a880, 0x0000000000000000, 0x00000000fe0c1f2d},  // sminv s0, v4.4s
        {0x2e31a8e0, 0x0000000000000000, 0x000000000000000f},  // uminv b0, v7.8b
        {0x6e71a820, 0x0000000000000000, 0x0000000000000001},  // uminv h0, v1.8h
        {0x6eb1a820, 0x0000000000000000, 0x0000000000017fff},  // uminv s0, v1.4s
        {0x4e31b8a0, 0x0000000000000000, 0x00000000000000fd},  // addv b0, v5.16b
        {0x0e71b860, 0x0000000000000000, 0x0000000000008000},  // addv h0, v3.4h
        {0x4eb1b8c0, 0x0000000000000000, 0x000000007f017ffe},  // addv s0, v6.4s
        {0x4e270440, 0x2ed6def7a5fff806, 0xdeed92a10837f00e},  // shadd v0.16b, v2.16b, v7.16b
        {0x0e670420, 0x0000000000000000, 0x1e2d12e1c7f8f0cf},  // shadd v0.4h, v1.4h, v7.4h
        {0x4ea70460, 0xef56df77e57f7886, 0xde2d52e107f8708f},  // shadd v0.4s, v3.4s, v7.4s
        {0x2e250480, 0x0000000000000000, 0xbf3f400040017870},  // uhadd v0.8b, v4.8b, v5.8b
        {0x6e6704a0, 0xef56df77657f7807, 0x5e2d52e147f8708f},  // uhadd v0.8h, v5.8h, v7.8h
        {0x2ea404a0, 0x0000000000000000, 0xbfbfc00040817870},  // uhadd v0.2s, v5.2s, v4.2s
        {0x4e240c60, 0x05fb0310fe0c1f2c, 0x807f80000102f0e1, kSaturated},  // sqadd v0.16b, v3.16b, v4.16b
        {0x0e650c80, 0x0000000000000000, 0x800080008102f0e1, kSaturated},  // sqadd v0.4h, v4.4h, v5.4h
        {0x4ea20c80, 0x7fffffff80000000, 0x800000800281f1e0, kSaturated},  // sqadd v0.4s, v4.4s, v2.4s
        {0x4ee20ca0, 0x7ffffffe80000001, 0x8000000000000000, kSaturated},  // sqadd v0.2d, v5.2d, v2.2d
        {0x2e270c80, 0x0000000000000000, 0xffd9ffc310f2ffff, kSaturated},  // uqadd v0.8b, v4.8b, v7.8b
        {0x6e650c40, 0xffffffff80000001, 0xffff8080817f00ff, kSaturated},  // uqadd v0.8h, v2.8h, v5.8h
        {0x2ea50c20, 0x0000000000000000, 0x80017fffffffffff, kSaturated},  // uqadd v0.2s, v1.2s, v5.2s
        {0x6ee70cc0, 0xffffffffffffffff, 0xbc5aa5c30ff0e11d, kSaturated},  // uqadd v0.2d, v6.2d, v7.2d
        {0x4e2214e0, 0x2fd6dff7a5fff807, 0xdeed93a20838f10f},  // srhadd v0.16b, v7.16b, v2.16b
        {0x0e6514e0, 0x0000000000000000, 0xde2dd2e2c7f8f08f},  // srhadd v0.4h, v7.4h, v5.4h
        {0x4ea614a0, 0xff80ffffffffc001, 0x00000000c0000000},  // srhadd v0.4s, v5.4s, v6.4s
        {0x2e2514e0, 0x0000000000000000, 0x5e2d53624878710f},  // urhadd v0.8b, v7.8b, v5.8b
        {0x6e651480, 0x82fd81887f060f97, 0xbfc0400040817871},  // urhadd v0.8h, v4.8h, v5.8h
        {0x2ea114a0, 0x0000000000000000, 0x4000c00080000040},  // urhadd v0.2s, v5.2s, v1.2s
        {0x4e232420, 0xc000c000c000c000, 0x40003fffc00000c0},  // shsub v0.16b, v1.16b, v3.16b
        {0x0e6424c0, 0x0000000000000000, 0x40403fffff7e078f},  // shsub v0.4h, v6.4h, v4.4h
        {0x4ea22480, 0xc2fd81883f060f96, 0x3f7f7fc0ffc1f7f1},  // shsub v0.4s, v4.4s, v2.4s
        {0x2e242420, 0x0000000000000000, 0x80c1ff7f3fff88cf},  // uhsub v0.8b, v1.8b, v4.8b
        {0x6e632480, 0x02fd01887f060f17, 0x3fbf400000817870},  // uhsub v0.8h, v4.8h, v3.8h
        {0x2ea42440, 0x0000000000000000, 0xc0808040003e080f},  // uhsub v0.2s, v2.2s, v4.2s
        {0x4e262c80, 0x06fa0411ff0d7f2c, 0x807f81010203f1e2, kSaturated},  // sqsub v0.16b, v4.16b, v6.16b
        {0x0e652c60, 0x0000000000000000, 0x000000007fff0000, kSaturated},  // sqsub v0.4h, v3.4h, v5.4h
        {0x4ea32c40, 0x7fffffff80000000, 0x00808080017f00ff, kSaturated},  // sqsub v0.4s, v2.4s, v3.4s
        {0x4ee52ce0, 0xdeadbef0cafef00c, 0x7fffffffffffffff, kSaturated},  // sqsub v0.2d, v7.2d, v5.2d
        {0x2e212c60, 0x0000000000000000, 0x8000000000000000, kSaturated},  // uqsub v0.8b, v3.8b, v1.8b
        {0x6e632cc0, 0xff01ffffffff7f02, 0x0000ffffffffffff, kSaturated},  // uqsub v0.8h, v6.8h, v3.8h
        {0x2ea22ce0, 0x0000000000000000, 0x000000000e71e01f, kSaturated},  // uqsub v0.2s, v7.2s, v2.2s
        {0x6ee72c40, 0x0000000000000000, 0x4425dabcf18e1fe1, kSaturated},  // uqsub v0.2d, v2.2d, v7.2d
        {0x4e2334e0, 0x00000000000000ff, 0xffff0000ff0000ff},  // cmgt v0.16b, v7.16b, v3.16b
        {0x0e613460, 0x0000000000000000, 0x00000000ffff0000},  // cmgt v0.4h, v3.4h, v1.4h
        {0x4ea43440, 0xffffffff00000000, 0x00000000ffffffff},  // cmgt v0.4s, v2.4s, v4.4s
        {0x4ee73440, 0xffffffffffffffff, 0x0000000000000000},  // cmgt v0.2d, v2.2d, v7.2d
        {0x2e2334c0, 0x0000000000000000, 0x00ffffffffffffff},  // cmhi v0.8b, v6.8b, v3.8b
        {0x6e643420, 0xffffffff0000ffff, 0x00000000ffff0000},  // cmhi v0.8h, v1.8h, v4.8h
        {0x2ea334c0, 0x0000000000000000, 0x00000000ffffffff},  // cmhi v0.2s, v6.2s, v3.2s
        {0x6ee734c0, 0xffffffffffffffff, 0xffffffffffffffff},  // cmhi v0.2d, v6.2d, v7.2d
        {0x4e263c20, 0x000000ff00ffff00, 0x00ffffff00ffff00},  // cmge v0.16b, v1.16b, v6.16b
        {0x0e613c40, 0x0000000000000000, 0x00000000ffffffff},  // cmge v0.4h, v2.4h, v1.4h
        {0x4ea63c80, 0xffffffff00000000, 0x00000000ffffffff},  // cmge v0.4s, v4.4s, v6.4s
        {0x4ee73cc0, 0xffffffffffffffff, 0xffffffffffffffff},  // cmge v0.2d, v6.2d, v7.2d
        {0x2e233cc0, 0x0000000000000000, 0x00ffffffffffffff},  // cmhs v0.8b, v6.8b, v3.8b
        {0x6e613c80, 0x00000000ffff0000, 0xffffffff0000ffff},  // cmhs v0.8h, v4.8h, v1.8h
        {0x2ea43cc0, 0x0000000000000000, 0x00000000ffffffff},  // cmhs v0.2s, v6.2s, v4.2s
        {0x6ee23c20, 0xffffffffffffffff, 0x0000000000000000},  // cmhs v0.2d, v1.2d, v2.2d
        {0x4e264440, 0x3ffeffffc0000000, 0x00c0c0c0003f00ff},  // sshl v0.16b, v2.16b, v6.16b
        {0x0e6544c0, 0x0000000000000000, 0x7fffffffffffffff},  // sshl v0.4h, v6.4h, v5.4h
        {0x4ea244e0, 0xef56df77cafef00d, 0x0000000007f8708f},  // sshl v0.4s, v7.4s, v2.4s
        {0x4ee74440, 0xfffff00000000000, 0x005fc03fc0000000},  // sshl v0.2d, v2.2d, v7.2d
        {0x2e244420, 0x0000000000000000, 0x000000ff00000000},  // ushl v0.8b, v1.8b, v4.8b
        {0x6e6244c0, 0x7f807fffffff8001, 0x0000000000007fff},  // ushl v0.8h, v6.8h, v2.8h
        {0x2ea44420, 0x0000000000000000, 0x00017fff00000001},  // ushl v0.2s, v1.2s, v4.2s
        {0x6ee74420, 0x1000100010000000, 0xe000002000000000},  // ushl v0.2d, v1.2d, v7.2d
        {0x4e244c60, 0x0000000000000080, 0xc000000000000000, kSaturated},  // sqshl v0.16b, v3.16b, v4.16b
        {0x0e624c80, 0x0000000000000000, 0xffffffff7ffff870, kSaturated},  // sqshl v0.4h, v4.4h, v2.4h
        {0x4ea14c60, 0x00000000000000ff, 0xc000000000000000},  // sqshl v0.4s, v3.4s, v1.4s
        {0x4ee74c20, 0x8000000000000000, 0x7fffffffffffffff, kSaturated},  // sqshl v0.2d, v1.2d, v7.2d
        {0x2e264c40, 0x0000000000000000, 0xff404040003f007f, kSaturated},  // uqshl v0.8b, v2.8b, v6.8b
        {0x6e674c80, 0x000000003f83ffff, 0xffff00000000ffff, kSaturated},  // uqshl v0.8h, v4.8h, v7.8h
        {0x2ea74c40, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqshl v0.2s, v2.2s, v7.2s
        {0x6ee44c40, 0xffffffffffffffff, 0x0000000101010100, kSaturated},  // uqshl v0.2d, v2.2d, v4.2d
        {0x4e265420, 0xc000c000c0000000, 0x00014000c00000c0},  // srshl v0.16b, v1.16b, v6.16b
        {0x0e625480, 0x0000000000000000, 0x000000000000f871},  // srshl v0.4h, v4.4h, v2.4h
        {0x4ea35440, 0x7fffffffc0000000, 0x80808080017f00ff},  // srshl v0.4s, v2.4s, v3.4s
        {0x4ee254e0, 0xdeadbeefcafef00d, 0x1e2d52e187f8708f},  // srshl v0.2d, v7.2d, v2.2d
        {0x2e255440, 0x0000000000000000, 0x00808080007f00ff},  // urshl v0.8b, v2.8b, v5.8b
        {0x6e635440, 0x7fffffff80000000, 0x80808080017f00ff},  // urshl v0.8h, v2.8h, v3.8h
        {0x2ea35420, 0x0000000000000000, 0x00017fff80000080},  // urshl v0.2s, v1.2s, v3.2s
        {0x6ee65440, 0xffffffff00000000, 0x4040404000bf8080},  // urshl v0.2d, v2.2d, v6.2d
        {0x4e215ce0, 0x00ad00ef00fe000d, 0x3c7f80e200f0e100, kSaturated},  // sqrshl v0.16b, v7.16b, v1.16b
        {0x0e615c40, 0x0000000000000000, 0x8000c040017f0000, kSaturated},  // sqrshl v0.4h, v2.4h, v1.4h
        {0x4ea65c40, 0x4000000080000000, 0xc040404000bf8080, kSaturated},  // sqrshl v0.4s, v2.4s, v6.4s
        {0x4ee55c40, 0x7fffffffffffffff, 0x80808080017f00ff, kSaturated},  // sqrshl v0.2d, v2.2d, v5.2d
        {0x2e275c80, 0x0000000000000000, 0xffff0000ff0000ff, kSaturated},  // uqrshl v0.8b, v4.8b, v7.8b
        {0x6e655c20, 0x400040008000ffff, 0x00017fff80000080, kSaturated},  // uqrshl v0.8h, v1.8h, v5.8h
        {0x2ea75cc0, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqrshl v0.2s, v6.2s, v7.2s
        {0x6ee65ce0, 0xffffffffffffffff, 0x1e2d52e187f8708f, kSaturated},  // uqrshl v0.2d, v7.2d, v6.2d
        {0x4e266460, 0x0001000000000001, 0x7f00000000000000},  // smax v0.16b, v3.16b, v6.16b
        {0x0e6264c0, 0x0000000000000000, 0x7fffffff017f00ff},  // smax v0.4h, v6.4h, v2.4h
        {0x4ea46460, 0x05fb0310000000ff, 0xff7f80000102f0e1},  // smax v0.4s, v3.4s, v4.4s
        {0x2e2364e0, 0x0000000000000000, 0x805aa5c30ff0e11e},  // umax v0.8b, v7.8b, v3.8b
        {0x6e6164a0, 0xffffffff80008000, 0x80007fff80000080},  // umax v0.8h, v5.8h, v1.8h
        {0x2ea364e0, 0x0000000000000000, 0x800000000ff0e11e},  // umax v0.2s, v7.2s, v3.2s
        {0x4e276ca0, 0xdeadbeefcafef001, 0x8000a5c380f0e100},  // smin v0.16b, v5.16b, v7.16b
        {0x0e646ce0, 0x0000000000000000, 0xff7f80000102e11e},  // smin v0.4h, v7.4h, v4.4h
        {0x4ea36c80, 0x00000000fe0c1f2d, 0x8000000000000000},  // smin v0.4s, v4.4s, v3.4s
        {0x2e246c20, 0x0000000000000000, 0x00017f0001000080},  // umin v0.8b, v1.8b, v4.8b
        {0x6e666c80, 0x05fb0310fe0c1f2d, 0x7fff80000102f0e1},  // umin v0.8h, v4.8h, v6.8h
        {0x2ea16c60, 0x0000000000000000, 0x00017fff00000000},  // umin v0.2s, v3.2s, v1.2s
        {0x4e267420, 0x7f017f017f010001, 0x7f0280007f01017f},  // sabd v0.16b, v1.16b, v6.16b
        {0x0e6374c0, 0x0000000000000000, 0xffff000100010001},  // sabd v0.4h, v6.4h, v3.4h
        {0x4ea67460, 0x00fe0001000080fe, 0xffffffff00000001},  // sabd v0.4s, v3.4s, v6.4s
        {0x2e237440, 0x0000000000000000, 0x00808080017f00ff},  // uabd v0.8b, v2.8b, v3.8b
        {0x6e6574c0, 0x00fe0000ffff8000, 0x0001ffff7fffffff},  // uabd v0.8h, v6.8h, v5.8h
        {0x2ea47420, 0x0000000000000000, 0xff7e00017efd0f9f},  // uabd v0.2s, v1.2s, v4.2s
        {0x4e237ce0, 0x202ffca9ac56421e, 0xbd7da0a498bbec0d},  // saba v0.16b, v7.16b, v3.16b
        {0x0e627cc0, 0x0000000000000000, 0x00a2c4e68b2bceef},  // saba v0.4h, v6.4h, v2.4h
        {0x4ea27c20, 0xfedc3a977654b210, 0x80a444e60b2ace6e},  // saba v0.4s, v1.4s, v2.4s
        {0x2e277c60, 0x0000000000000000, 0x457dea2a989bae0d},  // uaba v0.8b, v3.8b, v7.8b
        {0x6e657ce0, 0x202efba84152221c, 0x44c9eb2af9bbaf0d},  // uaba v0.8h, v7.8h, v5.8h
        {0x2ea47cc0, 0x0000000000000000, 0x80a2c56888a8dd0d},  // uaba v0.2s, v6.2s, v4.2s
        {0x4e238420, 0x80008000800080ff, 0x80017fff80000080},  // add v0.16b, v1.16b, v3.16b
        {0x0e638440, 0x0000000000000000, 0x00808080017f00ff},  // add v0.4h, v2.4h, v3.4h
        {0x4ea58460, 0xffffffff00000100, 0x0000000080000000},  // add v0.4s, v3.4s, v5.4s
        {0x4ee384e0, 0xdeadbeefcafef10c, 0xbc5aa5c30ff0e11e},  // add v0.2d, v7.2d, v3.2d
        {0x2e2684e0, 0x0000000000000000, 0xbd5ba6c410f1e21f},  // sub v0.8b, v7.8b, v6.8b
        {0x6e668440, 0x80fe000080017fff, 0x0081808101800100},  // sub v0.8h, v2.8h, v6.8h
        {0x2ea284a0, 0x0000000000000000, 0xff7f7f807e80ff01},  // sub v0.2s, v5.2s, v2.2s
        {0x6ee684e0, 0xdfabbeefcaff700c, 0xbc5aa5c30ff0e11f},  // sub v0.2d, v7.2d, v6.2d
        {0x4e258c80, 0xffffffff000000ff, 0xff00000000000000},  // cmtst v0.16b, v4.16b, v5.16b
        {0x0e648ca0, 0x0000000000000000, 0xffff000000000000},  // cmtst v0.4h, v5.4h, v4.4h
        {0x4ea58c40, 0xffffffff00000000, 0xffffffff00000000},  // cmtst v0.4s, v2.4s, v5.4s
        {0x4ee68ca0, 0xffffffffffffffff, 0xffffffffffffffff},  // cmtst v0.2d, v5.2d, v6.2d
        {0x2e218c60, 0x0000000000000000, 0x0000000000ffff00},  // cmeq v0.8b, v3.8b, v1.8b
        {0x6e628c20, 0x00000000ffff0000, 0x0000000000000000},  // cmeq v0.8h, v1.8h, v2.8h
        {0x2ea38cc0, 0x0000000000000000, 0x0000000000000000},  // cmeq v0.2s, v6.2s, v3.2s
        {0x6ee18c40, 0x0000000000000000, 0x0000000000000000},  // cmeq v0.2d, v2.2d, v1.2d
        {0x4e279460, 0xfedcba9876543203, 0x0123456789abcdef},  // mla v0.16b, v3.16b, v7.16b
        {0x0e6294e0, 0x0000000000000000, 0x2e23a6e761bb0ad1},  // mla v0.4h, v7.4h, v2.4h
        {0x4ea594c0, 0xffdaba997653b211, 0x8123456709abcdef},  // mla v0.4s, v6.4s, v5.4s
        {0x2e2494c0, 0x0000000000000000, 0x80a2c5678aadbdd0},  // mls v0.8b, v6.8b, v4.8b
        {0x6e6494e0, 0x4a3dfea8ee6c6cc7, 0x6a7dc56779cbd291},  // mls v0.8h, v7.8h, v4.8h
        {0x2ea39480, 0x0000000000000000, 0x0123456789abcdef},  // mls v0.2s, v4.2s, v3.2s
        {0x4e279cc0, 0x22ad42113602000d, 0xc4a65b3df1101fe2},  // mul v0.16b, v6.16b, v7.16b
        {0x0e619ca0, 0x0000000000000000, 0x8000000000000000},  // mul v0.4h, v5.4h, v1.4h
        {0x4ea19c80, 0x818800008f968000, 0x4080800001787080},  // mul v0.4s, v4.4s, v1.4s
        {0x2e269c20, 0x0000000000000000, 0x00ffd55580000080},  // pmul v0.8b, v1.8b, v6.8b
        {0x4e25a4e0, 0xffff000100000000, 0xdeeffe0d5ac30f1e},  // smaxp v0.16b, v7.16b, v5.16b
        {0x0e65a480, 0x0000000000000000, 0x00000000ff7f0102},  // smaxp v0.4h, v4.4h, v5.4h
        {0x4ea1a480, 0x8000800000017fff, 0x05fb03100102f0e1},  // smaxp v0.4s, v4.4s, v1.4s
        {0x2e26a4e0, 0x0000000000000000, 0xffffffff5ac3f0e1},  // umaxp v0.8b, v7.8b, v6.8b
        {0x6e62a420, 0xffff80008080017f, 0x800080007fff8000},  // umaxp v0.8h, v1.8h, v2.8h
        {0x2ea3a4c0, 0x0000000000000000, 0x80000000ffffffff},  // umaxp v0.2s, v6.2s, v3.2s
        {0x4e26ac80, 0xffffff80ffffffff, 0xfb03fe1fff8001e1},  // sminp v0.16b, v4.16b, v6.16b
        {0x0e62aca0, 0x0000000000000000, 0x808000ff80008000},  // sminp v0.4h, v5.4h, v2.4h
        {0x4ea5acc0, 0xffffffff80000000, 0xff01ffffffffffff},  // sminp v0.4s, v6.4s, v5.4s
        {0x2e21ac80, 0x0000000000000000, 0x007f00007f0001e1},  // uminp v0.8b, v4.8b, v1.8b
        {0x6e64ac20, 0x03101f2d80000102, 0x8000800000010080},  // uminp v0.8h, v1.8h, v4.8h
        {0x2ea5ac40, 0x0000000000000000, 0x80000000017f00ff},  // uminp v0.2s, v2.2s, v5.2s
        {0x0e65b420, 0x0000000000000000, 0xffff00007fff0000, kSaturated},  // sqdmulh v0.4h, v1.4h, v5.4h
        {0x4ea4b440, 0x05fb030f01f3e0d3, 0x007ffefe000306ce},  // sqdmulh v0.4s, v2.4s, v4.4s
        {0x6e65b420, 0x000100010000ffff, 0xffff00007fff0000, kSaturated},  // sqrdmulh v0.8h, v1.8h, v5.8h
        {0x2ea5b460, 0x0000000000000000, 0x7fffffff00000000, kSaturated},  // sqrdmulh v0.2s, v3.2s, v5.2s
        {0x4e27bc40, 0x8badc8fd9668ffff, 0x7efe8000000080ff},  // addp v0.16b, v2.16b, v7.16b
        {0x0e67bc40, 0x0000000000000000, 0xe21df10e0100027e},  // addp v0.4h, v2.4h, v7.4h
        {0x4ea6bc80, 0xff0180007ffffffe, 0x0407223d008270e1},  // addp v0.4s, v4.4s, v6.4s
        {0x4ee6bc20, 0x7f01ffffffff8000, 0x8002000000008080},  // addp v0.2d, v1.2d, v6.2d
        {0x0e251cc0, 0x0000000000000000, 0x0000000080000000},  // and v0.8b, v6.8b, v5.8b
        {0x0e631ca0, 0x0000000000000000, 0x0000000080000000},  // bic v0.8b, v5.8b, v3.8b
        {0x0ea41c20, 0x0000000000000000, 0xff7fffff8102f0e1},  // orr v0.8b, v1.8b, v4.8b
        {0x0ee11ca0, 0x0000000000000000, 0xfffe8000ffffff7f},  // orn v0.8b, v5.8b, v1.8b
        {0x2e241c40, 0x0000000000000000, 0x7fff0080007df01e},  // eor v0.8b, v2.8b, v4.8b
        {0x2e611c80, 0x0000000000000000, 0x01233a980102c0e1},  // bsl v0.8b, v4.8b, v1.8b
        {0x2ea61ce0, 0x0000000000000000, 0x3c5aa5c30ff0e11e},  // bit v0.8b, v7.8b, v6.8b
        {0x2ee71c20, 0x0000000000000000, 0x00035f7f89a0c18e},  // bif v0.8b, v1.8b, v7.8b
        {0x6e4184e0, 0x202ffba97fff4203, 0x0123eb2b8000cdd0, kSaturated},  // sqrdmlah v0.8h, v7.8h, v1.8h
        {0x2e858440, 0x0000000000000000, 0x7fffffff882cccf0, kSaturated},  // sqrdmlah v0.2s, v2.2s, v5.2s
        {0x2e418c80, 0x0000000000000000, 0x01237fff8aadcdfe, kSaturated},  // sqrdmlsh v0.4h, v4.4h, v1.4h
        {0x6e868c60, 0xfedcba9876543210, 0x7fffffff89abcdef, kSaturated},  // sqrdmlsh v0.4s, v3.4s, v6.4s
        {0x0e8394c0, 0x0000000000000000, 0x012305e789abcdef},  // sdot v0.2s, v6.8b, v3.8b
        {0x6e819440, 0xfedd799876547210, 0x012404e789ac4def},  // udot v0.4s, v2.16b, v1.16b
        {0x0e2008e0, 0x0000000000000000, 0x1ee1f00fc3a55a3c},  // rev64 v0.8b, v7.8b
        {0x4e600860, 0x00ff000000000000, 0x0000000000008000},  // rev64 v0.8h, v3.8h
        {0x0ea00840, 0x0000000000000000, 0x017f00ff80808080},  // rev64 v0.2s, v2.2s
        {0x4e201880, 0xfb0510030cfe2d1f, 0x7fff00800201e1f0},  // rev16 v0.16b, v4.16b
        {0x2e2008e0, 0x0000000000000000, 0xc3a55a3c1ee1f00f},  // rev32 v0.8b, v7.8b
        {0x6e6008e0, 0xbeefdeadf00dcafe, 0xa5c33c5ae11e0ff0},  // rev32 v0.8h, v7.8h
        {0x4e202820, 0xff80ff80ff80ff80, 0x0001007eff80ff80},  // saddlp v0.8h, v1.16b
        {0x0e602860, 0x0000000000000000, 0xffff800000000000},  // saddlp v0.2s, v3.4h
        {0x4ea02860, 0x00000000000000ff, 0xffffffff80000000},  // saddlp v0.2d, v3.4s
        {0x2e202860, 0x0000000000000000, 0x0080000000000000},  // uaddlp v0.4h, v3.8b
        {0x6e6028c0, 0x0001ff0000018000, 0x00017ffe0001fffe},  // uaddlp v0.4s, v6.8h
        {0x2ea028c0, 0x0000000000000000, 0x000000017ffffffe},  // uaddlp v0.1d, v6.2s
        {0x4e2068c0, 0xfedcba9676523191, 0x01a1456589a9cded},  // sadalp v0.8h, v6.16b
        {0x0e6068c0, 0x0000000000000000, 0x0123c56589abcded},  // sadalp v0.2s, v6.4h
        {0x4ea06860, 0xfedcba987654330f, 0x0123456709abcdef},  // sadalp v0.2d, v3.4s
        {0x2e2068a0, 0x0000000000000000, 0x01a345678a2bcdef},  // uadalp v0.4h, v5.8b
        {0x6e606820, 0xfeddba9876553210, 0x0123c56789ac4e6f},  // uadalp v0.4s, v1.8h
        {0x2ea06880, 0x0000000000000000, 0x012345688a2e3ed0},  // uadalp v0.1d, v4.2s
        {0x4e203820, 0x7edc3a987f547f10, 0x01247f7f09abcd6f, kSaturated},  // suqadd v0.16b, v1.16b
        {0x0e603860, 0x0000000000000000, 0x7fff456789abcdef, kSaturated},  // suqadd v0.4h, v3.4h
        {0x4ea03820, 0x7edd3a987fffffff, 0x0124c56609abce6f, kSaturated},  // suqadd v0.4s, v1.4s
        {0x4ee038c0, 0x7fffffffffffffff, 0x7fffffffffffffff, kSaturated},  // suqadd v0.2d, v6.2d
        {0x2e2038a0, 0x0000000000000000, 0x0023456709abcdef, kSaturated},  // usqadd v0.8b, v5.8b
        {0x6e6038a0, 0xfedbba9776543211, 0x0000456709abcdef, kSaturated},  // usqadd v0.8h, v5.8h
        {0x2ea03840, 0x0000000000000000, 0x000000008b2aceee, kSaturated},  // usqadd v0.2s, v2.2s
        {0x6ee038e0, 0xdd8a79884153221d, 0x3d7deb2a999caf0d},  // usqadd v0.2d, v7.2d
        {0x4e204880, 0x0404050206030201, 0x0700000706050302},  // cls v0.16b, v4.16b
        {0x0e604820, 0x0000000000000000, 0x000e000000000007},  // cls v0.4h, v1.4h
        {0x4ea048e0, 0x0000000100000001, 0x0000000100000003},  // cls v0.4s, v7.4s
        {0x2e204880, 0x0000000000000000, 0x0001000807060000},  // clz v0.8b, v4.8b
        {0x6e604880, 0x0005000600000003, 0x0000000000070000},  // clz v0.8h, v4.8h
        {0x2ea04860, 0x0000000000000000, 0x0000000000000020},  // clz v0.2s, v3.2s
        {0x4e205820, 0x0100010001000100, 0x0001070801000001},  // cnt v0.16b, v1.16b
        {0x2e205840, 0x0000000000000000, 0x7f7f7f7ffe80ff00},  // mvn v0.8b, v2.8b
        {0x2e605880, 0x0000000000000000, 0xfffe010080400f87},  // rbit v0.8b, v4.8b
        {0x0e207820, 0x0000000000000000, 0x00017f017f00007f, kSaturated},  // sqabs v0.8b, v1.8b
        {0x4e607860, 0x00000000000000ff, 0x7fff000000000000, kSaturated},  // sqabs v0.8h, v3.8h
        {0x0ea078a0, 0x0000000000000000, 0x7fffffff7fffffff, kSaturated},  // sqabs v0.2s, v5.2s
        {0x4ee07860, 0x00000000000000ff, 0x7fffffffffffffff, kSaturated},  // sqabs v0.2d, v3.2d
        {0x6e2078c0, 0x01ff010101017fff, 0x8101010101010101, kSaturated},  // sqneg v0.16b, v6.16b
        {0x2e607880, 0x0000000000000000, 0x00817ffffefe0f1f, kSaturated},  // sqneg v0.4h, v4.4h
        {0x6ea07840, 0x800000017fffffff, 0x7f7f7f80fe80ff01, kSaturated},  // sqneg v0.4s, v2.4s
        {0x6ee07860, 0xffffffffffffff01, 0x7fffffffffffffff, kSaturated},  // sqneg v0.2d, v3.2d
        {0x0e208820, 0x0000000000000000, 0x00ffff0000000000},  // cmgt v0.8b, v1.8b, #0
        {0x4e608880, 0xffffffff0000ffff, 0x00000000ffff0000},  // cmgt v0.8h, v4.8h, #0
        {0x0ea08880, 0x0000000000000000, 0x00000000ffffffff},  // cmgt v0.2s, v4.2s, #0
        {0x4ee088c0, 0x0000000000000000, 0xffffffffffffffff},  // cmgt v0.2d, v6.2d, #0
        {0x6e208860, 0xffffffffffffff00, 0x00ffffffffffffff},  // cmge v0.16b, v3.16b, #0
        {0x2e608840, 0x0000000000000000, 0x00000000ffffffff},  // cmge v0.4h, v2.4h, #0
        {0x6ea08880, 0xffffffff00000000, 0x00000000ffffffff},  // cmge v0.4s, v4.4s, #0
        {0x6ee08820, 0x0000000000000000, 0xffffffffffffffff},  // cmge v0.2d, v1.2d, #0
        {0x0e209880, 0x0000000000000000, 0x000000ff00000000},  // cmeq v0.8b, v4.8b, #0
        {0x4e609860, 0xffffffffffff0000, 0x0000ffffffffffff},  // cmeq v0.8h, v3.8h, #0
        {0x0ea09860, 0x0000000000000000, 0x00000000ffffffff},  // cmeq v0.2s, v3.2s, #0
        {0x4ee09840, 0x0000000000000000, 0x0000000000000000},  // cmeq v0.2d, v2.2d, #0
        {0x6e209880, 0x00ff0000ff000000, 0xff00ffff0000ffff},  // cmle v0.16b, v4.16b, #0
        {0x2e609840, 0x0000000000000000, 0xffffffff00000000},  // cmle v0.4h, v2.4h, #0
        {0x6ea09820, 0xffffffffffffffff, 0x00000000ffffffff},  // cmle v0.4s, v1.4s, #0
        {0x6ee09880, 0x0000000000000000, 0xffffffffffffffff},  // cmle v0.2d, v4.2d, #0
        {0x0e20a820, 0x0000000000000000, 0x000000ffff0000ff},  // cmlt v0.8b, v1.8b, #0
        {0x4e60a880, 0x00000000ffff0000, 0xffffffff0000ffff},  // cmlt v0.8h, v4.8h, #0
        {0x0ea0a8c0, 0x0000000000000000, 0x00000000ffffffff},  // cmlt v0.2s, v6.2s, #0
        {0x4ee0a8a0, 0xffffffffffffffff, 0xffffffffffffffff},  // cmlt v0.2d, v5.2d, #0
        {0x4e20b880, 0x05050310020c1f2d, 0x017f80000102101f},  // abs v0.16b, v4.16b
        {0x0e60b860, 0x0000000000000000, 0x8000000000000000},  // abs v0.4h, v3.4h
        {0x4ea0b860, 0x00000000000000ff, 0x8000000000000000},  // abs v0.4s, v3.4s
        {0x4ee0b880, 0x05fb0310fe0c1f2d, 0x00807ffffefd0f1f},  // abs v0.2d, v4.2d
        {0x2e20b880, 0x0000000000000000, 0x01818000fffe101f},  // neg v0.8b, v4.8b
        {0x6e60b8e0, 0x2153411135020ff3, 0xc3a65a3df0101ee2},  // neg v0.8h, v7.8h
        {0x2ea0b880, 0x0000000000000000, 0x00808000fefd0f1f},  // neg v0.2s, v4.2s
        {0x6ee0b880, 0xfa04fcef01f3e0d3, 0x00807ffffefd0f1f},  // neg v0.2d, v4.2d
        {0x4e212880, 0xfb100c2d7f0002e1, 0x0123456789abcdef},  // xtn2 v0.16b, v4.8h
        {0x0e6128c0, 0x0000000000000000, 0xffff8001ffffffff},  // xtn v0.4h, v6.4s
        {0x4ea12880, 0xfe0c1f2d0102f0e1, 0x0123456789abcdef},  // xtn2 v0.4s, v4.2d
        {0x2e2128c0, 0x0000000000000000, 0x00000000ff000000, kSaturated},  // sqxtun v0.8b, v6.8h
        {0x6e6128c0, 0x00000000ffff0000, 0x0123456789abcdef, kSaturated},  // sqxtun2 v0.8h, v6.4s
        {0x2ea12860, 0x0000000000000000, 0x000000ff00000000, kSaturated},  // sqxtun v0.2s, v3.2d
        {0x6e213840, 0x7f00ff00ff00ff00, 0x8000000000000000},  // shll2 v0.8h, v2.16b, #8
        {0x2e6138a0, 0x8000000000000000, 0x8000000000000000},  // shll v0.4s, v5.4h, #16
        {0x6ea13840, 0x7fffffff00000000, 0x8000000000000000},  // shll2 v0.2d, v2.4s, #32
        {0x0e2148a0, 0x0000000000000000, 0xffff000180008000, kSaturated},  // sqxtn v0.8b, v5.8h
        {0x4e614840, 0x7fff800080007fff, 0x0123456789abcdef, kSaturated},  // sqxtn2 v0.8h, v2.4s
        {0x0ea14860, 0x0000000000000000, 0x000000ff80000000, kSaturated},  // sqxtn v0.2s, v3.2d
        {0x6e2148a0, 0xffff0001ff00ff00, 0x0123456789abcdef, kSaturated},  // uqxtn2 v0.16b, v5.8h
        {0x2e614860, 0x0000000000000000, 0x000000ffffff0000, kSaturated},  // uqxtn v0.4h, v3.4s
        {0x6ea14860, 0x000000ffffffffff, 0x0123456789abcdef, kSaturated},  // uqxtn2 v0.4s, v3.2d
        {0x0f080460, 0x0000000000000000, 0xff00000000000000},  // sshr v0.8b, v3.8b, #8
        {0x4f140480, 0x00000000ffff0001, 0xfffffff80000ffff},  // sshr v0.8h, v4.8h, #12
        {0x0f200420, 0x0000000000000000, 0x00000000ffffffff},  // sshr v0.2s, v1.2s, #32
        {0x4f5004c0, 0xffffffffffffff01, 0x0000000000007fff},  // sshr v0.2d, v6.2d, #48
        {0x6f0c0480, 0x000f00010f000102, 0x0f07080000000f0e},  // ushr v0.16b, v4.16b, #4
        {0x2f1204e0, 0x0000000000000000, 0x0000000200000003},  // ushr v0.4h, v7.4h, #14
        {0x6f3d0440, 0x0fffffff10000000, 0x10101010002fe01f},  // ushr v0.4s, v2.4s, #3
        {0x6f5d04a0, 0x000000001fffffff, 0x0000000010000000},  // ushr v0.2d, v5.2d, #35
        {0x0f0d14a0, 0x0000000000000000, 0xf123456779abcdef},  // ssra v0.8b, v5.8b, #3
        {0x4f1c1440, 0x06dbba976e543210, 0xf92b3d6f89c2cdfe},  // ssra v0.8h, v2.8h, #4
        {0x0f3e14e0, 0x0000000000000000, 0x1039eed78da80636},  // ssra v0.2s, v7.2s, #2
        {0x4f5f1420, 0xfedcba9836547210, 0x0123456789ac8dee},  // ssra v0.2d, v1.2d, #33
        {0x6f0f1460, 0xfedcba987654328f, 0x4123456789abcdef},  // usra v0.16b, v3.16b, #1
        {0x2f1c1440, 0x0000000000000000, 0x092b4d6f89c2cdfe},  // usra v0.4h, v2.4h, #4
        {0x6f351420, 0xfeecbaa876643220, 0x0123459689bbcdef},  // usra v0.4s, v1.4s, #11
        {0x6f7f14e0, 0x6e339a105bd3aa16, 0x1f50984911a43e7e},  // usra v0.2d, v7.2d, #1
        {0x0f0d2480, 0x0000000000000000, 0x0010f0000000fefc},  // srshr v0.8b, v4.8b, #3
        {0x4f192420, 0xff00ff00ff00ff00, 0x00000100ff000001},  // srshr v0.8h, v1.8h, #7
        {0x0f3224e0, 0x0000000000000000, 0x0000f16b00003fc4},  // srshr v0.2s, v7.2s, #14
        {0x4f7c24e0, 0xfdeadbeefcafef01, 0x03c5aa5c30ff0e12},  // srshr v0.2d, v7.2d, #4
        {0x6f0c2480, 0x0010000110010203, 0x1008080000000f0e},  // urshr v0.16b, v4.16b, #4
        {0x2f182460, 0x0000000000000000, 0x0080000000000000},  // urshr v0.4h, v3.4h, #8
        {0x6f322480, 0x000017ec0003f830, 0x0003fdfe0000040c},  // urshr v0.4s, v4.4s, #14
        {0x6f5e2420, 0x0000000020002000, 0x0000000000006000},  // urshr v0.2d, v1.2d, #34
        {0x0f093420, 0x0000000000000000, 0x0123466788abcdee},  // srsra v0.8b, v1.8b, #7
        {0x4f123420, 0xfedaba967652320e, 0x0123456989a9cdef},  // srsra v0.8h, v1.8h, #14
        {0x0f203480, 0x0000000000000000, 0x0123456789abcdef},  // srsra v0.2s, v4.2s, #32
        {0x4f773480, 0xfedfb819fed33820, 0x0123052789ac4f67},  // srsra v0.2d, v4.2d, #9
        {0x6f0f34a0, 0x7e5c3a1876543211, 0x41234567c9abcdef},  // ursra v0.16b, v5.16b, #1
        {0x2f1e3460, 0x0000000000000000, 0x2123456789abcdef},  // ursra v0.4h, v3.4h, #2
        {0x6f323420, 0xfedeba9a76563212, 0x0123456d89adcdef},  // ursra v0.4s, v1.4s, #14
        {0x6f403480, 0xfedcba9876543210, 0x0123456789abcdf0},  // ursra v0.2d, v4.2d, #64
        {0x2f0b4460, 0x0000000000000000, 0x0420406088a8c8e8},  // sri v0.8b, v3.8b, #5
        {0x6f1c4420, 0xf800b80078003800, 0x000047ff8800c008},  // sri v0.8h, v1.8h, #4
        {0x2f2744c0, 0x0000000000000000, 0x0123453f89abcdff},  // sri v0.2s, v6.2s, #25
        {0x6f7d4440, 0xeffffffff0000000, 0x10101010002fe01f},  // sri v0.2d, v2.2d, #3
        {0x4f0b5480, 0x28d81880f060f868, 0xf8f8000008108008},  // shl v0.16b, v4.16b, #3
        {0x0f1c5440, 0x0000000000000000, 0x00000000f000f000},  // shl v0.4h, v2.4h, #12
        {0x4f265440, 0xffffffc000000000, 0x202020005fc03fc0},  // shl v0.4s, v2.4s, #6
        {0x4f7f5480, 0x8000000000000000, 0x8000000000000000},  // shl v0.2d, v4.2d, #63
        {0x2f085460, 0x0000000000000000, 0x8000000000000000},  // sli v0.8b, v3.8b, #0
        {0x6f145460, 0x000c000800040ff0, 0x00030007000b000f},  // sli v0.8h, v3.8h, #4
        {0x2f3354a0, 0x0000000000000000, 0x000345670003cdef},  // sli v0.2s, v5.2s, #19
        {0x6f6454c0, 0xfff8001876543210, 0xfffffff789abcdef},  // sli v0.2d, v6.2d, #36
        {0x6f0d6480, 0xa00060ff00ffffff, 0x00ff000020400000, kSaturated},  // sqshlu v0.16b, v4.16b, #5
        {0x2f1764c0, 0x0000000000000000, 0xffff000000000000, kSaturated},  // sqshlu v0.4h, v6.4h, #7
        {0x6f266480, 0xffffffff00000000, 0x0000000040bc3840, kSaturated},  // sqshlu v0.4s, v4.4s, #6
        {0x6f436420, 0x0000000000000000, 0x000bfffc00000400, kSaturated},  // sqshlu v0.2d, v1.2d, #3
        {0x0f0f7440, 0x0000000000000000, 0x808080807f7f0080, kSaturated},  // sqshl v0.8b, v2.8b, #7
        {0x4f1f7420, 0x8000800080008000, 0x7fff7fff80007fff, kSaturated},  // sqshl v0.8h, v1.8h, #15
        {0x0f357460, 0x0000000000000000, 0x8000000000000000, kSaturated},  // sqshl v0.2s, v3.2s, #21
        {0x4f7674c0, 0x8000000000000000, 0x7fffffffffffffff, kSaturated},  // sqshl v0.2d, v6.2d, #54
        {0x6f0d7480, 0xa0ff60ffffffffff, 0xffffff002040ffff, kSaturated},  // uqshl v0.16b, v4.16b, #5
        {0x2f117440, 0x0000000000000000, 0xffffffff02fe01fe, kSaturated},  // uqshl v0.4h, v2.4h, #1
        {0x6f267480, 0xffffffffffffffff, 0xffffffff40bc3840, kSaturated},  // uqshl v0.4s, v4.4s, #6
        {0x6f487420, 0xffffffffffffffff, 0x017fff8000008000, kSaturated},  // uqshl v0.2d, v1.2d, #8
        {0x0f0984c0, 0x0000000000000000, 0xfeffff00ffffffff},  // shrn v0.8b, v6.8h, #7
        {0x4f148420, 0x0008000800170000, 0x0123456789abcdef},  // shrn2 v0.8h, v1.4s, #12
        {0x0f3984e0, 0x0000000000000000, 0xdf95fde0861fe1c2},  // shrn v0.2s, v7.2d, #7
        {0x6f0f8460, 0x0000007f00000000, 0x0123456789abcdef, kSaturated},  // sqshrun2 v0.16b, v3.8h, #1
        {0x2f1984c0, 0x0000000000000000, 0x00000000ffff0000, kSaturated},  // sqshrun v0.4h, v6.4s, #7
        {0x6f3c8420, 0x00000000ffffffff, 0x0123456789abcdef, kSaturated},  // sqshrun2 v0.4s, v1.2d, #4
        {0x0f098cc0, 0x0000000000000000, 0xfe00000000000000},  // rshrn v0.8b, v6.8h, #7
        {0x4f128ce0, 0x7ab72bfcf16b3fc4, 0x0123456789abcdef},  // rshrn2 v0.8h, v7.4s, #14
        {0x0f3f8cc0, 0x0000000000000000, 0xffffc00100000000},  // rshrn v0.2s, v6.2d, #1
        {0x6f0e8c40, 0xff00000000006040, 0x0123456789abcdef, kSaturated},  // sqrshrun2 v0.16b, v2.8h, #2
        {0x2f128c80, 0x0000000000000000, 0x17ec00000000040c, kSaturated},  // sqrshrun v0.4h, v4.4s, #14
        {0x6f278c20, 0x0000000000bfffc0, 0x0123456789abcdef, kSaturated},  // sqrshrun2 v0.4s, v1.2d, #25
        {0x0f089440, 0x0000000000000000, 0x7fff800080800100},  // sqshrn v0.8b, v2.8h, #8
        {0x4f1c94a0, 0xffff000080008000, 0x0123456789abcdef, kSaturated},  // sqshrn2 v0.8h, v5.4s, #4
        {0x0f2b9480, 0x0000000000000000, 0x7fffffff80000000, kSaturated},  // sqshrn v0.2s, v4.2d, #21
        {0x6f0a9480, 0x170cff7cffff04ff, 0x0123456789abcdef, kSaturated},  // uqshrn2 v0.16b, v4.8h, #6
        {0x2f1594a0, 0x0000000000000000, 0xffff0000ffffffff, kSaturated},  // uqshrn v0.4h, v5.4s, #11
        {0x6f389460, 0x00000000ffffffff, 0x0123456789abcdef, kSaturated},  // uqshrn2 v0.4s, v3.2d, #8
        {0x0f0d9c60, 0x0000000000000000, 0x0000002080000000, kSaturated},  // sqrshrn v0.8b, v3.8h, #3
        {0x4f129c20, 0x8000800000068000, 0x0123456789abcdef, kSaturated},  // sqrshrn2 v0.8h, v1.4s, #14
        {0x0f389c60, 0x0000000000000000, 0x0000000180000000, kSaturated},  // sqrshrn v0.2s, v3.2d, #8
        {0x6f099c20, 0xffffffff00ffff01, 0x0123456789abcdef, kSaturated},  // uqrshrn2 v0.16b, v1.8h, #7
        {0x2f149c80, 0x0000000000000000, 0x5fb0ffffffff102f, kSaturated},  // uqrshrn v0.4h, v4.4s, #12
        {0x6f299c60, 0x00000000ffffffff, 0x0123456789abcdef, kSaturated},  // uqrshrn2 v0.4s, v3.2d, #23
        {0x0f0da420, 0x000000200fe0ffe0, 0xf00000000000f000},  // sshll v0.8h, v1.8b, #5
        {0x4f10a4c0, 0xffffff01ffffffff, 0xffffffffffff8001},  // sxtl2 v0.4s, v6.8h
        {0x0f3ba480, 0xfffbfc0000000000, 0x0008178708000000},  // sshll v0.2d, v4.2s, #27
        {0x6f0da4e0, 0x1bc015a017c01de0, 0x19401fc01e0001a0},  // ushll2 v0.8h, v7.16b, #5
        {0x2f1ba4e0, 0x01e2d000052e1800, 0x007f80000708f000},  // ushll v0.4s, v7.4h, #11
        {0x6f3aa4a0, 0x03fffffffc000000, 0x0000000004000000},  // ushll2 v0.2d, v5.4s, #26
        {0x0e270080, 0x003b00d9ff25ffc3, 0x0010fff2ffd1ffff},  // saddl v0.8h, v4.8b, v7.8b
        {0x4e620060, 0x00007fffffffffff, 0xffff8000000000ff},  // saddl2 v0.4s, v3.8h, v2.8h
        {0x0ea70040, 0xffffffffbcdb2643, 0x00000000116fe21d},  // saddl v0.2d, v2.2s, v7.2s
        {0x6e2700a0, 0x01dd01ac01bd01ee, 0x00ca00fe00f0000e},  // uaddl2 v0.8h, v5.16b, v7.16b
        {0x2e660080, 0x00017f7e00017fff, 0x000101010001f0e0},  // uaddl v0.4s, v4.4h, v6.4h
        {0x6ea60080, 0x0000000104fd030f, 0x00000001fe0b9f2e},  // uaddl2 v0.2d, v4.4s, v6.4s
        {0x0e241060, 0xffff007fff8000ff, 0x80010002fff0ffe1},  // saddw v0.8h, v3.8h, v4.8b
        {0x4e661080, 0x05fb0211fe0c1f2c, 0xff7f7fff010270e2},  // saddw2 v0.4s, v4.4s, v6.8h
        {0x0ea410a0, 0xfffffffeff7f8001, 0x800000008102f0e1},  // saddw v0.2d, v5.2d, v4.2s
        {0x6e2510e0, 0xdfacbfeecbfdf10c, 0x3c5aa5c30ff0e11f},  // uaddw2 v0.8h, v7.8h, v5.16b
        {0x2e651020, 0x8001000080008000, 0x0001ffff80000080},  // uaddw v0.4s, v1.4s, v5.4h
        {0x6ea510e0, 0xdeadbef0cafef00c, 0x3c5aa5c30ff0e11f},  // uaddw2 v0.2d, v7.2d, v5.4s
        {0x0e232020, 0x00800001007fffff, 0xff8000000000ff80},  // ssubl v0.8h, v1.8b, v3.8b
        {0x4e622060, 0xffff800100000001, 0x00008000000000ff},  // ssubl2 v0.4s, v3.8h, v2.8h
        {0x0ea120a0, 0xffffffff7ffe8001, 0xffffffffffffff80},  // ssubl v0.2d, v5.2s, v1.2s
        {0x6e2620a0, 0x000000fe00000000, 0xff01ff01ff800000},  // usubl2 v0.8h, v5.16b, v6.16b
        {0x2e672060, 0x000043a6ffff5a3d, 0xfffff010ffff1ee2},  // usubl v0.4s, v3.4h, v7.4h
        {0x6ea720a0, 0x0000000021524110, 0xffffffff35010ff4},  // usubl2 v0.2d, v5.4s, v7.4s
        {0x0e2430a0, 0x0000ff8000800001, 0x7ffffffe8010001f},  // ssubw v0.8h, v5.8h, v4.8b
        {0x4e623060, 0xffff800100000100, 0x8000800000000000},  // ssubw2 v0.4s, v3.4s, v2.8h
        {0x0ea730a0, 0xfffffffec3a55a3e, 0x80000000700f1ee2},  // ssubw v0.2d, v5.2d, v7.2s
        {0x6e2430c0, 0xfefcff04fffc7ff1, 0x7f01fff3ffe0ffd2},  // usubw2 v0.8h, v6.8h, v4.16b
        {0x2e643020, 0x7fff808180000000, 0x00017efd7fff0f9f},  // usubw v0.4s, v1.4s, v4.4h
        {0x6ea230a0, 0xfffffffe80000002, 0x8000000000000000},  // usubw2 v0.2d, v5.2d, v2.4s
        {0x0e2440a0, 0x0000000000000000, 0x0503fe1f7f8081f0},  // addhn v0.8b, v5.8h, v4.8h
        {0x4e654040, 0x7fff80000080817f, 0x0123456789abcdef},  // addhn2 v0.8h, v2.4s, v5.4s
        {0x0ea14040, 0x0000000000000000, 0x000080008082007f},  // addhn v0.2s, v2.2d, v1.2d
        {0x6e2740a0, 0xdfbfcbf0bca690e1, 0x0123456789abcdef},  // raddhn2 v0.16b, v5.8h, v7.8h
        {0x2e674080, 0x0000000000000000, 0xe4a9c90b3bda10f4},  // raddhn v0.4h, v4.4s, v7.4s
        {0x6ea24060, 0x8000000000808080, 0x0123456789abcdef},  // raddhn2 v0.4s, v3.2d, v2.2d
        {0x0e2650a0, 0xffdbba9976553211, 0x01a2456889accdf0},  // sabal v0.8h, v5.8b, v6.8b
        {0x4e675020, 0xfedd1945765470ff, 0x0123906589ac3dfc},  // sabal2 v0.4s, v1.8h, v7.8h
        {0x0ea55020, 0xfedcba98f655b20f, 0x0123456789abce6f},  // sabal v0.2d, v1.2s, v5.2s
        {0x6e2750c0, 0xfefdbb4476953220, 0x015845688a1bcdfb},  // uabal2 v0.8h, v6.16b, v7.16b
        {0x2e6450a0, 0xfedd3a177654b210, 0x0123c46589acbed0},  // uabal v0.4s, v5.4h, v4.4h
        {0x6ea25060, 0xfedcba98f654320f, 0x0123456809abccf0},  // uabal2 v0.2d, v3.4s, v2.4s
        {0x0e276020, 0x0000000000000000, 0xa1c1b58fc3da701f},  // subhn v0.8b, v1.8h, v7.8h
        {0x4e676020, 0xa152b501c3a6700f, 0x0123456789abcdef},  // subhn2 v0.8h, v1.4s, v7.4s
        {0x0ea460e0, 0x0000000000000000, 0xd8b2bbde3cdb25c3},  // subhn v0.2s, v7.2d, v4.2d
        {0x6e216060, 0x8080808180808000, 0x0123456789abcdef},  // rsubhn2 v0.16b, v3.8h, v1.8h
        {0x2e6360c0, 0x0000000000000000, 0xff02ffff00000000},  // rsubhn v0.4h, v6.4s, v3.4s
        {0x6ea26020, 0x000080017f80ff7f, 0x0123456789abcdef},  // rsubhn2 v0.4s, v1.2d, v2.2d
        {0x0e217060, 0x00800001007f0001, 0x0080000000000080},  // sabdl v0.8h, v3.8b, v1.8b
        {0x4e6270e0, 0x0000a15200004110, 0x00004afe00000ff3},  // sabdl2 v0.4s, v7.8h, v2.8h
        {0x0ea77060, 0x00000000bc5aa5c3, 0x000000000ff0e11e},  // sabdl v0.2d, v3.2s, v7.2s
        {0x6e277080, 0x00d9004e00bb00df, 0x003400f200d10020},  // uabdl2 v0.8h, v4.16b, v7.16b
        {0x2e667080, 0x00007f8000007fff, 0x0000fefd00000f1e},  // uabdl v0.4s, v4.4h, v6.4h
        {0x6ea370a0, 0x00000000ffffffff, 0x00000000000000fe},  // uabdl2 v0.2d, v5.4s, v3.4s
        {0x0e2780a0, 0xe0dcba9876543210, 0xf9a3456789abcdef},  // smlal v0.8h, v5.8b, v7.8b
        {0x4e6480e0, 0xfe156f37758cee00, 0x018acd4f87ba9338},  // smlal2 v0.4s, v7.8h, v4.8h
        {0x0ea380c0, 0xbedcba98f6543210, 0x0123456789abcdef},  // smlal v0.2d, v6.2s, v3.2s
        {0x6e258060, 0xfedcba9876543210, 0x0123456789abceee},  // umlal2 v0.8h, v3.16b, v5.16b
        {0x2e628020, 0xfedd3b18b693b190, 0x01e2c56789ac4d6f},  // umlal v0.4s, v1.4h, v2.4h
        {0x6ea68040, 0x7e5dba96f7523211, 0x8123056809abcdef},  // umlal2 v0.2d, v2.4s, v6.4s
        {0x4e6590e0, 0xfedcfd3e7654b432, 0x0123456789abae09},  // sqdmlal2 v0.4s, v7.8h, v5.8h
        {0x0ea69060, 0x8000000000000000, 0x0123456789abcdef, kSaturated},  // sqdmlal v0.2d, v3.2s, v6.2s
        {0x4e23a0a0, 0xfedcba9876543210, 0x0123456789abcdf0},  // smlsl2 v0.8h, v5.16b, v3.16b
        {0x0e63a0a0, 0xbedcba9876543210, 0x0123456789abcdef},  // smlsl v0.4s, v5.4h, v3.4h
        {0x4ea5a060, 0xfedcba9876543210, 0x0123456789abccf0},  // smlsl2 v0.2d, v3.4s, v5.4s
        {0x2e21a0a0, 0xfedcba9876543210, 0xc123456789abcdef},  // umlsl v0.8h, v5.8b, v1.8b
        {0x6e61a040, 0xbedd3a98f654b210, 0xc123456789abcdef},  // umlsl2 v0.4s, v2.8h, v1.8h
        {0x2ea1a060, 0xfedbfa98f6543210, 0x0123456789abcdef},  // umlsl v0.2d, v3.2s, v1.2s
        {0x0e64b020, 0xfedcbb9a7fffffff, 0x0225456789baecef, kSaturated},  // sqdmlsl v0.4s, v1.4h, v4.4h
        {0x4ea4b0e0, 0x006b493acf78ba30, 0x0054462a20b0435d},  // sqdmlsl2 v0.2d, v7.4s, v4.4s
        {0x0e25c040, 0x4000000000000000, 0xff80000000000000},  // smull v0.8h, v2.8b, v5.8b
        {0x4e61c0a0, 0x0000800000008000, 0x00000000ffff8000},  // smull2 v0.4s, v5.8h, v1.8h
        {0x0ea5c020, 0xffff400080000000, 0x3fffffc000000000},  // smull v0.2d, v1.2s, v5.2s
        {0x6e26c040, 0x7e8100fffe01fe01, 0x7f80000000000000},  // umull2 v0.8h, v2.16b, v6.16b
        {0x2e66c040, 0x403f7f80807f7f80, 0x017efe8100feff01},  // umull v0.4s, v2.4h, v6.4h
        {0x6ea7c080, 0x0533bbbed36dbbf0, 0xc9728ed8b47dc549},  // umull2 v0.2d, v4.4s, v7.4s
        {0x4e62d020, 0x8001000000010000, 0x7fffffff00000000, kSaturated},  // sqdmull2 v0.4s, v1.8h, v2.8h
        {0x0ea6d080, 0xff7f800001010000, 0xfffffffffdfa1e3e},  // sqdmull v0.2d, v4.2s, v6.2s
        {0x4e26e040, 0x2ad500ff55555555, 0x7f80000000000000},  // pmull2 v0.8h, v2.16b, v6.16b
        {0x4ee4e0c0, 0x0355aea3584ea4b2, 0x8bb529ed04819f2d},  // pmull2 v0.1q, v6.2d, v4.2d
        {0x6f7600c0, 0x7fdb3a99f655320f, 0x0124c56809ac4df0},  // mla v0.8h, v6.8h, v6.h[3]
        {0x2fa70860, 0x0000000000000000, 0x8123456789abcdef},  // mla v0.2s, v3.2s, v7.s[3]
        {0x2f7540e0, 0x0000000000000000, 0x0123c56789abcdef},  // mls v0.4h, v7.4h, v5.h[3]
        {0x6f814840, 0x7edd3a9876543210, 0xc0e34567892c4def},  // mls v0.4s, v2.4s, v1.s[2]
        {0x4f672840, 0xde547ba976547321, 0x21abc56789abcdef},  // smlal2 v0.4s, v2.8h, v7.h[6]
        {0x0f812060, 0x3edcba5876543210, 0x0123456789abcdef},  // smlal v0.2d, v3.2s, v1.s[0]
        {0x2f742060, 0x7e9c3a9876543210, 0x0123456789abcdef},  // umlal v0.4s, v3.4h, v4.h[3]
        {0x6fa72020, 0x1d0a2ba74935b210, 0x1f50b6765c8d4def},  // umlal2 v0.2d, v1.4s, v7.s[1]
        {0x4f773020, 0xc282ba9839fa3210, 0xc4c9456780000000, kSaturated},  // sqdmlal2 v0.4s, v1.8h, v7.h[3]
        {0x0f8138c0, 0x8000000000000000, 0x0123456889aacdef, kSaturated},  // sqdmlal v0.2d, v6.2s, v1.s[2]
        {0x0f6268c0, 0xfedd3a977654320f, 0x0123456689abcdee},  // smlsl v0.4s, v6.4h, v2.h[6]
        {0x4f8560c0, 0xfe5dba97f6543210, 0x0123056809abcdef},  // smlsl2 v0.2d, v6.4s, v5.s[0]
        {0x6f546020, 0xfe5bba9875d33210, 0x00a24567892acdef},  // umlsl2 v0.4s, v1.8h, v4.h[1]
        {0x2f836840, 0xfedcba1876543290, 0x012345660c29cfee},  // umlsl v0.2d, v2.2s, v3.s[2]
        {0x0f7278a0, 0x7edbba9876543210, 0x7fffffff89abcdef, kSaturated},  // sqdmlsl v0.4s, v5.4h, v2.h[7]
        {0x4f847860, 0xfedcba9876543210, 0x0123456b6d85b249},  // sqdmlsl2 v0.2d, v3.4s, v4.s[2]
        {0x4f4688e0, 0x5ead3eefcafe700d, 0x3c5a25c30ff0e11e},  // mul v0.8h, v7.8h, v6.h[4]
        {0x0f878080, 0x0000000000000000, 0x00710000b5fdfb5e},  // mul v0.2s, v4.2s, v7.s[0]
        {0x0f42a0e0, 0x003c1da6ffa61d3d, 0x000fe010ffe13ce2},  // smull v0.4s, v7.4h, v2.h[0]
        {0x4fa5a0c0, 0x007f000080000000, 0x00003fff80000000},  // smull2 v0.2d, v6.4s, v5.s[1]
        {0x6f74a8c0, 0x05f50afb05fafa05, 0x05fafa0502fd85fb},  // umull2 v0.4s, v6.8h, v4.h[7]
        {0x2fa4a840, 0x0300820a07098800, 0x0008f28f89f80cf0},  // umull v0.2d, v2.2s, v4.s[3]
        {0x0f54b840, 0x01f20c0001f20c00, 0xfffa27e8fffc1be8},  // sqdmull v0.4s, v2.4h, v4.h[5]
        {0x4fa5b040, 0x8000000100000000, 0x7fffffffffffffff, kSaturated},  // sqdmull2 v0.2d, v2.4s, v5.s[1]
        {0x4f51c860, 0x000000000000ff01, 0x7fff000000000000, kSaturated},  // sqdmulh v0.8h, v3.8h, v1.h[5]
        {0x0f87c8c0, 0x0000000000000000, 0xcafef00d00000000},  // sqdmulh v0.2s, v6.2s, v7.s[2]
        {0x0f55d060, 0x0000000000000000, 0x7fff000000000000, kSaturated},  // sqrdmulh v0.4h, v3.4h, v5.h[1]
        {0x4f86d840, 0xffff800100007fff, 0x00007f7ffffffe81},  // sqrdmulh v0.4s, v2.4s, v6.s[2]
        {0x6f44d820, 0xdfaf9b6b572712e3, 0x012364948000ce0e, kSaturated},  // sqrdmlah v0.8h, v1.8h, v4.h[4]
        {0x2fa2d0e0, 0x0000000000000000, 0xc50536e180000000, kSaturated},  // sqrdmlah v0.2s, v7.2s, v2.s[1]
        {0x2f64f0c0, 0x0000000000000000, 0x7fff456689aacdee, kSaturated},  // sqrdmlsh v0.4h, v6.4h, v4.h[2]
        {0x6fa5f0c0, 0xfddeba977653b211, 0x7fffffff89abcdee, kSaturated},  // sqrdmlsh v0.4s, v6.4s, v5.s[1]
        {0x0fa6e8e0, 0x0000000000000000, 0x0123461d89abcdd1},  // sdot v0.2s, v7.8b, v6.4b[3]
        {0x6fa3e0a0, 0xfedd3a1876543210, 0x0123856789ac0def},  // udot v0.4s, v5.16b, v3.4b[1]
    }));
}
// clang-format on

// clang-format off
TEST(AdvancedSimdMeasured, Scalar) {
    expect_measured(std::to_array<Row>({
        {0x5e0d0420, 0x0000000000000000, 0x0000000000000001},  // mov b0, v1.b[6]
        {0x5e0e0460, 0x0000000000000000, 0x0000000000008000},  // mov h0, v3.h[3]
        {0x5e140480, 0x0000000000000000, 0x00000000fe0c1f2d},  // mov s0, v4.s[2]
        {0x5e1804c0, 0x0000000000000000, 0xff01ffffffff8001},  // mov d0, v6.d[1]
        {0x5ef1b8a0, 0x0000000000000000, 0x7fffffff80000001},  // addp d0, v5.2d
        {0x5e240c20, 0x0000000000000000, 0x0000000000000080, kSaturated},  // sqadd b0, b1, b4
        {0x5e670c60, 0x0000000000000000, 0x000000000000e11e},  // sqadd h0, h3, h7
        {0x5ea40c40, 0x0000000000000000, 0x000000000281f1e0},  // sqadd s0, s2, s4
        {0x5ee60c20, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // sqadd d0, d1, d6
        {0x7e220c20, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // uqadd b0, b1, b2
        {0x7e660ce0, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqadd h0, h7, h6
        {0x7ea60c80, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqadd s0, s4, s6
        {0x7ee70ca0, 0x0000000000000000, 0xbc5aa5c38ff0e11e},  // uqadd d0, d5, d7
        {0x5e212ca0, 0x0000000000000000, 0x000000000000007f, kSaturated},  // sqsub b0, b5, b1
        {0x5e622ce0, 0x0000000000000000, 0x000000000000e01f},  // sqsub h0, h7, h2
        {0x5ea42ca0, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqsub s0, s5, s4
        {0x5ee62c40, 0x0000000000000000, 0x8000000000000000, kSaturated},  // sqsub d0, d2, d6
        {0x7e242cc0, 0x0000000000000000, 0x000000000000001e},  // uqsub b0, b6, b4
        {0x7e622c80, 0x0000000000000000, 0x000000000000efe2},  // uqsub h0, h4, h2
        {0x7ea42ce0, 0x0000000000000000, 0x000000000eedf03d},  // uqsub s0, s7, s4
        {0x7ee12c60, 0x0000000000000000, 0x7ffe80007fffff80},  // uqsub d0, d3, d1
        {0x5ee43420, 0x0000000000000000, 0xffffffffffffffff},  // cmgt d0, d1, d4
        {0x7ee33440, 0x0000000000000000, 0xffffffffffffffff},  // cmhi d0, d2, d3
        {0x5ee33cc0, 0x0000000000000000, 0xffffffffffffffff},  // cmge d0, d6, d3
        {0x7ee13cc0, 0x0000000000000000, 0xffffffffffffffff},  // cmhs d0, d6, d1
        {0x5ee64440, 0x0000000000000000, 0xc040404000bf807f},  // sshl d0, d2, d6
        {0x7ee54420, 0x0000000000000000, 0x00017fff80000080},  // ushl d0, d1, d5
        {0x5e274c20, 0x0000000000000000, 0x0000000000000080, kSaturated},  // sqshl b0, b1, b7
        {0x5e674cc0, 0x0000000000000000, 0x0000000000008000, kSaturated},  // sqshl h0, h6, h7
        {0x5ea74c20, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqshl s0, s1, s7
        {0x5ee74c60, 0x0000000000000000, 0x8000000000000000, kSaturated},  // sqshl d0, d3, d7
        {0x7e254c80, 0x0000000000000000, 0x00000000000000e1},  // uqshl b0, b4, b5
        {0x7e674c20, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqshl h0, h1, h7
        {0x7ea74c40, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqshl s0, s2, s7
        {0x7ee64ce0, 0x0000000000000000, 0x1e2d52e187f8708f},  // uqshl d0, d7, d6
        {0x5ee25420, 0x0000000000000000, 0x0000bfffc0000040},  // srshl d0, d1, d2
        {0x7ee654e0, 0x0000000000000000, 0x1e2d52e187f8708f},  // urshl d0, d7, d6
        {0x5e275c40, 0x0000000000000000, 0x0000000000000080, kSaturated},  // sqrshl b0, b2, b7
        {0x5e675c80, 0x0000000000000000, 0x0000000000008000, kSaturated},  // sqrshl h0, h4, h7
        {0x5ea75c20, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqrshl s0, s1, s7
        {0x5ee75c20, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // sqrshl d0, d1, d7
        {0x7e275c80, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // uqrshl b0, b4, b7
        {0x7e675c80, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqrshl h0, h4, h7
        {0x7ea75c40, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqrshl s0, s2, s7
        {0x7ee45cc0, 0x0000000000000000, 0x0000000100000000},  // uqrshl d0, d6, d4
        {0x5ee28460, 0x0000000000000000, 0x00808080017f00ff},  // add d0, d3, d2
        {0x7ee58460, 0x0000000000000000, 0xffffffff80000000},  // sub d0, d3, d5
        {0x5ee68ca0, 0x0000000000000000, 0xffffffffffffffff},  // cmtst d0, d5, d6
        {0x7ee68c40, 0x0000000000000000, 0x0000000000000000},  // cmeq d0, d2, d6
        {0x5e61b480, 0x0000000000000000, 0x000000000000fff0},  // sqdmulh h0, h4, h1
        {0x5ea1b4e0, 0x0000000000000000, 0x00000000f00f1ef1},  // sqdmulh s0, s7, s1
        {0x7e61b440, 0x0000000000000000, 0x0000000000000001},  // sqrdmulh h0, h2, h1
        {0x7ea2b480, 0x0000000000000000, 0x00000000000306cf},  // sqrdmulh s0, s4, s2
        {0x7e418460, 0x0000000000000000, 0x000000000000cdef},  // sqrdmlah h0, h3, h1
        {0x7e878420, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqrdmlah s0, s1, s7
        {0x7e458c40, 0x0000000000000000, 0x000000000000cdef},  // sqrdmlsh h0, h2, h5
        {0x7e858c20, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqrdmlsh s0, s1, s5
        {0x5e203880, 0x0000000000000000, 0x000000000000007f, kSaturated},  // suqadd b0, b4
        {0x5e6038c0, 0x0000000000000000, 0x0000000000007fff, kSaturated},  // suqadd h0, h6
        {0x5ea038c0, 0x0000000000000000, 0x000000007fffffff, kSaturated},  // suqadd s0, s6
        {0x5ee038c0, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // suqadd d0, d6
        {0x7e2038e0, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // usqadd b0, b7
        {0x7e6038a0, 0x0000000000000000, 0x000000000000cdef},  // usqadd h0, h5
        {0x7ea03820, 0x0000000000000000, 0x0000000009abce6f},  // usqadd s0, s1
        {0x7ee038c0, 0x0000000000000000, 0x8123456789abcdee},  // usqadd d0, d6
        {0x5e207820, 0x0000000000000000, 0x000000000000007f, kSaturated},  // sqabs b0, b1
        {0x5e607880, 0x0000000000000000, 0x0000000000000f1f},  // sqabs h0, h4
        {0x5ea078a0, 0x0000000000000000, 0x000000007fffffff, kSaturated},  // sqabs s0, s5
        {0x5ee07860, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // sqabs d0, d3
        {0x7e207820, 0x0000000000000000, 0x000000000000007f, kSaturated},  // sqneg b0, b1
        {0x7e6078e0, 0x0000000000000000, 0x0000000000001ee2},  // sqneg h0, h7
        {0x7ea078a0, 0x0000000000000000, 0x000000007fffffff, kSaturated},  // sqneg s0, s5
        {0x7ee07860, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // sqneg d0, d3
        {0x5ee08820, 0x0000000000000000, 0xffffffffffffffff},  // cmgt d0, d1, #0
        {0x7ee08820, 0x0000000000000000, 0xffffffffffffffff},  // cmge d0, d1, #0
        {0x5ee098e0, 0x0000000000000000, 0x0000000000000000},  // cmeq d0, d7, #0
        {0x7ee098a0, 0x0000000000000000, 0xffffffffffffffff},  // cmle d0, d5, #0
        {0x5ee0a880, 0x0000000000000000, 0xffffffffffffffff},  // cmlt d0, d4, #0
        {0x5ee0b8a0, 0x0000000000000000, 0x7fffffff80000000},  // abs d0, d5
        {0x7ee0b8a0, 0x0000000000000000, 0x7fffffff80000000},  // neg d0, d5
        {0x7e212840, 0x0000000000000000, 0x00000000000000ff},  // sqxtun b0, h2
        {0x7e6128e0, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // sqxtun h0, s7
        {0x7ea128e0, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // sqxtun s0, d7
        {0x5e214880, 0x0000000000000000, 0x0000000000000080, kSaturated},  // sqxtn b0, h4
        {0x5e614840, 0x0000000000000000, 0x0000000000007fff, kSaturated},  // sqxtn h0, s2
        {0x5ea148a0, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqxtn s0, d5
        {0x7e214880, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // uqxtn b0, h4
        {0x7e6148c0, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqxtn h0, s6
        {0x7ea14880, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqxtn s0, d4
        {0x5f4804e0, 0x0000000000000000, 0x000000000000003c},  // sshr d0, d7, #56
        {0x7f7f04c0, 0x0000000000000000, 0x3fffffffffffffff},  // ushr d0, d6, #1
        {0x5f7f1460, 0x0000000000000000, 0xc123456789abcdef},  // ssra d0, d3, #1
        {0x7f7f1440, 0x0000000000000000, 0x416385a78a6b4e6e},  // usra d0, d2, #1
        {0x5f7f2480, 0x0000000000000000, 0xffbfc00000817871},  // srshr d0, d4, #1
        {0x7f772480, 0x0000000000000000, 0x007fbfc000008178},  // urshr d0, d4, #9
        {0x5f6a34a0, 0x0000000000000000, 0x0123436789abcfef},  // srsra d0, d5, #22
        {0x7f7a3460, 0x0000000000000000, 0x0323456789abcdef},  // ursra d0, d3, #6
        {0x7f6c4460, 0x0000000000000000, 0x0123480000000000},  // sri d0, d3, #20
        {0x5f705440, 0x0000000000000000, 0x00ff000000000000},  // shl d0, d2, #48
        {0x7f6854e0, 0x0000000000000000, 0xf0e11e6789abcdef},  // sli d0, d7, #40
        {0x7f0b64e0, 0x0000000000000000, 0x00000000000000f0},  // sqshlu b0, b7, #3
        {0x7f1f6420, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // sqshlu h0, h1, #15
        {0x7f2864e0, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // sqshlu s0, s7, #8
        {0x7f7f64e0, 0x0000000000000000, 0xffffffffffffffff, kSaturated},  // sqshlu d0, d7, #63
        {0x5f0b74e0, 0x0000000000000000, 0x000000000000007f, kSaturated},  // sqshl b0, b7, #3
        {0x5f1a7440, 0x0000000000000000, 0x0000000000007fff, kSaturated},  // sqshl h0, h2, #10
        {0x5f2474e0, 0x0000000000000000, 0x000000007fffffff, kSaturated},  // sqshl s0, s7, #4
        {0x5f467440, 0x0000000000000000, 0x8000000000000000, kSaturated},  // sqshl d0, d2, #6
        {0x7f0b7420, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // uqshl b0, b1, #3
        {0x7f1a7440, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqshl h0, h2, #10
        {0x7f3e7420, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqshl s0, s1, #30
        {0x7f4174e0, 0x0000000000000000, 0x78b54b861fe1c23c},  // uqshl d0, d7, #1
        {0x7f088480, 0x0000000000000000, 0x0000000000000000, kSaturated},  // sqshrun b0, h4, #8
        {0x7f1f8440, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // sqshrun h0, s2, #1
        {0x7f3f84e0, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // sqshrun s0, d7, #1
        {0x7f0b8c20, 0x0000000000000000, 0x0000000000000004},  // sqrshrun b0, h1, #5
        {0x7f188c80, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // sqrshrun h0, s4, #8
        {0x7f318c20, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // sqrshrun s0, d1, #15
        {0x5f0c9480, 0x0000000000000000, 0x0000000000000080, kSaturated},  // sqshrn b0, h4, #4
        {0x5f1e9480, 0x0000000000000000, 0x0000000000007fff, kSaturated},  // sqshrn h0, s4, #2
        {0x5f349460, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqshrn s0, d3, #12
        {0x7f0a9480, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // uqshrn b0, h4, #6
        {0x7f1b9440, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqshrn h0, s2, #5
        {0x7f3794a0, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqshrn s0, d5, #9
        {0x5f0b9ce0, 0x0000000000000000, 0x0000000000000080, kSaturated},  // sqrshrn b0, h7, #5
        {0x5f189ce0, 0x0000000000000000, 0x0000000000007fff, kSaturated},  // sqrshrn h0, s7, #8
        {0x5f3d9c40, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqrshrn s0, d2, #3
        {0x7f0f9ce0, 0x0000000000000000, 0x00000000000000ff, kSaturated},  // uqrshrn b0, h7, #1
        {0x7f129c20, 0x0000000000000000, 0x000000000000ffff, kSaturated},  // uqrshrn h0, s1, #14
        {0x7f2c9ce0, 0x0000000000000000, 0x00000000ffffffff, kSaturated},  // uqrshrn s0, d7, #20
        {0x5e649040, 0x0000000000000000, 0x00000000898dae2d},  // sqdmlal s0, h2, h4
        {0x5ea190a0, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // sqdmlal d0, s5, s1
        {0x5e61b0c0, 0x0000000000000000, 0x0000000089abceef},  // sqdmlsl s0, h6, h1
        {0x5ea7b020, 0x0000000000000000, 0x1114267598caafef},  // sqdmlsl d0, s1, s7
        {0x5e67d040, 0x0000000000000000, 0x00000000ffc279c4},  // sqdmull s0, h2, h7
        {0x5ea5d020, 0x0000000000000000, 0x7fffff8000000000},  // sqdmull d0, s1, s5
        {0x5f6130e0, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqdmlal s0, h7, v1.h[2]
        {0x5f8338a0, 0x0000000000000000, 0x0123446889abcdef},  // sqdmlal d0, s5, v3.s[2]
        {0x5f737080, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqdmlsl s0, h4, v3.h[3]
        {0x5fa378a0, 0x0000000000000000, 0x0123456789abcdef},  // sqdmlsl d0, s5, v3.s[3]
        {0x5f51b080, 0x0000000000000000, 0x000000000f1f0000},  // sqdmull s0, h4, v1.h[1]
        {0x5fa3b0a0, 0x0000000000000000, 0x7fffffffffffffff, kSaturated},  // sqdmull d0, s5, v3.s[1]
        {0x5f54c820, 0x0000000000000000, 0x000000000000fffe},  // sqdmulh h0, h1, v4.h[5]
        {0x5fa2c8a0, 0x0000000000000000, 0x0000000080000001},  // sqdmulh s0, s5, v2.s[3]
        {0x5f44d0e0, 0x0000000000000000, 0x00000000000003a6},  // sqrdmulh h0, h7, v4.h[0]
        {0x5fa2d020, 0x0000000000000000, 0x000000007f7f7f01},  // sqrdmulh s0, s1, v2.s[1]
        {0x7f41d080, 0x0000000000000000, 0x000000000000cde0},  // sqrdmlah h0, h4, v1.h[0]
        {0x7f85d0e0, 0x0000000000000000, 0x0000000080000000, kSaturated},  // sqrdmlah s0, s7, v5.s[0]
        {0x7f65f060, 0x0000000000000000, 0x000000000000cdef},  // sqrdmlsh h0, h3, v5.h[2]
        {0x7fa6f880, 0x0000000000000000, 0x0000000089adcfc5},  // sqrdmlsh s0, s4, v6.s[3]
    }));
}
// clang-format on

// clang-format off
TEST(AdvancedSimdMeasured, Cryptography) {
    expect_measured(std::to_array<Row>({
        {0x4e2848a0, 0x3826bd850c626e82, 0x012623857c206edf},  // aese v0.16b, v5.16b
        {0x4e285840, 0x9771a10a9119077c, 0xd63280b091fd687c},  // aesd v0.16b, v2.16b
        {0x4e286880, 0xc2f105db8333f989, 0x1a64651bc8161dd1},  // aesmc v0.16b, v4.16b
        {0x4e2878c0, 0xb07c57651acf7c28, 0xbe082513ffffffff},  // aesimc v0.16b, v6.16b
        {0x5e0600a0, 0x2d159e2280022fc1, 0x57b6842a987e351d},  // sha1c q0, s5, v6.4s
        {0x5e0110c0, 0xcfc9631708d1bd49, 0x7c3b0511d68f58d0},  // sha1p q0, s6, v1.4s
        {0x5e022060, 0x2b533c40ba510b21, 0xff22b4460fe19679},  // sha1m q0, s3, v2.4s
        {0x5e013080, 0x81a3ba98f75642f1, 0xfffe80007fffff7f},  // sha1su0 v0.4s, v4.4s, v1.4s
        {0x5e280840, 0x0000000000000000, 0x00000000c05fc03f},  // sha1h s0, s2
        {0x5e281860, 0xdb16428deca86420, 0x02468b3013579bde},  // sha1su1 v0.4s, v3.4s
        {0x5e0540c0, 0x2246456765f5710c, 0xa803c2cb3cdb12ba},  // sha256h q0, q6, v5.4s
        {0x5e0450a0, 0x4d889079add72775, 0x60698a3ec7f0979d},  // sha256h2 q0, q5, v4.4s
        {0x5e046020, 0x48b109af413c68d6, 0x630f41e915fa11ae},  // sha256su1 v0.4s, v1.4s, v4.4s
        {0x5e282880, 0x7cf6d65576d443a1, 0x23c5791aa92bbc5d},  // sha256su0 v0.4s, v4.4s
        {0xce658060, 0x7e643a987750730d, 0x9c16ae2febe6a078},  // sha512h q0, q3, v5.2d
        {0xce678480, 0xb84a27c1f90b6228, 0x2a74d9f151670f9b},  // sha512h2 q0, q4, v7.2d
        {0xce638840, 0xfcdcca9478542312, 0x673d3b79a599c9bf},  // sha512su1 v0.2d, v2.2d, v3.2d
        {0xcec08080, 0x1e9afb1876d6b171, 0x6f907deb1d5cb34d},  // sha512su0 v0.2d, v4.2d
        {0xce077460, 0xdeadbeefcafef0f2, 0xbc5aa5c30ff0e11e},  // eor3 v0.16b, v3.16b, v7.16b, v29.16b
        {0xce257c40, 0x8000000080000001, 0x00808080817f00ff},  // bcax v0.16b, v2.16b, v5.16b, v31.16b
        {0xce648c60, 0x0bf60621fc183ea5, 0x7eff00000205e1c3},  // rax1 v0.2d, v3.2d, v4.2d
        {0xce8450a0, 0xc1f2cfa04fceffe0, 0x2f0e17f7f8000810},  // xar v0.2d, v5.2d, v4.2d, #20
    }));
}
// clang-format on

}  // namespace
}  // namespace kelvin::arm64
