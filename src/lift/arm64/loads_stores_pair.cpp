// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Loads and Stores of pairs of general registers.
//
// CONSTRAINED UNPREDICTABLE: a load of one register twice ends with the second value; see loads_stores.cpp for
// write-back.
//
// With FEAT_LSE2 a pair that lies within 16 aligned bytes is one access, but for LDPSW (B2.2.1.1). Other processors can
// tell the difference, this one cannot: while it is alone there are two.
#include "lift/arm64/decoder.h"
#include "lift/arm64/loads_stores.h"
#include "lift/arm64/register_pair.h"

namespace kelvin::arm64 {

namespace {

using ir::Type;

bool is_one_access(const Lifter& t) {
    return t.mode().has(Mode::kShared) && t.model().has(Feature::lse2);
}

ir::MemInfo one_access(const Lifter& t, RegSp base, unsigned size_log2) {
    ir::MemInfo info = t.memory(base, size_log2 + 1);
    info.pair = true;
    return info;
}

template <Indexing I>
void store_pair(Lifter& t, Sf sf, SImm<7> imm, Reg rt2, RegSp rn, Reg rt) {
    const unsigned size = sf.value != 0 ? 3 : 2;
    const Place place = place_of(t, rn, imm.number() * (1 << size), I);
    if (is_one_access(t)) {
        t.ir.vstore(place.address, place.offset, make_pair(t, sf, rt, rt2), one_access(t, rn, size));
        return place.write_back(t);
    }
    const ir::MemInfo info = t.memory(rn, size);
    const ir::Value first = t.get(rt);
    const ir::Value second = t.get(rt2);
    t.store(place.address, place.offset, first, info);
    t.store(place.address, place.offset + (1 << size), second, info);
    place.write_back(t);
}

void load_pair_at(Lifter& t, const Place& place, Type type, Reg rt, Reg rt2, ir::MemInfo info) {
    const ir::Value first = t.load(type, place.address, place.offset, info);
    const ir::Value second = t.load(type, place.address, place.offset + (1 << info.size_log2), info);
    t.set(rt, first);
    t.set(rt2, second);
    place.write_back(t);
}

template <Indexing I>
void load_pair(Lifter& t, Sf sf, SImm<7> imm, Reg rt2, RegSp rn, Reg rt) {
    const unsigned size = sf.value != 0 ? 3 : 2;
    const Place place = place_of(t, rn, imm.number() * (1 << size), I);
    if (is_one_access(t)) {
        split_pair(t, sf, t.ir.vload(place.address, place.offset, one_access(t, rn, size)), rt, rt2);
        return place.write_back(t);
    }
    load_pair_at(t, place, sf.type(), rt, rt2, t.memory(rn, size));
}

template <Indexing I>
void load_pair_signed(Lifter& t, SImm<7> imm, Reg rt2, RegSp rn, Reg rt) {
    ir::MemInfo info = t.memory(rn, 2);
    info.sign_extend = true;
    load_pair_at(t, place_of(t, rn, imm.number() * 4, I), Type::i64, rt, rt2, info);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"z0 101 0 000 0 iiiiiii uuuuu nnnnn ttttt", &store_pair<Indexing::offset>>("STNP"),
    instruction<"z0 101 0 000 1 iiiiiii uuuuu nnnnn ttttt", &load_pair<Indexing::offset>>("LDNP"),
    instruction<"z0 101 0 001 0 iiiiiii uuuuu nnnnn ttttt", &store_pair<Indexing::post>>("STP (post-index)"),
    instruction<"z0 101 0 001 1 iiiiiii uuuuu nnnnn ttttt", &load_pair<Indexing::post>>("LDP (post-index)"),
    instruction<"z0 101 0 010 0 iiiiiii uuuuu nnnnn ttttt", &store_pair<Indexing::offset>>("STP (signed offset)"),
    instruction<"z0 101 0 010 1 iiiiiii uuuuu nnnnn ttttt", &load_pair<Indexing::offset>>("LDP (signed offset)"),
    instruction<"z0 101 0 011 0 iiiiiii uuuuu nnnnn ttttt", &store_pair<Indexing::pre>>("STP (pre-index)"),
    instruction<"z0 101 0 011 1 iiiiiii uuuuu nnnnn ttttt", &load_pair<Indexing::pre>>("LDP (pre-index)"),
    instruction<"01 101 0 001 1 iiiiiii uuuuu nnnnn ttttt", &load_pair_signed<Indexing::post>>("LDPSW (post-index)"),
    instruction<"01 101 0 010 1 iiiiiii uuuuu nnnnn ttttt", &load_pair_signed<Indexing::offset>>(
        "LDPSW (signed offset)"),
    instruction<"01 101 0 011 1 iiiiiii uuuuu nnnnn ttttt", &load_pair_signed<Indexing::pre>>("LDPSW (pre-index)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_loads_stores_pair() {
    return kInstructions;
}

}  // namespace kelvin::arm64
