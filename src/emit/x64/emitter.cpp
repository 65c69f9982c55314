// SPDX-License-Identifier: Apache-2.0
#include "emit/x64/emitter.h"

#include <algorithm>
#include <bit>

namespace kelvin::x64 {

using ir::index;
using ir::kNoValue;

void Emitter::emit(const ir::Region& region, CodeBuffer buffer, u32 first_link, SlotWatch watch) {
    a.restart(buffer);
    a.nop(Stubs::kEntryBytes);
    region_ = &region;
    links_.clear();
    watch_ = watch;
    sites_.clear();
    groups_.begin_region(region);
    first_link_ = first_link;
    ops_ = region.ops;
    state_storage_.assign(ops_.size(), ValueState{});
    states_ = state_storage_;
    cold_count_ = 0;
    block_labels_.assign(region.blocks.size(), Label{});
    region_start_ = 0;
    for (const Op& op : region.ops) {
        if (op.code == IrOp::insn_start) {
            region_start_ = static_cast<u32>(op.imm);
            break;
        }
    }
    page_offset_ = region_start_;
    count(Counted::regions);
    if (watch.kind == SlotWatch::Kind::trial) {
        count_entry();
    }
    order_blocks();
    for (place_ = 0; place_ < block_order_.size(); place_++) {
        const u32 b = block_order_[place_];
        if (ways_in_[b] == 0) {
            continue;
        }
        a.bind(block_labels_[b]);
        begin_block(region.blocks[b]);
        for (u32 i = region.blocks[b].first; i < region.blocks[b].end; i = index_ + 1) {
            emit_op(i);
        }
    }
    hot_size_ = static_cast<std::size_t>(a.cursor() - buffer.write);
    emit_cold_paths();
}

// Blocks are emitted as their ops lie; their numbers are in the order of reservation.
void Emitter::order_blocks() {
    const auto& blocks = region_->blocks;
    block_order_.clear();
    ways_in_.assign(blocks.size(), 0);
    ways_in_[0] = 1;
    for (u32 b = 0; b < blocks.size(); b++) {
        if (blocks[b].first == blocks[b].end) {
            continue;
        }
        block_order_.push_back(b);
        const Op& last = ops_[blocks[b].end - 1];
        const bool two_way =
            last.code == IrOp::branch || last.code == IrOp::branch_zero || last.code == IrOp::branch_bit;
        if (two_way || last.code == IrOp::jump) {
            ways_in_[last.imm]++;
        }
        if (two_way) {
            ways_in_[index(last.c)]++;
        }
    }
    std::sort(block_order_.begin(), block_order_.end(),
              [&](u32 x, u32 y) { return blocks[x].first < blocks[y].first; });
}

void Emitter::count(Counted event) {
    if (counts_) {
        const Mem place = runtime(offsetof(Runtime, counted) + sizeof(u64) * static_cast<unsigned>(event));
        a.push(Gpr::rax);
        a.mov(Width::w64, Gpr::rax, place);
        a.lea(Width::w64, Gpr::rax, mem(Gpr::rax, 1));
        a.mov(Width::w64, place, Gpr::rax);
        a.pop(Gpr::rax);
    }
}

// No flags are in EFLAGS yet.
void Emitter::count_entry() {
    ColdPath& over = cold(+[](Emitter& e, ColdPath& self) {
        e.a.mov(Width::w32, runtime(offsetof(Runtime, kick)), 1);
        e.a.jmp(self.resume + e.a.rw_to_rx());
    });
    a.sub(Width::w32, trial_counter(offsetof(SlotTrial, entries_left)), 1);
    a.jcc(Cond::e, over.entry);
    over.resume = a.cursor();
}

void Emitter::begin_site(ColdPath& path) {
    if (watch_.kind == SlotWatch::Kind::trial && sites_.size() < kTrialSites) {
        sites_.push_back(static_cast<u16>(page_offset_));
        path.site = static_cast<u8>(sites_.size());
    }
}

void Emitter::count_miss(const ColdPath& path) {
    if (path.site != 0) {
        a.add(Width::w32, trial_counter(offsetof(SlotTrial, misses) + sizeof(u32) * (path.site - 1u)), 1);
    }
}

void Emitter::begin_block(const ir::Block& block) {
    gprs_.owner.fill(kNoValue);
    xmms_.owner.fill(kNoValue);
    std::fill_n(home_of_.begin(), region_->guest->slots.size(), kNoValue);
    gprs_.locked = xmms_.locked = 0;
    spills_in_use_ = 0;
    dying_count_ = 0;
    host_flags_ = kNoValue;
    aligned_stack_ = kNothing;
    groups_.begin_block();
    analyse(block);
}

/// Values that are to be made in a pin, from the `set` backwards to where they are made.
class Emitter::PendingPins {
  public:
    explicit PendingPins(std::span<ValueState> states) : states_(states) {}

    void add(u8 slot, Value value) {
        states_[index(value)].hint = slot;
        value_[slot] = value;
        word(slot) |= bit(slot);
    }
    /// The value is made here.
    void made(Value value) {
        if (const u8 slot = states_[index(value)].hint; slot != kNothing) {
            word(slot) &= ~bit(slot);
        }
    }
    /// It cannot be made there.
    void drop(u8 slot) {
        if ((word(slot) & bit(slot)) != 0) {
            states_[index(value_[slot])].hint = kNothing;
            word(slot) &= ~bit(slot);
        }
    }
    void drop_all_but(Value kept) {
        for (unsigned first = 0; first < value_.size(); first += 64) {
            for (u64 left = slots_[first / 64]; left != 0; left &= left - 1) {
                const u8 slot = static_cast<u8>(first + static_cast<unsigned>(std::countr_zero(left)));
                if (value_[slot] != kept) {
                    drop(slot);
                }
            }
        }
    }

  private:
    static u64 bit(u8 slot) { return u64{1} << (slot % 64); }
    u64& word(u8 slot) { return slots_[slot / 64]; }

    std::span<ValueState> states_;
    std::array<u64, ir::GuestDesc::kMaxSlots / 64> slots_{};
    std::array<Value, ir::GuestDesc::kMaxSlots> value_;  ///< per slot of slots_
};

// Backwards: counts uses, and finds for each value the pinned register that it ends up in, if it can be made there. It
// can unless, between its making and the `set`, the old content is read or an op needs the state to be exact.
void Emitter::analyse(const ir::Block& block) {
    PendingPins pending(states_);
    bool begins_pair = false;
    bool completes_pair = false;
    for (u32 i = block.end; i-- > block.first;) {
        const Op& op = ops_[i];
        begins_pair = completes_pair;
        const bool access = is_access(op.code);
        completes_pair = access && i != block.first && is_pair(i - 1);
        if (grouping_ && !completes_pair && (access || AddressGroups::ends_groups(op))) {
            groups_.plan(*region_, i, begins_pair);
        }
        if (op.code == IrOp::set) {
            const u8 slot = static_cast<u8>(op.imm);
            ValueState& value = states_[index(op.a)];
            pending.drop(slot);
            const IrOp maker = ops_[index(op.a)].code;
            if (pinned(slot) && value.hint == kNothing && maker != IrOp::constant && maker != IrOp::get) {
                pending.add(slot, op.a);
            }
            value.uses++;
            continue;
        }
        pending.made(Value{i});
        if (op.code == IrOp::get) {
            pending.drop(static_cast<u8>(op.imm));
        } else if ((ir::effects(op.code) & (ir::kMayFault | ir::kCall)) != 0) {
            // Neither result of a pair is written before both accesses have been made.
            pending.drop_all_but(completes_pair ? Value{i - 1} : kNoValue);
        }
        each_operand(*region_, op, [&](Value value) { states_[index(value)].uses++; });
    }
}

void Emitter::emit_op(u32 i) {
    index_ = i;
    op_ = &ops_[i];
    if (op_->code == IrOp::insn_start) {
        begin_instruction();
        return;
    }
    if (AddressGroups::ends_groups(*op_)) {
        groups_.forget_all();
    }
    lower_function(op_->code)(*this);
    end_op();
}

void Emitter::end_op() {
    gprs_.locked = xmms_.locked = 0;
    for (unsigned i = 0; i < dying_count_; i++) {
        release(dying_[i]);
    }
    dying_count_ = 0;
    // A result that nobody wants gives its register back.
    if (states_[index_].uses == 0 && states_[index_].place != Place::none) {
        release(current_value());
    }
}

void Emitter::emit_cold_paths() {
    for (std::size_t i = 0; i < cold_count_; i++) {
        ColdPath& path = cold_[i];
        a.bind(path.entry);
        op_ = path.op;
        page_offset_ = path.page_offset;
        unexecuted_ = path.unexecuted;
        path.emit(*this, path);
    }
}

ColdPath& Emitter::cold(void (*emit_path)(Emitter&, ColdPath&)) {
    if (cold_count_ == cold_.size()) {
        cold_.emplace_back();
    }
    ColdPath& path = cold_[cold_count_++];
    path = ColdPath{};
    path.emit = emit_path;
    path.op = op_;
    path.page_offset = page_offset_;
    path.unexecuted = unexecuted_;
    return path;
}

ColdPath& Emitter::exit_path(u64 target) {
    ColdPath& path = cold(+[](Emitter& e, ColdPath& self) {
        const u32 number = self.registers[0] | u32{self.registers[1]} << 8;
        e.links_[number].unlinked = e.a.execution_address();
        e.a.mov_imm(Gpr::rax, e.first_link_ + number);
        e.a.mov_imm(Gpr::rcx, self.data);
        e.a.jmp(e.stubs().exit_unlinked());
    });
    path.data = target;
    path.registers[0] = static_cast<u8>(links_.size());
    path.registers[1] = static_cast<u8>(links_.size() >> 8);
    return path;
}

void Emitter::link_exit(u64 target) {
    ColdPath& path = exit_path(target);
    links_.push_back({a.patchable_jmp(path.entry), target, nullptr});
}

void Emitter::link_exit_if(Cond cond, u64 target) {
    ColdPath& path = exit_path(target);
    links_.push_back({a.patchable_jcc(cond, path.entry), target, nullptr});
}

void Emitter::drop_operands() {
    each_operand(*region_, *op_, [&](Value value) { skip(value); });
}

bool Emitter::is_pair(u32 first) const {
    const Op& op = ops_[first];
    if (!is_access(op.code) || first + 1 >= ops_.size()) {
        return false;
    }
    const Op& next = ops_[first + 1];
    const ir::MemInfo memory = op.memory();
    return next.code == op.code && next.type == op.type && next.a == op.a && next.memory().pack() == memory.pack() &&
           next.offset() == op.offset() + (1 << memory.size_log2) && !memory.aligned &&
           memory.order == ir::Order::plain;
}

void Emitter::advance() {
    if (states_[index_].uses == 0 && states_[index_].place != Place::none) {
        release(current_value());
    }
    index_++;
    op_ = &ops_[index_];
}

const Op* Emitter::plain_exit(u32 block) const {
    const ir::Block& target = region_->blocks[block];
    if (target.end != target.first + 1) {
        return nullptr;
    }
    const Op& op = ops_[target.first];
    const bool forward = static_cast<i64>(op.imm) > static_cast<i64>(page_offset_) && op.imm < 4096;
    return op.code == IrOp::exit_direct && forward ? &op : nullptr;
}

bool Emitter::is_next_block(u32 block) const {
    std::size_t next = place_ + 1;
    while (next < block_order_.size() && ways_in_[block_order_[next]] == 0) {
        next++;
    }
    return next < block_order_.size() && block_order_[next] == block;
}

void Emitter::leave_out(u32 block) {
    ways_in_[block]--;
}

}  // namespace kelvin::x64
