// SPDX-License-Identifier: Apache-2.0
#include "ir/interpreter.h"

#include <gtest/gtest.h>

#include <cstring>

#include "ir/test_guest.h"
#include "ir/verifier.h"

namespace kelvin::ir {
namespace {

using namespace testing;

constexpr u64 kPage = 0x40000000;
constexpr u64 kRam = 0x1000;
constexpr u64 kRamSize = 64;

/// A few bytes of RAM; everything else faults.
class SmallMemory final : public MemoryPort {
  public:
    bool load(u64 address, MemInfo info, V128& value) override {
        last = info;
        if (!within(address, info)) {
            return false;
        }
        std::memcpy(&value, ram + (address - kRam), std::size_t{1} << info.size_log2);
        return true;
    }
    bool store(u64 address, MemInfo info, const V128& value) override {
        last = info;
        if (!within(address, info)) {
            return false;
        }
        std::memcpy(ram + (address - kRam), &value, std::size_t{1} << info.size_log2);
        return true;
    }
    bool load_exclusive(u64 address, MemInfo info, V128& value) override {
        monitored = true;
        return load(address, info, value);
    }
    bool store_exclusive(u64 address, MemInfo info, const V128& value, u32& failed) override {
        failed = !monitored;
        return !monitored || store(address, info, value);
    }
    void clear_exclusive() override { monitored = false; }
    bool atomic_rmw(u64 address, MemInfo info, AtomicKind kind, u64 operand, u64& old) override {
        V128 value{};
        if (kind != AtomicKind::add || !load(address, info, value)) {
            return false;
        }
        old = value.d[0];
        return store(address, info, v128(old + operand));
    }
    bool compare_and_swap(u64 address, MemInfo info, const V128& expected, const V128& desired, V128& old) override {
        return load(address, info, old) && (!(old == expected) || store(address, info, desired));
    }

    u8 ram[kRamSize] = {};
    MemInfo last;
    bool monitored = false;

  private:
    static bool within(u64 address, MemInfo info) {
        return address >= kRam && address - kRam <= kRamSize - (u64{1} << info.size_log2);
    }
};

class InterpreterTest : public ::testing::Test {
  protected:
    RegionExit run(std::string_view text) {
        const Region region = region_of(text);
        const auto verified = verify(region);
        EXPECT_TRUE(verified) << verified.error().message();
        Interpreter interpreter(&state_, &state_, memory_);
        return interpreter.run(region, kPage, [](void* state) { return static_cast<TestState*>(state)->leave; });
    }

    TestState state_;
    SmallMemory memory_;
};

TEST_F(InterpreterTest, RegistersAndFields) {
    state_.x[0] = 0xfffffffffffffff0;
    state_.v[0] = v128(1, 2);
    state_.field = 0x1122334455667788;
    const auto exit =
        run("b0:\n insn_start 0x10\n a = get x0\n one = constant.i64 0x20\n b = add.i32 a, one\n"
            " set x1, b\n v = get v0\n w = vadd.d v, v\n set v1, w\n f = load_field.i32 2, " +
            std::to_string(kField) + "\n set x2, f\n store_field.i32 a, 1, " + std::to_string(kField) +
            "\n p = page_address -0x8\n set x3, p\n exit_direct 0x14\n");
    EXPECT_EQ(exit.kind, RegionExit::Kind::direct);
    EXPECT_EQ(exit.pc, kPage + 0x14);
    EXPECT_EQ(exit.page_offset, 0x10u);
    EXPECT_EQ(state_.x[1], 0x10u);
    EXPECT_EQ(state_.x[2], 0x7788u);
    EXPECT_EQ(state_.x[3], kPage - 8);
    EXPECT_EQ(state_.v[1], v128(2, 4));
    EXPECT_EQ(state_.field, 0x11223344556677f0u);
}

TEST_F(InterpreterTest, FlagsAndBranches) {
    constexpr std::string_view kText =
        "b0:\n a = get x0\n b = get x1\n f = sub_flags.i64 a, b\n set flags, f\n branch.cc f, b1, b2\n"
        "b1:\n exit_direct 0x100\n"
        "b2:\n c = get x2\n branch_zero.i32 c, b3, b4\n"
        "b3:\n exit_direct.call 0x200\n"
        "b4:\n d = get x2\n branch_bit d, 4, b5, b6\n"
        "b5:\n e = get x3\n exit_indirect.ret e\n"
        "b6:\n exit_state\n";
    state_.x[0] = 1;
    state_.x[1] = 2;
    EXPECT_EQ(run(kText).pc, kPage + 0x100);
    EXPECT_EQ(stored_flags::to_nzcv(state_.flags), 0x80000000u);
    state_.x[0] = 2;
    state_.x[2] = u64{1} << 32;
    EXPECT_EQ(run(kText).pc, kPage + 0x200);
    state_.x[2] = 0x10;
    state_.x[3] = 0xabc;
    auto exit = run(kText);
    EXPECT_EQ(exit.kind, RegionExit::Kind::indirect);
    EXPECT_EQ(exit.pc, 0xabcu);
    state_.x[2] = 1;
    EXPECT_EQ(run(kText).kind, RegionExit::Kind::state);
    EXPECT_EQ(state_.branch_type, 0u);
}

TEST_F(InterpreterTest, IndirectExitsTellTheirType) {
    state_.branch_type = 0xf0f;
    EXPECT_EQ(run("b0:\n a = get x0\n exit_indirect.call a, 2\n").kind, RegionExit::Kind::indirect);
    EXPECT_EQ(state_.branch_type, 0xf2fu);
}

TEST_F(InterpreterTest, LoadsExtend) {
    memory_.ram[3] = 0x80;
    memory_.ram[4] = 0xff;
    state_.x[0] = kRam + 16;
    const auto load = [&](std::string_view op) {
        run("b0:\n a = get x0\n v = " + std::string(op) + "\n set x1, v\n exit_direct 0\n");
        return state_.x[1];
    };
    EXPECT_EQ(load("load.i64 [a - 13] {size 1}"), 0x80u);
    EXPECT_EQ(load("load.i64 [a - 13] {size 1, signed}"), 0xffffffffffffff80u);
    EXPECT_EQ(load("load.i32 [a - 13] {size 1, signed, base x0, aligned}"), 0xffffff80u);
    EXPECT_TRUE(memory_.last.aligned);
    EXPECT_EQ(memory_.last.base, 0u);
    EXPECT_EQ(load("load.i64 [a - 13] {size 2, signed}"), 0xffffffffffffff80u);
    EXPECT_EQ(load("load.i64 [a - 14] {size 8}"), 0xff8000u);
}

TEST_F(InterpreterTest, Stores) {
    state_.x[0] = kRam;
    state_.x[1] = 0x1122334455667788;
    state_.v[0] = v128(3, 4);
    run("b0:\n a = get x0\n b = get x1\n v = get v0\n store.i32 [a + 1], b {size 2}\n vstore [a + 16], v {size 16}\n"
        " w = vload [a + 16] {size 4}\n set v1, w\n exit_direct 0\n");
    EXPECT_EQ(memory_.ram[1], 0x88);
    EXPECT_EQ(memory_.ram[2], 0x77);
    EXPECT_EQ(memory_.ram[3], 0);
    EXPECT_EQ(memory_.ram[24], 4);
    EXPECT_EQ(state_.v[1], v128(3));
}

TEST_F(InterpreterTest, AFaultLeavesTheInstructionUndone) {
    state_.x[0] = kRam;
    state_.x[1] = 5;
    const auto exit =
        run("b0:\n insn_start 0x20\n a = get x0\n b = load.i64 [a] {size 8}\n set x1, b\n"
            " insn_start 0x24\n c = load.i64 [a + 64] {size 8}\n set x2, c\n exit_direct 0x28\n");
    EXPECT_EQ(exit.kind, RegionExit::Kind::fault);
    EXPECT_EQ(exit.page_offset, 0x24u);
    EXPECT_EQ(state_.pc, kPage + 0x24);
    EXPECT_EQ(state_.x[1], 0u);
    EXPECT_EQ(state_.x[2], 0u);
}

TEST_F(InterpreterTest, Atomics) {
    state_.x[0] = kRam;
    state_.x[1] = 0xffff0001;
    memory_.ram[0] = 0xff;
    run("b0:\n a = get x0\n b = get x1\n o = atomic_rmw.i32.add [a], b {size 1, acquire}\n set x2, o\n"
        " insn_start 0x4\n o2 = atomic_cas.i64 [a + 0], o, b {size 1}\n set x3, o2\n exit_direct 0\n");
    EXPECT_EQ(memory_.last.order, Order::plain);
    EXPECT_EQ(state_.x[2], 0xffu);
    EXPECT_EQ(state_.x[3], 0u);
    EXPECT_EQ(memory_.ram[0], 0u);
    run("b0:\n a = get x0\n v = get v0\n w = get v1\n o = vatomic_cas [a], v, w {size 16}\n set v2, o\n"
        " exit_direct 0\n");
    run("b0:\n a = get x0\n b = get x1\n z = constant.i32 0x0\n o = atomic_cas.i32 [a], z, b {size 2}\n set x2, o\n"
        " exit_direct 0\n");
    EXPECT_EQ(memory_.ram[0], 1u);
    EXPECT_EQ(state_.x[2], 0u);
}

TEST_F(InterpreterTest, Exclusives) {
    constexpr std::string_view kPair =
        "b0:\n a = get x0\n l = load_exclusive.i32 [a] {size 1}\n b = get x1\n"
        " s = store_exclusive.i32 [a], b {size 1}\n set x2, s\n insn_start 0\n clear_exclusive\n"
        " t = store_exclusive.i32 [a], b {size 1}\n set x3, t\n exit_direct 0\n";
    state_.x[0] = kRam;
    state_.x[1] = 0x1234;
    run(kPair);
    EXPECT_EQ(memory_.ram[0], 0x34);
    EXPECT_EQ(memory_.ram[1], 0);
    EXPECT_EQ(state_.x[2], 0u);
    EXPECT_EQ(state_.x[3], 1u);
}

TEST_F(InterpreterTest, Calls) {
    state_.x[0] = 6;
    state_.x[1] = 7;
    state_.v[0] = v128(1, 2);
    auto exit = run(
        "b0:\n insn_start 8\n a = get x0\n b = get x1\n r = call multiply_add(a, b, b)\n"
        " v = get v0\n w = call swap_halves(v)\n set v1, w\n insn_start 0x8\n call double_x1()\n s = call read_x0()\n"
        " call leave_if(s)\n set x2, r\n exit_direct 0\n");
    EXPECT_EQ(exit.kind, RegionExit::Kind::state);
    EXPECT_EQ(state_.pc, kPage + 8);
    EXPECT_EQ(state_.x[1], 14u);
    EXPECT_EQ(state_.x[2], 0u);
    exit =
        run("b0:\n a = get x0\n b = get x1\n r = call multiply_add(a, b, b)\n z = constant.i64 0x0\n"
            " call leave_if(z)\n set x2, r\n exit_direct 0\n");
    EXPECT_EQ(exit.kind, RegionExit::Kind::direct);
    EXPECT_EQ(state_.x[2], 6u * 14 + 14);
}

TEST_F(InterpreterTest, StatusAccumulates) {
    state_.v[0] = v128(0x3ff0000000000000);
    state_.fpsr = 1u << 27;
    // 1 / 0 raises DZC (FPSR bit 1).
    run("b0:\n a = get v0\n z = vconstant 0x0\n q = fdiv.d a, z\n set v1, q\n exit_direct 0\n");
    EXPECT_EQ(state_.fpsr, 1u << 27 | 1u << 1);
    EXPECT_EQ(state_.v[1], v128(0x7ff0000000000000));
}

TEST_F(InterpreterTest, AnEndlessLoopIsLeftBetweenInstructions) {
    const auto exit =
        run("b0:\n insn_start 0x8\n a = get x0\n one = constant.i64 0x1\n b = add.i64 a, one\n set x0, b\n"
            " insn_start 0xc\n jump b0\n");
    EXPECT_EQ(exit.kind, RegionExit::Kind::direct);
    EXPECT_TRUE(exit.pc == kPage + 8 || exit.pc == kPage + 12);
    EXPECT_GT(state_.x[0], 1000u);
    EXPECT_EQ(run("b0:\n jump b0\n").kind, RegionExit::Kind::direct);
}

TEST_F(InterpreterTest, ReadsTheGuestsClock) {
    state_.field = 4711;
    run("b0:\n insn_start 0\n t = read_clock.i64\n set x1, t\n exit_state\n");
    EXPECT_EQ(state_.x[1], 4711u);
}

}  // namespace
}  // namespace kelvin::ir
