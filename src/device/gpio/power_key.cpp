// SPDX-License-Identifier: Apache-2.0
#include "device/gpio/power_key.h"

namespace kelvin::device {

namespace {

// Longer than the 5 ms for which Linux's gpio-keys driver waits until a key has stopped bouncing.
constexpr i64 kHeldDown = 100'000'000;

}  // namespace

PowerKey::PowerKey(Wire line, TimerService& timers)
    : line_(line),
      timers_(timers),
      release_(timers.add([](void* self) { static_cast<PowerKey*>(self)->line_.set(false); }, this)) {}

PowerKey::~PowerKey() {
    timers_.remove(release_);
}

void PowerKey::press() {
    line_.set(true);
    timers_.arm(release_, timers_.now_ns() + kHeldDown);
}

}  // namespace kelvin::device
