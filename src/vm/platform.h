// SPDX-License-Identifier: Apache-2.0
// What of a machine depends on its guest's architecture: the board, who executes it, its processors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "accel/vcpu.h"
#include "backend/char/character_device.h"
#include "backend/input/input.h"
#include "base/instruction_clock.h"
#include "base/timer_service.h"
#include "machine/board.h"
#include "machine/psci.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

class Platform {
  public:
    virtual ~Platform() = default;

    virtual machine::Board& board() = 0;
    /// Processor `index`, connected to the board. Each once, in order; they die before the platform.
    virtual Result<std::unique_ptr<accel::Vcpu>> make_vcpu(unsigned index) = 0;
    /// The board and what the accelerator has of it to the state after power-on; see machine::Board::reset().
    virtual void reset() { board().reset(); }
    /// All processors run from the beginning, and wait for the first by themselves; else the guest switches them on.
    virtual bool starts_all_processors() const = 0;
    /// Lines for the user about what was given.
    virtual std::vector<std::string> notes() const = 0;
    /// See accel::Accelerator.
    virtual std::string statistics() const = 0;
    virtual std::string closing_words() const = 0;
};

/// What the machine lends its platform; all of it outlives the platform.
struct PlatformPorts {
    backend::CharacterBackend& console;
    TimerService& timers;
    EventLoop& io;  ///< what devices do their work on
    backend::Input& input;
    InstructionClock* instructions;  ///< what `timers` is, if it is one
    machine::PowerControl& power;
};
}  // namespace kelvin::vm
