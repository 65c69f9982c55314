// SPDX-License-Identifier: Apache-2.0
// What a debugger outside of the machine asks of a vCPU. The guest cannot see it: no memory and no register is changed.
#pragma once

#include <vector>

#include "base/types.h"

namespace kelvin::accel {

/// Bytes whose accesses the vCPU stops before.
struct Watchpoint {
    u64 address = 0;  ///< virtual
    u64 size = 0;     ///< from 1
    bool reads = false;
    bool writes = false;

    bool operator==(const Watchpoint&) const = default;
};

/// Where all vCPUs of a machine stop, whatever their privilege and address space.
struct DebugPoints {
    std::vector<u64> breakpoints;  ///< virtual addresses, sorted: the vCPU stops before the instruction there
    std::vector<Watchpoint> watchpoints;

    bool empty() const { return breakpoints.empty() && watchpoints.empty(); }
    bool operator==(const DebugPoints&) const = default;
};

/// How a vCPU is to run from now on.
struct DebugOrders {
    DebugPoints points;
    bool step = false;  ///< stop after one instruction, or the exception in its place; breakpoints do not count
    bool step_interrupts = false;   ///< while stepping, interrupts are taken as ever: else they wait
    bool pass_watchpoints = false;  ///< by its first instruction: it has been told of those
};

/// Why a vCPU has stopped by itself.
struct DebugEvent {
    enum class Kind : u8 { none, breakpoint, watchpoint, step };
    Kind kind = Kind::none;
    u64 address = 0;     ///< of a watchpoint: where the access begins that it watches
    Watchpoint watched;  ///< the watchpoint
};

}  // namespace kelvin::accel
