// SPDX-License-Identifier: Apache-2.0
// Vector emitters: elements moved between and within registers.
#include "emit/x64/lower_vector.h"

namespace kelvin::x64::lower {

namespace {

using ir::Lane;

unsigned lane_bytes(Lane lane) {
    return ir::lane_bits(lane) / 8;
}

Mem element_of(Mem vector, Lane lane, u64 index) {
    vector.value += static_cast<i64>(lane_bytes(lane) * index);
    return vector;
}

constexpr u8 kZeroByte = 0x80;  ///< a shuffle's index that gives zero

/// A vpshufb mask whose byte i comes from byte `source(i)`.
template <class Source>
V128 shuffle(Source source) {
    V128 mask{};
    for (unsigned i = 0; i < 16; i++) {
        mask.b[i] = static_cast<u8>(source(i));
    }
    return mask;
}

constexpr ByLane kBroadcast = {vop::vpbroadcastb, vop::vpbroadcastw, vop::vpbroadcastd, vop::vpbroadcastq};

}  // namespace

void vfrom_gpr(Emitter& e) {
    const Lane lane = e.current().lane();
    const Gpr value = e.use(e.current().a);
    if (lane >= Lane::s) {
        e.a.vex(lane == Lane::d ? vop::vmovq_gpr : vop::vmovd_gpr, e.define_xmm(), value);
        return;
    }
    const Gpr element = e.temp();
    e.a.movzx(static_cast<Width>(lane), element, value);
    e.a.vex(vop::vmovd_gpr, e.define_xmm(), element);
}

void vdup_gpr(Emitter& e) {
    constexpr ByLane kFromGpr = {vop::vpbroadcastb_gpr, vop::vpbroadcastw_gpr, vop::vpbroadcastd_gpr,
                                 vop::vpbroadcastq_gpr};
    const unsigned lane = e.current().aux;
    const Gpr value = e.use(e.current().a);
    const Xmm result = e.define_xmm();
    if (e.features().avx512) {
        e.a.vex(kFromGpr[lane], result, value);
        return;
    }
    e.a.vex(e.current().lane() == Lane::d ? vop::vmovq_gpr : vop::vmovd_gpr, result, value);
    broadcast(e, e.current().lane(), result, result);
}

void vinsert_gpr(Emitter& e) {
    constexpr ByLane kInsert = {vop::vpinsrb, vop::vpinsrw, vop::vpinsrd, vop::vpinsrq};
    const Op& op = e.current();
    const Xmm vector = e.use_xmm(op.a);
    const Gpr value = e.use(op.b);
    e.a.vex(kInsert[op.aux], e.define_over(vector), vector, value, static_cast<u8>(op.imm));
}

namespace {

void extract(Emitter& e, bool is_signed) {
    constexpr ByLane kExtract = {vop::vpextrb, vop::vpextrw, vop::vpextrd, vop::vpextrq};
    const Op& op = e.current();
    Lane lane = op.lane();
    u64 index = op.imm;
    if (lane == Lane::d && op.type == Type::i32) {
        lane = Lane::s;
        index *= 2;
    }
    const Width from = static_cast<Width>(lane);
    const Width to = Emitter::width(op.type);
    if (e.in_memory(op.a)) {
        const Mem place = element_of(e.memory_operand(op.a), lane, index);
        const Gpr result = e.define();
        if (is_signed) {
            e.a.movsx(to, from, result, place);
        } else {
            e.a.movzx(from, result, place);
        }
        return;
    }
    const Xmm vector = e.use_xmm(op.a);
    const Gpr result = e.define();
    if (index == 0 && lane >= Lane::s) {
        e.a.vex(lane == Lane::d ? vop::vmovq_gpr_store : vop::vmovd_store, result, vector);
    } else {
        e.a.vex(kExtract[static_cast<unsigned>(lane)], result, vector, static_cast<u8>(index));
    }
    if (is_signed && from < to) {
        e.a.movsx(to, from, result, result);
    }
}

}  // namespace

void vextract(Emitter& e) {
    extract(e, false);
}
void vextract_signed(Emitter& e) {
    extract(e, true);
}

namespace {

void zero_above(Emitter& e, Lane lane) {
    const Xmm x = e.use_xmm(e.current().a);
    keep_lowest(e, lane, e.define_over(x), x);
}

}  // namespace

void vlow64(Emitter& e) {
    zero_above(e, Lane::d);
}
void vlow32(Emitter& e) {
    zero_above(e, Lane::s);
}
void vlow_lane(Emitter& e) {
    zero_above(e, e.current().lane());
}

void vdup_lane(Emitter& e) {
    const Op& op = e.current();
    if (e.features().v3 && e.in_memory(op.a)) {
        const Mem place = element_of(e.memory_operand(op.a), op.lane(), op.imm);
        e.a.vex(kBroadcast[op.aux], e.define_xmm(), place);
        return;
    }
    const unsigned index = static_cast<unsigned>(op.imm);
    if (op.lane() >= Lane::s) {
        constexpr u8 kWords = 0x55;  // the index four times
        const bool words = op.lane() == Lane::s;
        unary(e, vop::vpshufd, static_cast<u8>(words ? kWords * index : 0x44 + 0xaa * index));
    } else if (index == 0) {
        const Xmm x = e.use_xmm(op.a);
        broadcast(e, op.lane(), e.define_over(x), x);
    } else {
        const unsigned size = lane_bytes(op.lane());
        with_constant(e, vop::vpshufb, shuffle([&](unsigned i) { return index * size + i % size; }));
    }
}

namespace {

void insert_by_gpr(Emitter& e, VexOp extract, VexOp insert, unsigned to, unsigned from) {
    const Xmm vector = e.use_xmm(e.current().a);
    const Gpr element = e.temp();
    if (e.in_memory(e.current().b)) {
        const Mem place = element_of(e.memory_operand(e.current().b), e.current().lane(), from);
        e.a.vex(insert, e.define_over(vector), vector, place, static_cast<u8>(to));
        return;
    }
    const Xmm source = e.use_xmm(e.current().b);
    e.a.vex(extract, element, source, static_cast<u8>(from));
    e.a.vex(insert, e.define_over(vector), vector, element, static_cast<u8>(to));
}

void insert_double(Emitter& e, unsigned to, unsigned from) {
    if (to == from) {
        const Xmm x = e.use_xmm(e.current().a);
        const Xmm y = e.use_xmm(e.current().b);
        blend_words(e, e.define_over(x), x, y, to == 0 ? 0b0011 : 0b1100);
    } else if (to == 1) {
        binary(e, vop::vpunpcklqdq);
    } else {
        binary_swapped(e, vop::vpunpckhqdq);
    }
}

}  // namespace

void vinsert_lane(Emitter& e) {
    const unsigned to = e.current().imm & 15;
    const unsigned from = static_cast<unsigned>(e.current().imm >> 4);
    switch (e.current().lane()) {
        case Lane::b:
            insert_by_gpr(e, vop::vpextrb, vop::vpinsrb, to, from);
            break;
        case Lane::h:
            if (to == from) {
                binary(e, vop::vpblendw, static_cast<u8>(1u << to));
            } else {
                insert_by_gpr(e, vop::vpextrw, vop::vpinsrw, to, from);
            }
            break;
        case Lane::s:
            binary(e, vop::vinsertps, static_cast<u8>(from << 6 | to << 4));
            break;
        default:
            insert_double(e, to, from);
            break;
    }
}

void vcombine_low(Emitter& e) {
    binary(e, vop::vpunpcklqdq);
}
void vcombine_high(Emitter& e) {
    binary(e, vop::vpunpckhqdq);
}

void vzip1(Emitter& e) {
    constexpr ByLane kOps = {vop::vpunpcklbw, vop::vpunpcklwd, vop::vpunpckldq, vop::vpunpcklqdq};
    binary(e, kOps[e.current().aux]);
}
void vzip2(Emitter& e) {
    constexpr ByLane kOps = {vop::vpunpckhbw, vop::vpunpckhwd, vop::vpunpckhdq, vop::vpunpckhqdq};
    binary(e, kOps[e.current().aux]);
}

namespace {

/// Elements that were brought into the low halves of twice as wide ones, packed: those of a, then those of b.
template <class Prepare>
void pack(Emitter& e, VexOp op, Prepare prepare) {
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm result = e.define_xmm(true);
    const Xmm high = e.temp_xmm();
    prepare(result, x);
    prepare(high, y);
    e.a.vex(op, result, result, high);
}

}  // namespace

void vuzp1(Emitter& e) {
    switch (e.current().lane()) {
        case Lane::b:
            pack(e, vop::vpackuswb,
                 [&](Xmm to, Xmm from) { e.a.vex(vop::vpand, to, from, in_memory(e, every_half(0xff))); });
            break;
        case Lane::h:
            pack(e, vop::vpackusdw,
                 [&](Xmm to, Xmm from) { e.a.vex(vop::vpand, to, from, in_memory(e, every_word(0xffff))); });
            break;
        case Lane::s:
            binary(e, vop::vshufps, 0x88);
            break;
        default:
            binary(e, vop::vpunpcklqdq);
            break;
    }
}

void vuzp2(Emitter& e) {
    switch (e.current().lane()) {
        case Lane::b:
            pack(e, vop::vpackuswb, [&](Xmm to, Xmm from) { e.a.vex(vop::vpsrlw_imm, to, from, u8{8}); });
            break;
        case Lane::h:
            pack(e, vop::vpackusdw, [&](Xmm to, Xmm from) { e.a.vex(vop::vpsrld_imm, to, from, u8{16}); });
            break;
        case Lane::s:
            binary(e, vop::vshufps, 0xdd);
            break;
        default:
            binary(e, vop::vpunpckhqdq);
            break;
    }
}

void vtrn1(Emitter& e) {
    const Lane lane = e.current().lane();
    if (lane == Lane::d) {
        binary(e, vop::vpunpcklqdq);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm shifted = e.temp_xmm();
    if (lane == Lane::b) {
        const Xmm result = e.define_xmm(true);
        e.a.vex(vop::vpsllw_imm, shifted, y, u8{8});
        e.a.vex(vop::vpand, result, x, in_memory(e, every_half(0xff)));
        e.a.vex(vop::vpor, result, result, shifted);
    } else if (lane == Lane::h) {
        e.a.vex(vop::vpslld_imm, shifted, y, u8{16});
        e.a.vex(vop::vpblendw, e.define_over(x), x, shifted, u8{0xaa});
    } else {
        e.a.vex(vop::vpsllq_imm, shifted, y, u8{32});
        blend_words(e, e.define_over(x), x, shifted, 0b1010);
    }
}

void vtrn2(Emitter& e) {
    const Lane lane = e.current().lane();
    if (lane == Lane::d) {
        binary(e, vop::vpunpckhqdq);
        return;
    }
    const Xmm x = e.use_xmm(e.current().a);
    const Xmm y = e.use_xmm(e.current().b);
    const Xmm shifted = e.temp_xmm();
    if (lane == Lane::b) {
        const Xmm result = e.define_xmm(true);
        e.a.vex(vop::vpsrlw_imm, shifted, x, u8{8});
        e.a.vex(vop::vpand, result, y, in_memory(e, every_half(0xff00)));
        e.a.vex(vop::vpor, result, result, shifted);
    } else if (lane == Lane::h) {
        e.a.vex(vop::vpsrld_imm, shifted, x, u8{16});
        e.a.vex(vop::vpblendw, e.define_over(y), shifted, y, u8{0xaa});
    } else {
        e.a.vex(vop::vpsrlq_imm, shifted, x, u8{32});
        blend_words(e, e.define_over(y), shifted, y, 0b1010);
    }
}

void vext(Emitter& e) {
    const Xmm low = e.use_xmm(e.current().a);
    const Xmm high = e.use_xmm(e.current().b);
    e.a.vex(vop::vpalignr, e.define_over(low), high, low, static_cast<u8>(e.current().imm));
}

namespace {

void reverse(Emitter& e, unsigned group_bytes) {
    const unsigned size = lane_bytes(e.current().lane());
    const unsigned flip = (group_bytes - 1) & ~(size - 1);
    if (size == 4) {
        unary(e, vop::vpshufd, 0xb1);
    } else {
        with_constant(e, vop::vpshufb, shuffle([&](unsigned i) { return i ^ flip; }));
    }
}

}  // namespace

void vreverse16(Emitter& e) {
    reverse(e, 2);
}
void vreverse32(Emitter& e) {
    reverse(e, 4);
}
void vreverse64(Emitter& e) {
    reverse(e, 8);
}

void vtable(Emitter& e) {
    const Xmm table = e.use_xmm(e.current().a);
    const Xmm indexes = e.use_xmm(e.current().b);
    // Adding 0x70 with saturation gives an index above 15 the bit that makes vpshufb's byte zero.
    const Xmm adjusted = e.temp_xmm();
    e.a.vex(vop::vpaddusb, adjusted, indexes, in_memory(e, every_byte(0x70)));
    e.a.vex(vop::vpshufb, e.define_over(table), table, adjusted);
}

void vwiden_u(Emitter& e) {
    constexpr ByLane kOps = {vop::vpmovzxbw, vop::vpmovzxwd, vop::vpmovzxdq};
    unary(e, kOps[e.current().aux]);
}
void vwiden_s(Emitter& e) {
    constexpr ByLane kOps = {vop::vpmovsxbw, vop::vpmovsxwd, vop::vpmovsxdq};
    unary(e, kOps[e.current().aux]);
}

void vnarrow(Emitter& e) {
    const unsigned size = lane_bytes(e.current().lane());
    const unsigned half = size / 2;
    with_constant(e, vop::vpshufb, shuffle([&](unsigned i) { return i < 8 ? i / half * size + i % half : kZeroByte; }));
}

}  // namespace kelvin::x64::lower
