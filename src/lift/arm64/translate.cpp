// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/translate.h"

#include "cpu/arm64/cpu.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

constexpr u8 kEcIllegalState = 0x0e;

u32 fetch(std::span<const u8> page, unsigned offset) {
    return page[offset] | u32{page[offset + 1]} << 8 | u32{page[offset + 2]} << 16 | u32{page[offset + 3]} << 24;
}

void take_branch_target(State& state) {
    state.cpu->take_branch_target_exception();
}
constexpr ir::Helper kBranchTarget = ir::helper<&take_branch_target>("branch_target", kHelperTakesException);

/// BTypeCompatible_PACIXSP where BTYPE is 0b11: SCTLR_EL1.BT0 and BT1 decide.
void check_signing_landing(State& state) {
    if (bit(state.sctlr[1], state.el() == ExceptionLevel::el0 ? 35 : 36)) {
        state.cpu->take_branch_target_exception();
    }
}
constexpr ir::Helper kCheckSigningLanding = ir::helper<&check_signing_landing>("check_landing", kHelperTakesException);

void take_software_step(State& state) {
    state.cpu->take_software_step(false);
}
constexpr ir::Helper kSoftwareStep = ir::helper<&take_software_step>("software_step", kHelperTakesException);

void take_illegal_state(State& state) {
    state.cpu->take_exception(kEcIllegalState, 0);
}
constexpr ir::Helper kIllegalState = ir::helper<&take_illegal_state>("illegal_state", kHelperTakesException);

void forget_branch_type(State& state) {
    state.pstate &= ~pstate::kBtypeMask;
    state.cpu->events().mode_changed();
}
constexpr ir::Helper kForgetBranchType =
    ir::helper<&forget_branch_type>("forget_branch_type", ir::kHelperReadsState | ir::kHelperWritesState);

/// The branch type that brought us here must suit the instruction that it brought us to (FEAT_BTI, ARM ARM D8.4).
void check_landing(Lifter& t, u32 word) {
    const u32 btype = t.mode().btype();
    if ((word & 0xffffff3f) == 0xd503241f) {
        // BTI: bit 6 = for calls, bit 7 = for jumps.
        const bool call = bit(word, 6);
        const bool jump = bit(word, 7);
        if ((call && btype != 3) || (jump && btype != 2)) {
            return;
        }
    } else if ((word & 0xffffffbf) == 0xd503233f) {
        // PACIASP, PACIBSP.
        if (btype == 3) {
            t.ir.call(kCheckSigningLanding, {});
        }
        return;
    } else if ((word & 0xffe0001f) == 0xd4200000 || (word & 0xffe0001f) == 0xd4400000) {
        return;  // BRK, HLT
    }
    t.exception_via(kBranchTarget, {});
}

/// What comes before the first instruction: it may be that the region is nothing but an exception.
void begin_region(Lifter& t, u32 word) {
    const Mode mode = t.mode();
    if (mode.has(Mode::kSingleStep) && mode.has(Mode::kStepPending)) {
        return t.exception_via(kSoftwareStep, {});
    }
    if (mode.has(Mode::kIllegal)) {
        return t.exception_via(kIllegalState, {});
    }
    if (mode.btype() == 0) {
        return;
    }
    if (mode.has(Mode::kGuardedPage)) {
        check_landing(t, word);
    }
    if (!t.ended()) {
        // Only the check; the instruction itself follows in the mode without BTYPE. (Should it then fault, the handler
        // sees BTYPE 0, and the return does not repeat a check that has passed.)
        t.ir.call(kForgetBranchType, {});
        t.leave_to(0);
    }
}

}  // namespace

unsigned lift_region(ir::Region& region, const Decoder& decoder, const Model& model, Mode mode,
                     std::span<const u8> page, unsigned page_offset, LiftLimits limits, ir::BuilderOptions options) {
    region.clear();
    region.guest = &guest_desc();
    region.fp.fpcr = mode.fpcr();
    ir::Builder builder(region, options);
    builder.begin_block();
    Lifter lifter(builder, model, mode);
    const unsigned most = mode.has(Mode::kSingleStep) ? 1 : limits.max_instructions;
    unsigned offset = page_offset;
    for (unsigned count = 0; count < most && offset + 4 <= page.size() && !lifter.ended(); count++, offset += 4) {
        lifter.begin_instruction(offset);
        const u32 word = fetch(page, offset);
        if (count == 0) {
            begin_region(lifter, word);
        }
        if (lifter.ended()) {
            continue;
        }
        if (const Instruction* entry = decoder.decode(word)) {
            entry->lift(lifter, word);
        } else {
            lifter.undefined();
        }
    }
    if (!lifter.ended()) {
        lifter.branch_direct(4);
    }
    return offset - page_offset;
}

}  // namespace kelvin::arm64
