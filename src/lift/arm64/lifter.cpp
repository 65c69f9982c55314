// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/lifter.h"

#include "cpu/arm64/cpu.h"

namespace kelvin::arm64 {

namespace {

void take_undefined(State& state) {
    state.cpu->take_undefined();
}
constexpr ir::Helper kUndefined = ir::helper<&take_undefined>("undefined", kHelperTakesException);

void take_fp_trap(State& state) {
    state.cpu->take_fp_access_trap();
}
constexpr ir::Helper kFpTrap = ir::helper<&take_fp_trap>("fp_trap", kHelperTakesException);

// The following change what the mode word is made of, so that the accelerator must know.
constexpr ir::HelperEffects kChangesMode = ir::kHelperReadsState | ir::kHelperWritesState;

void end_step(State& state, u32 exclusive) {
    state.cpu->end_software_step(exclusive != 0);
}
constexpr ir::Helper kEndStep = ir::helper<&end_step>("end_step", kChangesMode);

void branch_with_type(State& state, u64 target, u32 btype) {
    state.pc = canonical_address(state.cpu->regime(), target, true);
    state.pstate = (state.pstate & ~pstate::kBtypeMask) | btype << pstate::kBtypeShift;
    state.cpu->events().mode_changed();
}
constexpr ir::Helper kBranchWithType = ir::helper<&branch_with_type>("branch_with_type", kChangesMode);

}  // namespace

ir::MemInfo Lifter::memory(RegSp base, unsigned size_log2) const {
    ir::MemInfo info;
    info.size_log2 = static_cast<u8>(size_log2);
    info.base = static_cast<u8>(slot::kX0 + base.value);
    info.aligned = mode_.has(Mode::kAlign);
    info.stack = base.value == 31 && mode_.has(Mode::kStackAlign);
    return info;
}

ir::Value Lifter::endian(ir::Value value, unsigned size_log2) {
    if (!big_endian() || size_log2 == 0) {
        return value;
    }
    switch (size_log2) {
        case 1:
            return ir.shr(ir::Type::i32, ir.bswap(ir::Type::i32, value), 16);
        case 2:
            return ir.bswap(ir::Type::i32, value);
        default:
            return ir.bswap(ir::Type::i64, value);
    }
}

ir::Value Lifter::vendian(ir::Value value, unsigned size_log2) {
    if (!big_endian() || size_log2 == 0) {
        return value;
    }
    switch (size_log2) {
        case 1:
            return ir.vector(ir::Opcode::vreverse16, ir::Lane::b, value);
        case 2:
            return ir.vector(ir::Opcode::vreverse32, ir::Lane::b, value);
        case 3:
            return ir.vector(ir::Opcode::vreverse64, ir::Lane::b, value);
        default: {
            const ir::Value halves = ir.vector(ir::Opcode::vreverse64, ir::Lane::b, value);
            return ir.vector(ir::Opcode::vext, halves, halves, ir::kNoValue, 8);
        }
    }
}

ir::Value Lifter::load(ir::Type type, ir::Value address, i32 offset, ir::MemInfo memory) {
    if (!big_endian() || memory.size_log2 == 0) {
        return ir.load(type, address, offset, memory);
    }
    const bool sign_extend = memory.sign_extend;
    memory.sign_extend = false;
    const ir::Value value = endian(ir.load(type, address, offset, memory), memory.size_log2);
    return sign_extend ? ir.sign_extend(type, value, 8u << memory.size_log2) : value;
}

void Lifter::store(ir::Value address, i32 offset, ir::Value value, ir::MemInfo memory) {
    ir.store(address, offset, endian(value, memory.size_log2), memory);
}

ir::Value Lifter::vload(ir::Value address, i32 offset, ir::MemInfo memory) {
    return vendian(ir.vload(address, offset, memory), memory.size_log2);
}

void Lifter::vstore(ir::Value address, i32 offset, ir::Value value, ir::MemInfo memory) {
    ir.vstore(address, offset, vendian(value, memory.size_log2), memory);
}

void Lifter::undefined() {
    exception_via(kUndefined, {});
}

bool Lifter::fp_enabled() {
    if (!mode_.has(Mode::kFpTrap)) {
        return true;
    }
    exception_via(kFpTrap, {});
    return false;
}

void Lifter::exception_via(const ir::Helper& helper, std::initializer_list<ir::Value> arguments) {
    ir.call(helper, arguments);
    ir.exit_state();
}

void Lifter::step_done() {
    if (mode_.has(Mode::kSingleStep)) {
        ir.call(kEndStep, {ir.i32c(load_exclusive_)});
    }
}

void Lifter::leave_direct(i64 displacement, ir::JumpKind kind) {
    if (mode_.has(Mode::kSingleStep)) {
        // PSTATE.SS, and so the mode, changes: only the dispatcher knows what comes next.
        step_done();
        leave_to(displacement);
    } else {
        ir.exit_direct(static_cast<i64>(page_offset_) + displacement, kind);
    }
}

void Lifter::leave_to(i64 displacement) {
    ir.store_field(offsetof(State, pc), pc(displacement));
    ir.exit_state();
}

void Lifter::branch_direct(i64 displacement, ir::JumpKind kind) {
    leave_direct(displacement, kind);
}

void Lifter::branch_indirect(ir::Value target, ir::JumpKind kind) {
    branch_indirect(target, kind, 0);
}

void Lifter::branch_indirect(ir::Value target, ir::JumpKind kind, u32 btype) {
    if (!model_.has(Feature::bti)) {
        btype = 0;
    }
    if (mode_.has(Mode::kSingleStep)) {
        step_done();
        ir.call(kBranchWithType, {target, ir.i32c(btype)});
        ir.exit_state();
        return;
    }
    ir.exit_indirect(target, kind, btype);
}

void Lifter::jump_register(Reg rn, ir::Value target) {
    // BTypeNext of BR: from a guarded page only X16 and X17 may go where calls may go.
    const bool to_jump_targets_only = mode_.has(Mode::kGuardedPage) && rn.value != 16 && rn.value != 17;
    branch_indirect(target, ir::JumpKind::jump, to_jump_targets_only ? 3 : 1);
}

void Lifter::call_register(ir::Value target) {
    set(Reg{30}, pc(4));
    branch_indirect(target, ir::JumpKind::call, 2);
}

void Lifter::branch_if(ir::Cond cond, ir::Value flags, i64 displacement) {
    const u32 taken = ir.reserve_block();
    const u32 not_taken = ir.reserve_block();
    ir.branch(cond, flags, taken, not_taken);
    ir.place_block(not_taken);
    leave_direct(4, ir::JumpKind::jump);
    ir.place_block(taken);
    leave_direct(displacement, ir::JumpKind::jump);
}

void Lifter::branch_if_zero(ir::Type type, ir::Value value, bool nonzero, i64 displacement) {
    const u32 taken = ir.reserve_block();
    const u32 not_taken = ir.reserve_block();
    ir.branch_zero(type, value, nonzero ? not_taken : taken, nonzero ? taken : not_taken);
    ir.place_block(not_taken);
    leave_direct(4, ir::JumpKind::jump);
    ir.place_block(taken);
    leave_direct(displacement, ir::JumpKind::jump);
}

void Lifter::branch_if_bit(ir::Value value, unsigned position, bool set, i64 displacement) {
    const u32 taken = ir.reserve_block();
    const u32 not_taken = ir.reserve_block();
    ir.branch_bit(value, position, set ? taken : not_taken, set ? not_taken : taken);
    ir.place_block(not_taken);
    leave_direct(4, ir::JumpKind::jump);
    ir.place_block(taken);
    leave_direct(displacement, ir::JumpKind::jump);
}

void Lifter::end_after_this() {
    step_done();
    leave_to(4);
}

}  // namespace kelvin::arm64
