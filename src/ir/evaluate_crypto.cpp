// SPDX-License-Identifier: Apache-2.0
// AES as in FIPS 197, SHA-1 and SHA-256 as in FIPS 180-4, cut into the steps of the Arm ARM's instructions (J1.3).
#include <array>
#include <bit>

#include "ir/evaluate_ops.h"

namespace kelvin::ir::meaning {

namespace {

using Bytes = std::array<u8, 256>;

/// Times x in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
constexpr u8 double_in_field(u8 value) {
    return static_cast<u8>(value << 1 ^ ((value & 0x80) != 0 ? 0x1b : 0));
}

constexpr u8 multiply_in_field(u8 a, u8 b) {
    u8 product = 0;
    for (; b != 0; b = static_cast<u8>(b >> 1)) {
        product = (b & 1) != 0 ? product ^ a : product;
        a = double_in_field(a);
    }
    return product;
}

/// The S-box: the inverse in the field (as the 254th power), then an affine map.
constexpr u8 substitute(u8 value) {
    u8 inverse = 1;
    for (unsigned i = 0; i < 254; ++i) {
        inverse = multiply_in_field(inverse, value);
    }
    u8 result = 0x63;
    for (int i = 0; i < 5; ++i) {
        result ^= std::rotl(inverse, i);
    }
    return result;
}

constexpr Bytes make_forward() {
    Bytes table{};
    for (unsigned i = 0; i < 256; ++i) {
        table[i] = substitute(static_cast<u8>(i));
    }
    return table;
}
constexpr Bytes kSubstitute = make_forward();

constexpr Bytes make_inverse() {
    Bytes table{};
    for (unsigned i = 0; i < 256; ++i) {
        table[kSubstitute[i]] = static_cast<u8>(i);
    }
    return table;
}
constexpr Bytes kInverseSubstitute = make_inverse();

/// SubBytes and ShiftRows (which commute), or their inverses: row r, the bytes r + 4 * column, turns by r columns.
Datum substitute_and_shift(Input in, const Bytes& table, bool inverse) {
    V128 result{};
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned row = i % 4;
        const unsigned from = (i + (inverse ? 16 - 4 * row : 4 * row)) % 16;
        result.b[i] = table[in.va().b[from] ^ in.vb().b[from]];
    }
    return vector_result(result);
}

/// MixColumns with the circulant matrix whose first row is `factors`.
Datum mix_columns(Input in, const std::array<u8, 4>& factors) {
    V128 result{};
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned column = i & ~3u;
        for (unsigned j = 0; j < 4; ++j) {
            result.b[i] ^= multiply_in_field(in.va().b[column + (i + j) % 4], factors[j]);
        }
    }
    return vector_result(result);
}

u32 choose(u32 x, u32 y, u32 z) {
    return ((y ^ z) & x) ^ z;
}
u32 majority(u32 x, u32 y, u32 z) {
    return (x & y) | ((x | y) & z);
}
u32 big_sigma0(u32 x) {
    return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
}
u32 big_sigma1(u32 x) {
    return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
}
u32 small_sigma0(u32 x) {
    return std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3;
}
u32 small_sigma1(u32 x) {
    return std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10;
}

/// SHA256hash(): four rounds. x holds the working variables a to d, y e to h, w the words plus constants.
void hash_rounds(V128& x, V128& y, const V128& w) {
    for (unsigned round = 0; round < 4; ++round) {
        const u32 t = y.s[3] + big_sigma1(y.s[0]) + choose(y.s[0], y.s[1], y.s[2]) + w.s[round];
        const u32 new_a = t + big_sigma0(x.s[0]) + majority(x.s[0], x.s[1], x.s[2]);
        const u32 new_e = t + x.s[3];
        for (unsigned i = 3; i > 0; --i) {
            x.s[i] = x.s[i - 1];
            y.s[i] = y.s[i - 1];
        }
        x.s[0] = new_a;
        y.s[0] = new_e;
    }
}

u32 parity(u32 x, u32 y, u32 z) {
    return x ^ y ^ z;
}

/// SHA1hash(): four rounds. a holds the working variables a to d, the bottom of b is e, c the words plus constants.
template <auto Mix>
Datum sha1_rounds(Input in) {
    V128 x = in.va();
    u32 e = in.vb().s[0];
    for (const u32 word : in.vc().s) {
        const u32 t = e + std::rotl(x.s[0], 5) + Mix(x.s[1], x.s[2], x.s[3]) + word;
        e = x.s[3];
        x.s[3] = x.s[2];
        x.s[2] = std::rotl(x.s[1], 30);
        x.s[1] = x.s[0];
        x.s[0] = t;
    }
    return vector_result(x);
}

}  // namespace

Datum aes_encrypt(Input in) {
    return substitute_and_shift(in, kSubstitute, false);
}
Datum aes_decrypt(Input in) {
    return substitute_and_shift(in, kInverseSubstitute, true);
}
Datum aes_mix(Input in) {
    return mix_columns(in, {2, 3, 1, 1});
}
Datum aes_inverse_mix(Input in) {
    return mix_columns(in, {14, 11, 13, 9});
}
Datum sha256_hash(Input in) {
    V128 x = in.va();
    V128 y = in.vb();
    hash_rounds(x, y, in.vc());
    return vector_result(x);
}
Datum sha256_hash2(Input in) {
    V128 x = in.vb();
    V128 y = in.va();
    hash_rounds(x, y, in.vc());
    return vector_result(y);
}
Datum sha256_update0(Input in) {
    V128 result = in.va();
    for (unsigned i = 0; i < 4; ++i) {
        result.s[i] += small_sigma0(i < 3 ? in.va().s[i + 1] : in.vb().s[0]);
    }
    return vector_result(result);
}
Datum sha256_update1(Input in) {
    V128 result{};
    for (unsigned i = 0; i < 4; ++i) {
        const u32 earlier = i < 2 ? in.vc().s[i + 2] : result.s[i - 2];
        const u32 middle = i < 3 ? in.vb().s[i + 1] : in.vc().s[0];
        result.s[i] = in.va().s[i] + small_sigma1(earlier) + middle;
    }
    return vector_result(result);
}
Datum sha1_choose(Input in) {
    return sha1_rounds<&choose>(in);
}
Datum sha1_parity(Input in) {
    return sha1_rounds<&parity>(in);
}
Datum sha1_majority(Input in) {
    return sha1_rounds<&majority>(in);
}

}  // namespace kelvin::ir::meaning
