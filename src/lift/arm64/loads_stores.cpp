// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Loads and Stores of one general register, and prefetches.
//
// CONSTRAINED UNPREDICTABLE with write-back to a register that is also transferred: a store stores the old value,
// after a load the register holds the new base.
#include "lift/arm64/loads_stores.h"

#include "lift/arm64/decoder.h"

namespace kelvin::arm64 {

namespace {

using ir::Type;

enum class Privilege { own, user };

ir::MemInfo attributes(const Lifter& t, RegSp base, Size size, Privilege privilege = Privilege::own) {
    ir::MemInfo info = t.memory(base, size.value);
    info.unprivileged = privilege == Privilege::user && t.unprivileged_differs();
    return info;
}

Type loaded_type(Size size) {
    return size.value == 3 ? Type::i64 : Type::i32;
}

/// LDRSB and LDRSH to W or X, LDRSW to X only.
bool signed_load_allocated(Size size, Flag narrow) {
    return size.value < 2 || (size.value == 2 && !narrow);
}

void store_at(Lifter& t, const Place& place, Reg rt, ir::MemInfo info) {
    t.store(place.address, place.offset, t.get(rt), info);
    place.write_back(t);
}

void load_at(Lifter& t, const Place& place, Reg rt, Type type, ir::MemInfo info) {
    const ir::Value value = t.load(type, place.address, place.offset, info);
    t.set(rt, value);
    place.write_back(t);
}

void load_signed_at(Lifter& t, const Place& place, Reg rt, Flag narrow, ir::MemInfo info) {
    info.sign_extend = true;
    load_at(t, place, rt, narrow ? Type::i32 : Type::i64, info);
}

void store_scaled(Lifter& t, Size size, Imm<12> imm, RegSp rn, Reg rt) {
    const Place place = place_of(t, rn, i64{imm.value} << size.value, Indexing::offset);
    store_at(t, place, rt, attributes(t, rn, size));
}

void load_scaled(Lifter& t, Size size, Imm<12> imm, RegSp rn, Reg rt) {
    const Place place = place_of(t, rn, i64{imm.value} << size.value, Indexing::offset);
    load_at(t, place, rt, loaded_type(size), attributes(t, rn, size));
}

void load_signed_scaled(Lifter& t, Size size, Flag narrow, Imm<12> imm, RegSp rn, Reg rt) {
    if (!signed_load_allocated(size, narrow)) {
        return t.undefined();
    }
    const Place place = place_of(t, rn, i64{imm.value} << size.value, Indexing::offset);
    load_signed_at(t, place, rt, narrow, attributes(t, rn, size));
}

template <Indexing I, Privilege P = Privilege::own>
void store_unscaled(Lifter& t, Size size, SImm<9> imm, RegSp rn, Reg rt) {
    store_at(t, place_of(t, rn, imm.number(), I), rt, attributes(t, rn, size, P));
}

template <Indexing I, Privilege P = Privilege::own>
void load_unscaled(Lifter& t, Size size, SImm<9> imm, RegSp rn, Reg rt) {
    load_at(t, place_of(t, rn, imm.number(), I), rt, loaded_type(size), attributes(t, rn, size, P));
}

template <Indexing I, Privilege P = Privilege::own>
void load_signed_unscaled(Lifter& t, Size size, Flag narrow, SImm<9> imm, RegSp rn, Reg rt) {
    if (!signed_load_allocated(size, narrow)) {
        return t.undefined();
    }
    load_signed_at(t, place_of(t, rn, imm.number(), I), rt, narrow, attributes(t, rn, size, P));
}

void store_indexed(Lifter& t, Size size, Reg rm, Imm<3> option, Flag scaled, RegSp rn, Reg rt) {
    if (!extend_allocated(option)) {
        return t.undefined();
    }
    store_at(t, place_of(t, rn, rm, option, scaled ? size.value : 0), rt, attributes(t, rn, size));
}

void load_indexed(Lifter& t, Size size, Reg rm, Imm<3> option, Flag scaled, RegSp rn, Reg rt) {
    if (!extend_allocated(option)) {
        return t.undefined();
    }
    const Place place = place_of(t, rn, rm, option, scaled ? size.value : 0);
    load_at(t, place, rt, loaded_type(size), attributes(t, rn, size));
}

void load_signed_indexed(Lifter& t, Size size, Flag narrow, Reg rm, Imm<3> option, Flag scaled, RegSp rn, Reg rt) {
    if (!extend_allocated(option) || !signed_load_allocated(size, narrow)) {
        return t.undefined();
    }
    load_signed_at(t, place_of(t, rn, rm, option, scaled ? size.value : 0), rt, narrow, attributes(t, rn, size));
}

template <Type T, unsigned SizeLog2, bool SignExtend>
void load_literal(Lifter& t, SImm<19> imm, Reg rt) {
    ir::MemInfo info = literal_memory(t, SizeLog2);
    info.sign_extend = SignExtend;
    t.set(rt, t.load(T, t.pc(imm.number() * 4), 0, info));
}

void nothing(Lifter&) {}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"ss 111 0 01 00 iiiiiiiiiiii nnnnn ttttt", &store_scaled>("STR (immediate, unsigned offset)"),
    instruction<"ss 111 0 01 01 iiiiiiiiiiii nnnnn ttttt", &load_scaled>("LDR (immediate, unsigned offset)"),
    instruction<"ss 111 0 01 1w iiiiiiiiiiii nnnnn ttttt", &load_signed_scaled>("LDRS (immediate, unsigned offset)"),
    instruction<"11 111 0 01 10 ------------ ----- -----", &nothing>("PRFM (immediate)"),

    instruction<"ss 111 0 00 00 0 iiiiiiiii 00 nnnnn ttttt", &store_unscaled<Indexing::offset>>("STUR"),
    instruction<"ss 111 0 00 01 0 iiiiiiiii 00 nnnnn ttttt", &load_unscaled<Indexing::offset>>("LDUR"),
    instruction<"ss 111 0 00 1w 0 iiiiiiiii 00 nnnnn ttttt", &load_signed_unscaled<Indexing::offset>>("LDURS"),
    instruction<"11 111 0 00 10 0 --------- 00 ----- -----", &nothing>("PRFUM"),
    instruction<"ss 111 0 00 00 0 iiiiiiiii 01 nnnnn ttttt", &store_unscaled<Indexing::post>>(
        "STR (immediate, post-index)"),
    instruction<"ss 111 0 00 01 0 iiiiiiiii 01 nnnnn ttttt", &load_unscaled<Indexing::post>>(
        "LDR (immediate, post-index)"),
    instruction<"ss 111 0 00 1w 0 iiiiiiiii 01 nnnnn ttttt", &load_signed_unscaled<Indexing::post>>(
        "LDRS (immediate, post-index)"),
    instruction<"ss 111 0 00 00 0 iiiiiiiii 10 nnnnn ttttt", &store_unscaled<Indexing::offset, Privilege::user>>(
        "STTR"),
    instruction<"ss 111 0 00 01 0 iiiiiiiii 10 nnnnn ttttt", &load_unscaled<Indexing::offset, Privilege::user>>("LDTR"),
    instruction<"ss 111 0 00 1w 0 iiiiiiiii 10 nnnnn ttttt", &load_signed_unscaled<Indexing::offset, Privilege::user>>(
        "LDTRS"),
    instruction<"ss 111 0 00 00 0 iiiiiiiii 11 nnnnn ttttt", &store_unscaled<Indexing::pre>>(
        "STR (immediate, pre-index)"),
    instruction<"ss 111 0 00 01 0 iiiiiiiii 11 nnnnn ttttt", &load_unscaled<Indexing::pre>>(
        "LDR (immediate, pre-index)"),
    instruction<"ss 111 0 00 1w 0 iiiiiiiii 11 nnnnn ttttt", &load_signed_unscaled<Indexing::pre>>(
        "LDRS (immediate, pre-index)"),

    instruction<"ss 111 0 00 00 1 mmmmm ooo k 10 nnnnn ttttt", &store_indexed>("STR (register)"),
    instruction<"ss 111 0 00 01 1 mmmmm ooo k 10 nnnnn ttttt", &load_indexed>("LDR (register)"),
    instruction<"ss 111 0 00 1w 1 mmmmm ooo k 10 nnnnn ttttt", &load_signed_indexed>("LDRS (register)"),
    instruction<"11 111 0 00 10 1 ----- -1- - 10 ----- -----", &nothing>("PRFM (register)"),

    instruction<"00 011 0 00 iiiiiiiiiiiiiiiiiii ttttt", &load_literal<Type::i32, 2, false>>("LDR (literal)"),
    instruction<"01 011 0 00 iiiiiiiiiiiiiiiiiii ttttt", &load_literal<Type::i64, 3, false>>("LDR (literal)"),
    instruction<"10 011 0 00 iiiiiiiiiiiiiiiiiii ttttt", &load_literal<Type::i64, 2, true>>("LDRSW (literal)"),
    instruction<"11 011 0 00 ------------------- -----", &nothing>("PRFM (literal)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_loads_stores() {
    return kInstructions;
}

}  // namespace kelvin::arm64
