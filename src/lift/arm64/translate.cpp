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
    state.cpu->take_software_step();
}
constexpr ir::Helper kSoftwareStep = ir::helper<&take_software_step>("software_step", kHelperTakesException);

void check_breakpoints(State& state) {
    state.cpu->check_breakpoints();
}
constexpr ir::Helper kCheckBreakpoints = ir::helper<&check_breakpoints>("breakpoints", kHelperTakesException);

void take_illegal_state(State& state) {
    state.cpu->take_exception(kEcIllegalState, 0);
}
constexpr ir::Helper kIllegalState = ir::helper<&take_illegal_state>("illegal_state", kHelperTakesException);

constexpr u32 kAnyType = 0b1110, kCalls = 0b0110, kJumps = 0b1010;  // sets of BTYPEs, a bit each

bool is_breakpoint(u32 word) {
    return (word & 0xffe0001f) == 0xd4200000;
}

bool is_signing(u32 word) {
    return (word & 0xffffffbf) == 0xd503233f;  // PACIASP, PACIBSP
}

/// The branch types by which `word` may be reached in a guarded page (FEAT_BTI, ARM ARM D8.4).
u32 accepted_types(u32 word) {
    if ((word & 0xffffff3f) == 0xd503241f) {  // BTI: bit 6 = for calls, bit 7 = for jumps
        return (bit(word, 6) ? kCalls : 0) | (bit(word, 7) ? kJumps : 0);
    }
    if (is_signing(word)) {
        return kCalls;
    }
    return is_breakpoint(word) || (word & 0xffe0001f) == 0xd4400000 ? kAnyType : 0;  // HLT
}

/// PSTATE.BTYPE as the region's mode has it, for an exception that may be taken next.
void show_branch_type(Lifter& t) {
    if (t.mode().branch_type() != 0) {
        t.set_pstate(t.ir.or_(ir::Type::i32, t.pstate(), t.ir.i32c(t.mode().branch_type() << pstate::kBtypeShift)));
        t.begin_instruction(t.page_offset());
    }
}

/// It was not taken. What the instruction itself does finds BTYPE 0, also if it faults: for the exceptions that it may
/// take then the architecture leaves that open, and the return does not repeat a check that has passed.
void hide_branch_type(Lifter& t) {
    if (t.mode().branch_type() != 0) {
        t.set_pstate(t.ir.and_(ir::Type::i32, t.pstate(), t.ir.i32c(~pstate::kBtypeMask)));
        t.begin_instruction(t.page_offset());
    }
}

/// The branch type that brought us here must suit the instruction that it brought us to.
void check_landing(Lifter& t, u32 word) {
    const u32 type = t.mode().branch_type();
    const bool compatible = type == 0 || !t.mode().has(Mode::kGuardedPage) || bit(accepted_types(word), type);
    if (compatible && is_breakpoint(word)) {
        show_branch_type(t);
    } else if (!compatible && is_signing(word)) {
        show_branch_type(t);
        t.ir.call(kCheckSigningLanding, {});
        hide_branch_type(t);
    } else if (!compatible) {
        show_branch_type(t);
        t.exception_via(kBranchTarget, {});
    }
}

void check_breakpoints(Lifter& t) {
    if (t.mode().has(Mode::kBreakpoints)) {
        t.ir.call(kCheckBreakpoints, {});
    }
}

/// What comes before the first instruction: it may be that the region is nothing but an exception.
void begin_region(Lifter& t, u32 word) {
    const Mode mode = t.mode();
    const auto exception = [&](const ir::Helper& helper) {
        show_branch_type(t);
        t.exception_via(helper, {});
    };
    if (mode.has(Mode::kSingleStep) && mode.has(Mode::kStepPending)) {
        return exception(kSoftwareStep);
    }
    if (mode.has(Mode::kBreakpoints)) {
        show_branch_type(t);
        check_breakpoints(t);
        hide_branch_type(t);
    }
    if (mode.has(Mode::kIllegal)) {
        return exception(kIllegalState);
    }
    check_landing(t, word);
}

}  // namespace

unsigned lift_region(ir::Region& region, const Decoder& decoder, const Model& model, Mode mode,
                     std::span<const u8> page, unsigned page_offset, LiftLimits limits, ir::BuilderOptions options) {
    region.clear();
    region.guest = &guest_desc();
    region.fp.fpcr = mode.fpcr();
    region.branch_type = mode.branch_type();
    ir::Builder builder(region, options);
    builder.begin_block();
    Lifter lifter(builder, model, mode);
    const bool alone = mode.has(Mode::kSingleStep | Mode::kSingle | Mode::kDebugged);
    const unsigned most = alone ? 1 : limits.max_instructions;
    unsigned offset = page_offset;
    for (unsigned count = 0; count < most && offset + 4 <= page.size() && !lifter.ended(); count++, offset += 4) {
        lifter.begin_instruction(offset);
        const u32 word = fetch(page, offset);
        if (count == 0) {
            begin_region(lifter, word);
        } else {
            check_breakpoints(lifter);
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
