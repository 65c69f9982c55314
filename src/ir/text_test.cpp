// SPDX-License-Identifier: Apache-2.0
#include "ir/text.h"

#include <gtest/gtest.h>

#include "ir/op_format.h"
#include "ir/test_guest.h"
#include "ir/verifier.h"

namespace kelvin::ir {
namespace {

using namespace testing;

TEST(Text, PrintsWhatItParses) {
    const std::string_view text =
        "fpcr 0x3000000\n"
        "b0:\n"
        "  insn_start 0x40\n"
        "  v1 = get x0\n"
        "  v2 = load.i64 [v1 - 16] {size 2, base x0, signed, acquire}\n"
        "  v3 = load.i32 [v1] {size 4, unprivileged, aligned, scattered}\n"
        "  v4 = vconstant 0x0\n"
        "  vstore [v1 + 16], v4 {size 16, base x0, zeroes}\n"
        "  v6 = sub_flags.i32 v2, v3\n"
        "  v7 = select.i64.eq v6, v2, v3\n"
        "  v8 = ubfx.i64 v7, 3, 8\n"
        "  set x1, v8\n"
        "  set flags, v6\n"
        "  v11 = call multiply_add(v7, v8, v3)\n"
        "  v12 = call read_x0()\n"
        "  call double_x1()\n"
        "  v14 = page_address -0x10\n"
        "  v15 = get v0\n"
        "  v16 = fadd.4s v15, v15\n"
        "  v17 = vadd.h v16, v15\n"
        "  v18 = fconvert.s.d v17\n"
        "  v19 = vextract.i32.b v18, 5\n"
        "  branch.ne v6, b2, b1\n"
        "b2:\n"
        "  exit_direct.call 0x44\n"
        "b1:\n"
        "  exit_direct -0x4\n";
    EXPECT_EQ(normal(text), text);
    const auto result = verify(region_of(text));
    EXPECT_TRUE(result) << result.error().message();
}

TEST(Text, NamesAndCommentsAreFree) {
    EXPECT_EQ(normal("b0: ; entry\n\n here = get x0 ; a comment\n set x1, here\n exit_direct 4\n"),
              "b0:\n  v0 = get x0\n  set x1, v0\n  exit_direct 0x4\n");
}

/// Ops with attributes that are valid, and all different from their defaults where there is a choice.
Op sample(Opcode code) {
    Op op{.code = code, .type = default_type(code)};
    if (op.type == Type::none && (info(code).result == ResultKind::I || info(code).result == ResultKind::F)) {
        op.type = Type::i32;
    }
    op.aux = aux_kind(code) == AuxKind::none ? 0 : 2;
    switch (imm_kind(code)) {
        case ImmKind::none:
            break;
        case ImmKind::slot:
            op.imm = 1;
            op.type = kTestGuest.slots[1].type;
            break;
        case ImmKind::memory:
            op.imm = pack_memory({.size_log2 = 3, .aligned = true, .order = Order::release, .base = 2}, -4096);
            break;
        case ImmKind::call:
            op.type = kMultiplyAdd.result;
            break;
        case ImmKind::signed_number:
            op.imm = static_cast<u64>(-20);
            break;
        case ImmKind::block:
            op.imm = 0;
            op.c = is_conditional(code) ? Value{0} : kNoValue;
            break;
        default:
            op.imm = 1;
            break;
    }
    return op;
}

TEST(Text, EveryOpSurvivesTheRoundTrip) {
    for (u16 i = 0; i < static_cast<u16>(Opcode::count); ++i) {
        const Opcode code = static_cast<Opcode>(i);
        if (code == Opcode::nop) {
            continue;
        }
        Region region;
        region.guest = &kTestGuest;
        Op op = sample(code);
        const std::string_view arguments = info(code).arguments;
        Value* const values[] = {&op.a, &op.b, &op.c};
        for (u32 k = 0; k < arguments.size(); ++k) {
            const u64 slot = arguments[k] == 'V' ? kV0 : arguments[k] == 'F' ? kFlagsSlot : 0;
            region.ops.push_back({.code = Opcode::get, .type = kTestSlots[slot].type, .imm = slot});
            *values[k] = Value{k};
        }
        if (code == Opcode::call) {
            region.ops.push_back({.code = Opcode::constant, .type = Type::i64, .imm = 1});
            region.calls.push_back({.helper = &kMultiplyAdd, .arguments = {Value{0}, Value{0}, Value{0}}});
        }
        region.ops.push_back(op);
        region.blocks.push_back({0, static_cast<u32>(region.ops.size())});
        const std::string text = print(region);
        const auto parsed = parse(text, kTestGuest, kTestHelpers);
        ASSERT_TRUE(parsed) << text << parsed.error().message();
        const Op& back = parsed.value().ops.back();
        EXPECT_EQ(print(parsed.value()), text);
        EXPECT_EQ(back.code, op.code) << text;
        EXPECT_EQ(back.type, op.type) << text;
        EXPECT_EQ(back.aux, op.aux) << text;
        EXPECT_EQ(back.a, op.a) << text;
        EXPECT_EQ(back.b, op.b) << text;
        EXPECT_EQ(back.c, op.c) << text;
        EXPECT_EQ(back.imm, op.imm) << text;
    }
}

TEST(Text, ErrorsNameTheLine) {
    const auto message = [](std::string_view text) {
        const auto region = parse(text, kTestGuest, kTestHelpers);
        return region ? "" : region.error().message();
    };
    EXPECT_EQ(message("b0:\n  v0 = gett x0\n"), "line 2: 'gett' is not an op");
    EXPECT_EQ(message("b0:\n\n  v0 = get x9\n"), "line 3: 'x9' is not a register");
    EXPECT_EQ(message("b0:\n  set x0, v7\n"), "line 2: 'v7' is not a value");
    EXPECT_EQ(message("b0:\n  exit_direct 0xz\n"), "line 2: 'z' is not a number");
    EXPECT_EQ(message("b0:\n  call nobody()\n"), "line 2: 'nobody' is not a helper");
    EXPECT_EQ(message("b0:\n  jump x\n"), "line 2: 'x' is not a block");
    EXPECT_EQ(message("b0:\n  jump b99999\n"), "line 2: 'b99999' is not a block");
    EXPECT_EQ(message("b0:\n  exit_state 1\n"), "line 2: too much in the line");
    EXPECT_EQ(message("b0:\n  v0 = get v0\n  v1 = vadd v0, v0\n"), "line 3: the op's lane, shape or kind is missing");
    EXPECT_EQ(message("b0:\n  v0 = get x0\n  v1 = load.i64 [v0] {size 3}\n"), "line 3: the size is not a power of two");
}

}  // namespace
}  // namespace kelvin::ir
