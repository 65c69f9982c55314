// SPDX-License-Identifier: Apache-2.0
// A process that goes on when the one that was started has ended, and a file that says which it is.
#pragma once

#include <optional>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace kelvin::app {

class Background {
  public:
    /// `pid_file` is empty if there is to be none.
    explicit Background(std::string pid_file) : pid_file_(std::move(pid_file)) {}
    /// Takes its file away.
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    /// Before any other thread is started. In the new process: empty. In the old one, when the new one is ready or has
    /// ended: the status to end with.
    std::optional<int> leave_terminal();

    /// Writes the file; then lets the old process end, and lets go of its terminal.
    Result<> machine_ready();

  private:
    Result<> write_pid();

    std::string pid_file_;
    Fd written_;  // the file, locked as long as the process lives
    Fd waiting_;  // the old process's pipe
};

}  // namespace kelvin::app
