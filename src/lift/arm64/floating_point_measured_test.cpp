// SPDX-License-Identifier: Apache-2.0
// One instruction of every floating-point entry, with results measured on Debian's QEMU 10.0.2 (user mode, -cpu max).
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::TestMachine;

/// V0 to V15 at the start, low half first: doubles, from V6 singles, from V11 halves, from V14 integers.
constexpr u64 kVectors[16][2] = {
    {0x3ff8000000000000, 0xbff0000000000000}, {0x4000000000000000, 0x3fd5555555555555},
    {0x7ff0000000000000, 0x8000000000000001}, {0x7ff4000000000001, 0x0010000000000000},
    {0x41dfffffffe00000, 0xc3e0000000000000}, {0x40091eb851eb851f, 0xfff8000000000123},
    {0x3f8000004048f5c3, 0xbfc0000000000001}, {0x7f800000ff800000, 0x7fa0000180000000},
    {0x4f00000000800000, 0x7f7fffff3eaaaaab}, {0x4b000001bf000000, 0x40a000007fc01234},
    {0xc2c80000402df854, 0x3fc0000041200000}, {0x3c00400042483555, 0x00017bff7c00bc00},
    {0xfc007d0180000400, 0x7e127800c5003801}, {0x3e004500c6803a00, 0x4248290053ff3c01},
    {0x0000000000000064, 0xffffffff80000001}, {0x0000001200008000, 0x000000000000ffff},
};
constexpr u64 kGeneral[8] = {
    0, 0xffffffffffffff85, 0x123456789abcdef0, 0x8000000000000000, 0x00000000ffffffff, 100, 0x7fffffffffffffff, 0x3c00};
constexpr u32 kNzcv = 0x20000000;

struct Row {
    u32 word;
    u32 fpcr;
    V128 vector;  ///< V0
    u64 general;  ///< X0
    u32 status;   ///< NZCV and FPSR
};

constexpr V128 kSameVector = v128(kVectors[0][0], kVectors[0][1]);

void expect_measured(std::span<const Row> rows) {
    for (const Row& row : rows) {
        TestMachine m;
        for (unsigned i = 0; i < 16; i++) {
            m.state.v[i] = v128(kVectors[i][0], kVectors[i][1]);
        }
        std::copy(std::begin(kGeneral), std::end(kGeneral), m.state.x);
        m.state.fpcr = row.fpcr;
        m.state.set_nzcv(kNzcv);
        m.run({row.word});
        EXPECT_EQ(m.exception_class(), 0xff) << std::hex << row.word;
        EXPECT_EQ(m.state.v[0].d[0], row.vector.d[0]) << std::hex << row.word;
        EXPECT_EQ(m.state.v[0].d[1], row.vector.d[1]) << std::hex << row.word;
        EXPECT_EQ(m.state.x[0], row.general) << std::hex << row.word;
        EXPECT_EQ(m.state.nzcv() | m.state.fpsr, row.status) << std::hex << row.word;
    }
}

Row to_vector(u32 word, u32 fpcr, u64 high, u64 low, u32 status) {
    return {word, fpcr, v128(low, high), kGeneral[0], status};
}
Row to_general(u32 word, u32 fpcr, u64 result, u32 status) {
    return {word, fpcr, kSameVector, result, status};
}

TEST(FloatingPointMeasured, Scalar) {
    expect_measured(std::to_array<Row>({
        to_vector(0x1ee04160, 0x0, 0x0, 0x3555, 0x20000000),                     // fmov h0, h11
        to_vector(0x1ee0c180, 0x80000, 0x0, 0x400, 0x20000000),                  // fabs h0, h12
        to_vector(0x1e614000, 0x4000000, 0x0, 0xbff8000000000000, 0x20000000),   // fneg d0, d0
        to_vector(0x1ee1c160, 0x2000000, 0x0, 0x389e, 0x20000010),               // fsqrt h0, h11
        to_vector(0x1e63c080, 0x4000000, 0x0, 0x7fff, 0x20000001),               // fcvt h0, d4
        to_vector(0x1e2440c0, 0x0, 0x0, 0x40400000, 0x20000000),                 // frintn s0, s6
        to_vector(0x1e64c060, 0x1000000, 0x0, 0x7ffc000000000001, 0x20000001),   // frintp d0, d3
        to_vector(0x1e654060, 0x80000, 0x0, 0x7ffc000000000001, 0x20000001),     // frintm d0, d3
        to_vector(0x1e25c0c0, 0x0, 0x0, 0x40400000, 0x20000000),                 // frintz s0, s6
        to_vector(0x1e664060, 0x80000, 0x0, 0x7ffc000000000001, 0x20000001),     // frinta d0, d3
        to_vector(0x1e2740c0, 0x400000, 0x0, 0x40800000, 0x20000010),            // frintx s0, s6
        to_vector(0x1ee7c1a0, 0x0, 0x0, 0x3c00, 0x20000000),                     // frinti h0, h13
        to_vector(0x1eeb09a0, 0x1000000, 0x0, 0x3400, 0x20000010),               // fmul h0, h13, h11
        to_vector(0x1e2a1920, 0x0, 0x0, 0xbe3c5ab2, 0x20000010),                 // fdiv s0, s9, s10
        to_vector(0x1eec29a0, 0x800000, 0x0, 0x3a00, 0x20000010),                // fadd h0, h13, h12
        to_vector(0x1e653880, 0x0, 0x0, 0x41dfffffff170a3d, 0x20000010),         // fsub d0, d4, d5
        to_vector(0x1e644860, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),         // fmax d0, d3, d4
        to_vector(0x1e265900, 0x80000, 0x0, 0x800000, 0x20000000),               // fmin s0, s8, s6
        to_vector(0x1eeb69a0, 0x0, 0x0, 0x3a00, 0x20000000),                     // fmaxnm h0, h13, h11
        to_vector(0x1e657860, 0x400000, 0x0, 0x7ffc000000000001, 0x20000001),    // fminnm d0, d3, d5
        to_vector(0x1eeb8960, 0x0, 0x0, 0xaf1c, 0x20000010),                     // fnmul h0, h11, h11
        to_vector(0x1fcd31a0, 0x0, 0x0, 0x3880, 0x20000010),                     // fmadd h0, h13, h13, h12
        to_vector(0x1f08a8c0, 0x4000000, 0x0, 0x402df854, 0x20000010),           // fmsub s0, s6, s8, s10
        to_vector(0x1fed3560, 0x0, 0x0, 0xbc00, 0x20000010),                     // fnmadd h0, h11, h13, h13
        to_vector(0x1fecad60, 0x0, 0x0, 0xb555, 0x20000010),                     // fnmsub h0, h11, h12, h11
        to_vector(0x1eecfd80, 0x400000, 0x0, 0x400, 0x20000000),                 // fcsel h0, h12, h12, nv
        to_vector(0x1e345000, 0x0, 0x0, 0xc1100000, 0x20000000),                 // fmov s0, #-9.000000000000000000e+00
        to_vector(0x9ee20060, 0x80000, 0x0, 0xfc00, 0x20000014),                 // scvtf h0, x3
        to_vector(0x1e230040, 0x1000000, 0x0, 0x4f1abcdf, 0x20000010),           // ucvtf s0, w2
        to_vector(0x9ec23420, 0x400000, 0x0, 0x8000, 0x20000018),                // scvtf h0, x1, #51
        to_vector(0x9ec388c0, 0x0, 0x0, 0x7c00, 0x20000014),                     // ucvtf h0, x6, #30
        to_vector(0x1e2700a0, 0x0, 0x0, 0x64, 0x20000000),                       // fmov s0, w5
        to_vector(0x9e6700e0, 0x0, 0x0, 0x3c00, 0x20000000),                     // fmov d0, x7
        to_vector(0x9eaf00a0, 0x4000000, 0x64, 0x3ff8000000000000, 0x20000000),  // fmov v0.d[1], x5
        to_vector(0x1ee70040, 0x2000000, 0x0, 0xdef0, 0x20000000),               // fmov h0, w2
        to_vector(0x1e684000, 0x2000000, 0x0, 0x3ff0000000000000, 0x20000010),   // frint32z d0, d0
        to_vector(0x1e68c000, 0x1000000, 0x0, 0x4000000000000000, 0x20000010),   // frint32x d0, d0
        to_vector(0x1e694080, 0x1000000, 0x0, 0x41dfffffffc00000, 0x20000010),   // frint64z d0, d4
        to_vector(0x1e29c0c0, 0x0, 0x0, 0x40400000, 0x20000010),                 // frint64x s0, s6
    }));
}

TEST(FloatingPointMeasured, ToGeneralRegistersAndFlags) {
    expect_measured(std::to_array<Row>({
        to_general(0x1e6000e0, 0x0, 0x7fffffff, 0x20000001),          // fcvtns w0, d7
        to_general(0x1e6100a0, 0x0, 0x3, 0x20000010),                 // fcvtnu w0, d5
        to_general(0x1e240140, 0x800000, 0x3, 0x20000010),            // fcvtas w0, s10
        to_general(0x9e6500a0, 0x0, 0x3, 0x20000010),                 // fcvtau x0, d5
        to_general(0x9ee801a0, 0x0, 0x1, 0x20000010),                 // fcvtps x0, h13
        to_general(0x1e290140, 0x800000, 0x3, 0x20000010),            // fcvtpu w0, s10
        to_general(0x1e300120, 0x0, 0xffffffff, 0x20000010),          // fcvtms w0, s9
        to_general(0x1e710000, 0x400000, 0x1, 0x20000010),            // fcvtmu w0, d0
        to_general(0x9e3800e0, 0x0, 0x8000000000000000, 0x20000001),  // fcvtzs x0, s7
        to_general(0x9e7900a0, 0x0, 0x3, 0x20000010),                 // fcvtzu x0, d5
        to_general(0x1e18cce0, 0x80000, 0x80000000, 0x20000001),      // fcvtzs w0, s7, #13
        to_general(0x1e59cc40, 0x0, 0xffffffff, 0x20000001),          // fcvtzu w0, d2, #13
        to_general(0x1e2600c0, 0x0, 0x4048f5c3, 0x20000000),          // fmov w0, s6
        to_general(0x9e660040, 0x0, 0x7ff0000000000000, 0x20000000),  // fmov x0, d2
        to_general(0x9eae00c0, 0x0, 0xbfc0000000000001, 0x20000000),  // fmov x0, v6.d[1]
        to_general(0x9ee60060, 0x1000000, 0x1, 0x20000000),           // fmov x0, h3
        to_general(0x1e7e00a0, 0x0, 0x3, 0x10),                       // fjcvtzs w0, d5
        to_general(0x1e632040, 0x2000000, 0x0, 0x30000001),           // fcmp d2, d3
        to_general(0x1e622070, 0x2000000, 0x0, 0x30000001),           // fcmpe d3, d2
        to_general(0x1e642068, 0x0, 0x0, 0x30000001),                 // fcmp d3, #0.0
        to_general(0x1e282078, 0x1000000, 0x0, 0x60000080),           // fcmpe s3, #0.0
        to_general(0x1e270502, 0x80000, 0x0, 0x20000000),             // fccmp s8, s7, #0x2, eq
        to_general(0x1e63743f, 0x0, 0x0, 0x30000001),                 // fccmpe d1, d3, #0xf, vc
    }));
}

TEST(FloatingPointMeasured, AdvancedSimdScalar) {
    expect_measured(std::to_array<Row>({
        to_vector(0x5e60dca0, 0x0, 0x0, 0x4012d70a3d70a3d7, 0x20000010),        // fmulx d0, d5, d0
        to_vector(0x5e63e480, 0x400000, 0x0, 0x0, 0x20000001),                  // fcmeq d0, d4, d3
        to_vector(0x7e65e460, 0x0, 0x0, 0x0, 0x20000001),                       // fcmge d0, d3, d5
        to_vector(0x7e24ed20, 0x2000000, 0x0, 0x0, 0x20000001),                 // facge s0, s9, s4
        to_vector(0x7ee3d480, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),        // fabd d0, d4, d3
        to_vector(0x7ee3e4a0, 0x0, 0x0, 0x0, 0x20000001),                       // fcmgt d0, d5, d3
        to_vector(0x7ea8ed40, 0x0, 0x0, 0xffffffff, 0x20000000),                // facgt s0, s10, s8
        to_vector(0x5e4b1d60, 0x0, 0x0, 0x2f1c, 0x20000010),                    // fmulx h0, h11, h11
        to_vector(0x5e4c2580, 0x4000000, 0x0, 0xffff, 0x20000000),              // fcmeq h0, h12, h12
        to_vector(0x7e4c2560, 0x0, 0x0, 0xffff, 0x20000000),                    // fcmge h0, h11, h12
        to_vector(0x7e4c2d80, 0x400000, 0x0, 0xffff, 0x20000000),               // facge h0, h12, h12
        to_vector(0x7ecc15a0, 0x0, 0x0, 0x3a00, 0x20000010),                    // fabd h0, h13, h12
        to_vector(0x7ec32560, 0x80000, 0x0, 0xffff, 0x20000000),                // fcmgt h0, h11, h3
        to_vector(0x7ecb2da0, 0x400000, 0x0, 0xffff, 0x20000000),               // facgt h0, h13, h11
        to_vector(0x5ea0c8c0, 0x400000, 0x0, 0xffffffff, 0x20000000),           // fcmgt s0, s6, #0.0
        to_vector(0x5ee0d860, 0x0, 0x0, 0x0, 0x20000001),                       // fcmeq d0, d3, #0.0
        to_vector(0x5ee0e860, 0x0, 0x0, 0x0, 0x20000001),                       // fcmlt d0, d3, #0.0
        to_vector(0x7ea0c940, 0x2000000, 0x0, 0xffffffff, 0x20000000),          // fcmge s0, s10, #0.0
        to_vector(0x7ea0d8e0, 0x4000000, 0x0, 0xffffffff, 0x20000000),          // fcmle s0, s7, #0.0
        to_vector(0x5ef8c9a0, 0x0, 0x0, 0xffff, 0x20000000),                    // fcmgt h0, h13, #0.0
        to_vector(0x5ef8d980, 0x0, 0x0, 0x0, 0x20000000),                       // fcmeq h0, h12, #0.0
        to_vector(0x5ef8e8a0, 0x4000000, 0x0, 0xffff, 0x20000000),              // fcmlt h0, h5, #0.0
        to_vector(0x7ef8c960, 0x2000000, 0x0, 0xffff, 0x20000000),              // fcmge h0, h11, #0.0
        to_vector(0x7ef8d940, 0x0, 0x0, 0xffff, 0x20000000),                    // fcmle h0, h10, #0.0
        to_vector(0x7e6168a0, 0x0, 0x0, 0x4048f5c3, 0x20000010),                // fcvtxn s0, d5
        to_vector(0x5e61a880, 0x800000, 0x0, 0x80000000, 0x20000010),           // fcvtns d0, d4
        to_vector(0x5e21b8c0, 0x0, 0x0, 0x3, 0x20000010),                       // fcvtms s0, s6
        to_vector(0x5e61c8a0, 0x0, 0x0, 0x3, 0x20000010),                       // fcvtas d0, d5
        to_vector(0x5ea1a8c0, 0x0, 0x0, 0x4, 0x20000010),                       // fcvtps s0, s6
        to_vector(0x5ea1b940, 0x0, 0x0, 0x2, 0x20000010),                       // fcvtzs s0, s10
        to_vector(0x5e61d940, 0x400000, 0x0, 0xc3ce9bffffdfe903, 0x20000010),   // scvtf d0, d10
        to_vector(0x7e61a880, 0x0, 0x0, 0x80000000, 0x20000010),                // fcvtnu d0, d4
        to_vector(0x7e21b8c0, 0x0, 0x0, 0x3, 0x20000010),                       // fcvtmu s0, s6
        to_vector(0x7e21c940, 0x0, 0x0, 0x3, 0x20000010),                       // fcvtau s0, s10
        to_vector(0x7ea1a900, 0x0, 0x0, 0x1, 0x20000010),                       // fcvtpu s0, s8
        to_vector(0x7ee1b8a0, 0x0, 0x0, 0x3, 0x20000010),                       // fcvtzu d0, d5
        to_vector(0x7e21d960, 0x0, 0x0, 0x4e84906b, 0x20000010),                // ucvtf s0, s11
        to_vector(0x5e79a9a0, 0x0, 0x0, 0x1, 0x20000010),                       // fcvtns h0, h13
        to_vector(0x5e79b960, 0x0, 0x0, 0x0, 0x20000010),                       // fcvtms h0, h11
        to_vector(0x5e79c9a0, 0x2000000, 0x0, 0x1, 0x20000010),                 // fcvtas h0, h13
        to_vector(0x5ef9a9c0, 0x0, 0x0, 0x1, 0x20000010),                       // fcvtps h0, h14
        to_vector(0x5ef9b940, 0x0, 0x0, 0x8000, 0x20000001),                    // fcvtzs h0, h10
        to_vector(0x5e79d960, 0x400000, 0x0, 0x72ab, 0x20000010),               // scvtf h0, h11
        to_vector(0x7e79a9a0, 0x80000, 0x0, 0x1, 0x20000010),                   // fcvtnu h0, h13
        to_vector(0x7e79b9a0, 0x2000000, 0x0, 0x0, 0x20000010),                 // fcvtmu h0, h13
        to_vector(0x7e79c9a0, 0x800000, 0x0, 0x1, 0x20000010),                  // fcvtau h0, h13
        to_vector(0x7ef9a960, 0x400000, 0x0, 0x1, 0x20000010),                  // fcvtpu h0, h11
        to_vector(0x7ef9b9a0, 0x0, 0x0, 0x0, 0x20000010),                       // fcvtzu h0, h13
        to_vector(0x7e79d940, 0x0, 0x0, 0x7bc3, 0x20000010),                    // ucvtf h0, h10
        to_vector(0x5f1fe4c0, 0x0, 0x0, 0xe51e, 0x20000010),                    // scvtf h0, h6, #1
        to_vector(0x5f3fe5e0, 0x0, 0x0, 0x46800000, 0x20000000),                // scvtf s0, s15, #1
        to_vector(0x5f40e540, 0x0, 0x0, 0xbfce9bffffdfe904, 0x20000010),        // scvtf d0, d10, #64
        to_vector(0x7f17e4c0, 0x0, 0x0, 0x57ae, 0x20000010),                    // ucvtf h0, h6, #9
        to_vector(0x7f29e560, 0x0, 0x0, 0x4304906b, 0x20000010),                // ucvtf s0, s11, #23
        to_vector(0x7f5ce460, 0x0, 0x0, 0x419ffd0000000000, 0x20000010),        // ucvtf d0, d3, #36
        to_vector(0x5f10fda0, 0x0, 0x0, 0x7fff, 0x20000001),                    // fcvtzs h0, h13, #16
        to_vector(0x5f3dfce0, 0x4000000, 0x0, 0x80000000, 0x20000001),          // fcvtzs s0, s7, #3
        to_vector(0x5f77fca0, 0x0, 0x0, 0x647, 0x20000010),                     // fcvtzs d0, d5, #9
        to_vector(0x7f1dfd60, 0x0, 0x0, 0x2, 0x20000010),                       // fcvtzu h0, h11, #3
        to_vector(0x7f3ffd40, 0x0, 0x0, 0x5, 0x20000010),                       // fcvtzu s0, s10, #1
        to_vector(0x7f40fc20, 0x80000, 0x0, 0xffffffffffffffff, 0x20000001),    // fcvtzu d0, d1, #64
        to_vector(0x5ea1d8c0, 0x4000000, 0x0, 0x3ea30000, 0x20000000),          // frecpe s0, s6
        to_vector(0x7ee1d860, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),        // frsqrte d0, d3
        to_vector(0x5ee1f860, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),        // frecpx d0, d3
        to_vector(0x5ef9d920, 0x1000000, 0x0, 0x7c00, 0x20000002),              // frecpe h0, h9
        to_vector(0x7ef9d920, 0x0, 0x0, 0x7c00, 0x20000002),                    // frsqrte h0, h9
        to_vector(0x5ef9f980, 0x2000000, 0x0, 0x7800, 0x20000000),              // frecpx h0, h12
        to_vector(0x5e64fc80, 0x0, 0x0, 0xc3cfffffffc00000, 0x20000010),        // frecps d0, d4, d4
        to_vector(0x5ea8fd00, 0x800000, 0x0, 0x3fbfffff, 0x20000010),           // frsqrts s0, s8, s8
        to_vector(0x5e4b3d60, 0x0, 0x0, 0x3f8e, 0x20000010),                    // frecps h0, h11, h11
        to_vector(0x5ecb3d80, 0x0, 0x0, 0x3e00, 0x20000010),                    // frsqrts h0, h12, h11
        to_vector(0x5fa71900, 0x0, 0x0, 0x7fe00001, 0x20000001),                // fmla s0, s8, v7.s[3]
        to_vector(0x5fc510a0, 0x400000, 0x0, 0x4026b81d7dbf4881, 0x20000010),   // fmla d0, d5, v5.d[0]
        to_vector(0x5f1b11c0, 0x800000, 0x0, 0x13a, 0x20000018),                // fmla h0, h14, v11.h[1]
        to_vector(0x5fa859c0, 0x0, 0x0, 0xb847ffff, 0x20000010),                // fmls s0, s14, v8.s[3]
        to_vector(0x5fc350a0, 0x1000000, 0x0, 0x7ffc000000000001, 0x20000001),  // fmls d0, d5, v3.d[0]
        to_vector(0x5f2c50e0, 0x0, 0x0, 0x7f01, 0x20000001),                    // fmls h0, h7, v12.h[2]
        to_vector(0x5f869980, 0x0, 0x0, 0x80000000, 0x20000018),                // fmul s0, s12, v6.s[2]
        to_vector(0x5fc49060, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),        // fmul d0, d3, v4.d[0]
        to_vector(0x5f2c91a0, 0x80000, 0x0, 0x7f01, 0x20000001),                // fmul h0, h13, v12.h[2]
        to_vector(0x7faa9140, 0x0, 0x0, 0xc387ea02, 0x20000010),                // fmulx s0, s10, v10.s[1]
        to_vector(0x7fc299c0, 0x1000000, 0x0, 0x8000000000000000, 0x20000080),  // fmulx d0, d14, v2.d[1]
        to_vector(0x7f3d9160, 0x2000000, 0x0, 0x3800, 0x20000010),              // fmulx h0, h11, v13.h[3]
        to_vector(0x7e70c860, 0x400000, 0x0, 0x7ffc000000000001, 0x20000001),   // fmaxnmp d0, v3.2d
        to_vector(0x5e30c960, 0x0, 0x0, 0x4248, 0x20000000),                    // fmaxnmp h0, v11.2h
        to_vector(0x7e30d900, 0x0, 0x0, 0x4f000000, 0x20000010),                // faddp s0, v8.2s
        to_vector(0x5e30d960, 0x0, 0x0, 0x42f3, 0x20000010),                    // faddp h0, v11.2h
        to_vector(0x7e70f860, 0x1000000, 0x0, 0x7ffc000000000001, 0x20000001),  // fmaxp d0, v3.2d
        to_vector(0x5e30f9c0, 0x0, 0x0, 0x64, 0x20000000),                      // fmaxp h0, v14.2h
        to_vector(0x7ef0c860, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),        // fminnmp d0, v3.2d
        to_vector(0x5eb0c960, 0x0, 0x0, 0x3555, 0x20000000),                    // fminnmp h0, v11.2h
        to_vector(0x7ef0f860, 0x80000, 0x0, 0x7ffc000000000001, 0x20000001),    // fminp d0, v3.2d
        to_vector(0x5eb0f9a0, 0x2000000, 0x0, 0xc680, 0x20000000),              // fminp h0, v13.2h
    }));
}

TEST(FloatingPointMeasured, AdvancedSimdOfTwoVectors) {
    expect_measured(std::to_array<Row>({
        to_vector(0x4e63c460, 0x0, 0x10000000000000, 0x7ffc000000000001, 0x20000001),    // fmaxnm v0.2d, v3.2d, v3.2d
        to_vector(0x4e29cd20, 0x0, 0x41b900007fc01234, 0x568000023e800000, 0x20000010),  // fmla v0.4s, v9.4s, v9.4s
        to_vector(0x4e2ad500, 0x800000, 0x7f7fffff41255555, 0x4effffff402df854,
                  0x20000010),                                                           // fadd v0.4s, v8.4s, v10.4s
        to_vector(0x4e24dce0, 0x0, 0x7fe0000180000000, 0x7f800000ffe00000, 0x20000001),  // fmulx v0.4s, v7.4s, v4.4s
        to_vector(0x4e63e460, 0x80000, 0xffffffffffffffff, 0x0, 0x20000001),             // fcmeq v0.2d, v3.2d, v3.2d
        to_vector(0x4e29f4e0, 0x80000, 0x7fe000017fc01234, 0x7f800000bf000000, 0x20000001),  // fmax v0.4s, v7.4s, v9.4s
        to_vector(0x4ea7c4e0, 0x2000000, 0x7fc0000080000000, 0x7f800000ff800000,
                  0x20000001),                                                           // fminnm v0.4s, v7.4s, v7.4s
        to_vector(0x4ee0cc80, 0x0, 0xc3e0000000000000, 0xc1e7ffffffb80000, 0x20000010),  // fmls v0.2d, v4.2d, v0.2d
        to_vector(0x4ee3d440, 0x0, 0x8010000000000001, 0x7ffc000000000001, 0x20000001),  // fsub v0.2d, v2.2d, v3.2d
        to_vector(0x4ea6f4e0, 0x0, 0x7fe0000180000000, 0x3f800000ff800000, 0x20000001),  // fmin v0.4s, v7.4s, v6.4s
        to_vector(0x6e60c460, 0x0, 0x3ff8000000000000, 0x7ffc000000000001, 0x20000001),  // fmaxnmp v0.2d, v3.2d, v0.2d
        to_vector(0x6e61d420, 0x1000000, 0x4002aaaaaaaaaaab, 0x4002aaaaaaaaaaab,
                  0x20000010),  // faddp v0.2d, v1.2d, v1.2d
        to_vector(0x6e65dc80, 0x4000000, 0xfff8000000000123, 0x41f91eb851d26667,
                  0x20000010),                                                         // fmul v0.2d, v4.2d, v5.2d
        to_vector(0x6e27e4e0, 0x4000000, 0xffffffff, 0xffffffffffffffff, 0x20000001),  // fcmge v0.4s, v7.4s, v7.4s
        to_vector(0x6e65eca0, 0x0, 0x0, 0xffffffffffffffff, 0x20000001),               // facge v0.2d, v5.2d, v5.2d
        to_vector(0x6e60f440, 0x1000000, 0x3ff8000000000000, 0x7ff0000000000000,
                  0x20000080),  // fmaxp v0.2d, v2.2d, v0.2d
        to_vector(0x6e6dfc40, 0x800000, 0x8000000000000001, 0x7ff0000000000000,
                  0x20000018),                                                           // fdiv v0.2d, v2.2d, v13.2d
        to_vector(0x6ea7c4e0, 0x0, 0x7fe00001ff800000, 0x7fe00001ff800000, 0x20000001),  // fminnmp v0.4s, v7.4s, v7.4s
        to_vector(0x6ee2d460, 0x0, 0x10000000000001, 0x7ffc000000000001, 0x20000001),    // fabd v0.2d, v3.2d, v2.2d
        to_vector(0x6ea4e500, 0x1000000, 0xffffffffffffffff, 0xffffffff00000000,
                  0x20000001),                                            // fcmgt v0.4s, v8.4s, v4.4s
        to_vector(0x6ea6ece0, 0x0, 0x0, 0xffffffffffffffff, 0x20000001),  // facgt v0.4s, v7.4s, v6.4s
        to_vector(0x6ee3f420, 0x80000, 0x7ffc000000000001, 0x3fd5555555555555,
                  0x20000001),  // fminp v0.2d, v1.2d, v3.2d
        to_vector(0x4e4c05a0, 0x1000000, 0x4248780053ff3c01, 0x3e007f0180003a00,
                  0x20000001),                                                           // fmaxnm v0.8h, v13.8h, v12.8h
        to_vector(0x4e4b0d60, 0x0, 0xbff07c007c003c00, 0x41fc440048ef2f1c, 0x20000014),  // fmla v0.8h, v11.8h, v11.8h
        to_vector(0x4e4d1560, 0x1000000, 0x42487bff7c001400, 0x41004700c2b83c55,
                  0x20000010),  // fadd v0.8h, v11.8h, v13.8h
        to_vector(0x4e4c1d80, 0x1000000, 0x7e127c004e403402, 0x7c007f0100000000,
                  0x2000001d),                                                       // fmulx v0.8h, v12.8h, v12.8h
        to_vector(0x4e4c2580, 0x0, 0xffffffffffff, 0xffff0000ffffffff, 0x20000001),  // fcmeq v0.8h, v12.8h, v12.8h
        to_vector(0x4e4c3580, 0x400000, 0x7e127800c5003801, 0xfc007f0180000400,
                  0x20000001),                                                           // fmax v0.8h, v12.8h, v12.8h
        to_vector(0x4ecc05a0, 0x0, 0x42482900c5003801, 0xfc007f01c6800400, 0x20000001),  // fminnm v0.8h, v13.8h, v12.8h
        to_vector(0x4ecb0d80, 0x800000, 0xfe12fc007c003801, 0x7c00ff0100008156,
                  0x2000001d),  // fmls v0.8h, v12.8h, v11.8h
        to_vector(0x4ecc15a0, 0x80000, 0x7e12f80054503801, 0x7c007f01c6803a00,
                  0x20000011),  // fsub v0.8h, v13.8h, v12.8h
        to_vector(0x4ecc3580, 0x2000000, 0x7e007800c5003801, 0xfc007e0080000400,
                  0x20000001),  // fmin v0.8h, v12.8h, v12.8h
        to_vector(0x6e4b0580, 0x800000, 0x7bff7c0040004248, 0x780038017f010400,
                  0x20000001),  // fmaxnmp v0.8h, v12.8h, v11.8h
        to_vector(0x6e4c15a0, 0x400000, 0x7e12c47f7f010400, 0x425c54104680c5c0,
                  0x20000011),                                                           // faddp v0.8h, v13.8h, v12.8h
        to_vector(0x6e4b1d60, 0x0, 0x7c007c003c00, 0x3c00440048ef2f1c, 0x2000001c),      // fmul v0.8h, v11.8h, v11.8h
        to_vector(0x6e4c2560, 0x0, 0xffffffff0000, 0xffff0000ffffffff, 0x20000001),      // fcmge v0.8h, v11.8h, v12.8h
        to_vector(0x6e4d2d80, 0x0, 0xffff00000000, 0xffff000000000000, 0x20000001),      // facge v0.8h, v12.8h, v13.8h
        to_vector(0x6e4c3560, 0x0, 0x7e1238017f010400, 0x7bff7c0040004248, 0x20000001),  // fmaxp v0.8h, v11.8h, v12.8h
        to_vector(0x6e4a3da0, 0x0, 0x3e7c7c004e3e7c00, 0xb7147c00c23a8163, 0x2000001a),  // fdiv v0.8h, v13.8h, v10.8h
        to_vector(0x6ecd0580, 0x400000, 0x29003c013e00c680, 0x7800c5007f018000,
                  0x20000001),  // fminnmp v0.8h, v12.8h, v13.8h
        to_vector(0x6ecc1480, 0x400000, 0x7e12780045003801, 0x7c007f017fe00400,
                  0x20000001),                                                        // fabd v0.8h, v4.8h, v12.8h
        to_vector(0x6ecc25a0, 0x0, 0xffffffff, 0xffff00000000ffff, 0x20000001),       // fcmgt v0.8h, v13.8h, v12.8h
        to_vector(0x6ecc2da0, 0x0, 0xffffffff, 0xffffffff, 0x20000001),               // facgt v0.8h, v13.8h, v12.8h
        to_vector(0x6ecb3580, 0x0, 0x1bc003c003555, 0x7e12c5007f018000, 0x20000001),  // fminp v0.8h, v12.8h, v11.8h
    }));
}

TEST(FloatingPointMeasured, AdvancedSimdOfOneVector) {
    expect_measured(std::to_array<Row>({
        to_vector(0x4e21e8e0, 0x0, 0xcf00000080000000, 0xcf000000cf000000, 0x20000001),        // frint32z v0.4s, v7.4s
        to_vector(0x6e61e880, 0x4000000, 0xc1e0000000000000, 0xc1e0000000000000, 0x20000001),  // frint32x v0.2d, v4.2d
        to_vector(0x4e21f8e0, 0x800000, 0xdf00000080000000, 0xdf000000df000000, 0x20000001),   // frint64z v0.4s, v7.4s
        to_vector(0x6e61f840, 0x0, 0x8000000000000000, 0xc3e0000000000000, 0x20000011),        // frint64x v0.2d, v2.2d
        to_vector(0x4e618880, 0x80000, 0xc3e0000000000000, 0x41e0000000000000, 0x20000000),    // frintn v0.2d, v4.2d
        to_vector(0x4e2198e0, 0x80000, 0x7fe0000180000000, 0x7f800000ff800000, 0x20000001),    // frintm v0.4s, v7.4s
        to_vector(0x4ee18840, 0x1000000, 0x8000000000000000, 0x7ff0000000000000, 0x20000080),  // frintp v0.2d, v2.2d
        to_vector(0x4ee19840, 0x80000, 0x8000000000000000, 0x7ff0000000000000, 0x20000000),    // frintz v0.2d, v2.2d
        to_vector(0x6e618860, 0x0, 0x0, 0x7ffc000000000001, 0x20000001),                       // frinta v0.2d, v3.2d
        to_vector(0x6e619880, 0x400000, 0xc3e0000000000000, 0x41e0000000000000, 0x20000010),   // frintx v0.2d, v4.2d
        to_vector(0x6ea198e0, 0x4000000, 0x7fe0000180000000, 0x7f800000ff800000, 0x20000001),  // frinti v0.4s, v7.4s
        to_vector(0x4ee0f840, 0x0, 0x1, 0x7ff0000000000000, 0x20000000),                       // fabs v0.2d, v2.2d
        to_vector(0x6ea0f940, 0x800000, 0xbfc00000c1200000, 0x42c80000c02df854, 0x20000000),   // fneg v0.4s, v10.4s
        to_vector(0x6ea1f940, 0x80000, 0x3f9cc471404a62c2, 0x7fc000003fd3094c, 0x20000011),    // fsqrt v0.4s, v10.4s
        to_vector(0x4ea0c920, 0x4000000, 0xffffffff00000000, 0xffffffff00000000,
                  0x20000001),                                                               // fcmgt v0.4s, v9.4s, #0.0
        to_vector(0x4ea0d8e0, 0x0, 0xffffffff, 0x0, 0x20000001),                             // fcmeq v0.4s, v7.4s, #0.0
        to_vector(0x4ea0e8e0, 0x2000000, 0x0, 0xffffffff, 0x20000001),                       // fcmlt v0.4s, v7.4s, #0.0
        to_vector(0x6ea0c8e0, 0x2000000, 0xffffffff, 0xffffffff00000000, 0x20000001),        // fcmge v0.4s, v7.4s, #0.0
        to_vector(0x6ea0d8e0, 0x800000, 0xffffffff, 0xffffffff, 0x20000001),                 // fcmle v0.4s, v7.4s, #0.0
        to_vector(0x4e798980, 0x80000, 0x7e127800c5003c00, 0xfc007f0180000000, 0x20000001),  // frintn v0.8h, v12.8h
        to_vector(0x4e799980, 0x2000000, 0x7e007800c5000000, 0xfc007e0080000000, 0x20000001),  // frintm v0.8h, v12.8h
        to_vector(0x4ef98980, 0x80000, 0x7e127800c5003c00, 0xfc007f0180003c00, 0x20000001),    // frintp v0.8h, v12.8h
        to_vector(0x4ef99980, 0x0, 0x7e127800c5000000, 0xfc007f0180000000, 0x20000001),        // frintz v0.8h, v12.8h
        to_vector(0x6e798980, 0x1000000, 0x7e127800c5003c00, 0xfc007f0180000000, 0x20000001),  // frinta v0.8h, v12.8h
        to_vector(0x6e799960, 0x0, 0x7bff7c00bc00, 0x3c00400042000000, 0x20000010),            // frintx v0.8h, v11.8h
        to_vector(0x6ef99980, 0x0, 0x7e127800c5003c00, 0xfc007f0180000000, 0x20000001),        // frinti v0.8h, v12.8h
        to_vector(0x4ef8f840, 0x0, 0x1, 0x7ff0000000000000, 0x20000000),                       // fabs v0.8h, v2.8h
        to_vector(0x6ef8f9a0, 0x0, 0xc248a900d3ffbc01, 0xbe00c5004680ba00, 0x20000000),        // fneg v0.8h, v13.8h
        to_vector(0x6ef9f960, 0x0, 0xc005bff7c007e00, 0x3c003da83f17389e, 0x20000011),         // fsqrt v0.8h, v11.8h
        to_vector(0x0ef8c980, 0x4000000, 0x0, 0xffff, 0x20000001),                     // fcmgt v0.4h, v12.4h, #0.0
        to_vector(0x0ef8d980, 0x400000, 0x0, 0xffff0000, 0x20000001),                  // fcmeq v0.4h, v12.4h, #0.0
        to_vector(0x4ef8e980, 0x1000000, 0xffff0000, 0xffff000000000000, 0x20000001),  // fcmlt v0.8h, v12.8h, #0.0
        to_vector(0x6ef8c980, 0x0, 0xffff0000ffff, 0xffffffff, 0x20000001),            // fcmge v0.8h, v12.8h, #0.0
        to_vector(0x6ef8d980, 0x400000, 0xffff0000, 0xffff0000ffff0000, 0x20000001),   // fcmle v0.8h, v12.8h, #0.0
        to_vector(0x4e616860, 0x0, 0x7fe00000, 0x3ff8000000000000, 0x20000019),        // fcvtn2 v0.4s, v3.2d
        to_vector(0x0e217940, 0x800000, 0xc059000000000000, 0x4005a000c70a8000, 0x20000000),   // fcvtl v0.4s, v10.4h
        to_vector(0x6e616860, 0x0, 0x17fe00000, 0x3ff8000000000000, 0x20000019),               // fcvtxn2 v0.4s, v3.2d
        to_vector(0x4e21a8c0, 0x0, 0xfffffffe00000000, 0x100000003, 0x20000010),               // fcvtns v0.4s, v6.4s
        to_vector(0x4e21b920, 0x0, 0x500000000, 0x800001ffffffff, 0x20000011),                 // fcvtms v0.4s, v9.4s
        to_vector(0x4e21c900, 0x0, 0x7fffffff00000000, 0x7fffffff00000000, 0x20000011),        // fcvtas v0.4s, v8.4s
        to_vector(0x4ea1a8a0, 0x0, 0x1, 0x37fffffff, 0x20000011),                              // fcvtps v0.4s, v5.4s
        to_vector(0x4ea1b940, 0x0, 0x10000000a, 0xffffff9c00000002, 0x20000010),               // fcvtzs v0.4s, v10.4s
        to_vector(0x4e61d820, 0x4000000, 0x43cfeaaaaaaaaaab, 0x43d0000000000000, 0x20000010),  // scvtf v0.2d, v1.2d
        to_vector(0x6e21a920, 0x0, 0x500000000, 0x80000100000000, 0x20000011),                 // fcvtnu v0.4s, v9.4s
        to_vector(0x6e21b900, 0x800000, 0xffffffff00000000, 0x8000000000000000, 0x20000011),   // fcvtmu v0.4s, v8.4s
        to_vector(0x6e21c940, 0x0, 0x20000000a, 0x3, 0x20000011),                              // fcvtau v0.4s, v10.4s
        to_vector(0x6ea1a8c0, 0x0, 0x1, 0x100000004, 0x20000011),                              // fcvtpu v0.4s, v6.4s
        to_vector(0x6ea1b900, 0x400000, 0xffffffff00000000, 0x8000000000000000, 0x20000011),   // fcvtzu v0.4s, v8.4s
        to_vector(0x6e21d960, 0x0, 0x47bdff804ef80178, 0x4e7001004e84906b, 0x20000010),        // ucvtf v0.4s, v11.4s
        to_vector(0x4e79a9a0, 0x0, 0x3000000400001, 0x20005fffa0001, 0x20000010),              // fcvtns v0.8h, v13.8h
        to_vector(0x4e79b980, 0x0, 0x7ffffffb0000, 0x8000000000000000, 0x20000011),            // fcvtms v0.8h, v12.8h
        to_vector(0x4e79c9a0, 0x0, 0x3000000400001, 0x20005fff90001, 0x20000010),              // fcvtas v0.8h, v13.8h
        to_vector(0x4ef9a9a0, 0x0, 0x4000100400002, 0x20005fffa0001, 0x20000010),              // fcvtps v0.8h, v13.8h
        to_vector(0x4ef9b980, 0x1000000, 0x7ffffffb0000, 0x8000000000000000, 0x20000011),      // fcvtzs v0.8h, v12.8h
        to_vector(0x0e79d980, 0x1000000, 0x0, 0xe40077d0f8006400, 0x20000010),                 // scvtf v0.4h, v12.4h
        to_vector(0x2e79a9a0, 0x1000000, 0x0, 0x2000500000001, 0x20000011),                    // fcvtnu v0.4h, v13.4h
        to_vector(0x6e79b9a0, 0x80000, 0x30000003f0001, 0x1000500000000, 0x20000011),          // fcvtmu v0.8h, v13.8h
        to_vector(0x6e79c9a0, 0x0, 0x3000000400001, 0x2000500000001, 0x20000011),              // fcvtau v0.8h, v13.8h
        to_vector(0x6ef9a9a0, 0x400000, 0x4000100400002, 0x2000500000001, 0x20000011),         // fcvtpu v0.8h, v13.8h
        to_vector(0x6ef9b960, 0x400000, 0xffe0ffff0000, 0x1000200030000, 0x20000011),          // fcvtzu v0.8h, v11.8h
        to_vector(0x6e79d9c0, 0x80000, 0x7c007c0078003c00, 0x5640, 0x20000014),                // ucvtf v0.8h, v14.8h
        to_vector(0x4f16e460, 0x80000, 0x2400000000000000, 0x4fff000000001400, 0x20000010),  // scvtf v0.8h, v3.8h, #10
        to_vector(0x4f3fe540, 0x0, 0x4dff00004e024000, 0xcdf4e0004e005bf1, 0x20000010),      // scvtf v0.4s, v10.4s, #1
        to_vector(0x4f7fe540, 0x2000000, 0x43bfe00000209000, 0xc3be9bffffdfe904,
                  0x20000010),                                                           // scvtf v0.2d, v10.2d, #1
        to_vector(0x6f1ae5e0, 0x0, 0x6400, 0x348000006000, 0x20000010),                  // ucvtf v0.8h, v15.8h, #6
        to_vector(0x6f3fe5c0, 0x2000000, 0x4f0000004e800000, 0x42480000, 0x20000010),    // ucvtf v0.4s, v14.4s, #1
        to_vector(0x6f6fe540, 0x0, 0x42bfe00000209000, 0x42d85900000805bf, 0x20000010),  // ucvtf v0.2d, v10.2d, #17
        to_vector(0x4f10fd80, 0x0, 0x7fff80007fff, 0x8000000000000004, 0x20000001),      // fcvtzs v0.8h, v12.8h, #16
        to_vector(0x4f36fcc0, 0x400000, 0xfffffa0000000000, 0x40000000c8f, 0x20000010),  // fcvtzs v0.4s, v6.4s, #10
        to_vector(0x4f6afc80, 0x0, 0x8000000000000000, 0x1fffffffe00000, 0x20000001),    // fcvtzs v0.2d, v4.2d, #22
        to_vector(0x6f1ffda0, 0x0, 0x60000007f0002, 0x3000a00000001, 0x20000011),        // fcvtzu v0.8h, v13.8h, #1
        to_vector(0x6f20fd40, 0x0, 0xffffffffffffffff, 0xffffffff, 0x20000001),          // fcvtzu v0.4s, v10.4s, #32
        to_vector(0x6f72fc20, 0x0, 0x1555, 0x8000, 0x20000010),                          // fcvtzu v0.2d, v1.2d, #14
        to_vector(0x4ea1d8e0, 0x0, 0x7fe00001ff800000, 0x80000000, 0x20000003),          // frecpe v0.4s, v7.4s
        to_vector(0x6ea1d8c0, 0x1000000, 0x7fc000007f800000, 0x3f7f80003f108000, 0x20000083),  // frsqrte v0.4s, v6.4s
        to_vector(0x4ef9d920, 0x0, 0x36e87c007fc06528, 0x2c907c00b8907c00, 0x20000016),        // frecpe v0.8h, v9.8h
        to_vector(0x6ef9d9a0, 0x0, 0x3884450c30003bfc, 0x3a8837247e003c9c, 0x20000001),        // frsqrte v0.8h, v13.8h
    }));
}

TEST(FloatingPointMeasured, AdvancedSimdStepsElementsAndReductions) {
    expect_measured(std::to_array<Row>({
        to_vector(0x4e28fce0, 0x800000, 0xffe0000140000000, 0xff8000007f800000,
                  0x20000001),  // frecps v0.4s, v7.4s, v8.4s
        to_vector(0x4ee3fc20, 0x1000000, 0x3ff8000000000000, 0x7ffc000000000001,
                  0x20000011),                                                           // frsqrts v0.2d, v1.2d, v3.2d
        to_vector(0x4e4c3da0, 0x0, 0x7e12e4fe5d073dff, 0x7c007f0140004000, 0x20000011),  // frecps v0.8h, v13.8h, v12.8h
        to_vector(0x4ecc3da0, 0x0, 0x7e12e0fd590b3cff, 0x7c007f013e003e00,
                  0x20000011),  // frsqrts v0.8h, v13.8h, v12.8h
        to_vector(0x4ea1c900, 0x800000, 0xffffffffffffffff, 0xffffffffffffffff, 0x20000000),  // urecpe v0.4s, v8.4s
        to_vector(0x6ea1c940, 0x0, 0xfffffffffd800000, 0x93000000ff800000, 0x20000000),       // ursqrte v0.4s, v10.4s
        to_vector(0x4f8818e0, 0x0, 0x7fe0000100000000, 0x7f800000ff800000, 0x20000001),  // fmla v0.4s, v7.4s, v8.s[2]
        to_vector(0x4fc11820, 0x800000, 0xbfec71c71c71c71d, 0x4001555555555555,
                  0x20000010),                                                           // fmla v0.2d, v1.2d, v1.d[1]
        to_vector(0x4f3911a0, 0x0, 0x5140386062ff4b02, 0x4dc05460d5b04940, 0x20000010),  // fmla v0.8h, v13.8h, v9.h[3]
        to_vector(0x4faa5920, 0x80000, 0xc1160000ffc01234, 0xcb4000003f400000,
                  0x20000010),                                                           // fmls v0.4s, v9.4s, v10.s[3]
        to_vector(0x4fc05020, 0x0, 0xbff8000000000000, 0xbff8000000000000, 0x20000010),  // fmls v0.2d, v1.2d, v0.d[0]
        to_vector(0x4f3d59a0, 0x2000000, 0xc9edafdada47c24a, 0xc170cbda4d1ac0b6,
                  0x20000010),                                                           // fmls v0.8h, v13.8h, v13.h[7]
        to_vector(0x4f8a9920, 0x0, 0x424800007fc01234, 0x4ca00001c0a00000, 0x20000010),  // fmul v0.4s, v9.4s, v10.s[2]
        to_vector(0x4fc198a0, 0x0, 0xfff8000000000123, 0x3ff0bf258bf258bf, 0x20000010),  // fmul v0.2d, v5.2d, v1.d[1]
        to_vector(0x4f1b91a0, 0x0, 0x48ef2fda5a47424a, 0x44b64bdacd1a40b6, 0x20000010),  // fmul v0.8h, v13.8h, v11.h[1]
        to_vector(0x6faa90e0, 0x2000000, 0x7fc0000000000000, 0xff8000007f800000,
                  0x20000001),                                                           // fmulx v0.4s, v7.4s, v10.s[1]
        to_vector(0x6fc39080, 0x0, 0x7ffc000000000001, 0x7ffc000000000001, 0x20000001),  // fmulx v0.2d, v4.2d, v3.d[0]
        to_vector(0x6f2b9980, 0x0, 0x7e127c00fc007800, 0xfc007f01800043ff,
                  0x20000015),                                          // fmulx v0.8h, v12.8h, v11.h[6]
        to_vector(0x6e30c8e0, 0x4000000, 0x0, 0x7f800000, 0x20000001),  // fmaxnmv s0, v7.4s
        to_vector(0x0e30c980, 0x400000, 0x0, 0x400, 0x20000001),        // fmaxnmv h0, v12.4h
        to_vector(0x6e30f8e0, 0x400000, 0x0, 0x7fe00001, 0x20000001),   // fmaxv s0, v7.4s
        to_vector(0x4e30f980, 0x0, 0x0, 0x7f01, 0x20000001),            // fmaxv h0, v12.8h
        to_vector(0x6eb0c8e0, 0x400000, 0x0, 0xff800000, 0x20000001),   // fminnmv s0, v7.4s
        to_vector(0x4eb0c980, 0x0, 0x0, 0xc500, 0x20000001),            // fminnmv h0, v12.8h
        to_vector(0x6eb0f8e0, 0x800000, 0x0, 0x7fe00001, 0x20000001),   // fminv s0, v7.4s
        to_vector(0x4eb0f980, 0x1000000, 0x0, 0x7f01, 0x20000001),      // fminv h0, v12.8h
        to_vector(0x6e44f4a0, 0x0, 0xfff8c3e000000123, 0x7fff41e251ebffe0,
                  0x20000010),  // fcadd v0.8h, v5.8h, v4.8h, #270
        to_vector(0x6e86dd00, 0x0, 0xbff00004ff800000, 0xcfc8f5c34f000000,
                  0x20000014),  // fcmla v0.4s, v8.4s, v6.4s, #270
        to_vector(0x6f4278a0, 0x1000000, 0xfff8fff800000000, 0x3ff80000802f0000,
                  0x20000018),  // fcmla v0.8h, v5.8h, v2.h[2], #270
        to_vector(0x6f8a7920, 0x0, 0xc24f800040f00000, 0xcca000014b400002,
                  0x20000010),  // fcmla v0.4s, v9.4s, v10.s[1], #270
        to_vector(0x4f07f4e0, 0x1000000, 0xbf380000bf380000, 0xbf380000bf380000,
                  0x20000000),  // fmov v0.4s, #-7.187500000000000000e-01
        to_vector(0x6f07f500, 0x0, 0xbfe8000000000000, 0xbfe8000000000000,
                  0x20000000),  // fmov v0.2d, #-7.500000000000000000e-01
        to_vector(0x4f02fc20, 0x80000, 0x3040304030403040, 0x3040304030403040,
                  0x20000000),  // fmov v0.8h, #1.328125000000000000e-01
    }));
}

}  // namespace
}  // namespace kelvin::arm64
