// SPDX-License-Identifier: Apache-2.0
// Which guest register is pinned to which host register, for one guest.
#pragma once

#include <array>

#include "emit/x64/assembler.h"
#include "emit/x64/host_features.h"
#include "emit/x64/host_registers.h"
#include "ir/guest_desc.h"

namespace kelvin::x64 {

inline constexpr u8 kNoPin = 0xff;

class Pins {
  public:
    Pins(const ir::GuestDesc& guest, const HostFeatures& host);

    bool is_pinned(u8 slot) const { return pin_[slot] != kNoPin; }
    Gpr gpr(u8 slot) const { return Gpr{pin_[slot]}; }
    Xmm xmm(u8 slot) const { return Xmm{pin_[slot]}; }
    /// The slot pinned to a host register, or kNoPin.
    u8 slot_of(Gpr reg) const { return slot_of_gpr_[number(reg)]; }

    /// Writes pinned registers to the state or reads them from it; `callee_saved` includes those that calls preserve.
    void save(Assembler& a, bool callee_saved) const;
    void load(Assembler& a, bool callee_saved) const;

    const ir::GuestDesc& guest() const { return guest_; }

  private:
    const ir::GuestDesc& guest_;
    std::span<const Xmm> pin_xmms_;
    std::array<u8, 256> pin_;  ///< host register number by slot
    std::array<u8, 16> slot_of_gpr_;
    std::array<u8, 32> slot_of_xmm_;
};

}  // namespace kelvin::x64
