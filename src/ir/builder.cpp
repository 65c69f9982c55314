// SPDX-License-Identifier: Apache-2.0
#include "ir/builder.h"

#include <algorithm>

#include "base/bits.h"
#include "ir/evaluate.h"

namespace kelvin::ir {

namespace {

/// What append() may try on an op: the number of operands if it can be folded, and whether simplify() knows it.
constexpr u8 kFoldable = 1;
constexpr u8 kSimplifiable = 2;

constexpr bool foldable(const OpInfo& op) {
    return (op.effects & kPure) != 0 && op.result == ResultKind::I && !op.arguments.empty() &&
           op.arguments.find_first_not_of('I') == std::string_view::npos;
}

constexpr auto kRules = [] {
    std::array<u8, kOpInfo.size()> rules{};
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const OpInfo& op = kOpInfo[i];
        const bool simplifiable = (op.effects & kPure) != 0 && (op.effects & kFp) == 0 && !op.arguments.empty();
        rules[i] = static_cast<u8>((foldable(op) ? kFoldable : 0) | (simplifiable ? kSimplifiable : 0));
    }
    return rules;
}();

constexpr Type type_of_size(MemInfo memory) {
    return memory.size_log2 == 3 ? Type::i64 : memory.size_log2 == 4 ? Type::v128 : Type::i32;
}

constexpr u64 attributes(bool is_unsigned, unsigned fraction_bits) {
    return u64{is_unsigned} << 3 | u64{fraction_bits} << 8;
}

}  // namespace

Builder::Builder(Region& region, BuilderOptions options) : region_(region), options_(options) {}

u32 Builder::begin_block() {
    const u32 block = reserve_block();
    place_block(block);
    return block;
}

u32 Builder::reserve_block() {
    region_.blocks.push_back({});
    return static_cast<u32>(region_.blocks.size() - 1);
}

void Builder::place_block(u32 block) {
    KELVIN_ASSERT(ended_);
    KELVIN_ASSERT(region_.blocks[block].end == 0);
    region_.blocks[block].first = static_cast<u32>(region_.ops.size());
    block_ = block;
    ended_ = false;
    forget_registers();
    sums_.fill(kNoValue);
    next_sum_ = 0;
}

void Builder::forget_registers() {
    std::fill_n(known_.begin(), region_.guest->slots.size(), kNoValue);
}

Value Builder::emit(const Op& op) {
    KELVIN_ASSERT(!ended_);
    region_.ops.push_back(op);
    return Value{static_cast<u32>(region_.ops.size() - 1)};
}

Value Builder::append(const Op& op) {
    const u8 rules = kRules[static_cast<std::size_t>(op.code)];
    if ((rules & kFoldable) != 0 && options_.fold_constants) {
        if (const Value folded = fold(op); folded != kNoValue) {
            return folded;
        }
    }
    if ((rules & kSimplifiable) != 0 && options_.simplify) {
        if (const Value simpler = simplify(op); simpler != kNoValue) {
            return simpler;
        }
    }
    return op.code == Opcode::add && op.type == Type::i64 && options_.reuse_sums ? add_up(op) : emit(op);
}

/// An array's element that is loaded and stored, or a structure's address that was computed for its own sake too. Sums
/// with constants are left alone: accesses have displacements.
Value Builder::add_up(const Op& op) {
    if (region_.is_constant(op.b)) {
        return emit(op);
    }
    for (const Value known : sums_) {
        if (known == kNoValue) {
            break;
        }
        const Op& sum = region_.op(known);
        if (are_same(sum.a, op.a, 3) && are_same(sum.b, op.b, 3)) {
            return known;
        }
    }
    const Value made = emit(op);
    sums_[next_sum_++ % sums_.size()] = made;
    return made;
}

bool Builder::are_same(Value a, Value b, unsigned depth) const {
    if (a == b) {
        return true;
    }
    if (a == kNoValue || b == kNoValue || depth == 0) {
        return false;
    }
    const Op& x = region_.op(a);
    const Op& y = region_.op(b);
    if (x.code != y.code || x.type != y.type || x.aux != y.aux || x.imm != y.imm) {
        return false;
    }
    const bool computed = (kRules[static_cast<std::size_t>(x.code)] & kFoldable) != 0;
    return x.code == Opcode::constant || (computed && are_same(x.a, y.a, depth - 1) && are_same(x.b, y.b, depth - 1) &&
                                          are_same(x.c, y.c, depth - 1));
}

Value Builder::fold(const Op& op) {
    Datum operands[3]{};
    const Value values[3] = {op.a, op.b, op.c};
    for (unsigned i = 0; i < info(op.code).arguments.size(); ++i) {
        if (!region_.is_constant(values[i])) {
            return kNoValue;
        }
        operands[i].integer = region_.op(values[i]).imm;
    }
    return constant(op.type, evaluate(op, operands, {region_.fp, nullptr}).integer);
}

void Builder::terminate(const Op& op) {
    emit(op);
    region_.blocks[block_].end = static_cast<u32>(region_.ops.size());
    ended_ = true;
}

void Builder::insn_start(u64 page_offset) {
    emit({.code = Opcode::insn_start, .imm = page_offset});
}

Value Builder::constant(Type type, u64 value) {
    return emit({.code = Opcode::constant, .type = type, .imm = type == Type::i32 ? value & 0xffffffff : value});
}

Value Builder::vconstant(u64 each_half) {
    return emit({.code = Opcode::vconstant, .type = Type::v128, .imm = each_half});
}

Value Builder::page_address(i64 offset) {
    return emit({.code = Opcode::page_address, .type = Type::i64, .imm = static_cast<u64>(offset)});
}

Value Builder::get(u32 slot) {
    if (options_.forward_registers && known_[slot] != kNoValue) {
        return known_[slot];
    }
    known_[slot] = emit({.code = Opcode::get, .type = region_.guest->slots[slot].type, .imm = slot});
    return known_[slot];
}

void Builder::set(u32 slot, Value value) {
    if (options_.forward_registers && known_[slot] == value) {
        return;
    }
    known_[slot] = value;
    emit({.code = Opcode::set, .type = region_.guest->slots[slot].type, .a = value, .imm = slot});
}

Value Builder::load_field(u32 offset, unsigned size_log2) {
    const Type type = size_log2 == 3 ? Type::i64 : Type::i32;
    return emit({.code = Opcode::load_field, .type = type, .aux = static_cast<u8>(size_log2), .imm = offset});
}

void Builder::store_field(u32 offset, Value value, unsigned size_log2) {
    const Type type = size_log2 == 3 ? Type::i64 : Type::i32;
    emit({.code = Opcode::store_field, .type = type, .aux = static_cast<u8>(size_log2), .a = value, .imm = offset});
}

Value Builder::extract_pair(Type type, Value high, Value low, unsigned lsb) {
    return append({.code = Opcode::extract_pair, .type = type, .a = high, .b = low, .imm = lsb});
}

Value Builder::ubfx(Type type, Value a, unsigned lsb, unsigned width) {
    return append({.code = Opcode::ubfx, .type = type, .aux = static_cast<u8>(lsb), .a = a, .imm = width});
}

Value Builder::sbfx(Type type, Value a, unsigned lsb, unsigned width) {
    return append({.code = Opcode::sbfx, .type = type, .aux = static_cast<u8>(lsb), .a = a, .imm = width});
}

Value Builder::bfi(Type type, Value into, Value field, unsigned lsb, unsigned width) {
    return append(
        {.code = Opcode::bfi, .type = type, .aux = static_cast<u8>(lsb), .a = into, .b = field, .imm = width});
}

Value Builder::crc32(Value accumulator, Value data, unsigned data_log2, bool castagnoli) {
    return append({.code = castagnoli ? Opcode::crc32c : Opcode::crc32,
                   .type = Type::i32,
                   .aux = static_cast<u8>(data_log2),
                   .a = accumulator,
                   .b = data});
}

Value Builder::select(Type type, Cond cond, Value flags, Value if_true, Value if_false) {
    return append({Opcode::select, type, static_cast<u8>(cond), flags, if_true, if_false});
}

Value Builder::cond_set(Type type, Cond cond, Value flags) {
    return append({Opcode::cond_set, type, static_cast<u8>(cond), flags});
}

Value Builder::select_flags(Cond cond, Value flags, Value if_true, u32 nzcv) {
    return append({.code = Opcode::select_flags,
                   .type = Type::flags,
                   .aux = static_cast<u8>(cond),
                   .a = flags,
                   .b = if_true,
                   .imm = u64{nzcv & 15} << 28});
}

Value Builder::fcompare(FpShape shape, Value a, Value b, bool signaling) {
    return append({.code = Opcode::fcompare,
                   .type = Type::v128,
                   .aux = static_cast<u8>(shape),
                   .a = a,
                   .b = b,
                   .imm = signaling});
}

Value Builder::load(Type type, Value address, i32 offset, MemInfo memory) {
    return emit({.code = Opcode::load, .type = type, .a = address, .imm = pack_memory(memory, offset)});
}

Value Builder::vload(Value address, i32 offset, MemInfo memory) {
    return emit({.code = Opcode::vload, .type = Type::v128, .a = address, .imm = pack_memory(memory, offset)});
}

void Builder::store(Value address, i32 offset, Value value, MemInfo memory) {
    emit({.code = Opcode::store,
          .type = type_of_size(memory),
          .a = address,
          .b = value,
          .imm = pack_memory(memory, offset)});
}

void Builder::vstore(Value address, i32 offset, Value value, MemInfo memory) {
    emit({.code = Opcode::vstore, .type = Type::v128, .a = address, .b = value, .imm = pack_memory(memory, offset)});
}

Value Builder::load_exclusive(Type type, Value address, MemInfo memory) {
    return emit({.code = Opcode::load_exclusive, .type = type, .a = address, .imm = pack_memory(memory, 0)});
}

Value Builder::vload_exclusive(Value address, MemInfo memory) {
    return emit({.code = Opcode::vload_exclusive, .type = Type::v128, .a = address, .imm = pack_memory(memory, 0)});
}

Value Builder::store_exclusive(Value address, Value value, MemInfo memory) {
    return emit(
        {.code = Opcode::store_exclusive, .type = Type::i32, .a = address, .b = value, .imm = pack_memory(memory, 0)});
}

Value Builder::vstore_exclusive(Value address, Value value, MemInfo memory) {
    return emit(
        {.code = Opcode::vstore_exclusive, .type = Type::i32, .a = address, .b = value, .imm = pack_memory(memory, 0)});
}

Value Builder::atomic_rmw(AtomicKind kind, Type type, Value address, Value operand, MemInfo memory) {
    return emit({.code = Opcode::atomic_rmw,
                 .type = type,
                 .aux = static_cast<u8>(kind),
                 .a = address,
                 .b = operand,
                 .imm = pack_memory(memory, 0)});
}

Value Builder::atomic_cas(Type type, Value address, Value expected, Value desired, MemInfo memory) {
    return emit({Opcode::atomic_cas, type, 0, address, expected, desired, pack_memory(memory, 0)});
}

Value Builder::vatomic_cas(Value address, Value expected, Value desired, MemInfo memory) {
    return emit({Opcode::vatomic_cas, Type::v128, 0, address, expected, desired, pack_memory(memory, 0)});
}

Value Builder::call(const Helper& helper, std::initializer_list<Value> arguments) {
    KELVIN_ASSERT(arguments.size() == helper.argument_count);
    Call call{.helper = &helper};
    call.arguments.fill(kNoValue);
    std::copy(arguments.begin(), arguments.end(), call.arguments.begin());
    region_.calls.push_back(call);
    const Value result = emit({.code = Opcode::call, .type = helper.result, .imm = region_.calls.size() - 1});
    if ((helper.effects & kHelperWritesState) != 0) {
        forget_registers();
    }
    return helper.result == Type::none ? kNoValue : result;
}

void Builder::jump(u32 block) {
    terminate({.code = Opcode::jump, .imm = block});
}

void Builder::branch(Cond cond, Value flags, u32 if_true, u32 if_false) {
    terminate({.code = Opcode::branch, .aux = static_cast<u8>(cond), .a = flags, .c = Value{if_false}, .imm = if_true});
}

void Builder::branch_zero(Type type, Value a, u32 if_zero, u32 if_not) {
    terminate({.code = Opcode::branch_zero, .type = type, .a = a, .c = Value{if_not}, .imm = if_zero});
}

void Builder::branch_bit(Value a, unsigned position, u32 if_set, u32 if_clear) {
    terminate({.code = Opcode::branch_bit,
               .type = Type::i64,
               .aux = static_cast<u8>(position),
               .a = a,
               .c = Value{if_clear},
               .imm = if_set});
}

void Builder::exit_direct(i64 page_offset, JumpKind kind) {
    terminate({.code = Opcode::exit_direct, .aux = static_cast<u8>(kind), .imm = static_cast<u64>(page_offset)});
}

void Builder::exit_indirect(Value address, JumpKind kind, u32 branch_type) {
    if (options_.simplify && branch_type == 0 && region_.op(address).code == Opcode::page_address) {
        exit_direct(static_cast<i64>(region_.op(address).imm), kind);
        return;
    }
    terminate({.code = Opcode::exit_indirect,
               .type = Type::i64,
               .aux = static_cast<u8>(kind),
               .a = address,
               .imm = branch_type});
}

void Builder::exit_state() {
    terminate({.code = Opcode::exit_state});
}

Value Builder::vextract(Type type, Lane lane, Value a, unsigned index, bool sign_extend) {
    return append({.code = sign_extend ? Opcode::vextract_signed : Opcode::vextract,
                   .type = type,
                   .aux = static_cast<u8>(lane),
                   .a = a,
                   .imm = index});
}

Value Builder::fto_int(Type type, FpShape shape, Value a, u8 rounding, bool is_unsigned, unsigned fraction_bits) {
    return append({.code = Opcode::fto_int,
                   .type = type,
                   .aux = static_cast<u8>(shape),
                   .a = a,
                   .imm = attributes(is_unsigned, fraction_bits) | rounding});
}

Value Builder::ffrom_int(FpShape shape, Type source, Value a, bool is_unsigned, unsigned fraction_bits) {
    return append({.code = Opcode::ffrom_int,
                   .type = Type::v128,
                   .aux = static_cast<u8>(shape),
                   .a = a,
                   .imm = attributes(is_unsigned, fraction_bits) | u64{source == Type::i64} << 4});
}

}  // namespace kelvin::ir
