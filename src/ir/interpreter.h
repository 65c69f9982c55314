// SPDX-License-Identifier: Apache-2.0
// Runs a region op by op. For tests and for checking generated code; never in the path of a running machine.
#pragma once

#include <cstddef>
#include <vector>

#include "ir/evaluate.h"

namespace kelvin::ir {

/// The guest's memory as a running region sees it: virtual addresses, permissions, devices. False = a guest exception
/// has been raised in the state, and the region is left. Shared by the interpreter and the slow paths of generated
/// code.
class MemoryPort {
  public:
    virtual ~MemoryPort() = default;

    /// Loads fill the access's bytes from the lowest on and leave the rest of `value` as it is.
    virtual bool load(u64 address, MemInfo info, V128& value) = 0;
    virtual bool store(u64 address, MemInfo info, const V128& value) = 0;
    virtual bool load_exclusive(u64 address, MemInfo info, V128& value) = 0;
    /// `failed`: 0 = stored, 1 = not.
    virtual bool store_exclusive(u64 address, MemInfo info, const V128& value, u32& failed) = 0;
    virtual void clear_exclusive() = 0;
    virtual bool atomic_rmw(u64 address, MemInfo info, AtomicKind kind, u64 operand, u64& old) = 0;
    virtual bool compare_and_swap(u64 address, MemInfo info, const V128& expected, const V128& desired, V128& old) = 0;
};

/// How a region was left.
struct RegionExit {
    enum class Kind : u8 { direct, indirect, state, fault } kind;
    u64 pc = 0;           ///< direct, indirect: the guest virtual address to go on at; else it is in the guest's state
    u64 page_offset = 0;  ///< of the last instruction that began
};

class Interpreter {
  public:
    /// `state` is the guest's, as GuestDesc's offsets describe it; `helper_state` is handed to helpers that take the
    /// state. Before memory accesses and calls the state's pc is set to the current instruction's address.
    Interpreter(void* state, void* helper_state, MemoryPort& memory)
        : state_(static_cast<std::byte*>(state)), helper_state_(helper_state), memory_(memory) {}

    /// `page`: the guest virtual address of the page that the region's code lies in. `left` is asked after each call
    /// whose helper may exit: true if it has raised an exception or asked to leave (then the exit is Kind::state).
    /// `region` must pass verify(). A region that loops is left after a million ops, before an instruction.
    RegionExit run(const Region& region, u64 page, bool (*left)(void* helper_state));

  private:
    enum class Step { next, left, fault };

    Step step(const Op& op);
    Step access_memory(const Op& op);
    bool access_exclusive(const Op& op, u64 address);
    bool access_atomic(const Op& op, u64 address);
    Step call(const Op& op);
    /// The block to go on at, or kNoBlock if the terminator leaves the region.
    u32 successor(const Op& op) const;
    RegionExit leave(const Op& op);
    void set_branch_type(u64 type);
    void get(const Op& op, Datum& result) const;
    void set(const Op& op);
    void mark_pc();
    u64 integer(Value value) const { return values_[index(value)].integer; }
    Datum& result_of(const Op& op) { return values_[static_cast<std::size_t>(&op - region_->ops.data())]; }

    std::byte* state_;
    void* helper_state_;
    MemoryPort& memory_;
    std::vector<Datum> values_;

    // Of the run.
    const Region* region_ = nullptr;
    bool (*left_)(void* helper_state) = nullptr;
    u64 page_ = 0;
    u64 page_offset_ = 0;
};

}  // namespace kelvin::ir
