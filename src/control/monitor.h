// SPDX-License-Identifier: Apache-2.0
// The human monitor: one line in, some text out.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::control {

/// What the monitor can do to the machine.
class MonitorTarget {
  public:
    virtual ~MonitorTarget() = default;

    virtual void quit() = 0;
    virtual void stop() = 0;
    virtual void cont() = 0;
    virtual void system_reset() = 0;
    virtual void system_powerdown() = 0;
    virtual Result<> device_add(const std::string& device) = 0;
    virtual Result<> device_del(const std::string& id) = 0;
    /// Text about `topic`: "status", "mtree", "registers", "jit", "block", "network", "pci"; all other topics are
    /// refused before.
    virtual std::string info(std::string_view topic) = 0;
};

/// Edits a line of what is typed, and executes it.
class Monitor {
  public:
    explicit Monitor(MonitorTarget& target) : target_(target) {}

    /// What to print when the monitor gets the terminal.
    std::string greeting();
    /// What to print in answer to typed bytes: their echo, results, the prompt.
    std::string type(std::span<const u8> bytes);
    /// What a whole line prints, each line of it ended by "\n".
    std::string execute(std::string_view line);

  private:
    MonitorTarget& target_;
    std::string line_;
    bool greeted_ = false;
};

}  // namespace kelvin::control
