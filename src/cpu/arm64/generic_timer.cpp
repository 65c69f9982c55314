// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/generic_timer.h"

#include "base/bits.h"

namespace kelvin::arm64 {

CompareTimer::CompareTimer(const Clock* clock, TimerService* service, CounterScale scale, Wire output)
    : clock_(clock), service_(service), scale_(scale), output_(output) {
    if (service_ != nullptr) {
        timer_ = service_->add(
            [](void* context) {
                auto& timer = *static_cast<CompareTimer*>(context);
                const std::lock_guard lock(timer.mutex_);
                timer.update();
            },
            this);
    }
}

CompareTimer::~CompareTimer() {
    if (service_ != nullptr) {
        service_->remove(timer_);
    }
}

u64 CompareTimer::now() const {
    return clock_ == nullptr ? 0 : scale_.count_at(clock_->now_ns());
}

i64 GenericTimers::next_event_ns(u64 cntkctl) const {
    // ARM ARM D12.2.5: EVNTEN; EVNTI chooses a bit of the counter, of its low 16 or with EVNTIS those 8 places up;
    // EVNTDIR whether its falls or its rises count.
    if (!bit(cntkctl, 2)) {
        return CounterScale::kNever;
    }
    const u64 half = u64{1} << (bits(cntkctl, 7, 4) + (bit(cntkctl, 17) ? 8 : 0));
    const u64 first = bit(cntkctl, 3) ? 0 : half;
    const u64 since = (counter() - first) & (2 * half - 1);
    return deadline_ns(counter() - since + 2 * half);
}

void CompareTimer::update() {
    const bool enabled = (control_ & kEnable) != 0;
    const bool met = enabled && now() >= compare_;
    const bool level = met && (control_ & kMask) == 0;
    if (service_ != nullptr) {
        if (enabled && !met && (control_ & kMask) == 0 && scale_.deadline_ns(compare_) != CounterScale::kNever) {
            service_->arm(timer_, scale_.deadline_ns(compare_));
        } else {
            service_->cancel(timer_);
        }
    }
    if (level != level_) {
        level_ = level;
        output_.set(level);
    }
}

void CompareTimer::reset() {
    const std::lock_guard lock(mutex_);
    control_ = 0;
    compare_ = 0;
    update();
}

u64 CompareTimer::control() const {
    const std::lock_guard lock(mutex_);
    const bool met = (control_ & kEnable) != 0 && now() >= compare_;
    return control_ | (met ? kStatus : 0);
}

void CompareTimer::set_control(u64 value) {
    const std::lock_guard lock(mutex_);
    control_ = value & (kEnable | kMask);
    update();
}

u64 CompareTimer::compare_value() const {
    const std::lock_guard lock(mutex_);
    return compare_;
}

void CompareTimer::set_compare_value(u64 value) {
    const std::lock_guard lock(mutex_);
    compare_ = value;
    update();
}

u64 CompareTimer::timer_value() const {
    const std::lock_guard lock(mutex_);
    return (compare_ - now()) & 0xffffffff;
}

void CompareTimer::set_timer_value(u64 value) {
    const std::lock_guard lock(mutex_);
    compare_ = now() + static_cast<u64>(sign_extend(value, 32));
    update();
}

}  // namespace kelvin::arm64
