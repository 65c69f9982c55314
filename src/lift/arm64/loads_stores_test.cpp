// SPDX-License-Identifier: Apache-2.0
// Expectations: the manual's pseudocode worked by hand; words assembled by GNU as. Memory holds its own offsets: byte i
// of RAM is i modulo 256.
#include "lift/arm64/test_machine.h"

namespace kelvin::arm64 {
namespace {

using testing::FlatMemory;
using testing::kCode;
using testing::kRam;
using testing::TestMachine;

class LoadsStores : public ::testing::Test {
  protected:
    LoadsStores() {
        for (unsigned i = 0; i < testing::kRamSize; i++) {
            m.memory.ram[i] = static_cast<u8>(i);
        }
        m.state.x[1] = kRam + 0x80;
    }
    u64 at(u64 offset) const {
        u64 value;
        std::memcpy(&value, m.memory.ram + offset, 8);
        return value;
    }
    void big_endian() { m.state.sctlr[1] |= 1u << 25; }
    TestMachine m;
};

TEST_F(LoadsStores, ExtendAsTheirNamesSay) {
    m.run({0xf9400420, 0x39c00022, 0x79800023, 0xb9800024});  // ldr x0,[x1,#8]; ldrsb w2; ldrsh x3; ldrsw x4
    EXPECT_EQ(m.state.x[0], 0x8f8e8d8c8b8a8988);
    EXPECT_EQ(m.state.x[2], 0xffffff80u);
    EXPECT_EQ(m.state.x[3], 0xffffffffffff8180);
    EXPECT_EQ(m.state.x[4], 0xffffffff83828180);
}

TEST_F(LoadsStores, WriteBack) {
    m.state.x[6] = 0x1122334455667788;
    m.state.x[7] = kRam + 0x20;
    m.run({0xb8404425, 0xf81f0ce6});  // ldr w5, [x1], #4; str x6, [x7, #-16]!
    EXPECT_EQ(m.state.x[5], 0x83828180u);
    EXPECT_EQ(m.state.x[1], kRam + 0x84);
    EXPECT_EQ(m.state.x[7], kRam + 0x10);
    EXPECT_EQ(at(0x10), 0x1122334455667788u);
}

TEST_F(LoadsStores, RegisterOffsetsAreExtendedAndScaled) {
    m.state.x[9] = 0x5'ffff'fffe;
    m.run({0xf869d828});  // ldr x8, [x1, w9, sxtw #3]
    EXPECT_EQ(m.state.x[8], 0x7776757473727170u);
}

TEST_F(LoadsStores, Pairs) {
    m.run({0xa9410820, 0x69401023, 0x28810820});  // ldp x0,x2,[x1,#16]; ldpsw x3,x4,[x1]; stp w0,w2,[x1],#8
    EXPECT_EQ(m.state.x[0], 0x9796959493929190);
    EXPECT_EQ(m.state.x[2], 0x9f9e9d9c9b9a9998);
    EXPECT_EQ(m.state.x[3], 0xffffffff83828180);
    EXPECT_EQ(m.state.x[4], 0xffffffff87868584);
    EXPECT_EQ(m.state.x[1], kRam + 0x88);
    EXPECT_EQ(at(0x80), 0x9b9a999893929190);
}

// Where other processors see memory, a pair is one access (FEAT_LSE2).
TEST_F(LoadsStores, PairsAtOnce) {
    m.shared = true;
    m.run({0xa9410820, 0x69401023, 0x28810820});  // as above
    EXPECT_EQ(m.state.x[0], 0x9796959493929190);
    EXPECT_EQ(m.state.x[2], 0x9f9e9d9c9b9a9998);
    EXPECT_EQ(m.state.x[3], 0xffffffff83828180);
    EXPECT_EQ(m.state.x[4], 0xffffffff87868584);
    EXPECT_EQ(m.state.x[1], kRam + 0x88);
    EXPECT_EQ(at(0x80), 0x9b9a999893929190);
    EXPECT_EQ(m.memory.pairs, 2u);
    m.state.x[1] = kRam + 0x100;
    m.run({0xa9000820, 0x29400c22});  // stp x0, x2, [x1]; ldp w2, w3, [x1]
    EXPECT_EQ(at(0x100), 0x9796959493929190);
    EXPECT_EQ(at(0x108), 0x9f9e9d9c9b9a9998);
    EXPECT_EQ(m.state.x[2], 0x93929190u);
    EXPECT_EQ(m.state.x[3], 0x97969594u);
    EXPECT_EQ(m.memory.pairs, 4u);
}

TEST_F(LoadsStores, BigEndianPairsAtOnce) {
    m.shared = true;
    big_endian();
    m.run({0xa9410820, 0x29000420});  // ldp x0, x2, [x1, #16]; stp w0, w1, [x1]
    EXPECT_EQ(m.state.x[0], 0x9091929394959697);
    EXPECT_EQ(m.state.x[2], 0x98999a9b9c9d9e9f);
    EXPECT_EQ(at(0x80), 0x8000'0050'9796'9594u);
}

TEST_F(LoadsStores, FaultsLeaveEveryRegisterAsItWas) {
    // The second half of the pair lies beyond RAM.
    m.state.x[1] = kRam + testing::kRamSize - 16;
    m.state.x[0] = 1;
    m.state.x[2] = 2;
    m.run({0xa9c08820});  // ldp x0, x2, [x1, #8]!
    EXPECT_TRUE(m.faulted);
    EXPECT_EQ(m.state.x[0], 1u);
    EXPECT_EQ(m.state.x[2], 2u);
    EXPECT_EQ(m.state.x[1], kRam + testing::kRamSize - 16);
    EXPECT_EQ(m.state.pc, kCode);
}

TEST_F(LoadsStores, TheStackPointerMustBeAlignedWhereSctlrSaysSo) {
    m.state.sp = kRam + 8;
    m.state.sctlr[1] &= ~u64{1 << 3};
    m.run({0xf94003e0});  // ldr x0, [sp]
    EXPECT_FALSE(m.faulted);
    m.state.sctlr[1] |= 1u << 3;
    m.run({0xf94003e0});
    EXPECT_TRUE(m.faulted);
}

TEST_F(LoadsStores, AlignmentIsCheckedWhereSctlrSaysSo) {
    m.state.x[1] = kRam + 1;
    m.run({0x3dc00020, 0x4c406020});  // ldr q0, [x1]; ld1 {v0.16b-v2.16b}, [x1]
    EXPECT_FALSE(m.faulted);
    m.state.sctlr[1] |= 1u << 1;
    m.run({0x4c406020});  // bytes are always aligned
    EXPECT_FALSE(m.faulted);
    m.run({0x3dc00020});
    EXPECT_TRUE(m.faulted);
}

TEST_F(LoadsStores, BigEndianDataIsSwapped) {
    big_endian();
    m.run({0xf9400420, 0xb9800024, 0x3dc00020});  // ldr x0, [x1, #8]; ldrsw x4, [x1]; ldr q0, [x1]
    EXPECT_EQ(m.state.x[0], 0x88898a8b8c8d8e8fu);
    EXPECT_EQ(m.state.x[4], 0xffffffff80818283u);
    EXPECT_EQ(m.state.v[0], v128(0x88898a8b8c8d8e8f, 0x8081828384858687));
    m.run({0x0c404020, 0x4d404820});  // ld3 {v0.8b-v2.8b}, [x1]; ld1 {v0.h}[5], [x1]
    EXPECT_EQ(m.state.v[0], v128(0x95928f8c89868380, 0x80810000));
    m.state.x[2] = 1;
    m.run({0xb8e20023});  // ldaddal w2, w3, [x1]
    EXPECT_EQ(m.state.x[3], 0x80818283u);
    EXPECT_EQ(at(0x80) & 0xffffffff, 0x84828180u);
}

TEST_F(LoadsStores, VectorsOfAllSizes) {
    m.state.v[1] = v128(0x5a);
    m.run({0x3dc00020, 0x3d000c21, 0x2d400c22});  // ldr q0, [x1]; str b1, [x1, #3]; ldp s2, s3, [x1]
    EXPECT_EQ(m.state.v[0], v128(0x8786858483828180, 0x8f8e8d8c8b8a8988));
    EXPECT_EQ(m.state.v[2], v128(0x5a828180));
    EXPECT_EQ(m.state.v[3], v128(0x87868584));
}

TEST_F(LoadsStores, StructuresOfTwoAndFour) {
    m.run({0x4c400420, 0x0cdf8424});  // ld4 {v0.8h-v3.8h}, [x1]; ld2 {v4.4h, v5.4h}, [x1], #16
    EXPECT_EQ(m.state.v[0], v128(0x9998919089888180, 0xb9b8b1b0a9a8a1a0));
    EXPECT_EQ(m.state.v[3], v128(0x9f9e97968f8e8786, 0xbfbeb7b6afaea7a6));
    EXPECT_EQ(m.state.v[4], v128(0x8d8c898885848180));
    EXPECT_EQ(m.state.v[5], v128(0x8f8e8b8a87868382));
    EXPECT_EQ(m.state.x[1], kRam + 0x90);
}

TEST_F(LoadsStores, StructuresOfThree) {
    m.run({0x0c404020, 0x4c404824});  // ld3 {v0.8b-v2.8b}, [x1]; ld3 {v4.4s-v6.4s}, [x1]
    EXPECT_EQ(m.state.v[0], v128(0x95928f8c89868380));
    EXPECT_EQ(m.state.v[2], v128(0x9794918e8b888582));
    EXPECT_EQ(m.state.v[5], v128(0x9392919087868584, 0xabaaa9a89f9e9d9c));
}

TEST_F(LoadsStores, StoresUndoLoads) {
    struct Case {
        u32 load, store;
        unsigned bytes;
    };
    for (const Case& c : {Case{0x4c400420, 0x4c000420, 64},     // ld4/st4 8h
                          Case{0x0c400420, 0x0c000420, 32},     // ld4/st4 4h
                          Case{0x4c404820, 0x4c004820, 48},     // ld3/st3 4s
                          Case{0x0c404020, 0x0c004020, 24},     // ld3/st3 8b
                          Case{0x4c408c20, 0x4c008c20, 32},     // ld2/st2 2d
                          Case{0x0c408420, 0x0c008420, 16},     // ld2/st2 4h
                          Case{0x0c406820, 0x0c006820, 24}}) {  // ld1/st1 2s, three registers
        m.state.x[1] = kRam + 0x80;
        m.run({c.load});
        m.state.x[1] = kRam + 0x40;
        std::memset(m.memory.ram + 0x40, 0xee, 0x40);
        m.run({c.store});
        EXPECT_EQ(std::memcmp(m.memory.ram + 0x40, m.memory.ram + 0x80, c.bytes), 0) << std::hex << c.load;
        EXPECT_TRUE(c.bytes == 64 || m.memory.ram[0x40 + c.bytes] == 0xee) << std::hex << c.store;
    }
}

TEST_F(LoadsStores, SingleStructures) {
    m.state.v[0] = v128(0x1111111111111111, 0x2222222222222222);
    m.run({0x4d404820, 0x4dffc821});  // ld1 {v0.h}[5], [x1]; ld2r {v1.4s, v2.4s}, [x1], #8
    EXPECT_EQ(m.state.v[0], v128(0x1111111111111111, 0x2222222281802222));
    EXPECT_EQ(m.state.v[1], v128(0x8382818083828180, 0x8382818083828180));
    EXPECT_EQ(m.state.v[2], v128(0x8786858487868584, 0x8786858487868584));
    EXPECT_EQ(m.state.x[1], kRam + 0x88);
    m.state.x[2] = 100;
    m.run({0x0da23c20});  // st4 {v0.b-v3.b}[7], [x1], x2
    EXPECT_EQ(at(0x88) & 0xffffffff, 0x00878311u);
    EXPECT_EQ(m.state.x[1], kRam + 0x88 + 100);
}

TEST_F(LoadsStores, VectorLoadsTrapWhereFpIsDisabled) {
    m.state.cpacr = 0;
    m.run({0x3dc00020});
    EXPECT_EQ(m.exception_class(), 0x07);
}

TEST_F(LoadsStores, ExclusivesSucceedOnceAndFailAfterClrex) {
    m.state.x[3] = 7;
    m.run({0xc85f7c20, 0xc8027c23});  // ldxr x0, [x1]; stxr w2, x3, [x1]
    EXPECT_EQ(m.state.x[0], 0x8786858483828180);
    EXPECT_EQ(m.state.x[2], 0u);
    EXPECT_EQ(at(0x80), 7u);
    m.state.x[3] = 8;
    m.run({0xc85f7c20, 0xd5033f5f, 0xc8027c23});  // ldxr; clrex; stxr
    EXPECT_EQ(m.state.x[2], 1u);
    EXPECT_EQ(at(0x80), 7u);
}

TEST_F(LoadsStores, ExclusivePairs) {
    m.state.x[3] = 3;
    m.run({0x887f1424, 0xc8229023});  // ldxp w4, w5, [x1]; stlxp w2, x3, x4, [x1]
    EXPECT_EQ(m.state.x[4], 0x83828180u);
    EXPECT_EQ(m.state.x[5], 0x87868584u);
    EXPECT_EQ(at(0x80), 3u);
    EXPECT_EQ(at(0x88), 0x83828180u);
}

TEST_F(LoadsStores, AtomicsReturnTheOldValue) {
    m.state.x[2] = 0x7f;
    m.run({0x38224023});  // ldsmaxb w2, w3, [x1]
    EXPECT_EQ(m.state.x[3], 0x80u);
    EXPECT_EQ(m.memory.ram[0x80], 0x7f);
    m.run({0xb8e20024, 0x78228025});  // ldaddal w2, w4, [x1]; swph w2, w5, [x1]
    EXPECT_EQ(m.state.x[4], 0x8382817fu);
    EXPECT_EQ(m.state.x[5], 0x81feu);
    EXPECT_EQ(at(0x80), 0x878685848382007fu);
}

TEST_F(LoadsStores, CompareAndSwapIgnoresBitsAboveTheAccess) {
    m.state.x[2] = 0xffffffff83828180;
    m.state.x[3] = 5;
    m.run({0x88a27c23});  // cas w2, w3, [x1]
    EXPECT_EQ(m.state.x[2], 0x83828180u);
    EXPECT_EQ(at(0x80), 0x8786858400000005u);
}

TEST_F(LoadsStores, CompareAndSwapPairs) {
    m.state.x[2] = at(0x80);
    m.state.x[3] = 0;
    m.state.x[4] = 4;
    m.state.x[5] = 5;
    m.run({0x48227c24});  // casp x2, x3, x4, x5, [x1]: the second differs
    EXPECT_EQ(m.state.x[3], at(0x88));
    EXPECT_EQ(at(0x80), 0x8786858483828180);
    m.run({0x48227c24});
    EXPECT_EQ(at(0x80), 4u);
    EXPECT_EQ(at(0x88), 5u);
    m.run({0x48237c24});  // an odd register
    EXPECT_EQ(m.exception_class(), 0);
}

TEST_F(LoadsStores, DcZvaZeroesItsBlock) {
    m.state.x[1] = kRam + 0x9d;
    m.run({0xd50b7421});
    for (u64 offset = 0x80; offset < 0xc0; offset += 8) {
        EXPECT_EQ(at(offset), 0u);
    }
    EXPECT_NE(at(0x78), 0u);
    EXPECT_NE(at(0xc0), 0u);
}

}  // namespace
}  // namespace kelvin::arm64
