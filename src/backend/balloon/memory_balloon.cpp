// SPDX-License-Identifier: Apache-2.0
#include "backend/balloon/memory_balloon.h"

#include <algorithm>
#include <chrono>

namespace kelvin::backend {

namespace {

/// A guest that changes its mind a thousand times in a second makes no thousand events.
constexpr i64 kBetweenEventsNs = 1'000'000'000;

i64 now_ns() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

MemoryBalloon::MemoryBalloon(u64 ram_size, EventLoop& io, EventLoop& control, BalloonObserver* observer)
    : ram_size_(ram_size), io_(io), control_(control), observer_(observer), told_at_ns_(now_ns() - kBetweenEventsNs) {}

MemoryBalloon::~MemoryBalloon() {
    control_.cancel(this);
}

Result<> MemoryBalloon::require_device() const {
    if (device_ == nullptr) {
        return user_error("the machine has no balloon", "start it with -device virtio-balloon-pci");
    }
    return ok();
}

Result<> MemoryBalloon::set_target(u64 bytes) {
    if (bytes == 0) {
        return user_error("a machine cannot do with no memory at all", "ask for a number of MiB");
    }
    Result<> outcome = ok();
    io_.call([&] {
        outcome = require_device();
        if (outcome) {
            device_->set_inflation(ram_size_ - std::min(bytes, ram_size_));
        }
    });
    return outcome;
}

Result<u64> MemoryBalloon::actual() const {
    const std::lock_guard lock(lock_);
    KELVIN_TRY(require_device());
    return ram_size_ - inflation_;
}

Result<BalloonStatistics> MemoryBalloon::statistics() const {
    const std::lock_guard lock(lock_);
    KELVIN_TRY(require_device());
    return statistics_;
}

Result<> MemoryBalloon::set_polling_interval(u32 seconds) {
    Result<> outcome = ok();
    io_.call([&] {
        outcome = require_device();
        if (outcome) {
            const std::lock_guard lock(lock_);
            polling_interval_ = seconds;
            device_->set_polling_interval(seconds);
        }
    });
    return outcome;
}

Result<u32> MemoryBalloon::polling_interval() const {
    const std::lock_guard lock(lock_);
    KELVIN_TRY(require_device());
    return polling_interval_;
}

bool MemoryBalloon::connect(BalloonDevice& device) {
    const std::lock_guard lock(lock_);
    if (device_ != nullptr) {
        return false;
    }
    device_ = &device;
    inflation_ = 0;
    statistics_ = {};
    polling_interval_ = 0;
    return true;
}

void MemoryBalloon::disconnect() {
    const std::lock_guard lock(lock_);
    device_ = nullptr;
}

void MemoryBalloon::report_inflation(u64 bytes) {
    const std::lock_guard lock(lock_);
    const u64 before = std::exchange(inflation_, std::min(bytes, ram_size_));
    if (before != inflation_ && observer_ != nullptr && !telling_) {
        telling_ = true;
        const i64 wait = std::max<i64>(told_at_ns_ + kBetweenEventsNs - now_ns(), 0);
        control_.post(call_method<&MemoryBalloon::tell_observer, MemoryBalloon>, this, wait);
    }
}

void MemoryBalloon::report_statistics(const BalloonStatistics& statistics) {
    const std::lock_guard lock(lock_);
    statistics_ = statistics;
}

void MemoryBalloon::tell_observer() {
    u64 actual = 0;
    {
        const std::lock_guard lock(lock_);
        telling_ = false;
        told_at_ns_ = now_ns();
        actual = ram_size_ - inflation_;
    }
    observer_->balloon_changed(actual);
}

}  // namespace kelvin::backend
