// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "accel/vcpu.h"
#include "cpu/x86/state.h"

namespace kelvin::accel {

/// One whose registers a debugger can read and change while run() is not active.
class X86Vcpu : public Vcpu {
  public:
    virtual Result<x86::State> read_state() const = 0;
    /// What of it the processor cannot be in is an error, and nothing may be known of its state then.
    virtual Result<> write_state(const x86::State& state) = 0;
};

}  // namespace kelvin::accel
