// SPDX-License-Identifier: Apache-2.0
// The memory of a case: two pages, reached by the interpreter, by generated code through the TLB, and by its slow
// paths.
#pragma once

#include <memory>

#include "differential/case.h"
#include "ir/interpreter.h"
#include "support/processor.h"

namespace kelvin::differential {

/// An access that missed the window.
struct Miss {
    u64 address = 0;
    ir::MemInfo info;
};

class Window final : public ir::MemoryPort {
  public:
    /// Without a TLB, which then stays empty, every access comes here.
    Window(testing::Processor& processor, bool has_tlb);

    /// Fills the compared part; the rest is zero.
    void set(const u8* bytes);
    void get(u8* bytes) const;

    /// Empties TLB and page slots. `mapped`: loads and stores find the pages in the TLB at once.
    void reset_tlb(bool mapped);

    static const x64::RuntimeCalls& runtime_calls();

    bool load(u64 address, ir::MemInfo info, V128& value) override;
    bool store(u64 address, ir::MemInfo info, const V128& value) override;
    bool load_exclusive(u64 address, ir::MemInfo info, V128& value) override;
    bool store_exclusive(u64 address, ir::MemInfo info, const V128& value, u32& failed) override;
    void clear_exclusive() override { processor_.runtime().exclusive_address = ~u64{0}; }
    bool atomic_rmw(u64 address, ir::MemInfo info, ir::AtomicKind kind, u64 operand, u64& old) override;
    bool compare_and_swap(u64 address, ir::MemInfo info, const V128& expected, const V128& desired, V128& old) override;

    /// Of the last access that faulted because nothing is there.
    Miss miss;
    /// Bit per slot: which base registers have been used since it was cleared.
    u64 bases = 0;
    /// Set when an access was made whose outcome the architecture leaves open.
    bool constrained = false;

  private:
    bool may_be_misaligned(u64 address, u64 size) const;
    u8* place(u64 address, ir::MemInfo info, arm64::Access access);
    void raise(u8 status, u64 address, arm64::Access access);
    void fill(u64 address, bool write);

    testing::Processor& processor_;
    const bool has_tlb_;
    std::size_t exclusive_size_ = 0;
    std::unique_ptr<u8[]> storage_;
    u8* bytes_;  ///< page-aligned, within storage_
    std::unique_ptr<x64::TlbEntry[]> reads_, writes_;
    std::unique_ptr<x64::JumpEntry[]> jumps_;
    std::unique_ptr<x64::SecondJump[]> second_jumps_;  ///< empty
};

}  // namespace kelvin::differential
