// SPDX-License-Identifier: Apache-2.0
// Virtual time, and one-shot timers on it. Devices and CPUs see only these two interfaces.
#pragma once

#include "base/types.h"

namespace kelvin {

/// A time during which a clock is a linear function of the host's time-stamp counter, the same one for every thread, so
/// that generated code may read it without a call.
struct ClockStretch {
    u64 first = 0;       ///< the counter where it begins
    u64 ticks = 0;       ///< how many it lasts; 0: there is none
    u64 multiplier = 0;  ///< nanoseconds a tick, times 2^64
    i64 start_ns = 0;    ///< the time at `first`

    i64 at(u64 tick) const { return start_ns + static_cast<i64>(u128{tick} * multiplier >> 64); }
};

/// Nanoseconds since the machine was created; stands still while the machine is paused. Any thread.
class Clock {
  public:
    virtual ~Clock() = default;
    virtual i64 now_ns() const = 0;
    /// What now_ns() follows now, unless the machine is paused meanwhile; none where time does not come from the host's
    /// counter, or not yet. Who has read it need not ask now_ns() before it ends.
    virtual ClockStretch stretch() const = 0;
};

/// Names a timer of one TimerService.
enum class TimerId : u32 {};

/// One-shot timers. Every method may be called from any thread, from a callback too.
/// Callbacks run on the service's own thread with none of its locks held, and must not block.
class TimerService : public Clock {
  public:
    using Callback = void (*)(void* context);

    virtual TimerId add(Callback callback, void* context) = 0;
    /// When it returns the callback is not running and never will (but from within that callback itself).
    virtual void remove(TimerId timer) = 0;
    /// Fires once when now_ns() reaches `deadline_ns`; replaces the former deadline. A deadline in the past fires at
    /// once.
    virtual void arm(TimerId timer, i64 deadline_ns) = 0;
    /// A callback that has already begun is not waited for: its owner must look at its own state, under its own lock.
    virtual void cancel(TimerId timer) = 0;
};

/// Time as the machine's owner sees it.
class MachineTime : public TimerService {
  public:
    /// Stops virtual time; no timer fires until resume(). Both do nothing when already done; from one thread at a time.
    virtual void pause() = 0;
    virtual void resume() = 0;
};

}  // namespace kelvin
