// SPDX-License-Identifier: Apache-2.0
// One run of one machine: from its description to the process's exit status.
#pragma once

#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::control {

/// Told when the terminal is about to be changed and when it is as before, so that even a crash can restore it.
class TerminalWatch {
  public:
    virtual ~TerminalWatch() = default;
    /// `descriptor`'s terminal is in raw mode until the next call, which names -1.
    virtual void terminal_changes(int descriptor) = 0;
};

/// Runs the machine until it ends, is told to by the user or by a signal. Blocks and consumes SIGINT, SIGTERM, SIGHUP,
/// SIGQUIT and SIGCONT, so that it must be called before any other thread is started.
/// The exit status, or an error that came before or between anything the guest did.
Result<int> run_session(const vm::MachineSpec& spec, TerminalWatch& watch);

}  // namespace kelvin::control
