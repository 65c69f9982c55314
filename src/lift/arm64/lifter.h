// SPDX-License-Identifier: Apache-2.0
// Lifts A64 code to IR, a region at a time. Instruction entries (the files named after the manual's chapters) are
// written against this class: registers as the manual reads and writes them, traps and exceptions, and the builder
// itself.
#pragma once

#include <cstddef>

#include "cpu/arm64/model.h"
#include "cpu/arm64/state.h"
#include "ir/builder.h"
#include "lift/arm64/mode.h"
#include "lift/arm64/operands.h"

namespace kelvin::arm64 {

/// Slots of the GuestDesc.
namespace slot {
inline constexpr u32 kX0 = 0;  ///< x0..x30
inline constexpr u32 kSp = 31;
inline constexpr u32 kV0 = 32;  ///< v0..v31
inline constexpr u32 kFlags = 64;
inline constexpr u32 kCount = 65;
}  // namespace slot

const ir::GuestDesc& guest_desc();

/// Of helpers that call what takes an exception or may.
inline constexpr ir::HelperEffects kHelperTakesException =
    ir::kHelperReadsState | ir::kHelperWritesState | ir::kHelperMayExit;

class Lifter {
  public:
    Lifter(ir::Builder& builder, const Model& model, Mode mode) : ir(builder), model_(model), mode_(mode) {}

    ir::Builder& ir;

    const Model& model() const { return model_; }
    Mode mode() const { return mode_; }
    /// Offset of the instruction being lifted from the start of its page.
    u64 page_offset() const { return page_offset_; }
    /// Its address as a value (ADR and its kin): plus `displacement`.
    ir::Value pc(i64 displacement = 0) { return ir.page_address(static_cast<i64>(page_offset_) + displacement); }

    // General registers. `type` is the width: i32 reads may have anything above bit 31, as every i32 operation ignores
    // it.
    ir::Value get(Reg reg) { return reg.value == 31 ? ir.i64c(0) : ir.get(slot::kX0 + reg.value); }
    ir::Value get(RegSp reg) { return ir.get(slot::kX0 + reg.value); }
    /// The value zero-extended from 32 bits where `type` is i32: for operands of 64-bit operations.
    ir::Value get(Reg reg, ir::Type type) { return narrow(get(reg), type); }
    /// `value` is an i64 or the (zero-extended) result of an i32 operation.
    void set(Reg reg, ir::Value value) {
        if (reg.value != 31) {
            ir.set(slot::kX0 + reg.value, value);
        }
    }
    void set(RegSp reg, ir::Value value) { ir.set(slot::kX0 + reg.value, value); }
    /// A value that may have bits above 31 made fit for a register write of width `type`.
    ir::Value narrow(ir::Value value, ir::Type type) {
        return type == ir::Type::i32 ? ir.zero_extend(ir::Type::i64, value, 32) : value;
    }

    // Vector registers.
    ir::Value get(VReg reg) { return ir.get(slot::kV0 + reg.value); }
    void set(VReg reg, ir::Value value) { ir.set(slot::kV0 + reg.value, value); }
    /// A vector result: the upper half is zeroed for 64-bit forms.
    void set(VReg reg, ir::Value value, Q q) { set(reg, q.full() ? value : ir.vector(ir::Opcode::vlow64, value)); }

    /// The memory attributes of an access of 1 << size_log2 bytes whose base is the general register `base` (31: SP).
    ir::MemInfo memory(RegSp base, unsigned size_log2) const;
    // Guest memory in the data endianness of the mode. Vectors: one element of the access's size.
    ir::Value load(ir::Type type, ir::Value address, i32 offset, ir::MemInfo memory);
    void store(ir::Value address, i32 offset, ir::Value value, ir::MemInfo memory);
    ir::Value vload(ir::Value address, i32 offset, ir::MemInfo memory);
    void vstore(ir::Value address, i32 offset, ir::Value value, ir::MemInfo memory);
    /// The low 1 << size_log2 bytes reversed if data is big-endian.
    ir::Value endian(ir::Value value, unsigned size_log2);
    /// The bytes of each element of 1 << size_log2 bytes reversed if data is big-endian.
    ir::Value vendian(ir::Value value, unsigned size_log2);
    /// LDTR and its kin act as EL0 does: at EL1, unless PSTATE.UAO says not to.
    bool unprivileged_differs() const { return mode_.el() == ExceptionLevel::el1 && !mode_.has(Mode::kUao); }
    bool big_endian() const { return mode_.has(Mode::kBigEndian); }

    /// PSTATE but for NZCV.
    ir::Value pstate() { return ir.load_field(offsetof(State, pstate), 2); }
    void set_pstate(ir::Value value) { ir.store_field(offsetof(State, pstate), value, 2); }

    // Ways to end. Each emits the exception and ends the region.
    /// UNDEFINED: also what an entry calls for encodings that it finds unallocated.
    void undefined();
    /// For FP and SIMD entries, before anything else: emits the trap and returns false where CPACR_EL1.FPEN forbids.
    bool fp_enabled();
    /// Calls `helper`, which takes an exception or otherwise sets the pc, and leaves.
    void exception_via(const ir::Helper& helper, std::initializer_list<ir::Value> arguments);

    // Branches; displacements in bytes from this instruction. Where TBI applies, the dispatcher makes the target of an
    // indirect branch canonical (BranchTo's AArch64.BranchAddr), as it knows TCR.
    void branch_direct(i64 displacement, ir::JumpKind kind = ir::JumpKind::jump);
    void branch_indirect(ir::Value target, ir::JumpKind kind);
    /// BR and its kin, through register `rn`, which decides the branch type that a BTI at the target sees.
    void jump_register(Reg rn, ir::Value target);
    /// BLR and its kin: also sets the link register.
    void call_register(ir::Value target);
    void branch_if(ir::Cond cond, ir::Value flags, i64 displacement);
    void branch_if_zero(ir::Type type, ir::Value value, bool nonzero, i64 displacement);
    void branch_if_bit(ir::Value value, unsigned position, bool set, i64 displacement);
    /// Leaves after this instruction, at the next one, through the dispatcher: what it did may change how code is
    /// executed.
    void end_after_this();
    bool ended() const { return ir.ended(); }

    void begin_instruction(u64 page_offset) {
        page_offset_ = page_offset;
        load_exclusive_ = false;
        ir.insn_start(page_offset);
    }

    /// Leaves to `displacement` from this instruction through the dispatcher, after what has changed the mode.
    void leave_to(i64 displacement);
    /// Marks an instruction that counts as executed though it takes an exception (SVC and its kin): software step is
    /// done with it.
    void step_done();
    /// The instruction is a load-exclusive, as software step reports.
    void note_load_exclusive() { load_exclusive_ = true; }

  private:
    /// `btype`: PSTATE.BTYPE for the next instruction, where FEAT_BTI is there.
    void branch_indirect(ir::Value target, ir::JumpKind kind, u32 btype);
    void leave_direct(i64 displacement, ir::JumpKind kind);

    const Model& model_;
    Mode mode_;
    u64 page_offset_ = 0;
    bool load_exclusive_ = false;
};

}  // namespace kelvin::arm64
