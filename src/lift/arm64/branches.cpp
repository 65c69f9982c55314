// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: branches. Those that authenticate their target are in pointer_authentication.cpp.
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::JumpKind;

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 00101 iiiiiiiiiiiiiiiiiiiiiiiiii",
                +[](Lifter& t, SImm<26> imm) { t.branch_direct(imm.number() * 4); }>("B"),
    instruction<"1 00101 iiiiiiiiiiiiiiiiiiiiiiiiii",
                +[](Lifter& t, SImm<26> imm) {
                    t.set(Reg{30}, t.pc(4));
                    t.branch_direct(imm.number() * 4, JumpKind::call);
                }>("BL"),
    instruction<"0101010 0 iiiiiiiiiiiiiiiiiii 0 cccc",
                +[](Lifter& t, SImm<19> imm, CondField cond) {
                    if (cond.cond() >= ir::Cond::al) {
                        return t.branch_direct(imm.number() * 4);
                    }
                    t.branch_if(cond.cond(), t.ir.flags(), imm.number() * 4);
                }>("B.cond"),
    instruction<"z 011010 0 iiiiiiiiiiiiiiiiiii ttttt",
                +[](Lifter& t, Sf sf, SImm<19> imm, Reg rt) {
                    t.branch_if_zero(sf.type(), t.get(rt), false, imm.number() * 4);
                }>("CBZ"),
    instruction<"z 011010 1 iiiiiiiiiiiiiiiiiii ttttt",
                +[](Lifter& t, Sf sf, SImm<19> imm, Reg rt) {
                    t.branch_if_zero(sf.type(), t.get(rt), true, imm.number() * 4);
                }>("CBNZ"),
    instruction<"h 011011 0 bbbbb iiiiiiiiiiiiii ttttt",
                +[](Lifter& t, Flag high, Imm<5> low, SImm<14> imm, Reg rt) {
                    t.branch_if_bit(t.get(rt), high.value << 5 | low.value, false, imm.number() * 4);
                }>("TBZ"),
    instruction<"h 011011 1 bbbbb iiiiiiiiiiiiii ttttt",
                +[](Lifter& t, Flag high, Imm<5> low, SImm<14> imm, Reg rt) {
                    t.branch_if_bit(t.get(rt), high.value << 5 | low.value, true, imm.number() * 4);
                }>("TBNZ"),

    instruction<"1101011 0000 11111 000000 nnnnn 00000", +[](Lifter& t, Reg rn) { t.jump_register(rn, t.get(rn)); }>(
        "BR"),
    instruction<"1101011 0001 11111 000000 nnnnn 00000", +[](Lifter& t, Reg rn) { t.call_register(t.get(rn)); }>("BLR"),
    instruction<"1101011 0010 11111 000000 nnnnn 00000",
                +[](Lifter& t, Reg rn) { t.branch_indirect(t.get(rn), JumpKind::ret); }>("RET"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_branches() {
    return kInstructions;
}

}  // namespace kelvin::arm64
