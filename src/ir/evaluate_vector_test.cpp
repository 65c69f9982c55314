// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <initializer_list>
#include <ostream>

#include "ir/evaluate.h"

namespace kelvin {

void PrintTo(const V128& value, std::ostream* stream) {
    *stream << std::hex << "0x" << value.d[1] << ":0x" << value.d[0];
}

}  // namespace kelvin

namespace kelvin::ir {
namespace {

Datum vector(const V128& value) {
    Datum result{};
    result.vector = value;
    return result;
}

/// Evaluates a vector op; `attribute` is its aux byte.
V128 apply(Opcode code, u8 attribute, const V128& a, const V128& b = {}, const V128& c = {}, u64 imm = 0) {
    const Datum operands[3] = {vector(a), vector(b), vector(c)};
    return evaluate({.code = code, .type = Type::v128, .aux = attribute, .imm = imm}, operands, {}).vector;
}
V128 apply(Opcode code, Lane lane, const V128& a, const V128& b = {}, u64 imm = 0) {
    return apply(code, static_cast<u8>(lane), a, b, {}, imm);
}

V128 bytes(std::initializer_list<unsigned> values) {
    V128 result{};
    unsigned i = 0;
    for (const unsigned value : values) {
        result.b[i++] = static_cast<u8>(value);
    }
    return result;
}
V128 halves(std::initializer_list<unsigned> values) {
    V128 result{};
    unsigned i = 0;
    for (const unsigned value : values) {
        result.h[i++] = static_cast<u16>(value);
    }
    return result;
}
V128 words(u32 a, u32 b, u32 c, u32 d) {
    V128 result{};
    result.s[0] = a;
    result.s[1] = b;
    result.s[2] = c;
    result.s[3] = d;
    return result;
}

const V128 kUp = bytes({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
const V128 kUp16 = bytes({16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31});

TEST(EvaluateVector, BetweenRegisterFiles) {
    const auto from_integer = [](Opcode code, Lane lane, u64 value) {
        const Datum operands[3] = {{.integer = value}, {}, {}};
        return evaluate({.code = code, .type = Type::v128, .aux = static_cast<u8>(lane)}, operands, {}).vector;
    };
    EXPECT_EQ(from_integer(Opcode::vfrom_gpr, Lane::h, 0x12345), v128(0x2345));
    EXPECT_EQ(from_integer(Opcode::vdup_gpr, Lane::s, 0x100000002), words(2, 2, 2, 2));
    const Datum insert[3] = {vector(kUp), {.integer = 0x1ff}, {}};
    EXPECT_EQ(evaluate({.code = Opcode::vinsert_gpr, .type = Type::v128, .aux = 0, .imm = 15}, insert, {}).vector.b[15],
              0xff);
    const auto extract = [](Opcode code, Type type, Lane lane, u64 element) {
        const Datum operands[3] = {vector(v128(0x8081828384858687, 0x88898a8b8c8d8e8f)), {}, {}};
        return evaluate({.code = code, .type = type, .aux = static_cast<u8>(lane), .imm = element}, operands, {})
            .integer;
    };
    EXPECT_EQ(extract(Opcode::vextract, Type::i32, Lane::b, 8), 0x8fu);
    EXPECT_EQ(extract(Opcode::vextract_signed, Type::i32, Lane::b, 8), 0xffffff8fu);
    EXPECT_EQ(extract(Opcode::vextract_signed, Type::i64, Lane::h, 4), 0xffffffffffff8e8fu);
    EXPECT_EQ(extract(Opcode::vextract, Type::i64, Lane::d, 1), 0x88898a8b8c8d8e8fu);
}

TEST(EvaluateVector, MovingElements) {
    EXPECT_EQ(apply(Opcode::vlow64, 0, kUp), v128(kUp.d[0]));
    EXPECT_EQ(apply(Opcode::vlow32, 0, kUp), v128(kUp.s[0]));
    EXPECT_EQ(apply(Opcode::vlow_lane, Lane::h, kUp), v128(0x0100));
    EXPECT_EQ(apply(Opcode::vdup_lane, Lane::s, words(1, 2, 3, 4), {}, 2), words(3, 3, 3, 3));
    EXPECT_EQ(apply(Opcode::vinsert_lane, Lane::s, words(1, 2, 3, 4), words(5, 6, 7, 8), 1 | 3 << 4),
              words(1, 8, 3, 4));
    EXPECT_EQ(apply(Opcode::vcombine_low, 0, v128(1, 2), v128(3, 4)), v128(1, 3));
    EXPECT_EQ(apply(Opcode::vcombine_high, 0, v128(1, 2), v128(3, 4)), v128(2, 4));
    const V128 a = words(1, 2, 3, 4);
    const V128 b = words(5, 6, 7, 8);
    EXPECT_EQ(apply(Opcode::vzip1, Lane::s, a, b), words(1, 5, 2, 6));
    EXPECT_EQ(apply(Opcode::vzip2, Lane::s, a, b), words(3, 7, 4, 8));
    EXPECT_EQ(apply(Opcode::vuzp1, Lane::s, a, b), words(1, 3, 5, 7));
    EXPECT_EQ(apply(Opcode::vuzp2, Lane::s, a, b), words(2, 4, 6, 8));
    EXPECT_EQ(apply(Opcode::vtrn1, Lane::s, a, b), words(1, 5, 3, 7));
    EXPECT_EQ(apply(Opcode::vtrn2, Lane::s, a, b), words(2, 6, 4, 8));
    EXPECT_EQ(apply(Opcode::vzip1, Lane::d, v128(1, 2), v128(3, 4)), v128(1, 3));
    EXPECT_EQ(apply(Opcode::vtrn2, Lane::d, v128(1, 2), v128(3, 4)), v128(2, 4));
    EXPECT_EQ(apply(Opcode::vext, 0, kUp, kUp16, {}, 3),
              bytes({3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}));
    EXPECT_EQ(apply(Opcode::vreverse16, Lane::b, kUp), bytes({1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14}));
    EXPECT_EQ(apply(Opcode::vreverse32, Lane::b, kUp), bytes({3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12}));
    EXPECT_EQ(apply(Opcode::vreverse64, Lane::h, kUp), bytes({6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11, 8, 9}));
    EXPECT_EQ(apply(Opcode::vtable, 0, kUp16, bytes({15, 0, 16, 255, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})),
              bytes({31, 16, 0, 0, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28}));
}

TEST(EvaluateVector, Bitwise) {
    const V128 a = v128(0b1100, 0xff00);
    const V128 b = v128(0b1010, 0xf0f0);
    EXPECT_EQ(apply(Opcode::vand, 0, a, b), v128(0b1000, 0xf000));
    EXPECT_EQ(apply(Opcode::vor, 0, a, b), v128(0b1110, 0xfff0));
    EXPECT_EQ(apply(Opcode::vxor, 0, a, b), v128(0b0110, 0x0ff0));
    EXPECT_EQ(apply(Opcode::vandn, 0, a, b), v128(0b0100, 0x0f00));
    EXPECT_EQ(apply(Opcode::vnot, 0, v128(0, ~u64{0})), v128(~u64{0}, 0));
    EXPECT_EQ(apply(Opcode::vselect, 0, v128(0xf0, 0xf0), v128(0x12, 0x34), v128(0x56, 0x78)), v128(0x16, 0x38));
}

TEST(EvaluateVector, Arithmetic) {
    const V128 ones = v128(~u64{0}, ~u64{0});
    EXPECT_EQ(apply(Opcode::vadd, Lane::b, ones, v128(0x0101, 0)).b[0], 0);
    EXPECT_EQ(apply(Opcode::vadd, Lane::d, v128(~u64{0}, 1), v128(1, 1)), v128(0, 2));
    EXPECT_EQ(apply(Opcode::vsub, Lane::h, v128(0), v128(1)), v128(0xffff));
    EXPECT_EQ(apply(Opcode::vmul, Lane::s, words(0x10001, 3, 0, 0), words(0x10001, 5, 0, 0)), words(0x20001, 15, 0, 0));
    EXPECT_EQ(apply(Opcode::vneg, Lane::b, bytes({1, 0x80, 0xff})), bytes({0xff, 0x80, 1}));
    EXPECT_EQ(apply(Opcode::vabs, Lane::b, bytes({1, 0x80, 0xff})), bytes({1, 0x80, 1}));
    const V128 a = bytes({0x80, 1, 0xff});
    const V128 b = bytes({0x7f, 1, 0});
    EXPECT_EQ(apply(Opcode::vsmin, Lane::b, a, b), bytes({0x80, 1, 0xff}));
    EXPECT_EQ(apply(Opcode::vsmax, Lane::b, a, b), bytes({0x7f, 1, 0}));
    EXPECT_EQ(apply(Opcode::vumin, Lane::b, a, b), bytes({0x7f, 1, 0}));
    EXPECT_EQ(apply(Opcode::vumax, Lane::b, a, b), bytes({0x80, 1, 0xff}));
    EXPECT_EQ(apply(Opcode::vcmpeq, Lane::b, a, b).s[0], 0xff00ff00u);
    EXPECT_EQ(apply(Opcode::vcmpgt, Lane::b, a, b).s[0], 0u);
    EXPECT_EQ(apply(Opcode::vcmpge, Lane::b, a, b).s[0], 0xff00ff00u);
    EXPECT_EQ(apply(Opcode::vcmphi, Lane::b, a, b).s[0], 0x00ff00ffu);
    EXPECT_EQ(apply(Opcode::vcmphs, Lane::b, a, b).s[0], 0xffffffffu);
    EXPECT_EQ(apply(Opcode::vurhadd, Lane::b, bytes({255, 1}), bytes({255, 2})), bytes({255, 2}));
    EXPECT_EQ(apply(Opcode::vuhadd, Lane::b, bytes({255, 1}), bytes({255, 2})), bytes({255, 1}));
    EXPECT_EQ(apply(Opcode::vurhadd, Lane::d, ones, ones), ones);
    EXPECT_EQ(apply(Opcode::vpopcount, 0, bytes({0, 0xff, 0x81})), bytes({0, 8, 2}));
    EXPECT_EQ(apply(Opcode::vclz, Lane::h, halves({0, 1, 0x8000, 0xff, 1, 1, 1, 1})),
              halves({16, 15, 0, 8, 15, 15, 15, 15}));
    EXPECT_EQ(apply(Opcode::vrbit8, 0, bytes({1, 0x12, 0xf0})), bytes({0x80, 0x48, 0x0f}));
}

TEST(EvaluateVector, Shifts) {
    const V128 a = halves({0x8001, 0x8001, 0x8001, 0x8001, 0x8001, 0x8001, 0x8001, 0x8001});
    EXPECT_EQ(apply(Opcode::vshl_imm, Lane::h, a, {}, 15).h[0], 0x8000);
    EXPECT_EQ(apply(Opcode::vshr_imm, Lane::h, a, {}, 16).h[0], 0);
    EXPECT_EQ(apply(Opcode::vshr_imm, Lane::h, a, {}, 0).h[0], 0x8001);
    EXPECT_EQ(apply(Opcode::vsar_imm, Lane::h, a, {}, 16).h[0], 0xffff);
    EXPECT_EQ(apply(Opcode::vshr_imm, Lane::d, v128(~u64{0}, 1), {}, 64), v128(0));
    EXPECT_EQ(apply(Opcode::vsar_imm, Lane::d, v128(~u64{0}, 1), {}, 64), v128(~u64{0}));
    // Only the low byte counts: 0x0101 shifts by 1, 0x00ff by -1, and -128 is as good as minus infinity.
    const V128 counts = halves({1, 0xff, 16, 0xf0, 0x101, 0x80, 15, 0x7f});
    EXPECT_EQ(apply(Opcode::vushl, Lane::h, a, counts), halves({2, 0x4000, 0, 0, 2, 0, 0x8000, 0}));
    EXPECT_EQ(apply(Opcode::vsshl, Lane::h, a, counts), halves({2, 0xc000, 0, 0xffff, 2, 0xffff, 0x8000, 0}));
    EXPECT_EQ(apply(Opcode::vushl, Lane::d, v128(1, 1u << 31), v128(63, 0xc0)), v128(u64{1} << 63, 0));
}

TEST(EvaluateVector, AcrossAndBetweenWidths) {
    EXPECT_EQ(apply(Opcode::vaddpair, Lane::s, words(1, 2, 3, 4), words(5, 6, 7, 8)), words(3, 7, 11, 15));
    EXPECT_EQ(apply(Opcode::vaddpair, Lane::d, v128(1, 2), v128(3, 4)), v128(3, 7));
    EXPECT_EQ(apply(Opcode::vreduce_add, Lane::b, v128(~u64{0}, ~u64{0})), v128(0xf0));
    EXPECT_EQ(apply(Opcode::vreduce_add, Lane::d, v128(~u64{0}, 3)), v128(2));
    EXPECT_EQ(apply(Opcode::vwiden_u, Lane::b, v128(0x80ff, ~u64{0})), halves({0xff, 0x80}));
    EXPECT_EQ(apply(Opcode::vwiden_s, Lane::b, v128(0x80ff, ~u64{0})), halves({0xffff, 0xff80}));
    EXPECT_EQ(apply(Opcode::vwiden_s, Lane::s, words(0x80000000, 1, 9, 9)), v128(0xffffffff80000000, 1));
    EXPECT_EQ(apply(Opcode::vnarrow, Lane::s, words(0x10001, 0x20002, 0x30003, 0x40004)), halves({1, 2, 3, 4}));
    EXPECT_EQ(apply(Opcode::vmul_wide_u, Lane::b, v128(0xff, 9), v128(0xff, 9)), halves({0xfe01}));
    EXPECT_EQ(apply(Opcode::vmul_wide_s, Lane::b, v128(0xff, 9), v128(0x7f, 9)), halves({0xff81}));
    EXPECT_EQ(apply(Opcode::vmul_wide_u, Lane::s, words(~0u, 0, 0, 0), words(~0u, 0, 0, 0)), v128(0xfffffffe00000001));
    // (x + 1) (x + 1) = x^2 + 1 over GF(2).
    EXPECT_EQ(apply(Opcode::vpmul_wide, Lane::b, bytes({3, 0xff}), bytes({3, 0xff})), halves({5, 0x5555}));
    EXPECT_EQ(apply(Opcode::vpmul_wide, Lane::d, v128(u64{1} << 63, 7), v128(u64{1} << 63, 7)), v128(0, u64{1} << 62));
    EXPECT_EQ(apply(Opcode::vpmul_wide, Lane::d, v128(3), v128(~u64{0})), v128(1, 1));
}

TEST(EvaluateVector, SaturationSetsTheStickyFlag) {
    constexpr u32 kQc = 1u << 27;
    const auto saturating = [](Opcode code, Lane lane, const V128& a, const V128& b, bool saturates) {
        u32 status = 0;
        const Datum operands[3] = {vector(a), vector(b), {}};
        const V128 result =
            evaluate({.code = code, .type = Type::v128, .aux = static_cast<u8>(lane)}, operands, {{}, &status}).vector;
        EXPECT_EQ(status, saturates ? kQc : 0);
        return result;
    };
    EXPECT_EQ(saturating(Opcode::vqadd_s, Lane::b, bytes({0x7f, 0x80, 1}), bytes({1, 0xff, 1}), true),
              bytes({0x7f, 0x80, 2}));
    EXPECT_EQ(saturating(Opcode::vqadd_u, Lane::b, bytes({0xff, 1}), bytes({1, 1}), true), bytes({0xff, 2}));
    EXPECT_EQ(saturating(Opcode::vqsub_s, Lane::h, halves({0x8000}), halves({1}), true), halves({0x8000}));
    EXPECT_EQ(saturating(Opcode::vqsub_u, Lane::s, words(1, 5, 0, 0), words(2, 3, 0, 0), true), words(0, 2, 0, 0));
    EXPECT_EQ(saturating(Opcode::vqadd_s, Lane::d, v128(u64{1} << 63, 1), v128(~u64{0}, 1), true),
              v128(u64{1} << 63, 2));
    EXPECT_EQ(saturating(Opcode::vqadd_u, Lane::d, v128(~u64{0}, 1), v128(1, 1), true), v128(~u64{0}, 2));
    EXPECT_EQ(saturating(Opcode::vqsub_u, Lane::d, v128(5, 0), v128(5, 0), false), v128(0));
}

/// FIPS 197, appendix B: the first round of the cipher example.
TEST(EvaluateCrypto, AesRounds) {
    const V128 input =
        bytes({0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34});
    const V128 key =
        bytes({0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c});
    const V128 shifted =
        bytes({0xd4, 0xbf, 0x5d, 0x30, 0xe0, 0xb4, 0x52, 0xae, 0xb8, 0x41, 0x11, 0xf1, 0x1e, 0x27, 0x98, 0xe5});
    const V128 mixed =
        bytes({0x04, 0x66, 0x81, 0xe5, 0xe0, 0xcb, 0x19, 0x9a, 0x48, 0xf8, 0xd3, 0x7a, 0x28, 0x06, 0x26, 0x4c});
    EXPECT_EQ(apply(Opcode::aes_encrypt, 0, input, key), shifted);
    EXPECT_EQ(apply(Opcode::aes_mix, 0, shifted), mixed);
    EXPECT_EQ(apply(Opcode::aes_inverse_mix, 0, mixed), shifted);
    EXPECT_EQ(apply(Opcode::vxor, 0, apply(Opcode::aes_decrypt, 0, shifted), key), input);
}

/// SHA-256 of "abc", FIPS 180-4's example, with the instructions as a library uses them.
TEST(EvaluateCrypto, Sha256OfAbc) {
    constexpr u32 kRound[64] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
    V128 message[16] = {words(0x61626380, 0, 0, 0), {}, {}, words(0, 0, 0, 24)};
    for (unsigned i = 4; i < 16; ++i) {
        const V128 partly = apply(Opcode::sha256_update0, 0, message[i - 4], message[i - 3]);
        message[i] = apply(Opcode::sha256_update1, 0, partly, message[i - 2], message[i - 1]);
    }
    const V128 initial0 = words(0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a);
    const V128 initial1 = words(0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19);
    V128 state0 = initial0;
    V128 state1 = initial1;
    for (unsigned i = 0; i < 16; ++i) {
        const V128 constants = words(kRound[4 * i], kRound[4 * i + 1], kRound[4 * i + 2], kRound[4 * i + 3]);
        const V128 w = apply(Opcode::vadd, Lane::s, message[i], constants);
        const V128 before = state0;
        state0 = apply(Opcode::sha256_hash, 0, state0, state1, w);
        state1 = apply(Opcode::sha256_hash2, 0, state1, before, w);
    }
    EXPECT_EQ(apply(Opcode::vadd, Lane::s, state0, initial0), words(0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223));
    EXPECT_EQ(apply(Opcode::vadd, Lane::s, state1, initial1), words(0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad));
}

// FIPS 180-4, of the same message, as the Arm ARM's instructions do it; the rotation by 30 is SHA1H.
TEST(EvaluateVector, Sha1Abc) {
    const auto words = [](u32 a, u32 b, u32 c, u32 d) { return v128(a | u64{b} << 32, c | u64{d} << 32); };
    u32 w[80] = {0x61626380};
    w[15] = 24;
    for (unsigned i = 16; i < 80; ++i) {
        w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    struct Part {
        Opcode rounds;
        u32 constant;
    };
    constexpr Part kParts[] = {{Opcode::sha1_choose, 0x5a827999},
                               {Opcode::sha1_parity, 0x6ed9eba1},
                               {Opcode::sha1_majority, 0x8f1bbcdc},
                               {Opcode::sha1_parity, 0xca62c1d6}};
    const V128 initial = words(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
    V128 state = initial;
    V128 e = v128(0xffffffffc3d2e1f0, ~u64{0});  // only its bottom counts
    for (unsigned i = 0; i < 80; i += 4) {
        const Part& part = kParts[i / 20];
        const u32 k = part.constant;
        const V128 next_e = v128(std::rotl(state.s[0], 30));
        state = apply(part.rounds, 0, state, e, words(w[i] + k, w[i + 1] + k, w[i + 2] + k, w[i + 3] + k));
        e = next_e;
    }
    EXPECT_EQ(apply(Opcode::vadd, Lane::s, state, initial), words(0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c));
    EXPECT_EQ(e.s[0] + 0xc3d2e1f0, 0x9cd0d89du);
}

}  // namespace
}  // namespace kelvin::ir
