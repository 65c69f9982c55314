// SPDX-License-Identifier: Apache-2.0
#include "ir/interpreter.h"

#include <cstring>

#include "base/bits.h"

namespace kelvin::ir {

namespace {

constexpr u32 kNoBlock = ~u32{0};
constexpr i64 kFuel = 1'000'000;

constexpr u64 type_mask(Type type) {
    return type == Type::i32 ? 0xffffffff : ~u64{0};
}

/// What a load of `memory` gives as an integer of `type`.
u64 extend(u64 value, MemInfo memory, Type type) {
    const unsigned width = 8u << memory.size_log2;
    if (width >= 64) {
        return value & type_mask(type);
    }
    return memory.sign_extend ? static_cast<u64>(sign_extend(value, width)) & type_mask(type)
                              : value & low_mask(width) & type_mask(type);
}

/// The bytes of an access, zeros above.
V128 cut(const V128& value, MemInfo memory) {
    const unsigned width = 8u << memory.size_log2;
    return width >= 128 ? value : v128(value.d[0] & low_mask(width));
}

}  // namespace

RegionExit Interpreter::run(const Region& region, u64 page, bool (*left)(void* helper_state)) {
    region_ = &region;
    left_ = left;
    page_ = page;
    values_.resize(region.ops.size());
    i64 fuel = kFuel;
    for (u32 i = region.blocks[0].first;; ++i) {
        const Op& op = region.ops[i];
        --fuel;
        if (op.code == Opcode::insn_start) {
            page_offset_ = op.imm;
            if (fuel <= 0) {
                return {RegionExit::Kind::direct, page_ + page_offset_, page_offset_};
            }
        } else if ((info(op.code).effects & kTerminator) != 0) {
            const u32 block = successor(op);
            // The second bound is for a loop within one instruction.
            if (block == kNoBlock || fuel <= -kFuel) {
                return leave(op);
            }
            i = region.blocks[block].first - 1;
        } else if (const Step result = step(op); result != Step::next) {
            return {result == Step::left ? RegionExit::Kind::state : RegionExit::Kind::fault, 0, page_offset_};
        }
    }
}

u32 Interpreter::successor(const Op& op) const {
    const u32 taken = static_cast<u32>(op.imm);
    const u32 not_taken = index(op.c);
    switch (op.code) {
        case Opcode::jump:
            return taken;
        case Opcode::branch:
            return holds(op.cond(), static_cast<u32>(integer(op.a))) ? taken : not_taken;
        case Opcode::branch_zero:
            return (integer(op.a) & type_mask(op.type)) == 0 ? taken : not_taken;
        case Opcode::branch_bit:
            return bit(integer(op.a), op.aux) ? taken : not_taken;
        default:
            return kNoBlock;
    }
}

void Interpreter::set_branch_type(u64 type) {
    if (type != 0) {
        std::byte* const place = state_ + region_->guest->branch_type_offset;
        u32 field = 0;
        std::memcpy(&field, place, sizeof(field));
        field |= static_cast<u32>(type) << region_->guest->branch_type_shift;
        std::memcpy(place, &field, sizeof(field));
    }
}

RegionExit Interpreter::leave(const Op& op) {
    switch (op.code) {
        case Opcode::exit_direct:
            return {RegionExit::Kind::direct, page_ + op.imm, page_offset_};
        case Opcode::exit_indirect:
            set_branch_type(op.imm);
            return {RegionExit::Kind::indirect, integer(op.a), page_offset_};
        case Opcode::exit_state:
            return {RegionExit::Kind::state, 0, page_offset_};
        default:
            return {RegionExit::Kind::direct, page_ + page_offset_, page_offset_};
    }
}

void Interpreter::get(const Op& op, Datum& result) const {
    const Slot& slot = region_->guest->slots[op.imm];
    result = {};
    const std::size_t size = slot.type == Type::v128 ? 16 : slot.type == Type::i64 ? 8 : 4;
    std::memcpy(&result, state_ + slot.offset, size);
}

void Interpreter::set(const Op& op) {
    const Slot& slot = region_->guest->slots[op.imm];
    const std::size_t size = slot.type == Type::v128 ? 16 : slot.type == Type::i64 ? 8 : 4;
    std::memcpy(state_ + slot.offset, &values_[index(op.a)], size);
}

Interpreter::Step Interpreter::step(const Op& op) {
    switch (op.code) {
        case Opcode::nop:
        case Opcode::fence:
            return Step::next;
        case Opcode::page_address:
            result_of(op).integer = page_ + op.imm;
            return Step::next;
        case Opcode::get:
            get(op, result_of(op));
            return Step::next;
        case Opcode::set:
            set(op);
            return Step::next;
        case Opcode::load_field:
            result_of(op).integer = 0;
            std::memcpy(&result_of(op).integer, state_ + op.imm, std::size_t{1} << op.aux);
            return Step::next;
        case Opcode::store_field:
            std::memcpy(state_ + op.imm, &values_[index(op.a)].integer, std::size_t{1} << op.aux);
            return Step::next;
        case Opcode::read_clock:
            result_of(op).integer = static_cast<u64>(region_->guest->clock_ns(helper_state_));
            return Step::next;
        case Opcode::clear_exclusive:
            memory_.clear_exclusive();
            return Step::next;
        case Opcode::call:
            return call(op);
        default:
            break;
    }
    if (!is_evaluable(op.code)) {
        return access_memory(op);
    }
    const Value arguments[3] = {op.a, op.b, op.c};
    Datum operands[3]{};
    for (unsigned i = 0; i < info(op.code).arguments.size(); ++i) {
        operands[i] = values_[index(arguments[i])];
    }
    u32 status = 0;
    result_of(op) = evaluate(op, operands, {region_->fp, &status});
    if (status != 0) {
        u32 stored;
        std::memcpy(&stored, state_ + region_->guest->fp_status_offset, sizeof(stored));
        stored |= status;
        std::memcpy(state_ + region_->guest->fp_status_offset, &stored, sizeof(stored));
    }
    return Step::next;
}

Interpreter::Step Interpreter::access_memory(const Op& op) {
    mark_pc();
    const u64 address = integer(op.a) + static_cast<u64>(i64{op.offset()});
    const MemInfo memory = op.memory();
    V128 value{};
    bool done = false;
    switch (op.code) {
        case Opcode::load:
            done = memory_.load(address, memory, value);
            result_of(op).integer = extend(value.d[0], memory, op.type);
            break;
        case Opcode::vload:
            done = memory_.load(address, memory, value);
            result_of(op).vector = value;
            break;
        case Opcode::store:
            done = memory_.store(address, memory, cut(v128(integer(op.b)), memory));
            break;
        case Opcode::vstore:
            done = memory_.store(address, memory, cut(values_[index(op.b)].vector, memory));
            break;
        case Opcode::atomic_rmw:
        case Opcode::atomic_cas:
        case Opcode::vatomic_cas:
            done = access_atomic(op, address);
            break;
        default:
            done = access_exclusive(op, address);
            break;
    }
    return done ? Step::next : Step::fault;
}

bool Interpreter::access_exclusive(const Op& op, u64 address) {
    const MemInfo memory = op.memory();
    if (op.code == Opcode::load_exclusive || op.code == Opcode::vload_exclusive) {
        V128 value{};
        const bool done = memory_.load_exclusive(address, memory, value);
        if (op.code == Opcode::vload_exclusive) {
            result_of(op).vector = value;
        } else {
            result_of(op).integer = extend(value.d[0], memory, op.type);
        }
        return done;
    }
    const V128 value = op.code == Opcode::vstore_exclusive ? values_[index(op.b)].vector : v128(integer(op.b));
    u32 failed = 0;
    const bool done = memory_.store_exclusive(address, memory, cut(value, memory), failed);
    result_of(op).integer = failed;
    return done;
}

bool Interpreter::access_atomic(const Op& op, u64 address) {
    const MemInfo memory = op.memory();
    if (op.code == Opcode::atomic_rmw) {
        u64 old = 0;
        const u64 operand = cut(v128(integer(op.b)), memory).d[0];
        const bool done = memory_.atomic_rmw(address, memory, static_cast<AtomicKind>(op.aux), operand, old);
        result_of(op).integer = extend(old, memory, op.type);
        return done;
    }
    const bool is_vector = op.code == Opcode::vatomic_cas;
    const V128 expected = is_vector ? values_[index(op.b)].vector : v128(integer(op.b));
    const V128 desired = is_vector ? values_[index(op.c)].vector : v128(integer(op.c));
    V128 old{};
    const bool done = memory_.compare_and_swap(address, memory, cut(expected, memory), cut(desired, memory), old);
    if (is_vector) {
        result_of(op).vector = old;
    } else {
        result_of(op).integer = extend(old.d[0], memory, op.type);
    }
    return done;
}

Interpreter::Step Interpreter::call(const Op& op) {
    const Call& call = region_->calls[op.imm];
    const Helper& helper = *call.helper;
    HelperValue arguments[kMaxCallArguments]{};
    for (unsigned i = 0; i < helper.argument_count; ++i) {
        arguments[i] = values_[index(call.arguments[i])];
        if (helper.arguments[i] != Type::v128) {
            arguments[i].integer &= type_mask(helper.arguments[i]);
        }
    }
    mark_pc();
    HelperValue result{};
    helper.invoke(helper_state_, arguments, &result);
    if (helper.result != Type::none) {
        result_of(op) = result;
    }
    return (helper.effects & kHelperMayExit) != 0 && left_(helper_state_) ? Step::left : Step::next;
}

void Interpreter::mark_pc() {
    const u64 pc = page_ + page_offset_;
    std::memcpy(state_ + region_->guest->pc_offset, &pc, sizeof(pc));
}

}  // namespace kelvin::ir
