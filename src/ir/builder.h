// SPDX-License-Identifier: Apache-2.0
// Appends ops to a region. Folds constants as it goes and forwards guest registers within a block, so that what a front
// end writes plainly comes out small. Each function is one op of ops.def; see there for meanings.
#pragma once

#include <array>
#include <initializer_list>

#include "ir/region.h"

namespace kelvin::ir {

/// Which of the builder's simplifications are on; each can be switched off to find a miscompile.
struct BuilderOptions {
    bool fold_constants = true;
    bool simplify = true;  ///< x + 0 and the like
    bool forward_registers = true;
    bool reuse_sums = true;  ///< of 64 bits, as addresses are, that the block has made before
};

/// Cheap to make; may also serve one region after another. `region.guest` must be set before the first block begins.
class Builder {
  public:
    explicit Builder(Region& region, BuilderOptions options = {});

    /// Begins a new block and returns its number. The first block is 0. The previous block must have its terminator.
    u32 begin_block();
    /// Reserves a block number for a branch forward; `place_block` begins it.
    u32 reserve_block();
    void place_block(u32 block);
    /// True if the current block has its terminator.
    bool ended() const { return ended_; }

    void insn_start(u64 page_offset);

    // Constants and guest state.
    Value constant(Type type, u64 value);
    Value i32c(u32 value) { return constant(Type::i32, value); }
    Value i64c(u64 value) { return constant(Type::i64, value); }
    Value vconstant(u64 each_half);
    Value page_address(i64 offset);
    Value get(u32 slot);
    void set(u32 slot, Value value);
    Value flags() { return get(region_.guest->flags_slot); }
    void set_flags(Value value) { set(region_.guest->flags_slot, value); }
    /// A field of 1 << size_log2 bytes, zero-extended.
    Value load_field(u32 offset, unsigned size_log2 = 3);
    void store_field(u32 offset, Value value, unsigned size_log2 = 3);
    Value read_clock() { return append({Opcode::read_clock, Type::i64}); }

    // Integer: `type` is the width worked at.
    Value add(Type type, Value a, Value b) { return binary(Opcode::add, type, a, b); }
    Value sub(Type type, Value a, Value b) { return binary(Opcode::sub, type, a, b); }
    Value mul(Type type, Value a, Value b) { return binary(Opcode::mul, type, a, b); }
    Value umulh(Value a, Value b) { return binary(Opcode::umulh, Type::i64, a, b); }
    Value mulfold(Value a, Value b) { return binary(Opcode::mulfold, Type::i64, a, b); }
    Value smulh(Value a, Value b) { return binary(Opcode::smulh, Type::i64, a, b); }
    Value udiv(Type type, Value a, Value b) { return binary(Opcode::udiv, type, a, b); }
    Value sdiv(Type type, Value a, Value b) { return binary(Opcode::sdiv, type, a, b); }
    Value and_(Type type, Value a, Value b) { return binary(Opcode::and_, type, a, b); }
    Value or_(Type type, Value a, Value b) { return binary(Opcode::or_, type, a, b); }
    Value xor_(Type type, Value a, Value b) { return binary(Opcode::xor_, type, a, b); }
    Value andn(Type type, Value a, Value b) { return binary(Opcode::andn, type, a, b); }
    Value shl(Type type, Value a, Value b) { return binary(Opcode::shl, type, a, b); }
    Value shr(Type type, Value a, Value b) { return binary(Opcode::shr, type, a, b); }
    Value sar(Type type, Value a, Value b) { return binary(Opcode::sar, type, a, b); }
    Value ror(Type type, Value a, Value b) { return binary(Opcode::ror, type, a, b); }
    Value shl(Type type, Value a, unsigned count) { return shl(type, a, constant(type, count)); }
    Value shr(Type type, Value a, unsigned count) { return shr(type, a, constant(type, count)); }
    Value sar(Type type, Value a, unsigned count) { return sar(type, a, constant(type, count)); }
    Value ror(Type type, Value a, unsigned count) { return ror(type, a, constant(type, count)); }
    Value neg(Type type, Value a) { return unary(Opcode::neg, type, a); }
    Value not_(Type type, Value a) { return unary(Opcode::not_, type, a); }
    Value clz(Type type, Value a) { return unary(Opcode::clz, type, a); }
    Value cls(Type type, Value a) { return unary(Opcode::cls, type, a); }
    Value rbit(Type type, Value a) { return unary(Opcode::rbit, type, a); }
    Value bswap(Type type, Value a) { return unary(Opcode::bswap, type, a); }
    Value bswap16(Type type, Value a) { return unary(Opcode::bswap16, type, a); }
    Value bswap32(Value a) { return unary(Opcode::bswap32, Type::i64, a); }
    Value adc(Type type, Value a, Value b, Value flags) { return append({Opcode::adc, type, 0, a, b, flags}); }
    Value sbc(Type type, Value a, Value b, Value flags) { return append({Opcode::sbc, type, 0, a, b, flags}); }
    Value extract_pair(Type type, Value high, Value low, unsigned lsb);
    Value ubfx(Type type, Value a, unsigned lsb, unsigned width);
    Value sbfx(Type type, Value a, unsigned lsb, unsigned width);
    Value bfi(Type type, Value into, Value field, unsigned lsb, unsigned width);
    /// The low `width` bits, zero- or sign-extended to `type`.
    Value zero_extend(Type type, Value a, unsigned width) { return ubfx(type, a, 0, width); }
    Value sign_extend(Type type, Value a, unsigned width) { return sbfx(type, a, 0, width); }
    Value crc32(Value accumulator, Value data, unsigned data_log2, bool castagnoli);
    Value select(Type type, Cond cond, Value flags, Value if_true, Value if_false);
    Value cond_set(Type type, Cond cond, Value flags);

    // Flags.
    Value add_flags(Type type, Value a, Value b) { return append({Opcode::add_flags, type, 0, a, b}); }
    Value sub_flags(Type type, Value a, Value b) { return append({Opcode::sub_flags, type, 0, a, b}); }
    Value adc_flags(Type type, Value a, Value b, Value flags) {
        return append({Opcode::adc_flags, type, 0, a, b, flags});
    }
    Value sbc_flags(Type type, Value a, Value b, Value flags) {
        return append({Opcode::sbc_flags, type, 0, a, b, flags});
    }
    Value logic_flags(Type type, Value a) { return append({Opcode::logic_flags, type, 0, a}); }
    Value flags_from_nzcv(Value nzcv) { return append({Opcode::flags_from_nzcv, Type::i32, 0, nzcv}); }
    Value nzcv_from_flags(Value flags) { return append({Opcode::nzcv_from_flags, Type::i32, 0, flags}); }
    /// `nzcv` in bits 3:0, as instructions encode it.
    Value select_flags(Cond cond, Value flags, Value if_true, u32 nzcv);
    Value fcompare(FpShape shape, Value a, Value b, bool signaling);

    // Guest memory.
    Value load(Type type, Value address, i32 offset, MemInfo memory);
    Value vload(Value address, i32 offset, MemInfo memory);
    void store(Value address, i32 offset, Value value, MemInfo memory);
    void vstore(Value address, i32 offset, Value value, MemInfo memory);
    Value load_exclusive(Type type, Value address, MemInfo memory);
    Value vload_exclusive(Value address, MemInfo memory);
    Value store_exclusive(Value address, Value value, MemInfo memory);
    Value vstore_exclusive(Value address, Value value, MemInfo memory);
    void clear_exclusive() { append({Opcode::clear_exclusive}); }
    Value atomic_rmw(AtomicKind kind, Type type, Value address, Value operand, MemInfo memory);
    Value atomic_cas(Type type, Value address, Value expected, Value desired, MemInfo memory);
    Value vatomic_cas(Value address, Value expected, Value desired, MemInfo memory);
    void fence(FenceKind kind) { append({Opcode::fence, Type::none, static_cast<u8>(kind)}); }

    /// Calls C++; kNoValue if the helper returns nothing. `helper` must outlive the region. Like every i32 result, that
    /// of a helper counts as zero-extended.
    Value call(const Helper& helper, std::initializer_list<Value> arguments);

    // Terminators.
    void jump(u32 block);
    void branch(Cond cond, Value flags, u32 if_true, u32 if_false);
    void branch_zero(Type type, Value a, u32 if_zero, u32 if_not);
    void branch_bit(Value a, unsigned position, u32 if_set, u32 if_clear);
    void exit_direct(i64 page_offset, JumpKind kind = JumpKind::jump);
    /// `branch_type`, 0 to 3: what the guest's state says next of how the code there was branched to.
    void exit_indirect(Value address, JumpKind kind = JumpKind::jump, u32 branch_type = 0);
    void exit_state();

    // Vectors and floating point: the generic forms. `attribute` is the op's aux byte: a Lane or an FpShape.
    Value vector(Opcode code, Lane lane, Value a, Value b = kNoValue, Value c = kNoValue, u64 imm = 0) {
        return append({code, Type::v128, static_cast<u8>(lane), a, b, c, imm});
    }
    Value vector(Opcode code, Value a, Value b = kNoValue, Value c = kNoValue, u64 imm = 0) {
        return append({code, Type::v128, 0, a, b, c, imm});
    }
    Value fp(Opcode code, FpShape shape, Value a, Value b = kNoValue, Value c = kNoValue, u64 imm = 0) {
        return append({code, Type::v128, static_cast<u8>(shape), a, b, c, imm});
    }
    Value vselect_cond(Cond cond, Value flags, Value if_true, Value if_false) {
        return append({Opcode::vselect_cond, Type::v128, static_cast<u8>(cond), flags, if_true, if_false});
    }
    Value vextract(Type type, Lane lane, Value a, unsigned index, bool sign_extend = false);
    /// Scalar conversions: see fto_int and ffrom_int. `rounding` is a fp::Rounding.
    Value fto_int(Type type, FpShape shape, Value a, u8 rounding, bool is_unsigned, unsigned fraction_bits);
    Value ffrom_int(FpShape shape, Type source, Value a, bool is_unsigned, unsigned fraction_bits);

    Region& region() { return region_; }

  private:
    /// The op, or what it comes down to.
    Value append(const Op& op);
    /// The op as it is.
    Value emit(const Op& op);
    Value fold(const Op& op);
    Value add_up(const Op& op);
    /// True if both are sure to be the same number; looks so many operations deep.
    bool are_same(Value a, Value b, unsigned depth) const;
    // simplify.cpp: a value that the op comes down to, or kNoValue.
    Value simplify(const Op& op);
    Value simplify_integer(const Op& op);
    Value simplify_select(const Op& op);
    Value simplify_equal_operands(const Op& op);
    Value simplify_with_constant(const Op& op, u64 full_constant);
    Value simplify_vector(const Op& op);
    Value simplify_shl(const Op& op, unsigned count);
    /// `value` as an integer of that type, with zeros above.
    Value as_integer(Type type, Value value);
    Value unary(Opcode code, Type type, Value a) { return append({code, type, 0, a}); }
    Value binary(Opcode code, Type type, Value a, Value b) { return append({code, type, 0, a, b}); }
    void terminate(const Op& op);
    void forget_registers();

    Region& region_;
    BuilderOptions options_;
    /// Per slot, from the block's beginning on: the value it holds at this point, or kNoValue.
    std::array<Value, GuestDesc::kMaxSlots> known_;
    std::array<Value, 8> sums_{};  ///< the last ones of the block
    unsigned next_sum_ = 0;
    u32 block_ = 0;
    bool ended_ = true;
};

}  // namespace kelvin::ir
