// SPDX-License-Identifier: Apache-2.0
#include "accel/kvm/guest_clock.h"

namespace kelvin::kvm {

std::optional<u64> GuestClock::now() const {
    kvm_clock_data data{};
    return call(machine_, KVM_GET_CLOCK, &data) >= 0 ? std::optional<u64>(data.clock) : std::nullopt;
}

bool GuestClock::has_run() const {
    const std::lock_guard lock(lock_);
    return has_run_;
}

void GuestClock::begin() {
    const std::lock_guard lock(lock_);
    has_run_ = true;
    if (running_++ == 0 && stands_at_) {
        kvm_clock_data data{};
        data.clock = *stands_at_;
        call(machine_, KVM_SET_CLOCK, &data);
    }
}

void GuestClock::end() {
    const std::lock_guard lock(lock_);
    if (--running_ == 0) {
        stands_at_ = now();
    }
}

}  // namespace kelvin::kvm
