// SPDX-License-Identifier: Apache-2.0
#include "device/chipset/pirq_router.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace kelvin::device {

PirqRouter::PirqRouter(unsigned count, std::span<const Wire> isa, std::span<const Wire> own)
    : isa_(isa.begin(), isa.end()), own_(own.begin(), own.end()) {
    KELVIN_ASSERT(isa.size() == kIsaInterrupts && (own.empty() || own.size() == count));
    for (unsigned number = 0; number < count; ++number) {
        inputs_.push_back({.router = this, .number = number});
    }
}

Wire PirqRouter::input(unsigned number) {
    return wire_to<&Input::set>(inputs_.at(number));
}

void PirqRouter::set_route(unsigned number, u8 route) {
    const std::lock_guard lock(lock_);
    const u8 before = std::exchange(inputs_.at(number).route, route);
    drive(before);
    drive(route);
}

void PirqRouter::set_level(Input& input, bool level) {
    const std::lock_guard lock(lock_);
    input.level = level;
    if (!own_.empty()) {
        own_[input.number].set(level);
    }
    drive(input.route);
}

/// Active low and wired together: any of them will do.
void PirqRouter::drive(u8 route) {
    if ((route & kOff) != 0) {
        return;
    }
    const unsigned isa = route % kIsaInterrupts;
    const bool level = std::ranges::any_of(inputs_, [&](const Input& input) {
        return input.level && (input.route & kOff) == 0 && input.route % kIsaInterrupts == isa;
    });
    if (level != driven_[isa]) {
        driven_[isa] = level;
        isa_[isa].set(level);
    }
}

}  // namespace kelvin::device
