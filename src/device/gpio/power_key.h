// SPDX-License-Identifier: Apache-2.0
// The power button: a key on a GPIO line, which a guest's gpio-keys driver turns into an orderly shutdown.
#pragma once

#include "base/clock.h"
#include "base/wire.h"

namespace kelvin::device {

class PowerKey {
  public:
    /// `line` is high while the key is down; `timers` must outlive the key.
    PowerKey(Wire line, TimerService& timers);
    ~PowerKey();
    PowerKey(const PowerKey&) = delete;
    PowerKey& operator=(const PowerKey&) = delete;

    /// Presses the key and lets it go a tenth of a second later. Any thread.
    void press();

  private:
    const Wire line_;
    TimerService& timers_;
    const TimerId release_;
};

}  // namespace kelvin::device
