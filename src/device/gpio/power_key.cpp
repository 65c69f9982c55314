// SPDX-License-Identifier: Apache-2.0
#include "device/gpio/power_key.h"

namespace kelvin::device {

namespace {

// Longer than the 5 ms for which Linux's gpio-keys driver waits until a key has stopped bouncing.
constexpr i64 kHeldDown = 100'000'000;

}  // namespace

PowerKey::PowerKey(std::vector<Wire> lines, TimerService& timers)
    : lines_(std::move(lines)),
      timers_(timers),
      release_(timers.add([](void* self) { static_cast<PowerKey*>(self)->set(false); }, this)) {}

PowerKey::~PowerKey() {
    timers_.remove(release_);
}

void PowerKey::set(bool down) {
    for (const Wire& line : lines_) {
        line.set(down);
    }
}

void PowerKey::press() {
    set(true);
    timers_.arm(release_, timers_.now_ns() + kHeldDown);
}

void PowerKey::quiesce() {
    timers_.cancel(release_);
    set(false);
}

Result<> PowerKey::load(const state::Json& saved) {
    return saved == state::Json::object() ? ok() : Result<>(user_error(": a key has no state"));
}

}  // namespace kelvin::device
