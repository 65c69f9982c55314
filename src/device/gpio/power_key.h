// SPDX-License-Identifier: Apache-2.0
// The power button, which a guest turns into an orderly shutdown: a key on a GPIO line by its gpio-keys driver, or an
// interrupt by ACPI.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/wire.h"

namespace kelvin::device {

class PowerKey {
  public:
    /// `lines` are high while the key is down; `timers` must outlive the key.
    PowerKey(std::vector<Wire> lines, TimerService& timers);
    ~PowerKey();
    PowerKey(const PowerKey&) = delete;
    PowerKey& operator=(const PowerKey&) = delete;

    /// Presses the key and lets it go a tenth of a second later. Any thread.
    void press();

  private:
    void set(bool down);

    const std::vector<Wire> lines_;
    TimerService& timers_;
    const TimerId release_;
};

}  // namespace kelvin::device
