// SPDX-License-Identifier: Apache-2.0
// Every operation on special operands under all 64 settings of FPCR.{RMode, FZ, DN, FZ16, AHP}: the digests of results
// and FPSR were measured with the named instructions under QEMU 10.0.2 (qemu-aarch64 -cpu max), which agreed on 200
// million random operands as well.
#include <gtest/gtest.h>

#include <vector>

#include "base/bits.h"
#include "ir/fp/softfloat.h"

namespace kelvin::fp {
namespace {

struct Measured {
    const char* instruction;
    unsigned arity;
    u64 (*run)(u64, u64, u64, Environment&);
};

/// Zeros, denormals, numbers about the smallest, about 1 and about the largest, infinities and NaNs.
template <class F>
std::vector<u64> operands(bool few) {
    constexpr unsigned kFraction = F::kFractionBits;
    constexpr u64 kMax = low_mask(F::kExponentBits);
    constexpr u64 kBias = kMax >> 1;
    constexpr u64 kQuiet = u64{1} << (kFraction - 1);
    const std::vector<u64> exponents =
        few ? std::vector<u64>{0, kBias, kMax - 1, kMax}
            : std::vector<u64>{0,         1,        2,         kBias / 2, kBias - 2,
                               kBias - 1, kBias,    kBias + 1, kBias + 7, kBias + kFraction,
                               kMax - 2,  kMax - 1, kMax};
    const std::vector<u64> fractions =
        few ? std::vector<u64>{0, 1, kQuiet | 1}
            : std::vector<u64>{0, 1, kQuiet, kQuiet | 1, low_mask(kFraction), low_mask(kFraction) / 3};
    std::vector<u64> result;
    for (const u64 sign : {u64{0}, u64{1}}) {
        for (const u64 exponent : exponents) {
            for (const u64 fraction : fractions) {
                result.push_back((sign << F::kExponentBits | exponent) << kFraction | fraction);
            }
        }
    }
    return result;
}

u32 fpcr_of(u32 setting) {
    return (setting & 3) << 22 | bit(setting, 2) << 24 | bit(setting, 3) << 25 | bit(setting, 4) << 19 |
           bit(setting, 5) << 26;
}

template <class F>
u64 digest(const Measured& measured) {
    u64 hash = 0xCBF29CE484222325;
    const std::vector<u64> values = operands<F>(measured.arity == 3);
    const std::vector<u64> nothing = {0};
    for (u32 setting = 0; setting < 64; ++setting) {
        for (const u64 a : values) {
            for (const u64 b : measured.arity > 1 ? values : nothing) {
                for (const u64 c : measured.arity > 2 ? values : nothing) {
                    Environment environment = environment_from_fpcr(fpcr_of(setting));
                    hash = (hash ^ measured.run(a, b, c, environment)) * 0x100000001B3;
                    hash = (hash ^ environment.exceptions) * 0x100000001B3;
                }
            }
        }
    }
    return hash;
}

u64 nzcv(Ordering ordering) {
    constexpr u64 kFlags[] = {0x80000000, 0x60000000, 0x20000000, 0x30000000};
    return kFlags[static_cast<unsigned>(ordering)];
}

#define RUN(expression)                                          \
    [](u64 x, u64 y, u64 z, Environment& e) -> u64 {             \
        [[maybe_unused]] const auto a = static_cast<Bits<F>>(x); \
        [[maybe_unused]] const auto b = static_cast<Bits<F>>(y); \
        [[maybe_unused]] const auto c = static_cast<Bits<F>>(z); \
        return expression;                                       \
    }

template <class F>
void check(const std::vector<u64>& digests) {
    const Measured operations[] = {
        {"FADD", 2, RUN(add<F>(a, b, e))},
        {"FSUB", 2, RUN(sub<F>(a, b, e))},
        {"FMUL", 2, RUN(mul<F>(a, b, e))},
        {"FMULX", 2, RUN(mulx<F>(a, b, e))},
        {"FDIV", 2, RUN(div<F>(a, b, e))},
        {"FRECPS", 2, RUN(recip_step<F>(a, b, e))},
        {"FRSQRTS", 2, RUN(rsqrt_step<F>(a, b, e))},
        {"FMIN", 2, RUN(min<F>(a, b, e))},
        {"FMAX", 2, RUN(max<F>(a, b, e))},
        {"FMINNM", 2, RUN(minnm<F>(a, b, e))},
        {"FMAXNM", 2, RUN(maxnm<F>(a, b, e))},
        {"FMADD", 3, RUN(mul_add<F>(a, b, c, e))},
        {"FSQRT", 1, RUN(sqrt<F>(a, e))},
        {"FRECPE", 1, RUN(recip_estimate<F>(a, e))},
        {"FRSQRTE", 1, RUN(rsqrt_estimate<F>(a, e))},
        {"FRECPX", 1, RUN(recip_exponent<F>(a, e))},
        {"FCMP", 2, RUN(nzcv(compare_quiet<F>(a, b, e)))},
        {"FCMPE", 2, RUN(nzcv(compare_signaling<F>(a, b, e)))},
        {"FCMEQ", 2, RUN(compare_eq<F>(a, b, e))},
        {"FCMGE", 2, RUN(compare_ge<F>(a, b, e))},
        {"FCMGT", 2, RUN(compare_gt<F>(a, b, e))},
        {"FRINTN", 1, RUN(round_to_integral<F>(a, Rounding::nearest_even, false, e))},
        {"FRINTA", 1, RUN(round_to_integral<F>(a, Rounding::nearest_away, false, e))},
        {"FRINTX", 1, RUN(round_to_integral<F>(a, e.rounding, true, e))},
        {"FCVTNS", 1, RUN(to_integer<F>(a, {64, true}, 0, Rounding::nearest_even, e))},
        {"FCVTAU", 1, RUN(to_integer<F>(a, {32, false}, 0, Rounding::nearest_away, e))},
        {"FCVTMS", 1, RUN(to_integer<F>(a, {32, true}, 0, Rounding::minus_infinity, e))},
        {"FCVTPU", 1, RUN(to_integer<F>(a, {64, false}, 0, Rounding::plus_infinity, e))},
        {"FCVTZS", 1, RUN(to_integer<F>(a, {32, true}, 5, Rounding::zero, e))},
        {"FCVTZU", 1, RUN(to_integer<F>(a, {64, false}, 64, Rounding::zero, e))},
        {"SCVTF", 1, RUN(from_signed<F>(sign_extend(a, 8 * sizeof a), 3, e))},
        {"UCVTF", 1, RUN(from_unsigned<F>(a, 3, e))},
    };
    ASSERT_EQ(std::size(operations), digests.size());
    for (unsigned i = 0; i < digests.size(); ++i) {
        EXPECT_EQ(digest<F>(operations[i]), digests[i]) << operations[i].instruction;
    }
}

#undef RUN

TEST(Measured, Half) {
    check<Half>({0x0C5ADFB2006409C5, 0xBC369AE91FA0C5C5, 0x93673CB38AE8F965, 0x431354EF04C45325, 0x7B9FBEDCC34396A5,
                 0x76238C63C22DEBE5, 0x178CB659D309A445, 0x604415B3DB319025, 0xF8C7D81610CE1725, 0x1887D2EE01E08125,
                 0x745C9D9DF0359225, 0x2BAA66EF965695A5, 0x50D80B12E63CE585, 0x9DA6995857A3D625, 0x319C5EDE8104CD25,
                 0x8938D81B926D1A25, 0xD5BDC549B6EC3325, 0x392BB610DA0DF325, 0xEF2D27B69FBF0925, 0x853440F22C768825,
                 0x0F770E09C5B77B25, 0x1CE56D6A8B7C9D25, 0x8A3052228C535D25, 0xE6B09FC08C845725, 0x25B23294B5633D25,
                 0xC3BEEDE22A8EAB25, 0x4C9C8422C8717925, 0x14C67844E0A38025, 0xA3A68EC23BF93725, 0x1B369264E047D625,
                 0xEB62B0EF02F9DA25, 0xAA0F28A9BFF9F625});
}

TEST(Measured, Single) {
    check<Single>({0xC0AFDC21D5A31385, 0x772A6D04E2045805, 0xA77CBC7ACCC6CBE5, 0xC6B5CE4F21B4D5A5, 0x58C2EEF4EA3512E5,
                   0x1920C2B1DC82D6C5, 0x4618DEC5E2037465, 0x1BC51D35AB6E2F25, 0x3C44325C766FD825, 0x3592C94CB0A8FA25,
                   0xD97A1B2FF2C81725, 0xB8A26199511A8F25, 0xE5FB2FE32AC15325, 0x2758F9EFAE9D0345, 0xC42408D903A7B765,
                   0x9FF2B99820479625, 0xD1C6F4344F743325, 0x356C544E4075F325, 0xF64AC94F7C390925, 0xC3A2338DC8E78825,
                   0xF14B2CC5A48F7B25, 0xA88711484FDBB525, 0xF7E10FA2DCDBB525, 0xA3B78DD7B3059525, 0x8736A185DA927525,
                   0x342CFB22187D6125, 0x4B7BF04608587D25, 0xDC767579BC8FE225, 0xE56173D011798525, 0x91234D50D538D525,
                   0x6E94F720C1F66E25, 0xBBB9BE6DA28FA225});
}

TEST(Measured, Double) {
    check<Double>({0xABEE09DBBADBA825, 0x95A1C5ADA2A55CA5, 0xA8C710615ED652A5, 0x6A59E0F945258565, 0x6D063485171E0125,
                   0xBE711EA3BB099BA5, 0xAFB10E1ECFC81945, 0xD77D2D4C9ECDB825, 0xC987712436DB9F25, 0xF7678F5D7BEC8425,
                   0x3320ED01FD761D25, 0xB3132D96A31A8F25, 0x900AE7FB78D70E25, 0x1ED6AA6D7AD99AA5, 0x6109AD7126A238A5,
                   0x0DCA5FB7A40D7225, 0xD1C6F4344F743325, 0x356C544E4075F325, 0xF64AC94F7C390925, 0xC3A2338DC8E78825,
                   0xF14B2CC5A48F7B25, 0xA7F0F46EF041CD25, 0x3430F46EF041CD25, 0x1D551C7DEB551B25, 0xEDA8100A5A23DD25,
                   0x0362AD544E8C7525, 0x44FD0EB6A39C0125, 0xEAAC877FA0523A25, 0x76C023911D11A525, 0x1CDA1D064AC26125,
                   0x16ABC4CC14DD4BA5, 0xE35245AEDDA55E25});
}

TEST(Measured, Conversions) {
    EXPECT_EQ(digest<Half>({"", 1,
                            [](u64 x, u64, u64, Environment& e) -> u64 {
                                return convert<Single, Half>(static_cast<u16>(x), e);
                            }}),
              0xE0DB6D5588ED6325);
    EXPECT_EQ(digest<Half>({"", 1,
                            [](u64 x, u64, u64, Environment& e) -> u64 {
                                return convert<Double, Half>(static_cast<u16>(x), e);
                            }}),
              0x14B511A454736325);
    EXPECT_EQ(digest<Single>({"", 1,
                              [](u64 x, u64, u64, Environment& e) -> u64 {
                                  return convert<Half, Single>(static_cast<u32>(x), e);
                              }}),
              0xF1FA5694447B7145);
    EXPECT_EQ(digest<Single>({"", 1,
                              [](u64 x, u64, u64, Environment& e) -> u64 {
                                  return convert<Double, Single>(static_cast<u32>(x), e);
                              }}),
              0x27B78FEB29A51B25);
    EXPECT_EQ(
        digest<Double>({"", 1, [](u64 x, u64, u64, Environment& e) -> u64 { return convert<Half, Double>(x, e); }}),
        0xF1FA5694447B7145);
    EXPECT_EQ(
        digest<Double>({"", 1, [](u64 x, u64, u64, Environment& e) -> u64 { return convert<Single, Double>(x, e); }}),
        0x3C2B1CFEF437E065);
    EXPECT_EQ(digest<Double>({"", 1, [](u64 x, u64, u64, Environment& e) -> u64 { return convert_to_odd(x, e); }}),
              0xBEB355A2D20D0325);
}

}  // namespace
}  // namespace kelvin::fp
