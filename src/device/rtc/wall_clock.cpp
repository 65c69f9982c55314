// SPDX-License-Identifier: Apache-2.0
#include "device/rtc/wall_clock.h"

#include <ctime>

namespace kelvin::device {

namespace {

constexpr i64 kSecond = 1'000'000'000;

}  // namespace

i64 WallClock::seconds() const {
    const i64 now = nanoseconds();
    return now / kSecond - (now % kSecond < 0 ? 1 : 0);
}

/// Good to the year 2262; an offset beyond stays there.
i64 HostWallClock::nanoseconds() const {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    i64 shift = 0;
    i64 sum = 0;
    const i64 real = now.tv_sec * kSecond + now.tv_nsec;
    if (__builtin_mul_overflow(offset_, kSecond, &shift) || __builtin_add_overflow(real, shift, &sum)) {
        return offset_ < 0 ? INT64_MIN : INT64_MAX;
    }
    return sum;
}

i64 VirtualWallClock::nanoseconds() const {
    return start_ * kSecond + clock_.now_ns();
}

}  // namespace kelvin::device
