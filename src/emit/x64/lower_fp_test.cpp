// SPDX-License-Identifier: Apache-2.0
// Every floating-point op, by shape, attribute and FPCR, against evaluate(): results and FPSR.
#include "emit/x64/lowering_rig.h"
#include "ir/fp/softfloat.h"
#include "ir/op_format.h"

namespace kelvin::x64::testing {

namespace {

using ir::FpShape;

constexpr u32 kDefaultNan = 1u << 25;
constexpr u32 kFlushToZero = 1u << 24;
constexpr u32 kFlushHalfToZero = 1u << 19;
constexpr u32 kAlternativeHalf = 1u << 26;
constexpr u32 rounding_mode(fp::Rounding rounding) {
    return static_cast<u32>(rounding) << 22;
}

/// Numbers where formats, integers and NaNs end, and ordinary ones.
class Numbers {
  public:
    V128 next(FpShape shape, bool integers) {
        V128 value{};
        switch (ir::fp_lane(shape)) {
            case ir::Lane::h:
                for (u16& element : value.h) {
                    element = half();
                }
                break;
            case ir::Lane::s:
                for (u32& element : value.s) {
                    element = integers ? static_cast<u32>(integer()) : single();
                }
                break;
            default:
                for (u64& element : value.d) {
                    element = integers ? integer() : number();
                }
                break;
        }
        return value;
    }

    u64 integer() {
        const u64 bits = random_();
        switch (bits % 5) {
            case 0:
                return u64{1} << (bits >> 8) % 64;
            case 1:
                return ~u64{0} << (bits >> 8) % 64;
            case 2:
                return (u64{1} << (bits >> 8) % 64) - 1;
            case 3:
                return bits >> (bits >> 8) % 64;
            default:
                return random_();
        }
    }

  private:
    u64 number() {
        static constexpr u64 kSpecial[] = {
            0x0000000000000000, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff8000000012345,
            0x7ff0000000000001, 0x7ff4000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000,
            0x7fefffffffffffff, 0x3fe0000000000000, 0x41dfffffffc00000, 0x41e0000000000000, 0x41e0000000100000,
            0x41efffffffe00000, 0x41f0000000000000, 0x43e0000000000000, 0x43f0000000000000, 0x43efffffffffffff,
            0x3fdfffffffffffff, 0x4004000000000000, 0x36a0000000000000, 0x380fffffe0000000, 0x47efffffe0000000,
            0x47effffff0000000, 0x41dfffffffe00000, 0x41efffffffffffff};
        const u64 bits = random_();
        const u64 sign = bits << 63;
        switch (bits >> 1 & 3) {
            case 0:
                return kSpecial[(bits >> 8) % std::size(kSpecial)] | sign;
            case 1:  // of a moderate size
                return (random_() & 0x000fffffffffffff) | (1023 - 40 + (bits >> 8) % 110) << 52 | sign;
            case 2:  // with few bits
                return (random_() & 0x000ff00000000000) | (1023 - 4 + (bits >> 8) % 40) << 52 | sign;
            default:
                return random_();
        }
    }
    u32 single() {
        static constexpr u32 kSpecial[] = {0x00000000, 0x3f800000, 0x7f800000, 0x7fc00000, 0x7fc01234, 0x7f800001,
                                           0x7fa00000, 0x00000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0x3f000000,
                                           0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5f000000, 0x5f800000,
                                           0x40200000, 0x33000000, 0x387fc000, 0x38800000, 0x477fe000, 0x477ff000};
        const u64 bits = random_();
        const u32 sign = static_cast<u32>(bits << 31);
        const u32 exponent = static_cast<u32>(bits >> 8);
        switch (bits >> 1 & 3) {
            case 0:
                return kSpecial[(bits >> 8) % std::size(kSpecial)] | sign;
            case 1:
                return (static_cast<u32>(random_()) & 0x7fffff) | (127 - 30 + exponent % 80) << 23 | sign;
            case 2:
                return (static_cast<u32>(random_()) & 0x7f0000) | (127 - 4 + exponent % 40) << 23 | sign;
            default:
                return static_cast<u32>(random_());
        }
    }
    u16 half() {
        static constexpr u16 kSpecial[] = {0x0000, 0x3c00, 0x7c00, 0x7e00, 0x7e12,
                                           0x7c01, 0x0001, 0x0400, 0x7bff, 0x3800};
        const u64 bits = random_();
        const u16 value = (bits & 2) != 0 ? kSpecial[(bits >> 8) % std::size(kSpecial)] : static_cast<u16>(bits >> 16);
        return static_cast<u16>(value ^ bits << 15);
    }

    std::mt19937_64 random_{7};
};

std::vector<u64> conversions(IrOp code) {
    std::vector<u64> values;
    const bool rounds = code == IrOp::fto_int || code == IrOp::fvto_int || code == IrOp::fround;
    for (u64 rounding = 0; rounding < (rounds ? 5u : 1u); rounding++) {
        for (const u64 flag : {0u, 8u}) {
            for (const u64 wide : {0u, 16u}) {
                for (const u64 fraction_bits : {0u, 1u, 32u}) {
                    const bool applies = code != IrOp::fround || fraction_bits == 0;
                    if (applies && (wide == 0 || code == IrOp::ffrom_int)) {
                        values.push_back(rounding | flag | wide | fraction_bits << 8);
                    }
                }
            }
        }
    }
    return values;
}

std::vector<u64> immediates(IrOp code) {
    switch (ir::imm_kind(code)) {
        case ir::ImmKind::conversion:
            return conversions(code);
        case ir::ImmKind::negations:
            return {0, 1, 2, 3};
        case ir::ImmKind::flag:
            return {0, 1};
        case ir::ImmKind::shape:
            return {0, 1, 2};
        default:
            return {0};
    }
}

bool has_shape(IrOp code, FpShape shape) {
    switch (code) {
        case IrOp::fcompare:
        case IrOp::fconvert:
        case IrOp::fto_int:
        case IrOp::ffrom_int:
            return ir::fp_lanes(shape) == 1;
        case IrOp::fvwiden:
            return shape == FpShape::v4h || shape == FpShape::v2s;
        case IrOp::fvnarrow:
            return shape == FpShape::v4s || shape == FpShape::v2d;
        default:
            return true;
    }
}

void check_op(Rig& rig, Numbers& numbers, ir::Op op, u32 fpcr, unsigned runs) {
    const bool integers = op.code == IrOp::fvfrom_int;
    for (const Placement& place : kPlacements) {
        rig.compile(op, place, fpcr);
        for (unsigned i = 0; i < runs; i++) {
            const V128 a = numbers.next(op.shape(), integers);
            const V128 b = place.operands[1] == place.operands[0] ? a : numbers.next(op.shape(), integers);
            const V128 c = numbers.next(op.shape(), integers);
            const V128 last = place.operands[2] == place.operands[0]   ? a
                              : place.operands[2] == place.operands[1] ? b
                                                                       : c;
            ASSERT_TRUE(rig.check({a, b, last}, numbers.integer()));
        }
    }
}

void check_code(Rig& rig, Numbers& numbers, IrOp code, u32 fpcr, unsigned runs) {
    const bool to_integer = ir::info(code).result == ir::ResultKind::I;
    for (u8 aux = 0; aux < 8; aux++) {
        if (!has_shape(code, static_cast<FpShape>(aux))) {
            continue;
        }
        for (const u64 imm : immediates(code)) {
            ir::Op op{.code = code, .type = to_integer ? Type::i64 : Type::v128, .aux = aux, .imm = imm};
            ASSERT_NO_FATAL_FAILURE(check_op(rig, numbers, op, fpcr, runs));
            if (to_integer) {
                op.type = Type::i32;
                ASSERT_NO_FATAL_FAILURE(check_op(rig, numbers, op, fpcr, runs));
            }
        }
    }
}

void check_all(const HostFeatures& features, u32 fpcr, unsigned runs) {
    Rig rig(features);
    Numbers numbers;
    for (unsigned i = static_cast<unsigned>(IrOp::fadd); i <= static_cast<unsigned>(IrOp::fvnarrow); i++) {
        ASSERT_NO_FATAL_FAILURE(check_code(rig, numbers, static_cast<IrOp>(i), fpcr, runs));
    }
    check_code(rig, numbers, IrOp::fcompare, fpcr, runs);
}

TEST(LowerFp, RoundsToNearest) {
    for (const HostFeatures& features : feature_sets()) {
        ASSERT_NO_FATAL_FAILURE(check_all(features, 0, 60));
    }
}

TEST(LowerFp, RoundsAsFpcrSays) {
    for (const fp::Rounding rounding :
         {fp::Rounding::plus_infinity, fp::Rounding::minus_infinity, fp::Rounding::zero}) {
        ASSERT_NO_FATAL_FAILURE(check_all(HostFeatures::detect(), rounding_mode(rounding), 20));
        ASSERT_NO_FATAL_FAILURE(check_all({}, rounding_mode(rounding), 20));
    }
}

TEST(LowerFp, MakesDefaultNans) {
    ASSERT_NO_FATAL_FAILURE(check_all(HostFeatures::detect(), kDefaultNan, 30));
    ASSERT_NO_FATAL_FAILURE(check_all({}, kDefaultNan, 30));
}

TEST(LowerFp, Flushes) {
    for (const HostFeatures& features : feature_sets()) {
        ASSERT_NO_FATAL_FAILURE(check_all(features, kFlushToZero, 40));
    }
    for (const fp::Rounding rounding :
         {fp::Rounding::plus_infinity, fp::Rounding::minus_infinity, fp::Rounding::zero}) {
        ASSERT_NO_FATAL_FAILURE(check_all(HostFeatures::detect(), kFlushToZero | rounding_mode(rounding), 15));
    }
    ASSERT_NO_FATAL_FAILURE(check_all(HostFeatures::detect(), kFlushToZero | kDefaultNan, 15));
}

/// Of two NaNs a signaling one comes first, then the first (FPProcessNaNs); what is made of none is positive.
TEST(LowerFp, NansOfVectorsAreThoseOfArm) {
    constexpr u64 kSingles[] = {0,          0x3f800000, 0x7f800000, 0xff800000, 0x7fc00001,
                                0xffc00002, 0x7f800003, 0xff800004, 0x80000000};
    constexpr u64 kDoubles[] = {0,
                                0x3ff0000000000000,
                                0x7ff0000000000000,
                                0xfff0000000000000,
                                0x7ff8000000000001,
                                0xfff8000000000002,
                                0x7ff0000000000003,
                                0xfff0000000000004};
    for (const HostFeatures& features : feature_sets()) {
        Rig rig(features);
        for (const IrOp code : {IrOp::fadd, IrOp::fsub, IrOp::fmul, IrOp::fdiv}) {
            const auto check = [&](FpShape shape, std::span<const u64> numbers, unsigned shift) {
                rig.compile({.code = code, .type = Type::v128, .aux = static_cast<u8>(shape)}, kPlacements[0], 0);
                for (const u64 x : numbers) {
                    for (const u64 y : numbers) {
                        // One element has the pair, others have quiet ones and numbers.
                        const V128 a = v128(x, numbers[4] | numbers[1] << shift);
                        const V128 b = v128(y, numbers[1] | numbers[5] << shift);
                        ASSERT_TRUE(rig.check({a, b, V128{}}, 0)) << std::hex << x << " " << y;
                    }
                }
            };
            ASSERT_NO_FATAL_FAILURE(check(FpShape::v4s, kSingles, 32));
            ASSERT_NO_FATAL_FAILURE(check(FpShape::v2d, kDoubles, 0));
        }
    }
}

/// Exact results below the smallest normal number by less than a rounding: FPRound flushes them.
TEST(LowerFp, FlushesWhatRoundingWouldMakeNormal) {
    struct Case {
        IrOp code;
        FpShape shape;
        u64 imm, a, b;
    };
    constexpr u64 kBoth = u64{1} << 32 | 1;
    constexpr u64 kToSingle = static_cast<u64>(FpShape::s);
    const Case cases[] = {
        {IrOp::fmul, FpShape::d, 0, 0x0010000000000001, 0x3feffffffffffffe},
        {IrOp::fmul, FpShape::v2d, 0, 0x0010000000000001, 0x3feffffffffffffe},
        {IrOp::fmul, FpShape::s, 0, 0x00800001, 0x3f7ffffe},
        {IrOp::fmul, FpShape::v2s, 0, 0x00800001 * kBoth, 0x3f7ffffe * kBoth},
        {IrOp::fmul, FpShape::v4s, 0, 0x00800001 * kBoth, 0x3f7ffffe * kBoth},
        {IrOp::fmuladd, FpShape::d, 0, 0x0010000000000001, 0x3feffffffffffffe},
        {IrOp::fmuladd, FpShape::v2d, 1, 0x0010000000000001, 0x3feffffffffffffe},
        {IrOp::fmuladd, FpShape::s, 2, 0x00800001, 0x3f7ffffe},
        {IrOp::fmuladd, FpShape::v2s, 3, 0x00800001 * kBoth, 0x3f7ffffe * kBoth},
        {IrOp::fmuladd, FpShape::v4s, 0, 0x00800001 * kBoth, 0x3f7ffffe * kBoth},
        {IrOp::fconvert, FpShape::d, kToSingle, 0x380fffffffffffff, 0},
        {IrOp::fvnarrow, FpShape::v2d, 0, 0xb80fffffffffffff, 0},
    };
    for (const HostFeatures& features : feature_sets()) {
        Rig rig(features);
        for (const Case& c : cases) {
            for (const Placement& place : kPlacements) {
                rig.compile({.code = c.code, .type = Type::v128, .aux = static_cast<u8>(c.shape), .imm = c.imm}, place,
                            kFlushToZero);
                const V128 a = v128(c.a, c.a);
                const V128 b = place.operands[0] == place.operands[1] ? a : v128(c.b, c.b);
                const V128 addend = place.operands[2] == place.operands[0]   ? a
                                    : place.operands[2] == place.operands[1] ? b
                                                                             : V128{};
                ASSERT_TRUE(rig.check({a, b, addend}, 0));
            }
        }
    }
}

TEST(LowerFp, FlushesHalvesAndUsesTheAlternativeHalf) {
    ASSERT_NO_FATAL_FAILURE(check_all(HostFeatures::detect(), kAlternativeHalf, 5));
    ASSERT_NO_FATAL_FAILURE(check_all(HostFeatures::detect(), kFlushHalfToZero, 10));
}

}  // namespace

}  // namespace kelvin::x64::testing
