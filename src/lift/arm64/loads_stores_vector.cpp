// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Loads and Stores of SIMD&FP registers, singly and in pairs. LD1 and its kin are in
// loads_stores_structures.cpp.
#include "lift/arm64/decoder.h"
#include "lift/arm64/loads_stores.h"

namespace kelvin::arm64 {

namespace {

/// opc<1>:size: 0 to 3 by size, 4 is 16 bytes; others are unallocated.
bool scale_allocated(Size size, Flag quad) {
    return !quad || size.value == 0;
}
unsigned scale_of(Size size, Flag quad) {
    return quad ? 4 : size.value;
}

void access_at(Lifter& t, const Place& place, Flag is_load, VReg rt, ir::MemInfo info) {
    if (is_load) {
        const ir::Value value = t.vload(place.address, place.offset, info);
        place.write_back(t);
        return t.set(rt, value);
    }
    t.vstore(place.address, place.offset, t.get(rt), info);
    place.write_back(t);
}

void access_scaled(Lifter& t, Size size, Flag quad, Flag is_load, Imm<12> imm, RegSp rn, VReg rt) {
    if (!scale_allocated(size, quad)) {
        return t.undefined();
    }
    if (!t.fp_enabled()) {
        return;
    }
    const unsigned scale = scale_of(size, quad);
    access_at(t, place_of(t, rn, i64{imm.value} << scale, Indexing::offset), is_load, rt, t.memory(rn, scale));
}

template <Indexing I>
void access_unscaled(Lifter& t, Size size, Flag quad, Flag is_load, SImm<9> imm, RegSp rn, VReg rt) {
    if (!scale_allocated(size, quad)) {
        return t.undefined();
    }
    if (!t.fp_enabled()) {
        return;
    }
    access_at(t, place_of(t, rn, imm.number(), I), is_load, rt, t.memory(rn, scale_of(size, quad)));
}

void access_indexed(Lifter& t, Size size, Flag quad, Flag is_load, Reg rm, Imm<3> option, Flag scaled, RegSp rn,
                    VReg rt) {
    if (!scale_allocated(size, quad) || !extend_allocated(option)) {
        return t.undefined();
    }
    if (!t.fp_enabled()) {
        return;
    }
    const unsigned scale = scale_of(size, quad);
    access_at(t, place_of(t, rn, rm, option, scaled ? scale : 0), is_load, rt, t.memory(rn, scale));
}

void load_literal(Lifter& t, Imm<2> opc, SImm<19> imm, VReg rt) {
    if (opc.value == 3) {
        return t.undefined();
    }
    if (!t.fp_enabled()) {
        return;
    }
    t.set(rt, t.vload(t.pc(imm.number() * 4), 0, literal_memory(t, opc.value + 2)));
}

template <Indexing I>
void access_pair(Lifter& t, Imm<2> opc, Flag is_load, SImm<7> imm, VReg rt2, RegSp rn, VReg rt) {
    if (opc.value == 3) {
        return t.undefined();
    }
    if (!t.fp_enabled()) {
        return;
    }
    const unsigned scale = opc.value + 2;
    const i32 second_offset = 1 << scale;
    const Place place = place_of(t, rn, imm.number() * (1 << scale), I);
    const ir::MemInfo info = t.memory(rn, scale);
    if (!is_load) {
        t.vstore(place.address, place.offset, t.get(rt), info);
        t.vstore(place.address, place.offset + second_offset, t.get(rt2), info);
        return place.write_back(t);
    }
    const ir::Value first = t.vload(place.address, place.offset, info);
    const ir::Value second = t.vload(place.address, place.offset + second_offset, info);
    place.write_back(t);
    t.set(rt, first);
    t.set(rt2, second);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"ss 111 1 01 q l iiiiiiiiiiii nnnnn ttttt", &access_scaled>("LDR/STR (SIMD&FP, unsigned offset)"),
    instruction<"ss 111 1 00 q l 0 iiiiiiiii 00 nnnnn ttttt", &access_unscaled<Indexing::offset>>(
        "LDUR/STUR (SIMD&FP)"),
    instruction<"ss 111 1 00 q l 0 iiiiiiiii 01 nnnnn ttttt", &access_unscaled<Indexing::post>>(
        "LDR/STR (SIMD&FP, post-index)"),
    instruction<"ss 111 1 00 q l 0 iiiiiiiii 11 nnnnn ttttt", &access_unscaled<Indexing::pre>>(
        "LDR/STR (SIMD&FP, pre-index)"),
    instruction<"ss 111 1 00 q l 1 mmmmm ooo k 10 nnnnn ttttt", &access_indexed>("LDR/STR (SIMD&FP, register)"),
    instruction<"oo 011 1 00 iiiiiiiiiiiiiiiiiii ttttt", &load_literal>("LDR (SIMD&FP, literal)"),
    instruction<"oo 101 1 000 l iiiiiii uuuuu nnnnn ttttt", &access_pair<Indexing::offset>>("LDNP/STNP (SIMD&FP)"),
    instruction<"oo 101 1 001 l iiiiiii uuuuu nnnnn ttttt", &access_pair<Indexing::post>>(
        "LDP/STP (SIMD&FP, post-index)"),
    instruction<"oo 101 1 010 l iiiiiii uuuuu nnnnn ttttt", &access_pair<Indexing::offset>>(
        "LDP/STP (SIMD&FP, signed offset)"),
    instruction<"oo 101 1 011 l iiiiiii uuuuu nnnnn ttttt", &access_pair<Indexing::pre>>(
        "LDP/STP (SIMD&FP, pre-index)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_loads_stores_vector() {
    return kInstructions;
}

}  // namespace kelvin::arm64
