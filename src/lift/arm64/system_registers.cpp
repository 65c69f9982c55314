// SPDX-License-Identifier: Apache-2.0
// ARM ARM C4.1: MRS, MSR, SYS. What is plain storage is accessed in place; the rest is the processor's business.
#include "cpu/arm64/system_registers.h"

#include <optional>

#include "cpu/arm64/cpu.h"
#include "cpu/arm64/generic_timer.h"
#include "lift/arm64/decoder.h"
#include "lift/arm64/lifter.h"

namespace kelvin::arm64 {

namespace {

using ir::Type;

constexpr u16 kNzcv = system_register_encoding(3, 3, 4, 2, 0);
constexpr u16 kDaif = system_register_encoding(3, 3, 4, 2, 1);
constexpr u16 kCurrentEl = system_register_encoding(3, 0, 4, 2, 2);
constexpr u16 kFpcr = system_register_encoding(3, 3, 4, 4, 0);
constexpr u16 kCntpct = system_register_encoding(3, 3, 14, 0, 1);
constexpr u16 kCntvct = system_register_encoding(3, 3, 14, 0, 2);
constexpr u16 kDczid = system_register_encoding(3, 3, 0, 0, 7);
constexpr u16 kDcZva = system_register_encoding(1, 3, 7, 4, 1);

u64 read_register(State& state, u32 encoding, u32 rt) {
    u64 value = 0;
    state.cpu->read_system_register(static_cast<u16>(encoding), value, static_cast<u8>(rt));
    return value;
}
constexpr ir::Helper kReadRegister = ir::helper<&read_register>("mrs", kHelperTakesException);

void write_register(State& state, u32 encoding, u32 rt, u64 value) {
    state.cpu->write_system_register(static_cast<u16>(encoding), value, static_cast<u8>(rt));
}
constexpr ir::Helper kWriteRegister = ir::helper<&write_register>("msr", kHelperTakesException);

void execute_system(State& state, u32 encoding, u32 rt, u64 value) {
    state.cpu->system_instruction(static_cast<u16>(encoding), value, static_cast<u8>(rt));
}
constexpr ir::Helper kSystem = ir::helper<&execute_system>("sys", kHelperTakesException);

void write_field(State& state, u32 op1, u32 op2, u32 immediate) {
    state.cpu->write_pstate_field(static_cast<u8>(op1), static_cast<u8>(op2), static_cast<u8>(immediate));
}
constexpr ir::Helper kWriteField = ir::helper<&write_field>("msr_immediate", kHelperTakesException);

/// The part of PSTATE that access rights depend on.
u32 static_pstate(const Lifter& t) {
    return static_cast<u32>(t.mode().el()) << pstate::kElShift | (t.mode().has(Mode::kSpSel) ? pstate::kSp : 0);
}

/// The value of an identification register that may be read here, if that depends on nothing else.
std::optional<u64> constant_register(const Lifter& t, u16 encoding) {
    if (encoding == kDczid) {
        return t.model().id.dczid | u64{t.mode().has(Mode::kZeroTrap)} << 4;
    }
    const SystemRegister* row = find_system_register(encoding);
    const bool constant = row != nullptr && row->id != nullptr && row->read == nullptr && row->guard == nullptr &&
                          t.model().has(row->feature) && static_cast<u8>(t.mode().el()) >= row->read_level;
    return constant ? std::optional(t.model().id.*row->id) : std::nullopt;
}

/// The counters, which are one as there is no EL2 to set an offset; by a call where time counts instructions, and at
/// EL0 if it is the physical one, which nobody uses there.
ir::Value read_counter(Lifter& t, u16 encoding) {
    const std::optional<unsigned> shift = CounterScale(t.model().id.cntfrq).shift();
    const bool user = t.mode().el() == ExceptionLevel::el0;
    if (!shift || t.mode().has(Mode::kMetered | Mode::kCounterTrap) || (user && encoding == kCntpct)) {
        return ir::kNoValue;
    }
    return t.ir.shr(Type::i64, t.ir.read_clock(), *shift);
}

/// What can be read without a call.
ir::Value read_inline(Lifter& t, u16 encoding) {
    const bool privileged = t.mode().el() != ExceptionLevel::el0;
    switch (encoding) {
        case kNzcv:
            return t.ir.nzcv_from_flags(t.ir.flags());
        case kDaif:
            return privileged ? t.ir.and_(Type::i32, t.pstate(), t.ir.i32c(pstate::kDaif)) : ir::kNoValue;
        case kCurrentEl:
            return privileged ? t.ir.i64c(u64{static_cast<u8>(t.mode().el())} << 2) : ir::kNoValue;
        case kCntpct:
        case kCntvct:
            return read_counter(t, encoding);
        case kFpcr:
            return t.mode().has(Mode::kFpTrap) ? ir::kNoValue : t.ir.load_field(offsetof(State, fpcr), 2);
        default:
            break;
    }
    if (const auto value = constant_register(t, encoding)) {
        return t.ir.i64c(*value);
    }
    const i32 offset = plain_read_offset(t.model(), encoding, static_pstate(t));
    return offset >= 0 ? t.ir.load_field(static_cast<u32>(offset)) : ir::kNoValue;
}

/// What may have read the time, moved a deadline or raised an interrupt is the last instruction of its region where
/// these are exact: see InstructionClock.
void end_if_metered(Lifter& t) {
    if (t.mode().has(Mode::kMetered)) {
        t.end_after_this();
    }
}

void move_from_system_register(Lifter& t, Imm<15> field, Reg rt) {
    const u16 encoding = static_cast<u16>(0x8000 | field.value);
    const ir::Value value = read_inline(t, encoding);
    if (value != ir::kNoValue) {
        return t.set(rt, value);
    }
    t.set(rt, t.ir.call(kReadRegister, {t.ir.i32c(encoding), t.ir.i32c(rt.value)}));
    end_if_metered(t);
}

/// Writes PSTATE.{D,A,I,F}, which become `masks` (in PSTATE's place) of what PSTATE is. Where an interrupt may now have
/// to be taken, or debug exceptions are in use, which PSTATE.D masks, `by_cpu` does it.
template <class Masks, class ByCpu>
void write_masks(Lifter& t, Masks masks, ByCpu by_cpu) {
    constexpr u32 kSoftwareStep = 1u << 0, kMonitorEvents = 1u << 15;  // MDSCR_EL1.SS, MDE
    const u32 plain = t.ir.reserve_block();
    const u32 special = t.ir.reserve_block();
    const ir::Value debug =
        t.ir.and_(Type::i32, t.ir.load_field(offsetof(State, mdscr), 2), t.ir.i32c(kSoftwareStep | kMonitorEvents));
    const ir::Value interrupts = t.ir.load_field(offsetof(State, interrupts), 2);
    t.ir.branch_zero(Type::i32, t.ir.or_(Type::i32, debug, interrupts), plain, special);
    t.ir.place_block(plain);
    t.set_pstate(masks(t.pstate()));
    t.branch_direct(4);
    t.ir.place_block(special);
    by_cpu();
    t.end_after_this();
}

void write_daif(Lifter& t, Reg rt) {
    const auto masks = [&](ir::Value pstate) {
        const ir::Value others = t.ir.and_(Type::i32, pstate, t.ir.i32c(~pstate::kDaif));
        return t.ir.or_(Type::i32, others, t.ir.and_(Type::i32, t.get(rt), t.ir.i32c(pstate::kDaif)));
    };
    write_masks(t, masks, [&] { t.ir.call(kWriteRegister, {t.ir.i32c(kDaif), t.ir.i32c(rt.value), t.get(rt)}); });
}

void move_to_system_register(Lifter& t, Imm<15> field, Reg rt) {
    const u16 encoding = static_cast<u16>(0x8000 | field.value);
    if (encoding == kNzcv) {
        return t.ir.set_flags(t.ir.flags_from_nzcv(t.get(rt)));
    }
    if (encoding == kDaif && t.mode().el() != ExceptionLevel::el0) {
        return write_daif(t, rt);
    }
    const i32 offset = plain_write_offset(t.model(), encoding, static_pstate(t));
    if (offset >= 0) {
        t.ir.store_field(static_cast<u32>(offset), t.get(rt));
    } else {
        t.ir.call(kWriteRegister, {t.ir.i32c(encoding), t.ir.i32c(rt.value), t.get(rt)});
        end_if_metered(t);
    }
    if (write_changes_execution(encoding) && !t.ended()) {
        t.end_after_this();
    }
}

void zero_block(Lifter& t, Reg rt) {
    const unsigned bytes = 4u << (t.model().id.dczid & 15);
    ir::MemInfo info;
    info.size_log2 = 4;
    info.zeroes = true;
    if (rt.value != 31) {
        info.base = static_cast<u8>(slot::kX0 + rt.value);
    }
    const ir::Value address = t.ir.and_(Type::i64, t.get(rt), t.ir.i64c(~u64{bytes - 1}));
    const ir::Value zero = t.ir.vconstant(0);
    for (unsigned offset = 0; offset < bytes; offset += 16) {
        t.ir.vstore(address, static_cast<i32>(offset), zero, info);
    }
}

void system(Lifter& t, Imm<14> field, Reg rt) {
    const u16 encoding = static_cast<u16>(0x4000 | field.value);
    if (encoding == kDcZva && !t.mode().has(Mode::kZeroTrap)) {
        return zero_block(t, rt);
    }
    t.ir.call(kSystem, {t.ir.i32c(encoding), t.ir.i32c(rt.value), t.get(rt)});
}

/// The PSTATE fields of op1:op2: whether this processor has them, and whether EL0 may name them.
bool field_allocated(const Lifter& t, u32 op1, u32 op2) {
    const bool privileged = t.mode().el() != ExceptionLevel::el0;
    switch (op1 << 3 | op2) {
        case 0b000'011:
            return privileged && t.model().has(Feature::uao);
        case 0b000'100:
            return privileged && t.model().has(Feature::pan);
        case 0b000'101:
            return privileged;
        case 0b011'001:
            return t.model().has(Feature::ssbs);
        case 0b011'010:
            return t.model().has(Feature::dit);
        case 0b011'110:
        case 0b011'111:
            return true;
        default:
            return false;
    }
}

void move_immediate(Lifter& t, Imm<3> op1, Imm<4> immediate, Imm<3> op2) {
    if (!field_allocated(t, op1.value, op2.value)) {
        return t.undefined();
    }
    const auto by_cpu = [&] {
        t.ir.call(kWriteField, {t.ir.i32c(op1.value), t.ir.i32c(op2.value), t.ir.i32c(immediate.value)});
    };
    constexpr u32 kDaifSet = 6, kDaifClear = 7;
    const bool masks = op1.value == 3 && op2.value >= kDaifSet && t.mode().el() != ExceptionLevel::el0;
    const u32 field = immediate.value << 6;
    if (masks && op2.value == kDaifClear) {
        const auto cleared = [&](ir::Value pstate) { return t.ir.and_(Type::i32, pstate, t.ir.i32c(~field)); };
        return write_masks(t, cleared, by_cpu);
    }
    // No interrupt waits for a mask to be set, but with PSTATE.D it is breakpoints that may end.
    if (masks && !((field & pstate::kD) != 0 && t.mode().has(Mode::kBreakpoints))) {
        return t.set_pstate(t.ir.or_(Type::i32, t.pstate(), t.ir.i32c(field)));
    }
    by_cpu();
    t.end_after_this();
}

constexpr auto kInstructions = std::to_array<Instruction>({
    instruction<"1101010100 1 1 eeeeeeeeeeeeeee ttttt", &move_from_system_register>("MRS"),
    instruction<"1101010100 0 1 eeeeeeeeeeeeeee ttttt", &move_to_system_register>("MSR (register)"),
    instruction<"1101010100 0 01 eeeeeeeeeeeeee ttttt", &system>("SYS"),
    instruction<"1101010100 0 00 ooo 0100 iiii ppp 11111", &move_immediate>("MSR (immediate)"),
});
static_assert(first_overlap(kInstructions) == kNoOverlap);

}  // namespace

std::span<const Instruction> chapter_system_registers() {
    return kInstructions;
}

}  // namespace kelvin::arm64
