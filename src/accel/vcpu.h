// SPDX-License-Identifier: Apache-2.0
// One virtual processor, whoever executes it. The machine owns it, runs it on a thread of its own and never asks how it
// works.
#pragma once

#include <memory>
#include <string>

#include "accel/debug.h"
#include "base/result.h"
#include "base/types.h"
#include "base/wire.h"

namespace kelvin::arm64 {
class Cpu;
}

namespace kelvin::accel {

/// What the machine's firmware interface (PSCI) answers to a guest's HVC or SMC. Called on the vCPU's thread.
class FirmwareInterface {
  public:
    virtual ~FirmwareInterface() = default;

    /// `registers` are x0 to x7; results go into x0 to x3. `secure` = SMC. False: nobody answers, the instruction is
    /// undefined.
    virtual bool call(unsigned cpu, bool secure, u64 (&registers)[8]) = 0;
};

/// Why `run` came back.
enum class StopReason : u8 {
    requested,  ///< request_stop() was called
    debug,      ///< debug_event() says why
};

class Vcpu {
  public:
    virtual ~Vcpu() = default;

    /// Executes guest code until stopped. A waiting guest (WFI) sleeps in here. Called from one thread at a time.
    virtual StopReason run() = 0;

    /// Makes run() return soon; if it is not running, the next call returns at once. Any thread.
    virtual void request_stop() = 0;

    // The following only while run() is not active, or from within FirmwareInterface::call on this vCPU's thread.

    /// Cold reset, then execution starts at `entry` with `argument` where the architecture's loaders put it.
    virtual void reset(u64 entry, u64 argument) = 0;
    /// General registers, pc, pstate, one a line: for logs and the monitor.
    virtual std::string describe_registers() const = 0;
    /// It waits for an interrupt or an event.
    virtual bool is_waiting() const = 0;
    /// Holds until it is called again; nothing of it costs anything while no debugger wants anything.
    virtual void set_debug_orders(const DebugOrders& orders) = 0;
    /// Of the last run().
    virtual const DebugEvent& debug_event() const = 0;
};

/// AArch64: execution starts with x0 = `argument` and the rest zero.
class Arm64Vcpu : public Vcpu {
  public:
    /// Interrupt inputs; their wires may be driven from any thread.
    virtual Wire irq() = 0;
    virtual Wire fiq() = 0;
    /// Registers and translation, for a debugger, while run() is not active. What it changes counts from the next run()
    /// on.
    virtual arm64::Cpu& arm64_cpu() = 0;
};

}  // namespace kelvin::accel
