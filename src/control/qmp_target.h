// SPDX-License-Identifier: Apache-2.0
// What QMP's commands act on.
#pragma once

#include <string>
#include <string_view>

#include "backend/char/character_devices.h"
#include "control/descriptors.h"
#include "control/input_sender.h"
#include "control/monitor.h"
#include "vm/vm.h"

namespace kelvin::control {

/// A run of a machine. The event loop's thread.
class QmpTarget {
  public:
    virtual ~QmpTarget() = default;

    /// What the monitor can do, which tells every client of what it changes.
    virtual MonitorTarget& machine() = 0;
    virtual vm::Vm& vm() = 0;
    virtual const vm::MachineSpec& spec() const = 0;
    /// "running", "paused", "io-error", "shutdown", "prelaunch"
    virtual std::string_view run_state() const = 0;
    virtual backend::CharacterDevices& characters() = 0;
    virtual Descriptors& descriptors() = 0;
    virtual InputSender& input() = 0;
};

}  // namespace kelvin::control
