// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD modified immediate, of floating point.
#include "lift/arm64/floating_point.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;

template <Lane L>
void move_immediate(Lifter& t, Q q, Imm<3> high, Imm<5> low, VReg rd) {
    if (t.fp_enabled()) {
        u64 number = expand_fp_immediate(high.value << 5 | low.value, L);
        for (unsigned width = lane_bits(L); width < 64; width *= 2) {
            number |= number << width;
        }
        t.set(rd, t.ir.vconstant(number), q);
    }
}

void move_immediate_doubles(Lifter& t, Imm<3> high, Imm<5> low, VReg rd) {
    move_immediate<Lane::d>(t, Q{1}, high, low, rd);
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q 0 0111100000 aaa 1111 0 1 bbbbb ddddd", &move_immediate<Lane::s>>("FMOV (vector, immediate)"),
    instruction<"0 1 1 0111100000 aaa 1111 0 1 bbbbb ddddd", &move_immediate_doubles>("FMOV (vector, immediate)"),
    instruction<"0 q 0 0111100000 aaa 1111 1 1 bbbbb ddddd", &move_immediate<Lane::h>>("FMOV (vector, immediate)",
                                                                                       Feature::fp16),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_fp_immediate() {
    return kInstructions;
}

}  // namespace kelvin::arm64
