// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Data Processing -- Scalar Floating-Point: compare, conditional compare and select, immediate.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::Cond;
using ir::FpShape;
using ir::Opcode;
using ir::Type;

template <bool Signaling>
void compare(Lifter& t, FpShape shape, VReg rm, VReg rn) {
    t.ir.set_flags(t.ir.fcompare(shape, t.get(rn), t.get(rm), Signaling));
}

template <bool Signaling>
void compare_zero(Lifter& t, FpShape shape, VReg rn) {
    t.ir.set_flags(t.ir.fcompare(shape, t.get(rn), t.ir.vconstant(0), Signaling));
}

/// Branches, because a comparison that is not made raises no exceptions.
template <bool Signaling>
void compare_if(Lifter& t, FpShape shape, VReg rm, CondField cond, VReg rn, Imm<4> otherwise) {
    if (cond.cond() >= Cond::al) {
        return compare<Signaling>(t, shape, rm, rn);
    }
    const u32 holds = t.ir.reserve_block();
    const u32 fails = t.ir.reserve_block();
    const u32 after = t.ir.reserve_block();
    t.ir.branch(cond.cond(), t.ir.flags(), holds, fails);
    t.ir.place_block(fails);
    t.ir.set_flags(t.ir.flags_from_nzcv(t.ir.i32c(otherwise.value << 28)));
    t.ir.jump(after);
    t.ir.place_block(holds);
    compare<Signaling>(t, shape, rm, rn);
    t.ir.jump(after);
    t.ir.place_block(after);
}

void conditional_select(Lifter& t, FpShape shape, VReg rm, CondField cond, VReg rn, VReg rd) {
    const ir::Value chosen = t.ir.vselect_cond(cond.cond(), t.ir.flags(), t.get(rn), t.get(rm));
    t.set(rd, t.ir.vector(Opcode::vlow_lane, fp_lane(shape), chosen));
}

void move_immediate(Lifter& t, FpShape shape, Imm<8> imm, VReg rd) {
    const ir::Lane lane = fp_lane(shape);
    const u64 number = expand_fp_immediate(imm.value, lane);
    t.set(rd, t.ir.vector(Opcode::vfrom_gpr, lane, t.ir.i64c(number)));
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"000 11110 tt 1 mmmmm 00 1000 nnnnn 00 000", &Forms<&compare<false>>::typed>("FCMP"),
    instruction<"000 11110 tt 1 mmmmm 00 1000 nnnnn 10 000", &Forms<&compare<true>>::typed>("FCMPE"),
    // Rm should be 0; other values are CONSTRAINED UNPREDICTABLE and ignored.
    instruction<"000 11110 tt 1 ----- 00 1000 nnnnn 01 000", &Forms<&compare_zero<false>>::typed>("FCMP"),
    instruction<"000 11110 tt 1 ----- 00 1000 nnnnn 11 000", &Forms<&compare_zero<true>>::typed>("FCMPE"),

    instruction<"000 11110 tt 1 mmmmm cccc 01 nnnnn 0 ffff", &Forms<&compare_if<false>>::typed>("FCCMP"),
    instruction<"000 11110 tt 1 mmmmm cccc 01 nnnnn 1 ffff", &Forms<&compare_if<true>>::typed>("FCCMPE"),
    instruction<"000 11110 tt 1 mmmmm cccc 11 nnnnn ddddd", &Forms<&conditional_select>::typed>("FCSEL"),

    instruction<"000 11110 tt 1 iiiiiiii 100 00000 ddddd", &Forms<&move_immediate>::typed>("FMOV (scalar, immediate)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_floating_point_compare() {
    return kInstructions;
}

}  // namespace kelvin::arm64
