// SPDX-License-Identifier: Apache-2.0
// Code shared by all regions: the way in and out, the miss path of page slots, and calls of C++.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "emit/x64/assembler.h"
#include "emit/x64/host_features.h"
#include "emit/x64/pins.h"
#include "emit/x64/runtime.h"
#include "ir/helper.h"

namespace kelvin::x64 {

/// An op that has no inline form, kept beside the code for the C++ that evaluates it.
struct FallbackRecord {
    ir::Op op;
    ir::FpMode fp;
};

/// Whether a page slot that misses is filled, so that the next access to the page hits. `never` is for tests.
enum class SlotUse : u8 { normal, never };

/// Whether instructions are taken off Runtime::budget: see emitter_budget.cpp.
enum class Metering : u8 { off, on };

/// Made once a code cache. The buffer must keep room for the stubs of call signatures and for constants, made when
/// first met: 8 KiB do. Owner thread: the one that translates.
class Stubs {
  public:
    Stubs(CodeBuffer buffer, const Pins& pins, const RuntimeCalls& calls, const HostFeatures& features,
          SlotUse slot_use = SlotUse::normal, Metering metering = Metering::off);

    /// What generated code may use.
    const HostFeatures& features() const { return features_; }

    /// Runs code at an execution address until it leaves; C calling convention. `state` is the guest's.
    using Enter = void (*)(void* state, const u8* code);
    Enter enter() const { return enter_; }

    // Jumped to. `exit`: pinned registers are still in the host's; state.pc is set. `exit_saved`: the state is
    // complete.
    const u8* exit() const { return exit_; }
    const u8* exit_saved() const { return exit_saved_; }
    /// As exit, but pc = page + page_offset.
    const u8* exit_position() const { return exit_position_; }
    /// As exit, but pc = page + ecx, and the link in eax is what would lead there.
    const u8* exit_unlinked() const { return exit_unlinked_; }
    /// As exit, but goes on at state.pc if the jump cache knows it and no other thread wants attention: for what has
    /// been done with when the state has changed, exceptions too.
    const u8* resume() const { return resume_; }
    /// Jumped to when another thread wants attention, or with a guest address in rax that the context's jump cache does
    /// not know for branches of the type (rdx + rcx * 4 is its place there without type): goes on there if the second
    /// jump cache knows it, or leaves.
    const u8* second_jump(u32 branch_type) const { return second_jumps_[branch_type]; }
    /// Called from the entry of a region that has been retired; the 16 bits behind the call are its page_offset, and in
    /// the two lowest the branch type that it is for. Leaves as exit_position.
    const u8* retired_entry() const { return retired_entry_; }
    /// A region begins with one instruction of so many bytes, aligned to it, over which it can be retired.
    static constexpr unsigned kEntryBytes = 8;

    /// Looks an access up in the TLB that a page slot does not serve. Called with the guest address in rdx (kept) and
    /// the slot's displacement from rbp in rax. If the TLB has the page, returns normally with the addend in rax, and
    /// the slot serves the page from then on. Else it returns kSkip bytes further. All other registers are kept.
    /// `watched`: counts those that the TLB serves, by the place of the call.
    const u8* miss(ir::MemInfo memory, bool write, bool watched) const;
    static constexpr unsigned kSkip = 5;  ///< the size of the jump that follows the call

    /// A load or store by C++. Called with the guest address in rdx, the packed MemInfo in eax and, for stores, the
    /// value in Runtime::arguments. All registers but rax are kept; what was loaded is in Runtime::result and rax. An
    /// exception leaves the region.
    const u8* slow_load() const { return slow_load_; }
    const u8* slow_store() const { return slow_store_; }

    /// Called with rax = a RuntimeCalls function, rdx = address, ecx = memory info: all registers but rax are kept, the
    /// result is in rax too. An exception leaves the region.
    const u8* memory_call() const { return memory_call_; }
    const RuntimeCalls& calls() const { return calls_; }

    /// Called with rax = the helper's address and the arguments in Runtime::arguments. The result is in rax, or for
    /// vectors in Runtime::result. Local registers are lost.
    const u8* helper_call(const ir::Helper& helper);
    /// Called with rax = a FallbackRecord; operands in Runtime::arguments, result in Runtime::result. Local registers
    /// are lost.
    const u8* evaluate() const { return evaluate_; }
    /// The same, but all registers except rax are kept.
    const u8* evaluate_preserving() const { return evaluate_preserving_; }
    /// The same for an addition, subtraction, multiplication or division of vectors of 16 bytes that has given NaNs,
    /// without C++ where that can be. Neither FPCR.DN nor FPCR.FZ may be set.
    const u8* arithmetic_of_nans(ir::Opcode operation, bool is_double) const;
    /// The execution address of a constant, aligned to 16.
    const u8* vector_constant(const V128& value);

    struct Named {
        const u8* address;
        std::string name;
    };
    /// For listings and profiles: execution addresses of the code that is there from the beginning, in no order.
    std::vector<Named> named() const;
    /// What is at an execution address, constants and what was made when first met included; empty if it is none of it.
    std::string name_of(const u8* address) const;

  private:
    struct Signature {
        u64 key;
        const u8* code;
    };
    struct Constant {
        V128 value;
        const u8* address;
    };

    void make_enter();
    void make_exits();
    void make_resume();
    void make_second_jump(u32 branch_type);
    void look_up_second_jump(u32 branch_type, Label& unknown);
    void make_misses();
    const u8* make_miss(ir::MemInfo memory, bool write, bool watched);
    void count_site(Label& often);
    void report_site(Label& counted);
    void fill_slot(bool write);
    const u8* make_slow(const void* function);
    static unsigned miss_index(ir::MemInfo memory, bool write, bool watched);
    void make_memory_call();
    void make_evaluate();
    void make_evaluate_preserving();
    void call_evaluator();
    void make_arithmetic_of_nans();
    const u8* make_arithmetic_of_nans(VexOp operation, bool is_double);
    const u8* make_helper_call(const ir::Helper& helper);
    void fold_exceptions();
    void give_back_unexecuted();
    void clear_unexecuted();
    void position_into_pc();
    void save_all();
    void restore_all();
    /// Calls the C function in rax with the stack as inside a stub that has pushed nothing.
    void call_aligned();

    Assembler a_;
    const Pins& pins_;
    RuntimeCalls calls_;
    HostFeatures features_;
    SlotUse slot_use_;
    Metering metering_;
    Enter enter_ = nullptr;
    const u8* exit_ = nullptr;
    const u8* exit_saved_ = nullptr;
    const u8* exit_position_ = nullptr;
    const u8* exit_unlinked_ = nullptr;
    const u8* resume_ = nullptr;
    const u8* retired_entry_ = nullptr;
    std::array<const u8*, kBranchTypes> second_jumps_{};
    std::array<const u8*, 128> miss_{};
    const u8* slow_load_ = nullptr;
    const u8* slow_store_ = nullptr;
    const u8* memory_call_ = nullptr;
    const u8* evaluate_ = nullptr;
    const u8* evaluate_preserving_ = nullptr;
    std::array<const u8*, 8> arithmetic_of_nans_{};  ///< by operation, single and double
    std::vector<Signature> signatures_;
    std::vector<Constant> constants_;
};

}  // namespace kelvin::x64
