// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: cryptographic AES, SHA, three- and four-register SHA-512 and SHA-3. What the IR has no op for are the
// functions of FIPS 180-4 in the steps of the Arm ARM's instructions.
#include <bit>

#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

void sha1_fixed_rotate(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        const Value word = t.ir.vextract(ir::Type::i32, Lane::s, t.get(rn), 0);
        t.set(rd, t.ir.vector(Opcode::vfrom_gpr, Lane::s, t.ir.ror(ir::Type::i32, word, 2)));
    }
}

/// The first part of W[i] = rotl(W[i-3] ^ W[i-8] ^ W[i-14] ^ W[i-16], 1), for four words.
void sha1_schedule0(Lifter& t, VReg rm, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        const Value d = t.get(rd);
        const Value later = t.ir.vector(Opcode::vext, d, t.get(rn), ir::kNoValue, 8);
        t.set(rd, t.ir.vector(Opcode::vxor, t.ir.vector(Opcode::vxor, d, later), t.get(rm)));
    }
}

Value rotate_left_1(Lifter& t, Lane lane, Value value) {
    const unsigned width = ir::lane_bits(lane);
    const Value up = t.ir.vector(Opcode::vshl_imm, lane, value, ir::kNoValue, ir::kNoValue, 1);
    const Value down = t.ir.vector(Opcode::vshr_imm, lane, value, ir::kNoValue, ir::kNoValue, width - 1);
    return t.ir.vector(Opcode::vor, up, down);
}

/// The rest of it. The last word's W[i-3] is the first one's result.
void sha1_schedule1(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        const Value zero = t.ir.vconstant(0);
        const Value later = t.ir.vector(Opcode::vext, t.get(rn), zero, ir::kNoValue, 4);
        const Value rotated = rotate_left_1(t, Lane::s, t.ir.vector(Opcode::vxor, t.get(rd), later));
        const Value first = t.ir.vector(Opcode::vext, zero, rotate_left_1(t, Lane::s, rotated), ir::kNoValue, 4);
        t.set(rd, t.ir.vector(Opcode::vxor, rotated, first));
    }
}

u64 big_sigma0(u64 x) {
    return std::rotr(x, 28) ^ std::rotr(x, 34) ^ std::rotr(x, 39);
}
u64 big_sigma1(u64 x) {
    return std::rotr(x, 14) ^ std::rotr(x, 18) ^ std::rotr(x, 41);
}
u64 small_sigma0(u64 x) {
    return std::rotr(x, 1) ^ std::rotr(x, 8) ^ x >> 7;
}
u64 small_sigma1(u64 x) {
    return std::rotr(x, 19) ^ std::rotr(x, 61) ^ x >> 6;
}
u64 choose(u64 x, u64 y, u64 z) {
    return ((y ^ z) & x) ^ z;
}
u64 majority(u64 x, u64 y, u64 z) {
    return (x & y) | ((x | y) & z);
}

V128 sha512_hash(const V128& w, const V128& x, const V128& y) {
    V128 result{};
    result.d[1] = choose(y.d[1], x.d[0], x.d[1]) + big_sigma1(y.d[1]) + w.d[1];
    const u64 e = result.d[1] + y.d[0];
    result.d[0] = choose(e, y.d[1], x.d[0]) + big_sigma1(e) + w.d[0];
    return result;
}
V128 sha512_hash2(const V128& w, const V128& x, const V128& y) {
    V128 result{};
    result.d[1] = majority(x.d[0], y.d[1], y.d[0]) + big_sigma0(y.d[0]) + w.d[1];
    result.d[0] = majority(result.d[1], y.d[0], y.d[1]) + big_sigma0(result.d[1]) + w.d[0];
    return result;
}
V128 sha512_schedule0(const V128& w, const V128& x) {
    V128 result{};
    result.d[0] = w.d[0] + small_sigma0(w.d[1]);
    result.d[1] = w.d[1] + small_sigma0(x.d[0]);
    return result;
}
V128 sha512_schedule1(const V128& w, const V128& x, const V128& y) {
    V128 result{};
    for (unsigned i = 0; i < 2; i++) {
        result.d[i] = w.d[i] + small_sigma1(x.d[i]) + y.d[i];
    }
    return result;
}

template <auto Function>
constexpr ir::Helper kSha512 = ir::helper<Function>("sha512", ir::kHelperPure);

template <auto Function>
void sha512_three(Lifter& t, VReg rm, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.call(kSha512<Function>, {t.get(rd), t.get(rn), t.get(rm)}));
    }
}
template <auto Function>
void sha512_two(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.call(kSha512<Function>, {t.get(rd), t.get(rn)}));
    }
}

// Instructions that are one op of the IR.
template <Opcode Op>
void unary(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Op, t.get(rn)));
    }
}
template <Opcode Op>
void binary(Lifter& t, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Op, t.get(rd), t.get(rn)));
    }
}
template <Opcode Op>
void ternary(Lifter& t, VReg rm, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Op, t.get(rd), t.get(rn), t.get(rm)));
    }
}

/// EOR3 and BCAX: Rn ^ (Rm op Ra)
template <Opcode Op>
void xor_with(Lifter& t, VReg rm, VReg ra, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Opcode::vxor, t.get(rn), t.ir.vector(Op, t.get(rm), t.get(ra))));
    }
}

void rotate_and_xor(Lifter& t, VReg rm, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, t.ir.vector(Opcode::vxor, t.get(rn), rotate_left_1(t, Lane::d, t.get(rm))));
    }
}

void xor_and_rotate(Lifter& t, VReg rm, Imm<6> right, VReg rn, VReg rd) {
    if (!t.fp_enabled()) {
        return;
    }
    Value value = t.ir.vector(Opcode::vxor, t.get(rn), t.get(rm));
    if (right.value != 0) {
        const Value low = t.ir.vector(Opcode::vshr_imm, Lane::d, value, ir::kNoValue, ir::kNoValue, right.value);
        const Value high = t.ir.vector(Opcode::vshl_imm, Lane::d, value, ir::kNoValue, ir::kNoValue, 64 - right.value);
        value = t.ir.vector(Opcode::vor, low, high);
    }
    t.set(rd, value);
}

// clang-format off
constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"01001110 00 10100 00100 10 nnnnn ddddd", &binary<Opcode::aes_encrypt>>("AESE", Feature::aes),
    instruction<"01001110 00 10100 00101 10 nnnnn ddddd", &binary<Opcode::aes_decrypt>>("AESD", Feature::aes),
    instruction<"01001110 00 10100 00110 10 nnnnn ddddd", &unary<Opcode::aes_mix>>("AESMC", Feature::aes),
    instruction<"01001110 00 10100 00111 10 nnnnn ddddd", &unary<Opcode::aes_inverse_mix>>("AESIMC", Feature::aes),

    instruction<"01011110 000 mmmmm 0 000 00 nnnnn ddddd", &ternary<Opcode::sha1_choose>>("SHA1C", Feature::sha1),
    instruction<"01011110 000 mmmmm 0 001 00 nnnnn ddddd", &ternary<Opcode::sha1_parity>>("SHA1P", Feature::sha1),
    instruction<"01011110 000 mmmmm 0 010 00 nnnnn ddddd", &ternary<Opcode::sha1_majority>>("SHA1M", Feature::sha1),
    instruction<"01011110 000 mmmmm 0 011 00 nnnnn ddddd", &sha1_schedule0>("SHA1SU0", Feature::sha1),
    instruction<"01011110 00 10100 00000 10 nnnnn ddddd", &sha1_fixed_rotate>("SHA1H", Feature::sha1),
    instruction<"01011110 00 10100 00001 10 nnnnn ddddd", &sha1_schedule1>("SHA1SU1", Feature::sha1),

    instruction<"01011110 000 mmmmm 0 100 00 nnnnn ddddd", &ternary<Opcode::sha256_hash>>("SHA256H", Feature::sha256),
    instruction<"01011110 000 mmmmm 0 101 00 nnnnn ddddd", &ternary<Opcode::sha256_hash2>>("SHA256H2", Feature::sha256),
    instruction<"01011110 000 mmmmm 0 110 00 nnnnn ddddd", &ternary<Opcode::sha256_update1>>("SHA256SU1", Feature::sha256),
    instruction<"01011110 00 10100 00010 10 nnnnn ddddd", &binary<Opcode::sha256_update0>>("SHA256SU0", Feature::sha256),

    instruction<"11001110 011 mmmmm 1 0 00 00 nnnnn ddddd", &sha512_three<&sha512_hash>>("SHA512H", Feature::sha512),
    instruction<"11001110 011 mmmmm 1 0 00 01 nnnnn ddddd", &sha512_three<&sha512_hash2>>("SHA512H2", Feature::sha512),
    instruction<"11001110 011 mmmmm 1 0 00 10 nnnnn ddddd", &sha512_three<&sha512_schedule1>>("SHA512SU1", Feature::sha512),
    instruction<"11001110 110 00000 1000 00 nnnnn ddddd", &sha512_two<&sha512_schedule0>>("SHA512SU0", Feature::sha512),

    instruction<"11001110 000 mmmmm 0 aaaaa nnnnn ddddd", &xor_with<Opcode::vxor>>("EOR3", Feature::sha3),
    instruction<"11001110 001 mmmmm 0 aaaaa nnnnn ddddd", &xor_with<Opcode::vandn>>("BCAX", Feature::sha3),
    instruction<"11001110 011 mmmmm 1 0 00 11 nnnnn ddddd", &rotate_and_xor>("RAX1", Feature::sha3),
    instruction<"11001110 100 mmmmm iiiiii nnnnn ddddd", &xor_and_rotate>("XAR", Feature::sha3),
});
// clang-format on
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_crypto() {
    return kInstructions;
}

}  // namespace kelvin::arm64
