// SPDX-License-Identifier: Apache-2.0
// The TLB contexts of one vCPU, and which of them serves now.
//
// A kernel's address spaces share its contexts, for what they hold is global. A kernel whose own code is not (it
// isolates page tables) has contexts per address space from the first switch on that shows it: else each switch would
// forget where its code is.
//
// Owner thread: the vCPU's.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "accel/translator/tlb.h"
#include "cpu/arm64/cpu.h"

namespace kelvin::translator {

class AddressSpaces {
  public:
    explicit AddressSpaces(x64::Runtime& runtime);

    /// Makes the contexts of the processor's current registers current: EL, PAN, table bases, ASID.
    void select(arm64::Cpu& cpu);
    /// The registers that select() looks at may have changed.
    void registers_changed() {
        regime_stale_ = true;
        chosen_stale_ = true;
    }
    const arm64::TranslationRegime& regime(const arm64::Cpu& cpu);

    TlbContext& current() { return *current_; }
    /// Serves accesses with EL0's permissions from wherever the processor is.
    TlbContext& user() { return *user_; }

    void flush_all();
    void flush_asid(u16 asid);
    void flush_range(u64 start, u64 size, std::optional<u16> asid);
    void flush_jumps();
    void revoke_writes(const u8* host);
    /// Tells generated code where the contexts' tables are, after select() or when one has grown.
    void publish();
    /// No access is served by a page slot before it has looked at the TLB again.
    void reset_slots();

  private:
    static constexpr unsigned kUserContexts = 8;
    static constexpr unsigned kSharedKernelContexts = 4, kSeparateKernelContexts = 16;
    using Contexts = std::vector<std::unique_ptr<TlbContext>>;

    struct Space {
        u64 shared;  ///< what all address spaces of a kernel have in common
        u64 own;
    };

    Space space_now() const;
    TlbContext& choose_user();
    TlbContext& choose_kernel(bool pan);
    TlbContext& find(Contexts& contexts, unsigned limit, u64 space);
    void reset_slots(unsigned first, unsigned count);
    template <class Visit>
    void each(Visit visit);

    x64::Runtime& runtime_;
    std::unique_ptr<u8[]> dummy_;                         ///< where a slot that matched by an impossible chance leads
    std::array<x64::PageSlot, x64::kSlots> empty_slots_;  ///< to be copied at once
    SecondJumps second_jumps_;
    Contexts users_, kernels_;
    TlbContext* current_ = nullptr;
    TlbContext* user_ = nullptr;
    bool chosen_stale_ = true;           ///< user_ and kernel_ may be of former registers
    TlbContext* kernel_[2] = {};         ///< without and with PAN, once chosen for the current registers
    bool kernels_are_separate_ = false;  ///< a context serves one address space only
    arm64::TranslationRegime regime_;
    bool regime_stale_ = true;
    u64 clock_ = 0;
};

}  // namespace kelvin::translator
