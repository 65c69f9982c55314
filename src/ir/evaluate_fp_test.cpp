// SPDX-License-Identifier: Apache-2.0
// That ops reach the right arithmetic with the right operands, shapes and attributes; ir/fp has tests of the
// arithmetic.
#include <gtest/gtest.h>

#include <bit>

#include "ir/evaluate.h"
#include "ir/fp/softfloat.h"

namespace kelvin::ir {
namespace {

constexpr u64 d(double value) {
    return std::bit_cast<u64>(value);
}
constexpr u32 s(float value) {
    return std::bit_cast<u32>(value);
}
constexpr u64 pair(float low, float high) {
    return u64{s(high)} << 32 | s(low);
}

constexpr u64 kJunk = 0x7ff0000000000001;  ///< a signaling NaN: shows if a lane that is none of the op's is looked at

class EvaluateFp : public ::testing::Test {
  protected:
    Datum run(Op op, const V128& a, const V128& b = {}, const V128& c = {}) {
        Datum operands[3]{};
        operands[0].vector = a;
        operands[1].vector = b;
        operands[2].vector = c;
        status_ = 0;
        return evaluate(op, operands, {mode_, &status_});
    }
    V128 fp(Opcode code, FpShape shape, const V128& a, const V128& b = {}, const V128& c = {}, u64 imm = 0) {
        return run({.code = code, .type = Type::v128, .aux = static_cast<u8>(shape), .imm = imm}, a, b, c).vector;
    }
    u64 scalar(Opcode code, double a, double b = 0, double c = 0, u64 imm = 0) {
        const V128 result = fp(code, FpShape::d, v128(d(a), kJunk), v128(d(b), kJunk), v128(d(c), kJunk), imm);
        EXPECT_EQ(result.d[1], 0u);
        return result.d[0];
    }

    FpMode mode_;
    u32 status_ = 0;
};

TEST_F(EvaluateFp, Scalars) {
    EXPECT_EQ(scalar(Opcode::fadd, 1.5, 2), d(3.5));
    EXPECT_EQ(scalar(Opcode::fsub, 1.5, 2), d(-0.5));
    EXPECT_EQ(scalar(Opcode::fmul, 1.5, 2), d(3));
    EXPECT_EQ(scalar(Opcode::fmulx, 0, std::numeric_limits<double>::infinity()), d(2));
    EXPECT_EQ(scalar(Opcode::fdiv, 3, 2), d(1.5));
    EXPECT_EQ(scalar(Opcode::fsqrt, 9), d(3));
    EXPECT_EQ(scalar(Opcode::fmin, 3, 2), d(2));
    EXPECT_EQ(scalar(Opcode::fmax, 3, 2), d(3));
    EXPECT_EQ(scalar(Opcode::fminnm, 3, std::numeric_limits<double>::quiet_NaN()), d(3));
    EXPECT_EQ(scalar(Opcode::fmaxnm, 3, 2), d(3));
    EXPECT_EQ(scalar(Opcode::fneg, 3), d(-3));
    EXPECT_EQ(scalar(Opcode::fabs, -3), d(3));
    EXPECT_EQ(status_, 0u);
}

TEST_F(EvaluateFp, FusedMultiplyAddNegatesWhatItIsAskedTo) {
    EXPECT_EQ(scalar(Opcode::fmuladd, 3, 5, 1), d(16));
    EXPECT_EQ(scalar(Opcode::fmuladd, 3, 5, 1, 1), d(-14));
    EXPECT_EQ(scalar(Opcode::fmuladd, 3, 5, 1, 2), d(14));
    EXPECT_EQ(scalar(Opcode::fmuladd, 3, 5, 1, 3), d(-16));
}

TEST_F(EvaluateFp, ShapesSayWhichElementsCount) {
    const V128 a = v128(pair(1, 2), pair(3, 4));
    EXPECT_EQ(fp(Opcode::fadd, FpShape::s, a, a), v128(s(2)));
    EXPECT_EQ(fp(Opcode::fadd, FpShape::v2s, a, a), v128(pair(2, 4)));
    EXPECT_EQ(fp(Opcode::fadd, FpShape::v4s, a, a), v128(pair(2, 4), pair(6, 8)));
    EXPECT_EQ(fp(Opcode::fadd, FpShape::v2d, v128(d(1), d(2)), v128(d(3), d(4))), v128(d(4), d(6)));
    // 0x3c00 is 1, 0x4000 is 2 in half precision.
    const V128 ones = v128(0x3c003c003c003c00, 0x3c003c003c003c00);
    EXPECT_EQ(fp(Opcode::fadd, FpShape::h, ones, ones), v128(0x4000));
    EXPECT_EQ(fp(Opcode::fadd, FpShape::v4h, ones, ones), v128(0x4000400040004000));
    EXPECT_EQ(fp(Opcode::fadd, FpShape::v8h, ones, ones), v128(0x4000400040004000, 0x4000400040004000));
    EXPECT_EQ(fp(Opcode::fneg, FpShape::v2s, a), v128(pair(-1, -2)));
    // Nothing is heard of elements above.
    fp(Opcode::fadd, FpShape::d, v128(0, kJunk), v128(0, kJunk));
    EXPECT_EQ(status_, 0u);
    fp(Opcode::fadd, FpShape::v2d, v128(0, kJunk), v128(0, kJunk));
    EXPECT_EQ(status_, u32{fp::kInvalidOperation});
}

TEST_F(EvaluateFp, ModeAndStatus) {
    EXPECT_EQ(scalar(Opcode::fdiv, 1, 3), 0x3fd5555555555555u);
    EXPECT_EQ(status_, u32{fp::kInexact});
    mode_.fpcr = 1u << 22;  // RMode: towards plus infinity
    EXPECT_EQ(scalar(Opcode::fdiv, 1, 3), 0x3fd5555555555556u);
    mode_.fpcr = 1u << 25;  // DN
    EXPECT_EQ(fp(Opcode::fadd, FpShape::d, v128(0xfff8000000000123), v128(0)), v128(0x7ff8000000000000));
    // Without a status exceptions go nowhere.
    const Datum operands[3] = {Datum{.vector = v128(d(1))}, Datum{.vector = v128(0)}, {}};
    const Op op{.code = Opcode::fdiv, .type = Type::v128, .aux = static_cast<u8>(FpShape::d)};
    EXPECT_EQ(evaluate(op, operands, {}).vector, v128(d(std::numeric_limits<double>::infinity())));
}

TEST_F(EvaluateFp, Comparisons) {
    const auto flags = [&](double a, double b, u64 signaling) {
        const Op op{.code = Opcode::fcompare, .type = Type::v128, .aux = static_cast<u8>(FpShape::d), .imm = signaling};
        return stored_flags::to_nzcv(static_cast<u32>(run(op, v128(d(a), kJunk), v128(d(b), kJunk)).integer)) >> 28;
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(flags(1, 2, 0), 0b1000u);
    EXPECT_EQ(flags(2, 2, 0), 0b0110u);
    EXPECT_EQ(flags(3, 2, 0), 0b0010u);
    EXPECT_EQ(flags(nan, 2, 0), 0b0011u);
    EXPECT_EQ(status_, 0u);
    EXPECT_EQ(flags(nan, 2, 1), 0b0011u);
    EXPECT_EQ(status_, u32{fp::kInvalidOperation});
    EXPECT_EQ(scalar(Opcode::fcmpeq, 2, 2), ~u64{0});
    EXPECT_EQ(scalar(Opcode::fcmpge, 1, 2), 0u);
    EXPECT_EQ(fp(Opcode::fcmpgt, FpShape::v2s, v128(pair(2, 1)), v128(pair(1, 2))), v128(0xffffffff));
}

TEST_F(EvaluateFp, Conversions) {
    constexpr u64 kUnsigned = 8;
    constexpr u64 kTowardsZero = static_cast<u64>(fp::Rounding::zero);
    const auto to_int = [&](Type type, double value, u64 imm) {
        const Op op{.code = Opcode::fto_int, .type = type, .aux = static_cast<u8>(FpShape::d), .imm = imm};
        return run(op, v128(d(value), kJunk)).integer;
    };
    EXPECT_EQ(to_int(Type::i32, -1.5, kTowardsZero), 0xffffffffu);
    EXPECT_EQ(to_int(Type::i64, -1.5, kTowardsZero), ~u64{0});
    EXPECT_EQ(to_int(Type::i64, -1.5, kTowardsZero | kUnsigned), 0u);
    EXPECT_EQ(to_int(Type::i32, 1e10, kTowardsZero), 0x7fffffffu);
    EXPECT_EQ(to_int(Type::i32, 1.75, kTowardsZero | 2u << 8), 7u);
    EXPECT_EQ(to_int(Type::i32, 2.5, static_cast<u64>(fp::Rounding::nearest_away)), 3u);

    const auto from_int = [&](u64 value, u64 imm) {
        const Datum operands[3] = {Datum{.integer = value}, {}, {}};
        const Op op{.code = Opcode::ffrom_int, .type = Type::v128, .aux = static_cast<u8>(FpShape::d), .imm = imm};
        return evaluate(op, operands, {}).vector;
    };
    EXPECT_EQ(from_int(0xffffffff, 0), v128(d(-1)));
    EXPECT_EQ(from_int(0xffffffff, kUnsigned), v128(d(4294967295.0)));
    EXPECT_EQ(from_int(0xffffffff, 1u << 4), v128(d(4294967295.0)));
    EXPECT_EQ(from_int(~u64{0}, 1u << 4), v128(d(-1)));
    EXPECT_EQ(from_int(7, 2u << 8), v128(d(1.75)));

    EXPECT_EQ(fp(Opcode::fvto_int, FpShape::v2s, v128(pair(-1.5, 2.5)), {}, {}, kTowardsZero),
              v128(0x00000002ffffffff));
    EXPECT_EQ(fp(Opcode::fvfrom_int, FpShape::v2s, v128(0x00000002ffffffff)), v128(pair(-1, 2)));
    EXPECT_EQ(fp(Opcode::fvfrom_int, FpShape::v2d, v128(3, ~u64{0}), {}, {}, kUnsigned),
              v128(d(3), d(18446744073709551616.0)));
    EXPECT_EQ(scalar(Opcode::fround, 2.5, 0, 0, 0), d(2));
    EXPECT_EQ(status_, 0u);
    EXPECT_EQ(scalar(Opcode::fround, 2.5, 0, 0, 8), d(2));
    EXPECT_EQ(status_, u32{fp::kInexact});

    EXPECT_EQ(fp(Opcode::fconvert, FpShape::s, v128(s(1.5)), {}, {}, static_cast<u64>(FpShape::d)), v128(d(1.5)));
    EXPECT_EQ(fp(Opcode::fconvert, FpShape::d, v128(d(1.5)), {}, {}, static_cast<u64>(FpShape::h)), v128(0x3e00));
    EXPECT_EQ(fp(Opcode::fvwiden, FpShape::v2s, v128(pair(1, 2), kJunk)), v128(d(1), d(2)));
    EXPECT_EQ(fp(Opcode::fvwiden, FpShape::v4h, v128(0x40003c0040003c00)), v128(pair(1, 2), pair(1, 2)));
    EXPECT_EQ(fp(Opcode::fvnarrow, FpShape::v2d, v128(d(1), d(2))), v128(pair(1, 2)));
    EXPECT_EQ(fp(Opcode::fvnarrow, FpShape::v4s, v128(pair(1, 2), pair(2, 1))), v128(0x3c00400040003c00));
}

}  // namespace
}  // namespace kelvin::ir
