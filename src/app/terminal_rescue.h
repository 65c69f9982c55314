// SPDX-License-Identifier: Apache-2.0
// Gives the terminal back to the user's shell even when Kelvin crashes.
#pragma once

#include "control/session.h"

namespace kelvin::app {

/// One for the process: signal handlers and the terminal belong to the process, not to a machine.
class TerminalRescue final : public control::TerminalWatch {
  public:
    TerminalRescue();
    void terminal_changes(int descriptor) override;
};

}  // namespace kelvin::app
