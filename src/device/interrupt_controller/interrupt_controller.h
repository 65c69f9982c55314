// SPDX-License-Identifier: Apache-2.0
// What a board needs of any interrupt controller.
#pragma once

#include "base/wire.h"

namespace kelvin::device {

/// Where a CPU's interrupt inputs lie. Driven with the controller's lock held: a listener must not call the controller
/// back.
struct CpuInterruptWires {
    Wire irq;
    Wire fiq;
};

class InterruptController {
  public:
    virtual ~InterruptController() = default;

    /// The line of shared interrupt `intid` (32 and above); drive it from any thread. A wire to nothing if there is no
    /// such line.
    virtual Wire shared_input(unsigned intid) = 0;
    /// The line of a CPU's private interrupt (`intid` is 16 to 31).
    virtual Wire private_input(unsigned cpu, unsigned intid) = 0;
    /// To the state after power-on. The levels of the inputs stay, as they belong to who drives them.
    virtual void reset() = 0;
};

}  // namespace kelvin::device
