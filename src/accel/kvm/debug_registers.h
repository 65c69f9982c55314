// SPDX-License-Identifier: Apache-2.0
// How a debugger's orders become those of the processor's four debug registers (SDM volume 3, 18.2), which the guest
// does not see.
#pragma once

#include <array>
#include <optional>

#include "accel/debug.h"

namespace kelvin::kvm {

class DebugRegisters {
  public:
    static constexpr unsigned kCount = 4;

    DebugRegisters() = default;
    /// What is too much for four registers is for single steps to find: watchpoints come first.
    explicit DebugRegisters(const accel::DebugOrders& orders);

    const std::array<u64, kCount>& addresses() const { return addresses_; }
    u64 control() const { return control_; }  ///< DR7
    bool empty() const { return used_ == 0; }
    bool all_fit() const { return all_fit_; }
    /// What the processor has come to; `status` is DR6. Nothing if it is none of these.
    std::optional<accel::DebugEvent> event(u64 status) const;

  private:
    enum class Kind : u8 { execute = 0, write = 1, access = 3 };
    void add(Kind kind, u64 address, u64 size, const accel::Watchpoint& watched);
    void add(const accel::Watchpoint& point);

    std::array<u64, kCount> addresses_{};
    std::array<accel::Watchpoint, kCount> watched_{};  ///< of no size: a breakpoint
    u64 control_ = 0;
    unsigned used_ = 0;
    bool all_fit_ = true;
};

}  // namespace kelvin::kvm
