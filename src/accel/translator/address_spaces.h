// SPDX-License-Identifier: Apache-2.0
// The TLB contexts of one vCPU, and which of them serves now.
//
// Owner thread: the vCPU's.
#pragma once

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
    void registers_changed() { regime_stale_ = true; }
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
    static constexpr unsigned kKernelContexts = 4;
    using Contexts = std::vector<std::unique_ptr<TlbContext>>;

    TlbContext& find(Contexts& contexts, unsigned limit, u64 space);
    template <class Visit>
    void each(Visit visit);

    x64::Runtime& runtime_;
    u64 dummy_page_ = 0;  ///< host address that a slot which matched by an impossible chance would lead to
    std::unique_ptr<u8[]> dummy_;
    Contexts users_, kernels_;
    TlbContext* current_ = nullptr;
    TlbContext* user_ = nullptr;
    arm64::TranslationRegime regime_;
    bool regime_stale_ = true;
    u64 clock_ = 0;
};

}  // namespace kelvin::translator
