// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: Advanced SIMD modified immediate, but for FMOV.
#include "lift/arm64/advanced_simd.h"

namespace kelvin::arm64 {

namespace {

using ir::Lane;
using ir::Opcode;

/// Each of the eight bits becomes a byte.
constexpr u64 bits_to_bytes(u64 imm8) {
    u64 result = 0;
    for (unsigned i = 0; i < 8; i++) {
        result |= bit(imm8, i) ? u64{0xff} << (8 * i) : 0;
    }
    return result;
}

/// AdvSIMDExpandImm(), but for cmode 1111.
constexpr u64 expand_immediate(bool op, u32 cmode, u64 imm8) {
    switch (cmode >> 1) {
        case 4:
        case 5:
            return replicate(imm8 << (8 * ((cmode >> 1) & 1)), Lane::h);
        case 6:
            return replicate((cmode & 1) == 0 ? imm8 << 8 | 0xff : imm8 << 16 | 0xffff, Lane::s);
        case 7:
            return op ? bits_to_bytes(imm8) : replicate(imm8, Lane::b);
        default:
            return replicate(imm8 << (8 * (cmode >> 1)), Lane::s);
    }
}

void modified_immediate(Lifter& t, Q q, Flag op, Imm<3> high, Imm<4> cmode, Imm<5> low, VReg rd) {
    if (!t.fp_enabled()) {
        return;
    }
    const u64 imm = expand_immediate(static_cast<bool>(op), cmode.value, high.value << 5 | low.value);
    const bool combines = cmode.value < 12 && (cmode.value & 1) != 0;
    if (combines) {
        const Opcode code = op ? Opcode::vandn : Opcode::vor;
        t.set(rd, t.ir.vector(code, t.get(rd), t.ir.vconstant(imm)), q);
    } else {
        t.set(rd, t.ir.vconstant(op && cmode.value < 14 ? ~imm : imm), q);
    }
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"0 q o 0111100000 aaa cccc 0 1 bbbbb ddddd", &modified_immediate>("MOVI, MVNI, ORR, BIC (immediate)")
        .except<"--- ---------- --- 1111 - - ----- -----">(),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_advanced_simd_immediate() {
    return kInstructions;
}

}  // namespace kelvin::arm64
