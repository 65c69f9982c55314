// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD permute, extract and table lookup.
#include "lift/arm64/advanced_simd.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;
using ir::Value;

/// Works on 64 bits as on 128: the first elements of both operands come first.
template <Opcode Op>
void first_parts(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    t.set(rd, clip(t, e, t.ir.vector(Op, e.lane, t.get(rn), t.get(rm))));
}

/// The second half of 64-bit operands zipped is the upper half of what ZIP1 makes of 128-bit ones.
void zip_second(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    if (e.full()) {
        return t.set(rd, t.ir.vector(Opcode::vzip2, e.lane, t.get(rn), t.get(rm)));
    }
    const Value zipped = t.ir.vector(Opcode::vzip1, e.lane, t.get(rn), t.get(rm));
    t.set(rd, t.ir.vector(Opcode::vcombine_high, zipped, t.ir.vconstant(0)));
}

template <Opcode Op>
void unzip(Lifter& t, Elements e, VReg rm, VReg rn, VReg rd) {
    Value low = t.get(rn);
    Value high = t.get(rm);
    if (!e.full()) {
        low = high = t.ir.vector(Opcode::vcombine_low, low, high);
    }
    t.set(rd, clip(t, e, t.ir.vector(Op, e.lane, low, high)));
}

void extract(Lifter& t, Q q, VReg rm, Imm<4> index, VReg rn, VReg rd) {
    if (!q.full() && index.value >= 8) {
        return t.undefined();
    }
    if (!t.fp_enabled()) {
        return;
    }
    Value low = t.get(rn);
    Value high = t.get(rm);
    if (!q.full()) {
        low = high = t.ir.vector(Opcode::vcombine_low, low, high);
    }
    t.set(rd, t.ir.vector(Opcode::vext, low, high, ir::kNoValue, index.value), q);
}

/// Indexes count through the tables, so those of table i are low by 16 * i; what is beyond reads as zero.
Value look_up(Lifter& t, VReg rn, unsigned tables, Value indexes) {
    Value result = t.ir.vector(Opcode::vtable, t.get(rn), indexes);
    for (unsigned i = 1; i < tables; i++) {
        const Value rest = t.ir.vector(Opcode::vsub, Lane::b, indexes, every(t, Lane::b, 16 * i));
        const Value found = t.ir.vector(Opcode::vtable, t.get(VReg{(rn.value + i) % 32}), rest);
        result = t.ir.vector(Opcode::vor, result, found);
    }
    return result;
}

void table(Lifter& t, Q q, VReg rm, Imm<2> length, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        t.set(rd, look_up(t, rn, length.value + 1, t.get(rm)), q);
    }
}

/// TBX: indexes beyond the tables leave the destination's bytes.
void table_extension(Lifter& t, Q q, VReg rm, Imm<2> length, VReg rn, VReg rd) {
    if (t.fp_enabled()) {
        const unsigned tables = length.value + 1;
        const Value beyond = t.ir.vector(Opcode::vcmphs, Lane::b, t.get(rm), every(t, Lane::b, 16 * tables));
        const Value kept = t.ir.vector(Opcode::vand, t.get(rd), beyond);
        t.set(rd, t.ir.vector(Opcode::vor, look_up(t, rn, tables, t.get(rm)), kept), q);
    }
}

template <Opcode Op>
using FirstParts = SimdForms<&first_parts<Op>>;
using ZipSecond = SimdForms<&zip_second>;
template <Opcode Op>
using Unzip = SimdForms<&unzip<Op>>;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 01110 zz 0 mmmmm 0 001 10 nnnnn ddddd", &Unzip<Opcode::vuzp1>::vector<kBhsd>>("UZP1"),
    instruction<"0 q 0 01110 zz 0 mmmmm 0 010 10 nnnnn ddddd", &FirstParts<Opcode::vtrn1>::vector<kBhsd>>("TRN1"),
    instruction<"0 q 0 01110 zz 0 mmmmm 0 011 10 nnnnn ddddd", &FirstParts<Opcode::vzip1>::vector<kBhsd>>("ZIP1"),
    instruction<"0 q 0 01110 zz 0 mmmmm 0 101 10 nnnnn ddddd", &Unzip<Opcode::vuzp2>::vector<kBhsd>>("UZP2"),
    instruction<"0 q 0 01110 zz 0 mmmmm 0 110 10 nnnnn ddddd", &FirstParts<Opcode::vtrn2>::vector<kBhsd>>("TRN2"),
    instruction<"0 q 0 01110 zz 0 mmmmm 0 111 10 nnnnn ddddd", &ZipSecond::vector<kBhsd>>("ZIP2"),

    instruction<"0 q 1 01110 000 mmmmm 0 iiii 0 nnnnn ddddd", &extract>("EXT"),

    instruction<"0 q 0 01110 000 mmmmm 0 ll 0 00 nnnnn ddddd", &table>("TBL"),
    instruction<"0 q 0 01110 000 mmmmm 0 ll 1 00 nnnnn ddddd", &table_extension>("TBX"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_permute() {
    return kInstructions;
}

}  // namespace kelvin::arm64
