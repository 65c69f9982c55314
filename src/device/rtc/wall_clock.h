// SPDX-License-Identifier: Apache-2.0
// The time of day, for clocks on a battery.
#pragma once

#include "base/clock.h"

namespace kelvin::device {

/// Where the time of day comes from: the time since 1970 when asked.
class WallClock {
  public:
    virtual ~WallClock() = default;
    virtual i64 nanoseconds() const = 0;
    i64 seconds() const;
};

/// CLOCK_REALTIME, `offset` seconds later.
class HostWallClock final : public WallClock {
  public:
    explicit HostWallClock(i64 offset = 0) : offset_(offset) {}
    i64 nanoseconds() const override;

  private:
    i64 offset_;
};

/// Begins at `start`, in seconds, and goes on with virtual time, whatever the host's date.
class VirtualWallClock final : public WallClock {
  public:
    VirtualWallClock(const Clock& clock, i64 start) : clock_(clock), start_(start) {}
    i64 nanoseconds() const override;

  private:
    const Clock& clock_;
    i64 start_;
};

}  // namespace kelvin::device
