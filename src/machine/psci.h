// SPDX-License-Identifier: Apache-2.0
// The firmware that a guest finds on the board: PSCI 1.1 (Arm DEN0022, version F).
#pragma once

#include "accel/vcpu.h"
#include "base/result.h"
#include "base/types.h"

namespace kelvin::machine {

/// No CPU of its own asks for it: whichever wrote to the chipset.
inline constexpr unsigned kAllCpus = ~0U;

/// What a machine can do with its processors' power. Called on a vCPU's thread; nothing in here waits for a vCPU.
class PowerControl {
  public:
    enum class State : u8 { on = 0, off = 1, on_pending = 2 };

    virtual ~PowerControl() = default;

    virtual State cpu_state(unsigned cpu) = 0;
    /// Returns the CPU's state. If that is `off`, it begins at `entry` with x0 = `context`; else nothing happens.
    virtual State cpu_on(unsigned cpu, u64 entry, u64 context) = 0;
    /// The calling CPU stops; cpu_on() starts it again.
    virtual void cpu_off(unsigned cpu) = 0;
    /// The calling CPU executes nothing further in either case; with kAllCpus, on any thread, none does.
    virtual void system_off(unsigned cpu) = 0;
    virtual void system_reset(unsigned cpu) = 0;
    /// The machine cannot go on, by no fault of the guest's.
    virtual void system_failed(unsigned cpu, const Error& error) = 0;
};

class Psci final : public accel::FirmwareInterface {
  public:
    /// `by_smc`: called by SMC instead of HVC. CPUs are named by their affinity: see cpu_affinity.h.
    Psci(PowerControl& power, unsigned cpus, bool by_smc) : power_(power), cpus_(cpus), by_smc_(by_smc) {}

    bool call(unsigned cpu, bool secure, u64 (&registers)[8]) override;

  private:
    i64 answer(unsigned cpu, u64 (&registers)[8]);
    i64 cpu_on(u64 affinity, u64 entry, u64 context);
    i64 affinity_info(u64 affinity, u64 level);

    PowerControl& power_;
    unsigned cpus_;
    bool by_smc_;
};

}  // namespace kelvin::machine
