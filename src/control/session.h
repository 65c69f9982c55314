// SPDX-License-Identifier: Apache-2.0
// One run of one machine: from its description to the process's exit status.
#pragma once

#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::control {

/// The process around a machine.
class SessionHost {
  public:
    virtual ~SessionHost() = default;
    /// The machine is there and its monitors can be connected to.
    virtual Result<> machine_ready() = 0;
    /// So that even a crash can restore it:
    /// `descriptor`'s terminal is in raw mode until the next call, which names -1.
    virtual void terminal_changes(int descriptor) = 0;
};

/// Runs the machine until it ends, is told to by the user or by a signal. Blocks and consumes SIGINT, SIGTERM, SIGHUP,
/// SIGQUIT and SIGCONT, so that it must be called before any other thread is started.
/// The exit status, or an error that came before or between anything the guest did.
Result<int> run_session(const vm::MachineSpec& spec, SessionHost& host);

}  // namespace kelvin::control
