// SPDX-License-Identifier: Apache-2.0
// Lowers a region of IR in one pass: operands find their registers here, each op's emitter (lower_*.cpp) does the rest.
// emitter.cpp goes through the blocks, emitter_values.cpp has the values' registers, emitter_state.cpp the guest's,
// emitter_flags.cpp flags.
//
// Where values live. A guest register that is pinned is in its host register between ops, always; one that is not is in
// the state, always: `set` writes at once, so the state is exact at every op that may fault. A value is in a local
// register, or is what a guest register holds at this moment (its home), or has been spilled, or is a constant.
// Overwriting a guest register whose old content is still wanted moves that content to a local register first.
//
// Rules for an op's emitter: take fixed registers first (`take`), then fetch operands (`use`, `use_xmm`), then the
// destination (`define`). Fetched registers stay put until the op ends. An emitter that clobbers EFLAGS says so first
// (`clobber_flags`).
#pragma once

#include <deque>
#include <span>
#include <type_traits>
#include <vector>

#include "emit/x64/address_groups.h"
#include "emit/x64/assembler.h"
#include "emit/x64/host_registers.h"
#include "emit/x64/pins.h"
#include "emit/x64/runtime.h"
#include "emit/x64/stubs.h"
#include "ir/region.h"

namespace kelvin::x64 {

using ir::Op;
using IrOp = ir::Opcode;
using ir::Type;
using ir::Value;

class Emitter;

/// Code that runs seldom: emitted behind the block.
struct ColdPath {
    void (*emit)(Emitter&, ColdPath&);
    Label entry;
    u8* retry = nullptr;  ///< write addresses in the hot code: to try again, and to go on
    u8* resume = nullptr;
    const Op* op = nullptr;
    u32 page_offset = 0;
    u32 unexecuted = 0;
    u64 data = 0;
    u8 registers[4]{};  ///< host registers the path needs, by the op's convention
    u8 site = 0;        ///< in a trial: the access's number, from 1 on
    Gpr base{};         ///< of memory accesses: the guest address is this register plus `offset`
    i32 offset = 0;
    GroupUse group;   ///< of memory accesses, too
    u32 addends = 0;  ///< registers that hold addends of groups behind it: C++ may make them wrong
    Label hit;        ///< where a member of a group that has missed goes on if the TLB has its page
};

/// How misses of page slots are watched in a region.
struct SlotWatch {
    enum class Kind : u8 {
        none,
        misses,  ///< by the places they come from
        trial,   ///< in Runtime::trials, by access, and the entries of the region
    };
    Kind kind = Kind::none;
    unsigned trial = 0;
};

/// An exit that can be linked to another region.
struct ExitLink {
    u8* field = nullptr;           ///< of the patchable jump, as a write address
    u64 page_offset = 0;           ///< where it goes, within the region's page
    const u8* unlinked = nullptr;  ///< where the jump leads while it is not linked
};

class Emitter {
  public:
    Emitter(const Pins& pins, Stubs& stubs)
        : a(CodeBuffer{}, stubs.features().encoding()), pins_(pins), stubs_(stubs) {}

    /// Emits into `buffer`, from its start. The region's links get the numbers from `first_link` on.
    void emit(const ir::Region& region, CodeBuffer buffer, u32 first_link, SlotWatch watch);

    /// Of the region last emitted.
    std::span<const ExitLink> links() const { return links_; }
    /// The places in the page of the accesses that are counted in a trial, in the order of SlotTrial::misses.
    std::span<const u16> sites() const { return sites_; }
    /// Bytes before the cold paths.
    std::size_t hot_size() const { return hot_size_; }

    /// From now on, code counts what it does.
    void start_counting() { counts_ = true; }
    /// Code for one more of `event`, if it is to count; keeps all registers and EFLAGS.
    void count(Counted event);
    bool counts() const { return counts_; }
    /// Whether one check may serve several accesses.
    void group_accesses(bool on) { grouping_ = on; }
    /// From now on, code takes its instructions off Runtime::budget: see emitter_budget.cpp.
    void start_metering() { metered_ = true; }

    Assembler a;

    const ir::Region& region() const { return *region_; }
    const Op& op(Value value) const { return ops_[ir::index(value)]; }
    Stubs& stubs() { return stubs_; }
    const HostFeatures& features() const { return stubs_.features(); }
    u32 page_offset() const { return page_offset_; }
    u32 region_start() const { return region_start_; }
    static Width width(Type type) { return type == Type::i64 ? Width::w64 : Width::w32; }

    static Mem state(u32 offset) { return mem(kState, state_displacement(offset)); }
    static Mem runtime(std::size_t offset) { return mem(kState, runtime_displacement(offset)); }

    // Constants.
    bool is_constant(Value value) const { return value != ir::kNoValue && op(value).code == IrOp::constant; }
    /// True, and the immediate, if `value` is a constant that an instruction of width `type` can hold.
    bool immediate(Value value, Type type, i32& out) const;

    // Operands. Each call accounts for one use.
    /// Reserves a particular local register for this op.
    void take(Gpr reg);
    Gpr temp();
    Xmm temp_xmm();
    Gpr use(Value value);
    Xmm use_xmm(Value value);
    /// Copies the value into a register that may be overwritten.
    Gpr use_copy(Value value);
    Xmm use_copy_xmm(Value value);
    /// A register that no value is ever in, for use within an op. Only on hosts with AVX-512; two of them.
    Xmm spare_xmm(unsigned i) const {
        const Xmm low = i == 0 ? kLowScratch2 : kLowScratch;
        return features().evex_everywhere ? low : Xmm{static_cast<u8>(16 + i)};
    }
    void use_into(Gpr reg, Value value);
    void use_into(Xmm reg, Value value);
    /// Accounts for a use whose register is not wanted (an immediate).
    void skip(Value value);
    /// Accounts for all operands of an op that emits nothing.
    void drop_operands();
    /// A taken register that holds nothing any more may be handed out again.
    void unlock_all();
    void unlock(Gpr reg) { gprs_.locked &= ~(1u << number(reg)); }
    /// True if the value is in memory and would be loaded just for this use: `memory_operand` then is where.
    bool in_memory(Value value) const;
    Mem memory_operand(Value value);

    // Destinations: the current op's value.
    /// May be the register of an operand, so operands must be read before it is written: or pass `avoid_operands`.
    Gpr define(bool avoid_operands = false);
    Xmm define_xmm(bool avoid_operands = false);
    /// As define(), but takes over `operand`'s register if its value dies here and nothing better is known.
    Gpr define_over(Gpr operand);
    Xmm define_over(Xmm operand);
    /// The result is in `reg`, which was taken (or is a temp).
    void define_in(Gpr reg);
    /// The current op is a field of the guest's state, and may stay there until the next op has used it.
    void define_in_state() { states_[index_].place = Place::state; }
    /// The current op is a constant: it has no register until one is wanted.
    void define_constant() { states_[index_].place = Place::constant; }
    bool is_pin(Gpr reg) const { return pins_.slot_of(reg) != kNoPin; }

    // Flags.
    enum class Sense : u8 { borrow, carry, fp };  ///< what host CF means: see Emitter::condition
    void clobber_flags();
    /// EFLAGS now hold the current op's flags.
    void define_flags(Sense sense);
    /// The stored form of the current op's flags is in eax (which was taken).
    void define_flags_in_eax();
    /// Makes `cond` on `flags` testable by a host condition. Accounts for one use. Overwrites EFLAGS unless they hold
    /// `flags`.
    Cond condition(ir::Cond cond, Value flags);
    /// Loads stored form into eax (which must have been taken). Accounts for one use.
    void flags_into_eax(Value flags);
    /// Sets host CF to the flags' C (or its complement, if `borrow`). eax must have been taken unless carry_in_host().
    /// Accounts for one use.
    void carry_into_cf(Value flags, bool borrow);
    /// True if EFLAGS hold what is wanted later and could not be made again: better not overwritten.
    bool flags_wanted() const;
    /// Leaves making the current op's flags, an addition's, a subtraction's or a test's, to who first asks for them, if
    /// EFLAGS would not last until then.
    bool defer_flags();
    /// Makes the current op's flags.
    void make_flags();
    /// The current op is an AND whose flags the next op makes: true if nothing else is wanted of it, so that no
    /// register need ever hold it.
    bool leave_to_test();
    /// The current op is a shift: true if it is left to the addition of its result, which can scale its operand.
    bool leave_to_add();
    bool left_to_user(Value value) const { return state_of(value).left_to_user; }
    /// Makes flags again, or at last, that are not in EFLAGS and can be made from their operands.
    void ensure_flags(Value flags);
    /// True if the next op is `flags_code` of this op's operands, so that one instruction serves both.
    bool flags_follow(IrOp flags_code) const;
    /// The next op computes the flags of this op's operation. Before the operands are fetched: its operands are
    /// accounted for.
    void fuse_next();
    /// After the operation: EFLAGS are the next op's value.
    void define_next_flags(Sense sense);
    bool flags_in_host(Value flags) const { return host_flags_ == flags; }
    /// carry_into_cf() needs no register.
    bool carry_in_host(Value flags) const { return host_flags_ == flags && sense_ != Sense::fp; }

    // Page slots.
    bool watches_misses() const { return watch_.kind == SlotWatch::Kind::misses; }
    /// The access that `path` belongs to uses its slot: it has a counter if the region is tried.
    void begin_site(ColdPath& path);
    void count_miss(const ColdPath& path);

    // Groups of accesses: see address_groups.h.
    /// What the access of `size` bytes, whose first op is at `index`, is to its group. All that needs registers comes
    /// before, or may take the addend's for what is loaded last.
    GroupUse join_group(u32 index, unsigned size, bool write);
    /// Of a load that follows: its addend's register is not to be had until unlock().
    GroupUse hold_addend(u32 index, unsigned size);
    /// Registers that hold addends, a bit each.
    u32 addends() const { return groups_.registers(); }
    u32 current_index() const { return index_; }

    /// True if the op after this one accesses what lies behind, so that one check serves both: LDP and STP.
    bool pair_follows() const { return is_pair(index_); }
    /// Goes on to the next op, which is lowered together with this one.
    void advance();

    // Calls: everything in local registers is put where calls leave it alone.
    void evict_locals();
    /// Values that live in guest registers are copied away, as the call may change these.
    void detach_homes();

    /// Valid until the region is done.
    ColdPath& cold(void (*emit_path)(Emitter&, ColdPath&));
    /// Emits the jump that leads to another region of this page once it is there.
    void link_exit(u64 target);
    void link_exit_if(Cond cond, u64 target);
    /// Stores what must be known of the current instruction before leaving the fast path.
    void note_position() {
        a.mov(Width::w32, runtime(offsetof(Runtime, page_offset)), static_cast<i32>(page_offset_));
        note_unexecuted();
    }
    /// The part of it that is not there any more after a call.
    void note_unexecuted();
    /// After a call that has come back and does not do it itself.
    void clear_unexecuted();

    /// True if the stack pointer in `slot` is not known to be aligned here; from now on it is.
    bool must_check_stack(u8 slot);
    /// EFLAGS.ZF = it is a multiple of 16.
    void test_stack(u8 slot);
    /// The block's only op if it is an exit to another place in this page that needs no look at interrupts, else null.
    const Op* plain_exit(u32 block) const;
    Label& block_label(u32 block) { return block_labels_[block]; }
    bool is_next_block(u32 block) const;
    /// One way to the block, a plain exit, has been emitted as a jump; unless there are others it is not wanted.
    void leave_out(u32 block);

    const Op& current() const { return *op_; }
    bool has_uses() const { return states_[index_].uses != 0; }
    Value current_value() const { return Value{index_}; }

    // For the state's emitters.
    void emit_get();
    void emit_set();
    u32 uses(Value value) const { return states_[ir::index(value)].uses; }

  private:
    /// deferred: flags that are to be made from their operands.
    enum class Place : u8 { none, gpr, xmm, home, spill, state, constant, host_flags, stored_flags, deferred };
    static constexpr u8 kNothing = 0xff;

    struct ValueState {
        Place place = Place::none;
        u8 reg = kNothing;   ///< host register number, if place is gpr or xmm
        u8 home = kNothing;  ///< guest slot that holds the value now; also a copy of one in a register
        u8 hint = kNothing;  ///< guest slot whose pin the value is to be made in
        u8 spill = kNothing;
        bool left_to_user = false;  ///< see leave_to_test() and leave_to_add()
        bool holds = false;  ///< flags: their operands are kept, uses accounted for, so that they can be made again
        u16 uses = 0;
    };

    /// How flags are made.
    struct FlagsRecipe {
        Alu alu;  ///< cmp, add, or and_: a test
        Width width;
        Value a, b;
    };

    struct Bank {
        std::array<Value, 32> owner;
        u32 locked = 0;  ///< not to be moved or handed out until the op ends
    };

    ValueState& state_of(Value value) { return states_[ir::index(value)]; }
    const ValueState& state_of(Value value) const { return states_[ir::index(value)]; }
    void order_blocks();
    void begin_block(const ir::Block& block);
    void analyse(const ir::Block& block);
    class PendingPins;
    void emit_op(u32 index);
    void end_op();
    void emit_cold_paths();
    void begin_instruction();
    void spend_instructions();
    u32 last_instruction_paid_for() const;
    void count_entry();
    Mem trial_counter(std::size_t offset) const {
        return runtime(offsetof(Runtime, trials) + watch_.trial * sizeof(SlotTrial) + offset);
    }
    ColdPath& exit_path(u64 target);

    template <class Reg>
    Bank& bank() {
        if constexpr (std::is_same_v<Reg, Gpr>) {
            return gprs_;
        } else {
            return xmms_;
        }
    }
    template <class Reg>
    Reg allocate(u32 excluded = 0);
    template <class Reg>
    void evict(Reg reg);
    template <class Reg>
    void bind(Value value, Reg reg) {
        ValueState& state = state_of(value);
        state.place = std::is_same_v<Reg, Gpr> ? Place::gpr : Place::xmm;
        state.reg = static_cast<u8>(number(reg));
        bank<Reg>().owner[number(reg)] = value;
    }
    template <class Reg>
    void unbind(Value value) {
        ValueState& state = state_of(value);
        bank<Reg>().owner[state.reg] = ir::kNoValue;
        state.reg = kNothing;
        state.place = Place::none;
    }
    template <class Reg>
    Reg fetch(Value value);
    template <class Reg>
    Reg destination(bool avoid_operands, const Reg* over);
    template <class Reg>
    Reg pin_of(u8 slot) const;
    bool pinned(u8 slot) const { return pins_.is_pinned(slot); }
    bool is_vector(Value value) const { return op(value).type == Type::v128; }
    void release(Value value);
    void relocate_home(u8 slot);
    void set_flags(u8 slot, Value value);
    void set_vector(u8 slot, Value value);
    void set_constant(u8 slot, Value value);
    void set_general(u8 slot, Value value);
    void settle_in_home(u8 slot, Value value);
    void note_stack_moved(Value value);
    void spill_to_memory(Value value, u8 reg, bool vector);
    Mem spill_place(u8 index) const { return runtime(offsetof(Runtime, spill) + 16u * index); }
    Mem slot_place(u8 slot) const { return state(region_->guest->slots[slot].offset); }
    u8 allocate_spill();
    void move(Gpr to, Gpr from) { a.mov(Width::w64, to, from); }
    void move(Xmm to, Xmm from);
    void load_place(Gpr to, const ValueState& from, Value value);
    void load_place(Xmm to, const ValueState& from, Value value);
    void save_host_flags();
    void host_flags_into_eax();
    Mem stored_flags_place(const ValueState& flags) const;
    FlagsRecipe recipe(Value flags) const;
    void drop_recipe(Value flags);
    void make_flags(Value flags);
    void make_flags_with(const FlagsRecipe& made, i32 imm);
    void make_flags_of_two(const FlagsRecipe& made);
    /// True if EFLAGS may be overwritten before the op that uses `flags` next, or last, as seen from the current op.
    bool lost_before_first_use(Value flags) const;
    bool lost_before_last_use(Value flags) const;
    bool is_pair(u32 first) const;

    const Pins& pins_;
    Stubs& stubs_;
    AddressGroups groups_;
    std::vector<ExitLink> links_;
    SlotWatch watch_;
    std::vector<u16> sites_;
    std::size_t hot_size_ = 0;
    bool counts_ = false;
    bool metered_ = false;
    bool grouping_ = true;
    u32 paid_to_ = 0;     ///< page offset of the last instruction that has been taken off the budget
    u32 unexecuted_ = 0;  ///< how many there are from behind the current one to that
    u32 first_link_ = 0;
    const ir::Region* region_ = nullptr;
    std::span<const Op> ops_;
    std::vector<ValueState> state_storage_;
    std::span<ValueState> states_;  ///< by op
    std::deque<ColdPath> cold_;     ///< kept from one region to the next; `cold_count_` are in use
    std::size_t cold_count_ = 0;
    std::array<Value, ir::GuestDesc::kMaxSlots> home_of_{};  ///< per slot: the value it is the home of
    Bank gprs_, xmms_;
    u64 spills_in_use_ = 0;
    std::array<Value, 16> dying_{};
    unsigned dying_count_ = 0;
    const Op* op_ = nullptr;
    u32 index_ = 0;
    u32 page_offset_ = 0;
    u32 region_start_ = 0;
    u8 aligned_stack_ = kNothing;       ///< the slot of a stack pointer known to be aligned
    Value stack_value_ = ir::kNoValue;  ///< what it holds
    Value host_flags_ = ir::kNoValue;   ///< the flags value that EFLAGS hold
    Sense sense_ = Sense::borrow;
    std::vector<Label> block_labels_;
    std::vector<u32> block_order_;
    std::vector<u32> ways_in_;  ///< to each block, that are not jumps out of the region instead
    std::size_t place_ = 0;     ///< of the current block in the order
};

/// Operands of an op in order; calls keep theirs beside the op.
template <class Visit>
void each_operand(const ir::Region& region, const Op& op, Visit visit) {
    if (op.code == IrOp::call) {
        const ir::Call& call = region.calls[op.imm];
        for (unsigned i = 0; i < call.helper->argument_count; i++) {
            visit(call.arguments[i]);
        }
        return;
    }
    const Value operands[3] = {op.a, op.b, op.c};
    for (unsigned i = 0; i < ir::operand_count(op.code); i++) {
        visit(operands[i]);
    }
}

using LowerFunction = void (*)(Emitter&);
/// The emitter of each op; every entry is there.
LowerFunction lower_function(ir::Opcode code);

}  // namespace kelvin::x64
