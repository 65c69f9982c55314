// SPDX-License-Identifier: Apache-2.0
// Runs a region op by op. For tests and for checking generated code; never in the path of a running machine.
#pragma once

#include <vector>

#include "ir/evaluate.h"

namespace kelvin::ir {

/// The guest's memory as a running region sees it: virtual addresses, permissions, devices. False = a guest exception
/// has been raised in the state, and the region is left. Shared by the interpreter and the slow paths of generated
/// code.
class MemoryPort {
  public:
    virtual ~MemoryPort() = default;

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
    u64 pc =
        0;  ///< direct, indirect: the guest virtual address to go on at. state: in the guest's state. fault: unused
    u64 page_offset = 0;  ///< fault: of the faulting instruction
};

class Interpreter {
  public:
    /// `state` is the guest's, as GuestDesc's offsets describe it; `helper_state` is handed to helpers that take the
    /// state.
    Interpreter(void* state, void* helper_state, MemoryPort& memory)
        : state_(state), helper_state_(helper_state), memory_(memory) {}

    /// `page`: the guest virtual address of the page that the region's code lies in. `left` is asked after each call
    /// whose helper may exit: true if it has raised an exception or asked to leave.
    RegionExit run(const Region& region, u64 page, bool (*left)(void* helper_state));

  private:
    void* state_;
    void* helper_state_;
    MemoryPort& memory_;
    std::vector<Datum> values_;
};

}  // namespace kelvin::ir
