// SPDX-License-Identifier: Apache-2.0
// The power button, which a guest turns into an orderly shutdown: a key on a GPIO line by its gpio-keys driver, or an
// interrupt by ACPI.
#pragma once

#include <vector>

#include "base/clock.h"
#include "base/wire.h"
#include "bus/savable.h"

namespace kelvin::device {

class PowerKey final : public bus::Savable {
  public:
    /// `lines` are high while the key is down; `timers` must outlive the key.
    PowerKey(std::vector<Wire> lines, TimerService& timers);
    ~PowerKey() override;
    PowerKey(const PowerKey&) = delete;
    PowerKey& operator=(const PowerKey&) = delete;

    /// Presses the key and lets it go a tenth of a second later. Any thread.
    void press();

    /// Nothing but whether it is down: and for saving it is let go.
    void quiesce() override;
    Result<state::Json> save() override { return state::Json::object(); }
    Result<> load(const state::Json& saved) override;

  private:
    void set(bool down);

    const std::vector<Wire> lines_;
    TimerService& timers_;
    const TimerId release_;
};

}  // namespace kelvin::device
