// SPDX-License-Identifier: Apache-2.0
// The mode of the terminal that Kelvin runs in: characters come one by one and unechoed while a guest has it.
#pragma once

#include <termios.h>

#include "base/types.h"

namespace kelvin::backend {

/// Does nothing where the descriptor is no terminal. The destructor gives the terminal its former mode back.
class Terminal {
  public:
    /// `keys_signal`: Ctrl-C and its kin end Kelvin as they end any program; otherwise they are the guest's.
    Terminal(int fd, bool keys_signal);
    ~Terminal() { restore(); }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    bool is_terminal() const { return is_terminal_; }
    /// The terminal is ours to read from: our controlling one may belong to another job of the user's shell.
    bool in_foreground() const;
    /// Enters raw mode: at first, and when the process is continued after a stop.
    void enter();
    /// Async-signal-safe, and may be called more than once.
    void restore() const;

  private:
    int fd_;
    bool keys_signal_;
    termios former_{};
    bool is_terminal_;  // after former_, which it is found out by reading
};

}  // namespace kelvin::backend
