// SPDX-License-Identifier: Apache-2.0
// Gives the terminal back to the user's shell even when Kelvin crashes.
#pragma once

#include "app/background.h"
#include "control/session.h"

namespace kelvin::app {

/// One for the process: signal handlers and the terminal belong to the process, not to a machine.
class TerminalRescue final : public control::SessionHost {
  public:
    /// `background` outlives this object.
    explicit TerminalRescue(Background& background);
    Result<> machine_ready() override { return background_.machine_ready(); }
    void terminal_changes(int descriptor) override;

  private:
    Background& background_;
};

}  // namespace kelvin::app
