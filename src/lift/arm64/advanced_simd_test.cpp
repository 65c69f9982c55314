// SPDX-License-Identifier: Apache-2.0
// Integer Advanced SIMD: what entries decide beyond element arithmetic, from the manual's pseudocode. Words assembled
// by GNU as.
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::TestMachine;

constexpr u32 kSaturated = 1u << 27;
constexpr u8 kUnknownReason = 0;
constexpr u8 kSimdTrap = 7;

TestMachine& with_vectors(TestMachine& m, V128 v1, V128 v2 = {}, V128 v0 = {}) {
    m.state.v[0] = v0;
    m.state.v[1] = v1;
    m.state.v[2] = v2;
    return m;
}

V128 result(u32 word, V128 v1, V128 v2 = {}, V128 v0 = {}) {
    TestMachine m;
    with_vectors(m, v1, v2, v0).run({word});
    EXPECT_EQ(m.exception_class(), 0xff) << std::hex << word;
    return m.state.v[0];
}

u32 status(u32 word, V128 v1, V128 v2 = {}, V128 v0 = {}) {
    TestMachine m;
    with_vectors(m, v1, v2, v0).run({word});
    return m.state.fpsr;
}

TEST(AdvancedSimd, UnallocatedEncodingsAreUndefined) {
    for (const u32 word : {
             0x0ee28420u,  // add v0.1d
             0x4ee29c20u,  // mul v0.2d
             0x6e629c20u,  // pmul v0.8h
             0x0ec22820u,  // trn1 v0.1d
             0x2e024020u,  // ext v0.8b, #8
             0x0e100420u,  // dup of no element size
             0x0e080c20u,  // dup v0.1d, x1
             0x0e042c20u,  // smov w0, v1.s[0]
             0x4e043c20u,  // umov x0, v1.s[0]
             0x0eb1b820u,  // addv s0, v1.2s
             0x4ef1b820u,  // addv d0, v1.2d
             0x0f400420u,  // sshr v0.1d
             0x4f408420u,  // shrn of doubles
             0x5f0f0420u,  // sshr of a scalar byte
             0x5e228420u,  // add of a scalar byte
             0x0e229020u,  // sqdmlal of bytes
             0x0ea2e020u,  // pmull of words
             0x0f028020u,  // mul by element of bytes
             0x2e028420u,  // sqrdmlah of bytes
             0x4e601820u,  // rev16 of half-words
         }) {
        TestMachine m;
        m.run({word});
        EXPECT_EQ(m.exception_class(), kUnknownReason) << std::hex << word;
    }
}

TEST(AdvancedSimd, IsTrappedWhereFpIs) {
    for (const u32 word : {0x4e228420u,     // add v0.16b, v1.16b, v2.16b
                           0x4e041c20u,     // mov v0.s[0], w1
                           0x4f000400u,     // movi v0.4s, #0
                           0x4e284820u,     // aese v0.16b, v1.16b
                           0x5f0f5420u}) {  // shl: unallocated, as a scalar byte
        TestMachine m;
        m.state.cpacr = 0;
        m.run({word});
        EXPECT_EQ(m.exception_class(), word == 0x5f0f5420 ? kUnknownReason : kSimdTrap) << std::hex << word;
    }
}

TEST(AdvancedSimd, OnlyElementsThatAreMeantSaturate) {
    const V128 limits = v128(0x0000'0000'0000'0001, 0x7fff'8000'7fff'8000);
    EXPECT_EQ(status(0x0e610c20, limits, limits), 0u);          // sqadd v0.4h, v1.4h, v1.4h
    EXPECT_EQ(status(0x4e610c20, limits, limits), kSaturated);  // sqadd v0.8h, v1.8h, v1.8h
    const V128 second = v128(0x8000'0001);
    EXPECT_EQ(status(0x5e617820, second), 0u);               // sqabs h0, h1
    EXPECT_EQ(status(0x0e607820, second), kSaturated);       // sqabs v0.4h, v1.4h
    EXPECT_EQ(status(0x5e614820, v128(1, 1ull << 63)), 0u);  // sqxtn h0, s1
}

TEST(AdvancedSimd, SaturationIsSticky) {
    TestMachine m;
    m.state.v[1] = v128(0x80);
    m.run({0x6e207820, 0x4e228420});  // sqneg v0.16b, v1.16b; add v0.16b, v1.16b, v2.16b
    EXPECT_EQ(m.state.fpsr, kSaturated);
}

TEST(AdvancedSimd, DoubledProductsSaturateOnlyAtTheCorner) {
    const V128 least = v128(0x8000'8000'7fff'8000);
    const V128 factors = v128(0x8000'7fff'7fff'8001);
    EXPECT_EQ(result(0x0e62b420, least, factors), v128(0x7fff'8001'7ffe'7fff));  // sqdmulh v0.4h, v1.4h, v2.4h
    EXPECT_EQ(result(0x2e62b420, least, factors), v128(0x7fff'8001'7ffe'7fff));  // sqrdmulh v0.4h, v1.4h, v2.4h
    EXPECT_EQ(result(0x0e62d020, least, factors), v128(0x7ffe'0002'7fff'0000, 0x7fff'ffff'8001'0000));  // sqdmull
    EXPECT_EQ(status(0x0e62d020, v128(0x7fff), v128(0x8000)), 0u);
}

TEST(AdvancedSimd, TablesOfSeveralRegistersWrapAroundTheRegisterFile) {
    TestMachine m;
    m.state.v[31] = v128(0x1716151413121110, 0x1f1e1d1c1b1a1918);
    m.state.v[0] = v128(0x2726252423222120, 0x2f2e2d2c2b2a2928);
    m.state.v[2] = v128(0xff201f100f000100);
    m.run({0x0e0223e1});  // tbl v1.8b, {v31.16b, v0.16b}, v2.8b
    EXPECT_EQ(m.state.v[1], v128(0x00'00'2f'20'1f'10'11'10));
    m.state.v[1] = v128(~u64{0}, ~u64{0});
    m.run({0x0e0233e1});  // tbx v1.8b, {v31.16b, v0.16b}, v2.8b
    EXPECT_EQ(m.state.v[1], v128(0xff'ff'2f'20'1f'10'11'10));
}

TEST(AdvancedSimd, SecondHalvesKeepTheFirst) {
    const V128 a = v128(0x1111'2222'3333'4444, 0x5555'6666'7777'8888);
    EXPECT_EQ(result(0x4e212820, a, {}, v128(1, 2)), v128(1, 0x5566'7788'1122'3344));  // xtn2 v0.16b, v1.8h
    EXPECT_EQ(result(0x0e212820, a, {}, v128(1, 2)), v128(0x5566'7788'1122'3344));     // xtn v0.8b, v1.8h
}

TEST(AdvancedSimd, ShiftsByTheWholeWidth) {
    const V128 a = v128(0x80'7f'ff'01'00'c0'40'81);
    EXPECT_EQ(result(0x0f080420, a), v128(0xff'00'ff'00'00'ff'00'ff));  // sshr v0.8b, v1.8b, #8
    EXPECT_EQ(result(0x2f080420, a), v128(0));                          // ushr v0.8b, v1.8b, #8
    EXPECT_EQ(result(0x0f082420, a), v128(0));                          // srshr v0.8b, v1.8b, #8
    EXPECT_EQ(result(0x2f082420, a), v128(0x01'00'01'00'00'01'00'01));  // urshr v0.8b, v1.8b, #8
    EXPECT_EQ(result(0x2f084420, a, {}, v128(42)), v128(42));           // sri v0.8b, v1.8b, #8
}

/// FIPS 197, appendix B: the first round of its cipher example.
TEST(Crypto, AesRound) {
    const V128 input = v128(0x2be2f4a0bee33d19, 0x0848f8e92a8dc69a);
    TestMachine m;
    m.state.v[0] = input;
    m.run({0x4e284820, 0x4e286800});  // aese v0.16b, v1.16b; aesmc v0.16b, v0.16b
    EXPECT_EQ(m.state.v[0], v128(0x9a19cbe0e5816604, 0x4c2606287ad3f848));
    m.run({0x4e287800, 0x4e285820});  // aesimc v0.16b, v0.16b; aesd v0.16b, v1.16b
    EXPECT_EQ(m.state.v[0], input);
}

TEST(Crypto, InstructionsBelongToTheirFeatures) {
    struct Needs {
        u32 word;
        Feature feature;
    };
    for (const Needs& row :
         {Needs{0x4e284820, Feature::aes}, Needs{0x0ee2e020, Feature::pmull}, Needs{0x5e280820, Feature::sha1},
          Needs{0x5e282820, Feature::sha256}, Needs{0xcec08020, Feature::sha512}, Needs{0xce020c20, Feature::sha3},
          Needs{0x4e829420, Feature::dotprod}, Needs{0x6e428420, Feature::rdm}}) {
        Model model = TestMachine::all_features();
        model.features.reset(static_cast<std::size_t>(row.feature));
        TestMachine without(model);
        without.run({row.word});
        EXPECT_EQ(without.exception_class(), kUnknownReason) << std::hex << row.word;
        TestMachine with;
        with.run({row.word});
        EXPECT_EQ(with.exception_class(), 0xff) << std::hex << row.word;
    }
}

}  // namespace
}  // namespace kelvin::arm64
