// SPDX-License-Identifier: Apache-2.0
#include "ir/verifier.h"

#include <gtest/gtest.h>

#include "ir/test_guest.h"

namespace kelvin::ir {
namespace {

using namespace testing;

std::string problem(const Region& region) {
    const auto result = verify(region);
    return result ? "" : result.error().message();
}

/// The problem of a block of these ops and an exit; without the op's number and text.
std::string problem(std::string_view ops) {
    const std::string text =
        "b0:\n x = get x0\n f = get flags\n v = get v0\n" + std::string(ops) + "\n exit_direct 4\n";
    const std::string message = problem(region_of(text));
    const std::size_t start = message.rfind("': ");
    return start == std::string::npos ? message : message.substr(start + 3);
}

TEST(Verifier, AcceptsWhatIsRight) {
    EXPECT_EQ(problem(" a = load.i32 [x + 4] {size 4, base x1, signed}\n set x0, a\n insn_start 8\n"
                      " store.i64 [x], x {size 8}\n store.i64 [x], x {size 8}\n call leave_if(x)\n set x1, x"),
              "");
}

TEST(Verifier, RejectsBlocksThatAreNone) {
    Region region = region_of("b0:\n jump b1\nb1:\n exit_direct 4\n");
    EXPECT_EQ(problem(region), "");
    Region broken = region;
    broken.blocks[1].end = broken.blocks[1].first;
    EXPECT_NE(problem(broken), "");
    broken = region;
    broken.blocks[1].first = 0;
    EXPECT_NE(problem(broken), "");
    broken = region;
    broken.blocks.pop_back();
    EXPECT_NE(problem(broken), "");
    broken = region;
    broken.ops[0].imm = 2;
    EXPECT_EQ(problem(broken), "op 0, 'jump b2': no such block");
    broken = region;
    broken.blocks.clear();
    EXPECT_NE(problem(broken), "");
}

TEST(Verifier, RejectsTerminatorsInTheWrongPlace) {
    constexpr const char* kMessage = "a terminator must be, and can only be, a block's last op";
    EXPECT_EQ(problem(" exit_state"), kMessage);
    EXPECT_EQ(problem(region_of("b0:\n insn_start 0\n")), std::string("op 0, 'insn_start 0x0': ") + kMessage);
    EXPECT_NE(problem(region_of("b0:\n f = get flags\n branch.eq f, b0, b7\n")), "");
}

TEST(Verifier, RejectsOperandsThatDoNotFit) {
    EXPECT_EQ(problem(" a = add.i64 x, v"), "an operand must be an integer");
    EXPECT_EQ(problem(" a = vadd.b v, x"), "an operand is of the wrong type");
    EXPECT_EQ(problem(" a = select.i64.eq x, x, x"), "an operand is of the wrong type");
    EXPECT_EQ(problem(" set v0, x"), "an operand is of the wrong type");
    EXPECT_EQ(problem(" set flags, x"), "an operand is of the wrong type");
    EXPECT_EQ(problem(" set x0, f"), "an operand must be an integer");
    EXPECT_EQ(problem(" a = call swap_halves(x)"), "an operand is of the wrong type");
    EXPECT_EQ(problem(" a = call multiply_add(x, x, v)"), "an operand must be an integer");

    Region region = region_of("b0:\n x = get x0\n y = add.i64 x, x\n exit_direct 0\n");
    Region broken = region;
    broken.ops[1].b = kNoValue;
    EXPECT_EQ(problem(broken), "op 1, 'v1 = add.i64 v0, ?': an operand is missing");
    broken = region;
    broken.ops[1].c = Value{0};
    EXPECT_EQ(problem(broken), "op 1, 'v1 = add.i64 v0, v0': it has too many operands");
    broken = region;
    broken.ops[1].a = Value{1};
    EXPECT_EQ(problem(broken), "op 1, 'v1 = add.i64 v1, v0': an operand is not made before it in the same block");
    EXPECT_NE(problem(region_of("b0:\n x = get x0\n jump b1\nb1:\n set x1, x\n exit_state\n")), "");
    broken = region_of("b0:\n insn_start 0\n x = get x0\n set x1, x\n exit_state\n");
    broken.ops[2].a = Value{0};
    EXPECT_NE(problem(broken), "");
}

TEST(Verifier, RejectsTypesThatDoNotFit) {
    EXPECT_EQ(problem(" a = add x, x"), "its type must be i32 or i64");
    EXPECT_EQ(problem(" a = umulh.i32 x, x"), "its type must be i64");
    EXPECT_EQ(problem(" a = nzcv_from_flags.i64 f"), "its type must be i32");
    EXPECT_EQ(problem(" a = add_flags x, x"), "its type must be i32 or i64");
    EXPECT_EQ(problem(" a = vnot.i64 v"), "its type must be v128");
    Region region = region_of("b0:\n x = get x0\n y = call read_x0()\n exit_direct 0\n");
    Region broken = region;
    broken.ops[0].type = Type::i32;
    EXPECT_EQ(problem(broken), "op 0, 'v0 = get x0': its type is not the register's");
    broken = region;
    broken.ops[1].type = Type::i64;
    EXPECT_EQ(problem(broken), "op 1, 'v1 = call read_x0()': its type is not the helper's");
}

TEST(Verifier, RejectsAttributesOutOfRange) {
    EXPECT_EQ(problem(" a = ubfx.i32 x, 30, 3"), "the field does not lie within its type");
    EXPECT_EQ(problem(" a = ubfx.i32 x, 30, 0"), "the field does not lie within its type");
    EXPECT_EQ(problem(" a = extract_pair.i32 x, x, 32"), "the shift is too far");
    EXPECT_EQ(problem(" a = vshl_imm.b v, 8"), "the shift is too far");
    EXPECT_EQ(problem(" a = vshr_imm.b v, 8"), "");
    EXPECT_EQ(problem(" a = vshr_imm.b v, 9"), "the shift is too far");
    EXPECT_EQ(problem(" a = vextract.i32.s v, 4"), "no such element");
    EXPECT_EQ(problem(" a = vinsert_lane.d v, v, 32"), "no such element");
    EXPECT_EQ(problem(" a = vext v, v, 16"), "no such byte");
    EXPECT_EQ(problem(" a = select_flags.eq f, f, 1"), "flags are bits 31:28");
    EXPECT_EQ(problem(" a = vmul.d v, v"), "no such operation on doublewords");
    EXPECT_EQ(problem(" a = vnarrow.b v"), "bytes cannot be narrowed");
    EXPECT_EQ(problem(" a = vreverse16.h v"), "no such operation on elements this large");
    EXPECT_EQ(problem(" a = vpmul_wide.h v, v"), "only bytes and doublewords");
    EXPECT_EQ(problem(" a = fcompare.4s v, v, 0"), "only scalars");
    EXPECT_EQ(problem(" a = fcompare.s v, v, 2"), "its immediate is out of range");
    EXPECT_EQ(problem(" a = fconvert.s.4h v"), "only scalars");
    EXPECT_EQ(problem(" a = fvwiden.4s v"), "only 4h and 2s can be widened");
    EXPECT_EQ(problem(" a = fvnarrow.4h v"), "only 4s and 2d can be narrowed");
    EXPECT_EQ(problem(" a = fround.s v, 0x5"), "the conversion is none that there is");
    EXPECT_EQ(problem(" a = fto_int.i32.s v, 0x4100"), "too many fraction bits");
    EXPECT_EQ(problem(" a = constant.i32 0x100000000"), "the number has more than 32 bits");

    Region broken = region_of("b0:\n f = get flags\n c = cond_set.i32.eq f\n exit_direct 0\n");
    broken.ops[1].aux = 16;
    EXPECT_EQ(problem(broken), "op 1, 'v1 = cond_set.i32.? v0': its aux byte is out of range");
    broken.ops[1].aux = 0;
    broken.ops[0].imm = 8;
    EXPECT_EQ(problem(broken), "op 0, 'v0 = get slot8': no such register");
}

TEST(Verifier, RejectsAccessesThatDoNotFit) {
    constexpr const char* kSize = "the size of the access does not fit the op";
    EXPECT_EQ(problem(" a = load.i64 [x] {size 16}"), kSize);
    EXPECT_EQ(problem(" a = load.i32 [x] {size 8}"), kSize);
    EXPECT_EQ(problem(" a = vload [x] {size 32}"), kSize);
    EXPECT_EQ(problem(" a = vload_exclusive [x] {size 4}"), kSize);
    EXPECT_EQ(problem(" store.i64 [x], x {size 8, signed}"), "only loads sign-extend");
    EXPECT_EQ(problem(" store.i64 [x], x {size 8, zeroes}"), "only vector stores zero a block");
    EXPECT_EQ(problem(" store.i64 [x], x {size 8, base v0}"), "the base is not a register");
    EXPECT_EQ(problem(" a = load_field.i64 8, 8"), "the field is part of a register: its value may not be there");
    EXPECT_EQ(problem(" a = load_field.i64 8, " + std::to_string(kField)), "");
}

TEST(Verifier, RejectsFaultsAfterTheStateHasChanged) {
    constexpr const char* kMessage = "it may fault after the instruction has changed the state";
    EXPECT_EQ(problem(" insn_start 0\n set x1, x\n a = load.i64 [x] {size 8}"), kMessage);
    EXPECT_EQ(problem(" insn_start 0\n set x1, x\n insn_start 4\n a = load.i64 [x] {size 8}"), "");
    EXPECT_EQ(
        problem(" insn_start 0\n store_field.i64 x, 8, " + std::to_string(kField) + "\n store.i64 [x], x {size 8}"),
        kMessage);
    EXPECT_EQ(problem(" insn_start 0\n set x1, x\n call leave_if(x)"), kMessage);
    EXPECT_EQ(problem(" insn_start 0\n set x1, x\n call double_x1()"), "");
}

}  // namespace
}  // namespace kelvin::ir
