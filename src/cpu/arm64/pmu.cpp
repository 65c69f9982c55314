// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/pmu.h"

#include "base/bits.h"

namespace kelvin::arm64 {
namespace {

// PMCR_EL0
constexpr u64 kEnable = 1, kResetCycles = 1u << 2, kLong = 1u << 6;
constexpr u64 kStoredBits = 0x39;  // E D X DP

}  // namespace

Pmu::Pmu(const Clock* clock, TimerService* service, Wire overflow, u64 identification)
    : clock_(clock), service_(service), overflow_(overflow), identification_(identification) {
    if (service_ != nullptr) {
        timer_ = service_->add(
            [](void* context) {
                auto& pmu = *static_cast<Pmu*>(context);
                const std::lock_guard lock(pmu.mutex_);
                pmu.settle();
                pmu.update();
            },
            this);
    }
}

Pmu::~Pmu() {
    if (service_ != nullptr) {
        service_->remove(timer_);
    }
}

void Pmu::settle() {
    overflowed_ = overflowed_now();
    base_ = value();
    since_ = now();
}

void Pmu::update() {
    if (service_ != nullptr) {
        const u64 left = -base_;
        if (counting() && interrupt_ && !overflowed_ && base_ != 0 && left < low_mask(56)) {
            service_->arm(timer_, static_cast<i64>(since_ + left));
        } else {
            service_->cancel(timer_);
        }
    }
    const bool level = overflowed_ && interrupt_ && (control_ & kEnable) != 0;
    if (level != level_) {
        level_ = level;
        overflow_.set(level);
    }
}

void Pmu::reset() {
    const std::lock_guard lock(mutex_);
    control_ = 0;
    base_ = 0;
    since_ = now();
    enabled_ = interrupt_ = overflowed_ = false;
    update();
}

u64 Pmu::control() const {
    const std::lock_guard lock(mutex_);
    return identification_ | kLong | control_;
}

void Pmu::set_control(u64 value) {
    const std::lock_guard lock(mutex_);
    settle();
    control_ = value & kStoredBits;
    if ((value & kResetCycles) != 0) {
        base_ = 0;
    }
    update();
}

u64 Pmu::cycles() const {
    const std::lock_guard lock(mutex_);
    return value();
}

void Pmu::set_cycles(u64 value) {
    const std::lock_guard lock(mutex_);
    settle();
    base_ = value;
    update();
}

u64 Pmu::enabled() const {
    const std::lock_guard lock(mutex_);
    return enabled_ ? kCycleBit : 0;
}

void Pmu::change_enabled(u64 bits, bool set) {
    const std::lock_guard lock(mutex_);
    settle();
    if ((bits & kCycleBit) != 0) {
        enabled_ = set;
    }
    update();
}

u64 Pmu::interrupts_enabled() const {
    const std::lock_guard lock(mutex_);
    return interrupt_ ? kCycleBit : 0;
}

void Pmu::change_interrupts_enabled(u64 bits, bool set) {
    const std::lock_guard lock(mutex_);
    settle();
    if ((bits & kCycleBit) != 0) {
        interrupt_ = set;
    }
    update();
}

u64 Pmu::overflowed() const {
    const std::lock_guard lock(mutex_);
    return overflowed_now() ? kCycleBit : 0;
}

void Pmu::change_overflowed(u64 bits, bool set) {
    const std::lock_guard lock(mutex_);
    settle();
    if ((bits & kCycleBit) != 0) {
        overflowed_ = set;
    }
    update();
}

}  // namespace kelvin::arm64
