// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD copy, scalar copy.
#include <bit>

#include "lift/arm64/advanced_simd.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Type;
using ir::Value;

/// imm5: the lowest bit that is set tells the element size, those above it the index.
struct ElementField : OperandField<5> {
    bool allocated() const { return (value & 15) != 0; }
    unsigned size_log2() const { return static_cast<unsigned>(std::countr_zero(value | 8)); }
    Lane lane() const { return static_cast<Lane>(size_log2()); }
    unsigned index() const { return value >> (size_log2() + 1); }
};

bool start(Lifter& t, bool allocated) {
    if (!allocated) {
        t.undefined();
        return false;
    }
    return t.fp_enabled();
}

void dup_element(Lifter& t, Q q, ElementField element, VReg rn, VReg rd) {
    if (start(t, element.allocated() && (q.full() || element.lane() != Lane::d))) {
        t.set(rd, spread(t, element.lane(), t.get(rn), element.index()), q);
    }
}

void dup_scalar(Lifter& t, ElementField element, VReg rn, VReg rd) {
    if (start(t, element.allocated())) {
        const Value value = element.index() == 0 ? t.get(rn) : spread(t, element.lane(), t.get(rn), element.index());
        t.set(rd, t.ir.vector(Opcode::vlow_lane, element.lane(), value));
    }
}

void dup_general(Lifter& t, Q q, ElementField element, Reg rn, VReg rd) {
    if (start(t, element.allocated() && (q.full() || element.lane() != Lane::d))) {
        t.set(rd, t.ir.vector(Opcode::vdup_gpr, element.lane(), t.get(rn)), q);
    }
}

void insert_general(Lifter& t, ElementField element, Reg rn, VReg rd) {
    if (start(t, element.allocated())) {
        t.set(rd,
              t.ir.vector(Opcode::vinsert_gpr, element.lane(), t.get(rd), t.get(rn), ir::kNoValue, element.index()));
    }
}

void insert_element(Lifter& t, ElementField element, Imm<4> source, VReg rn, VReg rd) {
    if (start(t, element.allocated())) {
        const u64 from = source.value >> element.size_log2();
        t.set(rd, t.ir.vector(Opcode::vinsert_lane, element.lane(), t.get(rd), t.get(rn), ir::kNoValue,
                              from << 4 | element.index()));
    }
}

void move_signed(Lifter& t, Q q, ElementField element, VReg rn, Reg rd) {
    const Type type = q.full() ? Type::i64 : Type::i32;
    if (start(t, element.allocated() && element.lane() < (q.full() ? Lane::d : Lane::s))) {
        t.set(rd, t.ir.vextract(type, element.lane(), t.get(rn), element.index(), true));
    }
}

void move_unsigned(Lifter& t, Q q, ElementField element, VReg rn, Reg rd) {
    if (start(t, element.allocated() && q.full() == (element.lane() == Lane::d))) {
        const Type type = q.full() ? Type::i64 : Type::i32;
        t.set(rd, t.ir.vextract(type, element.lane(), t.get(rn), element.index()));
    }
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110000 iiiii 0 0000 1 nnnnn ddddd", &dup_element>("DUP (element)"),
    instruction<"01 0 11110000 iiiii 0 0000 1 nnnnn ddddd", &dup_scalar>("DUP (element)"),
    instruction<"0 q 0 01110000 iiiii 0 0001 1 nnnnn ddddd", &dup_general>("DUP (general)"),
    instruction<"0 q 0 01110000 iiiii 0 0101 1 nnnnn ddddd", &move_signed>("SMOV"),
    instruction<"0 q 0 01110000 iiiii 0 0111 1 nnnnn ddddd", &move_unsigned>("UMOV"),
    instruction<"01 0 01110000 iiiii 0 0011 1 nnnnn ddddd", &insert_general>("INS (general)"),
    instruction<"01 1 01110000 iiiii 0 jjjj 1 nnnnn ddddd", &insert_element>("INS (element)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_copy() {
    return kInstructions;
}

}  // namespace kelvin::arm64
