// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: load- and store-exclusive.
//
// CONSTRAINED UNPREDICTABLE: a store-exclusive whose status register is also its data or base uses the old value; a
// load-exclusive of one register twice ends with the second value.
#include "lift/arm64/decoder.h"
#include "lift/arm64/register_pair.h"

namespace kelvin::arm64 {

namespace {

using ir::Type;

ir::MemInfo exclusive(const Lifter& t, RegSp base, unsigned size_log2, ir::Order order) {
    ir::MemInfo info = t.memory(base, size_log2);
    info.aligned = true;
    info.order = order;
    return info;
}

template <ir::Order O>
void load_exclusive(Lifter& t, Size size, RegSp rn, Reg rt) {
    t.note_load_exclusive();
    const Type type = size.value == 3 ? Type::i64 : Type::i32;
    t.set(rt, t.endian(t.ir.load_exclusive(type, t.get(rn), exclusive(t, rn, size.value, O)), size.value));
}

template <ir::Order O>
void store_exclusive(Lifter& t, Size size, Reg rs, RegSp rn, Reg rt) {
    const ir::Value value = t.endian(t.get(rt), size.value);
    t.set(rs, t.ir.store_exclusive(t.get(rn), value, exclusive(t, rn, size.value, O)));
}

template <ir::Order O>
void load_exclusive_pair(Lifter& t, Sf sf, Reg rt2, RegSp rn, Reg rt) {
    t.note_load_exclusive();
    const unsigned size = sf.value != 0 ? 3 : 2;
    const ir::Value pair = t.ir.vload_exclusive(t.get(rn), exclusive(t, rn, size + 1, O));
    split_pair(t, sf, pair, rt, rt2);
}

template <ir::Order O>
void store_exclusive_pair(Lifter& t, Sf sf, Reg rs, Reg rt2, RegSp rn, Reg rt) {
    const unsigned size = sf.value != 0 ? 3 : 2;
    const ir::Value pair = make_pair(t, sf, rt, rt2);
    t.set(rs, t.ir.vstore_exclusive(t.get(rn), pair, exclusive(t, rn, size + 1, O)));
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"ss 001000 0 0 0 xxxxx 0 ----- nnnnn ttttt", &store_exclusive<ir::Order::plain>>("STXR"),
    instruction<"ss 001000 0 0 0 xxxxx 1 ----- nnnnn ttttt", &store_exclusive<ir::Order::release>>("STLXR"),
    instruction<"ss 001000 0 1 0 ----- 0 ----- nnnnn ttttt", &load_exclusive<ir::Order::plain>>("LDXR"),
    instruction<"ss 001000 0 1 0 ----- 1 ----- nnnnn ttttt", &load_exclusive<ir::Order::acquire>>("LDAXR"),
    instruction<"1z 001000 0 0 1 xxxxx 0 uuuuu nnnnn ttttt", &store_exclusive_pair<ir::Order::plain>>("STXP"),
    instruction<"1z 001000 0 0 1 xxxxx 1 uuuuu nnnnn ttttt", &store_exclusive_pair<ir::Order::release>>("STLXP"),
    instruction<"1z 001000 0 1 1 ----- 0 uuuuu nnnnn ttttt", &load_exclusive_pair<ir::Order::plain>>("LDXP"),
    instruction<"1z 001000 0 1 1 ----- 1 uuuuu nnnnn ttttt", &load_exclusive_pair<ir::Order::acquire>>("LDAXP"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_exclusives() {
    return kInstructions;
}

}  // namespace kelvin::arm64
