// SPDX-License-Identifier: Apache-2.0
// GICv2m (Arm Server Base System Architecture, appendix E): a register that turns writes into shared interrupts.
#pragma once

#include <mutex>
#include <vector>

#include "base/types.h"
#include "base/wire.h"
#include "bus/msi.h"
#include "bus/word_registers.h"
#include "device/interrupt_controller/interrupt_controller.h"

namespace kelvin::device {

/// Any thread. Its lock is taken inside any device's, and outside the GIC's.
class Gicv2m final : public bus::WordRegisters, public bus::MsiController {
  public:
    static constexpr u64 kSize = 0x1000;

    /// Messages raise the edge-triggered interrupts `first` (32 and above) to `first + count - 1` of `gic`, which
    /// outlives this object. `base` is where the board has put the registers.
    Gicv2m(InterruptController& gic, Gpa base, unsigned first, unsigned count);

    void deliver(const bus::Msi& message) override;

  private:
    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;
    void raise(u32 intid);

    const Gpa base_;
    const unsigned first_;
    std::vector<Wire> inputs_;
    std::mutex lock_;  // a pulse that began within another would be no edge
};

}  // namespace kelvin::device
