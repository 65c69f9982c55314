// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/lifter.h"

#include "cpu/arm64/cpu.h"

namespace kelvin::arm64 {

namespace {

constexpr u8 kEcFpTrap = 0x07;
constexpr u32 kIssFpTrap = 0x1e << 20;  ///< CV = 1, COND = 0b1110, as for any A64 instruction

void take_undefined(State& state) {
    state.cpu->take_undefined();
}
constexpr ir::Helper kUndefined = ir::helper<&take_undefined>("undefined", kHelperTakesException);

void take_fp_trap(State& state) {
    state.cpu->take_exception(kEcFpTrap, kIssFpTrap);
}
constexpr ir::Helper kFpTrap = ir::helper<&take_fp_trap>("fp_trap", kHelperTakesException);

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
        set_pstate(ir.and_(ir::Type::i32, pstate(), ir.i32c(~pstate::kSs)));
    }
}

void Lifter::leave_direct(i64 displacement, ir::JumpKind kind) {
    if (mode_.has(Mode::kSingleStep)) {
        // PSTATE.SS, and so the mode, changes: only the dispatcher knows what comes next.
        step_done();
        ir.store_field(offsetof(State, pc), pc(displacement));
        ir.exit_state();
        return;
    }
    ir.exit_direct(static_cast<i64>(page_offset_) + displacement, kind);
}

void Lifter::branch_direct(i64 displacement, ir::JumpKind kind) {
    leave_direct(displacement, kind);
}

void Lifter::branch_indirect(ir::Value target, ir::JumpKind kind) {
    step_done();
    ir.exit_indirect(target, kind);
}

void Lifter::set_branch_type(u32 btype) {
    if (mode_.has(Mode::kTrackBtype)) {
        set_pstate(ir.bfi(ir::Type::i32, pstate(), ir.i32c(btype), pstate::kBtypeShift, 2));
    }
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
    ir.store_field(offsetof(State, pc), pc(4));
    ir.exit_state();
}

}  // namespace kelvin::arm64
