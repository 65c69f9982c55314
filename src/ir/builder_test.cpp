// SPDX-License-Identifier: Apache-2.0
#include "ir/builder.h"

#include <gtest/gtest.h>

#include "ir/test_guest.h"
#include "ir/verifier.h"

namespace kelvin::ir {
namespace {

using namespace testing;

class BuilderTest : public ::testing::Test {
  protected:
    BuilderTest() {
        region_.guest = &kTestGuest;
        ir_.begin_block();
    }

    u64 constant(Value value) { return region_.constant(value); }
    std::size_t size() const { return region_.ops.size(); }

    Region region_;
    Builder ir_{region_};
};

TEST_F(BuilderTest, FoldsConstants) {
    EXPECT_EQ(constant(ir_.add(Type::i64, ir_.i64c(5), ir_.i64c(7))), 12u);
    EXPECT_EQ(constant(ir_.sub(Type::i32, ir_.i32c(0), ir_.i32c(1))), 0xffffffffu);
    EXPECT_EQ(constant(ir_.shl(Type::i32, ir_.i64c(0xf0000001), 4)), 0x10u);
    EXPECT_EQ(constant(ir_.sbfx(Type::i64, ir_.i64c(0x80), 0, 8)), 0xffffffffffffff80u);
    EXPECT_EQ(constant(ir_.bfi(Type::i64, ir_.i64c(~u64{0}), ir_.i64c(0), 8, 8)), 0xffffffffffff00ffu);
    EXPECT_EQ(constant(ir_.udiv(Type::i64, ir_.i64c(1), ir_.i64c(0))), 0u);
    EXPECT_EQ(constant(ir_.constant(Type::i32, ~u64{0})), 0xffffffffu);
}

TEST_F(BuilderTest, SumsOfABlockAreMadeOnce) {
    const Value x = ir_.get(0);
    const Value y = ir_.get(1);
    const Value sum = ir_.add(Type::i64, x, y);
    EXPECT_EQ(ir_.add(Type::i64, x, y), sum);
    const Value scaled = ir_.add(Type::i64, x, ir_.shl(Type::i64, y, 3));
    EXPECT_NE(scaled, sum);
    EXPECT_EQ(ir_.add(Type::i64, x, ir_.shl(Type::i64, y, 3)), scaled);
    EXPECT_NE(ir_.add(Type::i64, x, ir_.shl(Type::i64, y, 2)), scaled);
    EXPECT_NE(ir_.add(Type::i32, x, y), sum);
    EXPECT_NE(ir_.add(Type::i64, x, ir_.load(Type::i64, x, 0, {})),
              ir_.add(Type::i64, x, ir_.load(Type::i64, x, 0, {})));
    ir_.jump(ir_.reserve_block());
    ir_.place_block(1);
    EXPECT_NE(ir_.add(Type::i64, x, y), sum);
}

TEST_F(BuilderTest, IdentitiesGiveTheOperand) {
    const Value x = ir_.get(0);
    const Value zero = ir_.i64c(0);
    const Value ones = ir_.i64c(~u64{0});
    EXPECT_EQ(ir_.add(Type::i64, x, zero), x);
    EXPECT_EQ(ir_.add(Type::i64, zero, x), x);
    EXPECT_EQ(ir_.sub(Type::i64, x, zero), x);
    EXPECT_EQ(ir_.or_(Type::i64, zero, x), x);
    EXPECT_EQ(ir_.xor_(Type::i64, x, zero), x);
    EXPECT_EQ(ir_.and_(Type::i64, x, ones), x);
    EXPECT_EQ(ir_.andn(Type::i64, x, zero), x);
    EXPECT_EQ(ir_.mul(Type::i64, x, ir_.i64c(1)), x);
    EXPECT_EQ(ir_.shl(Type::i64, x, 0u), x);
    EXPECT_EQ(ir_.ubfx(Type::i64, x, 0, 64), x);
    EXPECT_EQ(ir_.sbfx(Type::i64, x, 0, 64), x);
    EXPECT_EQ(ir_.extract_pair(Type::i64, ones, x, 0), x);
    EXPECT_EQ(ir_.or_(Type::i64, x, x), x);
    EXPECT_EQ(ir_.and_(Type::i64, x, x), x);
    EXPECT_EQ(constant(ir_.xor_(Type::i64, x, x)), 0u);
    EXPECT_EQ(constant(ir_.and_(Type::i64, x, zero)), 0u);
    EXPECT_EQ(constant(ir_.or_(Type::i32, x, ones)), 0xffffffffu);
}

TEST_F(BuilderTest, A32BitOperationStillClearsTheUpperHalf) {
    const Value x = ir_.get(0);
    EXPECT_NE(ir_.add(Type::i32, x, ir_.i32c(0)), x);
    EXPECT_NE(ir_.or_(Type::i32, x, x), x);
    EXPECT_NE(ir_.select(Type::i32, Cond::al, ir_.flags(), x, x), x);
    const Value narrow = ir_.not_(Type::i32, x);
    EXPECT_EQ(ir_.add(Type::i32, narrow, ir_.i32c(0)), narrow);
    EXPECT_EQ(ir_.add(Type::i64, narrow, ir_.i64c(0)), narrow);
    // Sign-extension is one of a 32-bit value, whatever its container.
    EXPECT_NE(ir_.sign_extend(Type::i64, narrow, 32), narrow);
}

TEST_F(BuilderTest, ZeroExtensionOfWhatIsExtendedIsNothing) {
    const Value x = ir_.get(0);
    const Value narrow = ir_.add(Type::i32, x, x);
    EXPECT_EQ(ir_.zero_extend(Type::i64, narrow, 32), narrow);
    EXPECT_NE(ir_.zero_extend(Type::i64, narrow, 16), narrow);
    const Value byte = ir_.load(Type::i64, x, 0, {.size_log2 = 0});
    EXPECT_EQ(ir_.zero_extend(Type::i64, byte, 8), byte);
    const Value signed_byte = ir_.load(Type::i64, x, 0, {.size_log2 = 0, .sign_extend = true});
    EXPECT_NE(ir_.zero_extend(Type::i64, signed_byte, 8), signed_byte);
    const Value bit = ir_.cond_set(Type::i64, Cond::eq, ir_.flags());
    EXPECT_EQ(ir_.zero_extend(Type::i64, bit, 1), bit);
}

TEST_F(BuilderTest, VectorIdentities) {
    const Value v = ir_.get(kV0);
    const Value loaded = ir_.vload(ir_.get(0), 0, {.size_log2 = 3});
    EXPECT_EQ(ir_.vector(Opcode::vor, v, v), v);
    EXPECT_EQ(region_.op(ir_.vector(Opcode::vxor, v, v)).code, Opcode::vconstant);
    EXPECT_NE(ir_.vector(Opcode::vlow64, v), v);
    EXPECT_EQ(ir_.vector(Opcode::vlow64, loaded), loaded);
    EXPECT_NE(ir_.vector(Opcode::vlow32, loaded), loaded);
    const Value sum = ir_.fp(Opcode::fadd, FpShape::s, v, v);
    EXPECT_EQ(ir_.vector(Opcode::vlow32, sum), sum);
    const Value four = ir_.fp(Opcode::fadd, FpShape::v4s, v, v);
    EXPECT_NE(ir_.vector(Opcode::vlow64, four), four);
    const Value dup = ir_.vector(Opcode::vdup_gpr, Lane::h, ir_.i64c(0x12345));
    EXPECT_EQ(region_.op(dup).code, Opcode::vconstant);
    EXPECT_EQ(region_.op(dup).imm, 0x2345234523452345u);
}

TEST_F(BuilderTest, PageAddressesTakeUpConstants) {
    const Value address = ir_.add(Type::i64, ir_.page_address(0x3000), ir_.i64c(0x123));
    EXPECT_EQ(region_.op(address).code, Opcode::page_address);
    EXPECT_EQ(region_.op(address).imm, 0x3123u);
    ir_.exit_indirect(address, JumpKind::call);
    EXPECT_EQ(print(region_, Value{static_cast<u32>(size() - 1)}), "exit_direct.call 0x3123");
}

TEST_F(BuilderTest, BranchesOfATypeStayIndirect) {
    ir_.exit_indirect(ir_.page_address(0x3000), JumpKind::call, 2);
    EXPECT_EQ(print(region_, Value{static_cast<u32>(size() - 1)}), "exit_indirect.call v0, 2");
    EXPECT_TRUE(verify(region_));
}

TEST_F(BuilderTest, ForwardsRegistersWithinABlock) {
    const Value x = ir_.get(0);
    EXPECT_EQ(ir_.get(0), x);
    const Value sum = ir_.add(Type::i64, x, x);
    ir_.set(1, sum);
    EXPECT_EQ(ir_.get(1), sum);
    const Value flags = ir_.add_flags(Type::i64, x, x);
    ir_.set_flags(flags);
    EXPECT_EQ(ir_.flags(), flags);
    const std::size_t before = size();
    ir_.set(1, sum);
    EXPECT_EQ(size(), before);
}

TEST_F(BuilderTest, ForgetsRegistersAtBlocksAndCalls) {
    const Value x = ir_.get(1);
    ir_.call(kReadX0, {});
    EXPECT_EQ(ir_.get(1), x);
    EXPECT_EQ(ir_.call(kDoubleX1, {}), kNoValue);
    const Value reread = ir_.get(1);
    EXPECT_NE(reread, x);
    const u32 next = ir_.reserve_block();
    ir_.jump(next);
    EXPECT_TRUE(ir_.ended());
    ir_.place_block(next);
    EXPECT_NE(ir_.get(1), reread);
    ir_.exit_direct(4);
    EXPECT_TRUE(verify(region_));
}

TEST_F(BuilderTest, EachSimplificationCanBeSwitchedOff) {
    Region plain;
    plain.guest = &kTestGuest;
    Builder ir(plain, {.fold_constants = false, .simplify = false, .forward_registers = false});
    ir.begin_block();
    const Value x = ir.get(0);
    EXPECT_NE(ir.get(0), x);
    EXPECT_NE(ir.add(Type::i64, x, ir.i64c(0)), x);
    EXPECT_EQ(plain.op(ir.add(Type::i64, ir.i64c(1), ir.i64c(2))).code, Opcode::add);
    ir.exit_indirect(ir.page_address(4));
    EXPECT_EQ(plain.ops.back().code, Opcode::exit_indirect);
    EXPECT_TRUE(verify(plain));
}

TEST_F(BuilderTest, ServesOneRegionAfterAnother) {
    ir_.exit_direct(0);
    region_.clear();
    EXPECT_EQ(ir_.begin_block(), 0u);
    ir_.set(0, ir_.i64c(1));
    ir_.exit_direct(4);
    EXPECT_TRUE(verify(region_));
    EXPECT_EQ(region_.blocks.size(), 1u);
}

TEST_F(BuilderTest, WhatItBuildsVerifies) {
    const MemInfo memory{.size_log2 = 2, .base = 0};
    const Value address = ir_.get(0);
    ir_.insn_start(0x40);
    const Value old = ir_.atomic_rmw(AtomicKind::swap, Type::i32, address, ir_.get(1), memory);
    ir_.set(1, old);
    ir_.insn_start(0x44);
    const Value failed = ir_.store_exclusive(address, ir_.get(2), {.size_log2 = 3});
    ir_.set(2, failed);
    ir_.insn_start(0x48);
    ir_.store(address, -8, ir_.get(2), memory);
    ir_.vstore(address, 16, ir_.get(kV0), {.size_log2 = 4});
    ir_.store_field(kField, ir_.load_field(kField, 2));
    ir_.insn_start(0x4c);
    const Value flags = ir_.fcompare(FpShape::d, ir_.get(kV0), ir_.get(kV0 + 1), true);
    ir_.set_flags(ir_.select_flags(Cond::ne, flags, ir_.sub_flags(Type::i32, address, failed), 0b0100));
    ir_.set(3, ir_.fto_int(Type::i32, FpShape::d, ir_.get(kV0), 3, false, 0));
    ir_.set(kV0, ir_.ffrom_int(FpShape::s, Type::i64, address, true, 8));
    ir_.set(kV0 + 1, ir_.call(kSwapHalves, {ir_.get(kV0)}));
    ir_.fence(FenceKind::full);
    ir_.clear_exclusive();
    const u32 taken = ir_.reserve_block();
    const u32 other = ir_.reserve_block();
    ir_.branch_bit(address, 5, taken, other);
    ir_.place_block(other);
    ir_.branch_zero(Type::i32, ir_.get(0), taken, other);
    ir_.place_block(taken);
    ir_.exit_state();
    const auto result = verify(region_);
    EXPECT_TRUE(result) << result.error().message();
    EXPECT_EQ(normal(print(region_)), print(region_));
}

}  // namespace
}  // namespace kelvin::ir
