// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: load-acquire, store-release, and their LORegion and RCpc forms. One LORegion covers all memory, so that
// LDLAR and STLLR order as LDAR and STLR do. Register fields that should be 31 must be.
#include "lift/arm64/decoder.h"
#include "lift/arm64/loads_stores.h"

namespace kelvin::arm64 {

namespace {

using ir::Type;

ir::MemInfo ordered(const Lifter& t, RegSp base, Size size, ir::Order order) {
    ir::MemInfo info = t.memory(base, size.value);
    info.aligned = true;
    info.order = order;
    return info;
}

Type loaded_type(Size size) {
    return size.value == 3 ? Type::i64 : Type::i32;
}

void load_acquire(Lifter& t, Size size, RegSp rn, Reg rt) {
    t.set(rt, t.load(loaded_type(size), t.get(rn), 0, ordered(t, rn, size, ir::Order::acquire)));
}

void store_release(Lifter& t, Size size, RegSp rn, Reg rt) {
    t.store(t.get(rn), 0, t.get(rt), ordered(t, rn, size, ir::Order::release));
}

void load_acquire_unscaled(Lifter& t, Size size, SImm<9> imm, RegSp rn, Reg rt) {
    const ir::MemInfo info = ordered(t, rn, size, ir::Order::acquire);
    t.set(rt, t.load(loaded_type(size), t.get(rn), static_cast<i32>(imm.number()), info));
}

void load_acquire_signed_unscaled(Lifter& t, Size size, Flag narrow, SImm<9> imm, RegSp rn, Reg rt) {
    if (size.value == 3 || (size.value == 2 && narrow)) {
        return t.undefined();
    }
    ir::MemInfo info = ordered(t, rn, size, ir::Order::acquire);
    info.sign_extend = true;
    t.set(rt, t.load(narrow ? Type::i32 : Type::i64, t.get(rn), static_cast<i32>(imm.number()), info));
}

void store_release_unscaled(Lifter& t, Size size, SImm<9> imm, RegSp rn, Reg rt) {
    const ir::MemInfo info = ordered(t, rn, size, ir::Order::release);
    t.store(t.get(rn), static_cast<i32>(imm.number()), t.get(rt), info);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"ss 001000 1 0 0 11111 0 11111 nnnnn ttttt", &store_release>("STLLR", Feature::lor),
    instruction<"ss 001000 1 0 0 11111 1 11111 nnnnn ttttt", &store_release>("STLR"),
    instruction<"ss 001000 1 1 0 11111 0 11111 nnnnn ttttt", &load_acquire>("LDLAR", Feature::lor),
    instruction<"ss 001000 1 1 0 11111 1 11111 nnnnn ttttt", &load_acquire>("LDAR"),

    instruction<"ss 111 0 00 1 0 1 11111 1 100 00 nnnnn ttttt", &load_acquire>("LDAPR", Feature::lrcpc),
    instruction<"ss 011001 00 0 iiiiiiiii 00 nnnnn ttttt", &store_release_unscaled>("STLUR", Feature::lrcpc2),
    instruction<"ss 011001 01 0 iiiiiiiii 00 nnnnn ttttt", &load_acquire_unscaled>("LDAPUR", Feature::lrcpc2),
    instruction<"ss 011001 1w 0 iiiiiiiii 00 nnnnn ttttt", &load_acquire_signed_unscaled>("LDAPURS", Feature::lrcpc2),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_loads_stores_ordered() {
    return kInstructions;
}

}  // namespace kelvin::arm64
