// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/interrupts.h"

#include <algorithm>
#include <limits>

#include "base/bits.h"
#include "device/intel_ethernet/registers.h"

namespace kelvin::device::intel {

namespace {

/// Of delays (8254x 13.4.30) and of throttles (13.4.18).
constexpr i64 kDelayUnitNs = 1024;
constexpr i64 kThrottleUnitNs = 256;
constexpr i64 kNever = std::numeric_limits<i64>::max();

constexpr u32 kMessageCauses = 0x1f << 20;

}  // namespace

Interrupts::Interrupts(RegisterFile& registers, ControllerPort& port, TimerService& timers, std::mutex& lock,
                       bool extended)
    : registers_(registers), port_(port), timers_(timers), lock_(lock), extended_(extended) {
    throttle_ = timers_.add(&throttle_is_over, this);
    for (Delayed* delayed : {&receive_, &transmit_}) {
        delayed->owner = this;
        delayed->timer = timers_.add(&delay_is_over, delayed);
    }
}

Interrupts::~Interrupts() {
    timers_.remove(throttle_);
    timers_.remove(receive_.timer);
    timers_.remove(transmit_.timer);
}

void Interrupts::raise(u32 causes) {
    if (uses_messages() && (causes & cause::kOthers) != 0) {
        causes |= cause::kOther;
    }
    registers_.set(reg::kCause, registers_.get(reg::kCause) | causes);
    update();
}

void Interrupts::raise_received(unsigned queue, u32 others) {
    const u32 own = uses_messages() ? cause::kReceiveQueue0 << queue : cause::kReceived;
    // 82574 10.2.4.1: the queue's cause stands for its ring running low, too.
    if (others != 0) {
        raise(uses_messages() ? others | own : others);
    }
    delay(receive_, own, registers_.get(reg::kReceiveDelay), registers_.get(reg::kReceiveDelayMost));
}

void Interrupts::raise_transmitted(unsigned queue, bool now) {
    const u32 own = uses_messages() ? cause::kTransmitQueue0 << queue : cause::kTransmitted;
    if (now) {
        raise(own);
    } else {
        delay(transmit_, own, registers_.get(reg::kTransmitDelay), registers_.get(reg::kTransmitDelayMost));
    }
}

void Interrupts::delay(Delayed& delayed, u32 causes, u32 units, u32 most_units) {
    if (units == 0) {
        raise(causes);
        return;
    }
    const i64 now = timers_.now_ns();
    delayed.first_ns = delayed.causes == 0 ? now : delayed.first_ns;
    delayed.causes |= causes;
    const i64 latest = most_units != 0 ? delayed.first_ns + most_units * kDelayUnitNs : kNever;
    timers_.arm(delayed.timer, std::min(now + units * kDelayUnitNs, latest));
}

void Interrupts::fire(Delayed& delayed) {
    if (delayed.causes != 0) {
        timers_.cancel(delayed.timer);
        raise(std::exchange(delayed.causes, 0));
    }
}

void Interrupts::delay_is_over(void* context) {
    auto& delayed = *static_cast<Delayed*>(context);
    const std::lock_guard guard(delayed.owner->lock_);
    delayed.owner->fire(delayed);
}

void Interrupts::throttle_is_over(void* context) {
    auto& interrupts = *static_cast<Interrupts*>(context);
    const std::lock_guard guard(interrupts.lock_);
    interrupts.update();
}

/// 82574 7.4.5: with messages, a read while nothing is asserted has no effect.
u32 Interrupts::read_causes() {
    const u32 causes = registers_.get(reg::kCause);
    const u32 mask = registers_.get(reg::kMaskSet);
    const bool asserted = (causes & mask) != 0;
    if (!uses_messages() || mask == 0 || asserted) {
        registers_.set(reg::kCause, 0);
    }
    if (extended_ && asserted && registers_.has(reg::kExtended, ctrl_ext::kReadAutoMask)) {
        registers_.set(reg::kMaskSet, mask & ~registers_.get(reg::kAutoMask));
    }
    update();
    return causes | (extended_ && asserted ? cause::kAsserted : 0);
}

void Interrupts::clear_causes(u32 causes) {
    const bool asserted = (registers_.get(reg::kCause) & registers_.get(reg::kMaskSet)) != 0;
    if (extended_ && asserted && registers_.has(reg::kExtended, ctrl_ext::kReadAutoMask)) {
        registers_.set(reg::kMaskSet, registers_.get(reg::kMaskSet) & ~registers_.get(reg::kAutoMask));
    }
    registers_.set(reg::kCause, registers_.get(reg::kCause) & ~causes);
    update();
}

void Interrupts::set_mask(u32 causes) {
    registers_.set(reg::kMaskSet, registers_.get(reg::kMaskSet) | causes);
    update();
}

void Interrupts::clear_mask(u32 causes) {
    registers_.set(reg::kMaskSet, registers_.get(reg::kMaskSet) & ~causes);
    update();
}

void Interrupts::update() {
    if (uses_messages()) {
        send_messages();
    } else {
        sent_ = 0;
        update_line();
    }
}

void Interrupts::update_line() {
    const bool wanted = (registers_.get(reg::kCause) & registers_.get(reg::kMaskSet)) != 0;
    if (wanted == line_) {
        return;
    }
    if (const u32 throttle = registers_.get(reg::kThrottle); wanted && throttle != 0) {
        const i64 now = timers_.now_ns();
        if (now < next_ns_[0]) {
            timers_.arm(throttle_, next_ns_[0]);
            return;
        }
        next_ns_[0] = now + throttle * kThrottleUnitNs;
    }
    line_ = wanted;
    port_.set_line(wanted);
}

/// 82574 7.4.2: causes that a message was sent for, and that do not clear themselves, wait for the host.
void Interrupts::send_messages() {
    if (line_) {
        line_ = false;
        port_.set_line(false);
    }
    i64 next = kNever;
    sent_ &= registers_.get(reg::kCause) & registers_.get(reg::kMaskSet);
    for (unsigned index = 0; index < kVectors; ++index) {
        const u32 cause = cause::kReceiveQueue0 << index;
        const u32 entry = registers_.get(reg::kVectors) >> (4 * index);
        const unsigned vector = entry & 7;
        const u32 pending = registers_.get(reg::kCause) & registers_.get(reg::kMaskSet) & ~sent_;
        if ((pending & cause) == 0) {
            continue;
        }
        if ((entry & 8) == 0 || vector >= kVectors) {
            sent_ |= cause;
            continue;
        }
        if (const u32 throttle = registers_.get(reg::kThrottles + 4 * vector); throttle != 0) {
            const i64 now = timers_.now_ns();
            if (now < next_ns_[vector]) {
                next = std::min(next, next_ns_[vector]);
                continue;
            }
            next_ns_[vector] = now + throttle * kThrottleUnitNs;
        }
        send(cause, vector);
    }
    if (next != kNever) {
        timers_.arm(throttle_, next);
    }
}

void Interrupts::send(u32 cause, unsigned vector) {
    const u32 clear = registers_.get(reg::kAutoClear) & cause;
    registers_.set(reg::kCause, registers_.get(reg::kCause) & ~clear);
    sent_ |= cause & ~clear;
    if (registers_.has(reg::kExtended, ctrl_ext::kMessageAutoMask)) {
        registers_.set(reg::kMaskSet, registers_.get(reg::kMaskSet) & ~(registers_.get(reg::kAutoMask) & cause));
        sent_ &= registers_.get(reg::kMaskSet);
    }
    port_.send_message(static_cast<u16>(vector));
}

void Interrupts::settle() {
    fire(receive_);
    fire(transmit_);
    next_ns_ = {};
    update();
}

void Interrupts::reset() {
    for (Delayed* delayed : {&receive_, &transmit_}) {
        delayed->causes = 0;
        timers_.cancel(delayed->timer);
    }
    timers_.cancel(throttle_);
    next_ns_ = {};
    sent_ = 0;
    line_ = false;
    port_.set_line(false);
}

void Interrupts::loaded() {
    reset();
    sent_ = registers_.get(reg::kCause) & registers_.get(reg::kMaskSet) & kMessageCauses;
    update();
}

}  // namespace kelvin::device::intel
