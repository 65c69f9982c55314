// SPDX-License-Identifier: Apache-2.0
// Vector emitters: shifts, and bits within elements.
#include <algorithm>

#include "emit/x64/lower_vector.h"

namespace kelvin::x64::lower {

namespace {

using ir::Lane;

/// The matrix by which vgf2p8affineqb makes bit i of each byte from bit `source(i)`; 8 and more give zero. (Row i is
/// the matrix's byte 7 - i: SDM, affine_byte.)
template <class Source>
V128 bit_matrix(Source source) {
    u64 matrix = 0;
    for (unsigned i = 0; i < 8; i++) {
        const unsigned from = source(i);
        matrix |= from < 8 ? u64{1} << (8 * (7 - i) + from) : 0;
    }
    return every_double(matrix);
}

/// result = each byte of a after the matrix.
void permute_bits(Emitter& e, const V128& matrix) {
    const Xmm x = e.use_xmm(e.current().a);
    e.a.vex(vop::vgf2p8affineqb, e.define_over(x), x, in_memory(e, matrix), u8{0});
}

/// result = (16-bit elements shifted) & mask.
void shift_bytes(Emitter& e, VexOp op, u8 count, u8 mask) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_over(x);
    e.a.vex(op, result, x, count);
    e.a.vex(vop::vpand, result, result, in_memory(e, every_byte(mask)));
}

unsigned shift_count(const Emitter& e) {
    return static_cast<unsigned>(e.current().imm);
}

}  // namespace

void vshl_imm(Emitter& e) {
    constexpr ByLane kOps = {VexOp{}, vop::vpsllw_imm, vop::vpslld_imm, vop::vpsllq_imm};
    const unsigned count = shift_count(e);
    if (e.current().lane() != Lane::b) {
        unary(e, kOps[e.current().aux], static_cast<u8>(count));
    } else if (e.features().gfni) {
        permute_bits(e, bit_matrix([&](unsigned i) { return i - count; }));
    } else {
        shift_bytes(e, vop::vpsllw_imm, static_cast<u8>(count), static_cast<u8>(0xffu << count));
    }
}

void vshr_imm(Emitter& e) {
    constexpr ByLane kOps = {VexOp{}, vop::vpsrlw_imm, vop::vpsrld_imm, vop::vpsrlq_imm};
    const unsigned count = shift_count(e);
    if (e.current().lane() != Lane::b) {
        unary(e, kOps[e.current().aux], static_cast<u8>(count));
    } else if (e.features().gfni) {
        permute_bits(e, bit_matrix([&](unsigned i) { return i + count; }));
    } else {
        shift_bytes(e, vop::vpsrlw_imm, static_cast<u8>(count), static_cast<u8>(0xffu >> count));
    }
}

namespace {

/// An unsigned shift, then the sign, whose place is now lower, is extended: (v ^ sign) - sign.
void shift_signed_bytes(Emitter& e, unsigned count) {
    const V128 sign = every_byte(static_cast<u8>(0x80u >> count));
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_over(x);
    e.a.vex(vop::vpsrlw_imm, result, x, static_cast<u8>(count));
    e.a.vex(vop::vpand, result, result, in_memory(e, every_byte(static_cast<u8>(0xffu >> count))));
    e.a.vex(vop::vpxor, result, result, in_memory(e, sign));
    e.a.vex(vop::vpsubb, result, result, in_memory(e, sign));
}

void shift_signed_doubles(Emitter& e, unsigned count) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    const Xmm negative = e.temp_xmm();
    e.a.vex(vop::vpxor, negative, negative, negative);
    e.a.vex(vop::vpcmpgtq, negative, negative, x);
    e.a.vex(vop::vpsllq_imm, negative, negative, static_cast<u8>(64 - count));
    e.a.vex(vop::vpsrlq_imm, result, x, static_cast<u8>(count));
    e.a.vex(vop::vpor, result, result, negative);
}

}  // namespace

void vsar_imm(Emitter& e) {
    constexpr ByLane kOps = {VexOp{}, vop::vpsraw_imm, vop::vpsrad_imm, vop::vpsraq_imm};
    const unsigned count = shift_count(e);
    if (e.current().lane() == Lane::b) {
        if (e.features().gfni) {
            permute_bits(e, bit_matrix([&](unsigned i) { return std::min(i + count, 7u); }));
        } else {
            shift_signed_bytes(e, std::min(count, 7u));
        }
    } else if (available(e, kOps[e.current().aux])) {
        unary(e, kOps[e.current().aux], static_cast<u8>(count));
    } else {
        shift_signed_doubles(e, count);
    }
}

// Counts are the signed low bytes of b's elements. The host takes a whole element as an unsigned count, and one that is
// too large shifts everything out. So the low byte of a count shifts left if it is not negative and gives zero if it
// is, and the low byte of its negation does the same to the right; if it is zero both give the value.
void vushl(Emitter& e) {
    constexpr ByLane kLeft = {VexOp{}, vop::vpsllvw, vop::vpsllvd, vop::vpsllvq};
    constexpr ByLane kRight = {VexOp{}, vop::vpsrlvw, vop::vpsrlvd, vop::vpsrlvq};
    constexpr ByLane kSub = {VexOp{}, vop::vpsubw, vop::vpsubd, vop::vpsubq};
    const Lane lane = e.current().lane();
    if (!available(e, kLeft[e.current().aux])) {
        fallback(e);
        return;
    }
    const V128 low_byte = every_lane(lane, 0xff);
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm count = e.temp_xmm();
    e.a.vex(vop::vpxor, result, result, result);
    e.a.vex(kSub[e.current().aux], count, result, y);
    e.a.vex(vop::vpand, result, y, in_memory(e, low_byte));
    e.a.vex(kLeft[e.current().aux], result, x, result);
    e.a.vex(vop::vpand, count, count, in_memory(e, low_byte));
    e.a.vex(kRight[e.current().aux], count, x, count);
    e.a.vex(vop::vpor, result, result, count);
}

// Left by the count if it is positive, then right by what it is below zero.
void vsshl(Emitter& e) {
    constexpr ByLane kLeft = {VexOp{}, vop::vpsllvw, vop::vpsllvd, vop::vpsllvq};
    constexpr ByLane kRight = {VexOp{}, vop::vpsravw, vop::vpsravd, vop::vpsravq};
    constexpr ByLane kToTop = {VexOp{}, vop::vpsllw_imm, vop::vpslld_imm, vop::vpsllq_imm};
    constexpr ByLane kFromTop = {VexOp{}, vop::vpsraw_imm, vop::vpsrad_imm, vop::vpsraq_imm};
    constexpr ByLane kMaximum = {VexOp{}, vop::vpmaxsw, vop::vpmaxsd, vop::vpmaxsq};
    constexpr ByLane kSub = {VexOp{}, vop::vpsubw, vop::vpsubd, vop::vpsubq};
    const unsigned lane = e.current().aux;
    if (!available(e, kRight[lane])) {
        fallback(e);
        return;
    }
    const u8 distance = static_cast<u8>(ir::lane_bits(e.current().lane()) - 8);
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm count = e.temp_xmm();
    e.a.vex(kToTop[lane], count, y, distance);
    e.a.vex(kFromTop[lane], count, count, distance);
    // max(0, count), and count less that is min(0, count).
    e.a.vex(vop::vpxor, result, result, result);
    e.a.vex(kMaximum[lane], result, result, count);
    e.a.vex(kSub[lane], count, result, count);
    e.a.vex(kLeft[lane], result, x, result);
    e.a.vex(kRight[lane], result, result, count);
}

namespace {

/// A result, and registers that are free again.
struct LookUp {
    Xmm result;
    Xmm scratch[2];
};

/// result = low[low nibble] op high[high nibble] for each byte of a.
LookUp look_up_nibbles(Emitter& e, const V128& low, const V128& high, VexOp op) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm result = e.define_xmm(true);
    const Xmm nibbles = e.temp_xmm();
    const Xmm table = e.temp_xmm();
    const V128 mask = every_byte(0x0f);
    e.a.vex(vop::vpand, nibbles, x, in_memory(e, mask));
    e.a.vex(vop::vmovaps, table, in_memory(e, low));
    e.a.vex(vop::vpshufb, table, table, nibbles);
    e.a.vex(vop::vpsrlw_imm, nibbles, x, u8{4});
    e.a.vex(vop::vpand, nibbles, nibbles, in_memory(e, mask));
    e.a.vex(vop::vmovaps, result, in_memory(e, high));
    e.a.vex(vop::vpshufb, result, result, nibbles);
    e.a.vex(op, result, result, table);
    return {result, {nibbles, table}};
}

/// Byte i = function(i).
template <class Function>
V128 nibble_table(Function function) {
    V128 table{};
    for (unsigned i = 0; i < 16; i++) {
        table.b[i] = static_cast<u8>(function(i));
    }
    return table;
}

unsigned reversed_nibble(unsigned n) {
    return (n & 1) << 3 | (n & 2) << 1 | (n & 4) >> 1 | (n & 8) >> 3;
}

unsigned leading_zeros(unsigned nibble) {
    return 4u - static_cast<unsigned>(std::bit_width(nibble));
}

}  // namespace

void vpopcount(Emitter& e) {
    if (e.features().avx512_bitalg) {
        unary(e, vop::vpopcntb);
        return;
    }
    const V128 counts = nibble_table([](unsigned n) { return std::popcount(n); });
    look_up_nibbles(e, counts, counts, vop::vpaddb);
}

void vrbit8(Emitter& e) {
    if (e.features().gfni) {
        permute_bits(e, bit_matrix([](unsigned i) { return 7 - i; }));
        return;
    }
    const V128 low = nibble_table([](unsigned n) { return reversed_nibble(n) << 4; });
    look_up_nibbles(e, low, nibble_table(reversed_nibble), vop::vpor);
}

namespace {

/// Counts of each half of an element become those of the whole: the upper half's, and the lower's on top if all of the
/// upper is zeros.
void join_counts(Emitter& e, const LookUp& at, Lane lane) {
    const bool words = lane == Lane::s;
    const u8 half = words ? 16 : 8;
    const auto [upper, all_zero] = at.scratch;
    e.a.vex(words ? vop::vpsrld_imm : vop::vpsrlw_imm, upper, at.result, half);
    e.a.vex(words ? vop::vpcmpeqd : vop::vpcmpeqw, all_zero, upper, in_memory(e, every_lane(lane, half)));
    e.a.vex(vop::vpand, all_zero, all_zero, in_memory(e, every_lane(lane, (1u << half) - 1)));
    e.a.vex(vop::vpand, at.result, at.result, all_zero);
    e.a.vex(words ? vop::vpaddd : vop::vpaddw, at.result, at.result, upper);
}

}  // namespace

void vclz(Emitter& e) {
    const Lane lane = e.current().lane();
    if (lane >= Lane::s && e.features().avx512) {
        unary(e, lane == Lane::s ? vop::vplzcntd : vop::vplzcntq);
        return;
    }
    if (lane == Lane::d) {
        fallback(e);
        return;
    }
    // A byte's count is that of its high nibble, or at least 4: so the lesser of both tables' entries.
    const V128 low = nibble_table([](unsigned n) { return 4 + leading_zeros(n); });
    const V128 high = nibble_table([](unsigned n) { return n == 0 ? 8 : leading_zeros(n); });
    const LookUp bytes = look_up_nibbles(e, low, high, vop::vpminub);
    for (Lane done = Lane::h; done <= lane; done = static_cast<Lane>(static_cast<unsigned>(done) + 1)) {
        join_counts(e, bytes, done);
    }
}

}  // namespace kelvin::x64::lower
