// SPDX-License-Identifier: Apache-2.0
// Metered code: it executes no more instructions than Runtime::budget allows, and C++ knows at any time how many it has
// executed. Instructions are taken off the budget where a run of them begins that is executed from its first to its
// last unless something faults; if so many are not left, the run is not begun. C++ that is called in the middle finds
// in `unexecuted` how many were taken off and are still to come, which is 0 at all other times: whoever calls notes it,
// it is cleared when the call returns (that of memory by the stub), and given back when code is left instead
// (stubs.cpp).
#include "emit/x64/emitter.h"

namespace kelvin::x64 {

namespace {

constexpr u32 kInstructionBytes = 4;

}  // namespace

void Emitter::begin_instruction() {
    page_offset_ = static_cast<u32>(op_->imm);
    count(Counted::instructions);
    if (metered_) {
        if (index_ == region_->blocks[block_order_[place_]].first) {
            spend_instructions();
        }
        unexecuted_ = (paid_to_ - page_offset_) / kInstructionBytes;
    }
}

void Emitter::spend_instructions() {
    paid_to_ = last_instruction_paid_for();
    const u32 instructions = (paid_to_ - page_offset_) / kInstructionBytes + 1;
    clobber_flags();
    ColdPath& refused = cold(+[](Emitter& e, ColdPath& self) {
        const ir::GuestDesc& guest = *e.region().guest;
        e.a.add(Width::w32, runtime(offsetof(Runtime, budget.left)), static_cast<i32>(self.data));
        e.a.mov(Width::w32, runtime(offsetof(Runtime, page_offset)), static_cast<i32>(self.page_offset));
        if (self.page_offset == e.region_start() && e.region().branch_type != 0) {
            e.a.or_(Width::w32, state(guest.branch_type_offset),
                    static_cast<i32>(e.region().branch_type << guest.branch_type_shift));
        }
        e.a.jmp(e.stubs().exit_position());
    });
    refused.data = instructions;
    a.sub(Width::w32, runtime(offsetof(Runtime, budget.left)), static_cast<i32>(instructions));
    a.jcc(Cond::s, refused.entry);
}

/// A block that begins within an instruction carries on the run of the block before.
u32 Emitter::last_instruction_paid_for() const {
    u32 last = page_offset_;
    for (std::size_t place = place_; place < block_order_.size(); place++) {
        const ir::Block& block = region_->blocks[block_order_[place]];
        if (place != place_ && ops_[block.first].code == IrOp::insn_start) {
            break;
        }
        for (u32 i = block.first; i < block.end; i++) {
            if (ops_[i].code == IrOp::insn_start) {
                last = static_cast<u32>(ops_[i].imm);
            }
        }
    }
    return last;
}

void Emitter::note_unexecuted() {
    if (metered_) {
        a.mov(Width::w32, runtime(offsetof(Runtime, budget.unexecuted)), static_cast<i32>(unexecuted_));
    }
}

void Emitter::clear_unexecuted() {
    if (metered_ && unexecuted_ != 0) {
        a.mov(Width::w32, runtime(offsetof(Runtime, budget.unexecuted)), 0);
    }
}

}  // namespace kelvin::x64
