// SPDX-License-Identifier: Apache-2.0
// A CPU's socket: the interrupt controller is wired to it before the CPU exists, and stays so when the CPU is gone.
#pragma once

#include <mutex>

#include "base/wire.h"
#include "device/interrupt_controller/interrupt_controller.h"

namespace kelvin::machine {

/// Its lock is taken inside the interrupt controller's and outside the CPU's.
class CpuPins {
  public:
    device::CpuInterruptWires wires() { return {wire_to<&CpuPins::set_irq>(*this), wire_to<&CpuPins::set_fiq>(*this)}; }

    /// Passes on the levels that the controller drives already.
    void connect(Wire irq, Wire fiq) {
        const std::lock_guard lock(mutex_);
        irq_ = irq;
        fiq_ = fiq;
        irq_.set(irq_level_);
        fiq_.set(fiq_level_);
    }
    /// When it returns, the former wires are not driven any more.
    void disconnect() {
        const std::lock_guard lock(mutex_);
        irq_ = {};
        fiq_ = {};
    }

    void set_irq(bool level) {
        const std::lock_guard lock(mutex_);
        irq_level_ = level;
        irq_.set(level);
    }
    void set_fiq(bool level) {
        const std::lock_guard lock(mutex_);
        fiq_level_ = level;
        fiq_.set(level);
    }

  private:
    std::mutex mutex_;  // guards what follows
    Wire irq_;
    Wire fiq_;
    bool irq_level_ = false;
    bool fiq_level_ = false;
};

}  // namespace kelvin::machine
