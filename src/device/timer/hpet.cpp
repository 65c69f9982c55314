// SPDX-License-Identifier: Apache-2.0
#include "device/timer/hpet.h"

#include <algorithm>
#include <limits>

#include "base/bits.h"

namespace kelvin::device {

namespace {

// 2.3.2: memory map.
constexpr u64 kCapabilities = 0x000;
constexpr u64 kConfiguration = 0x010;
constexpr u64 kStatus = 0x020;
constexpr u64 kCounter = 0x0f0;
constexpr u64 kFirstTimer = 0x100;
constexpr u64 kTimerSize = 0x20;

// 2.3.4: Intel's, revision 1, three timers, 64 bits, legacy replacement; 10 ns are 10^7 fs.
constexpr u64 kCapabilitiesValue =
    u64{10'000'000} << 32 | u64{0x8086} << 16 | 1U << 15 | 1U << 13 | (Hpet::kTimers - 1) << 8 | 1U;

// 2.3.5.
constexpr u64 kEnable = 1;
constexpr u64 kLegacy = 2;

// 2.3.8.
constexpr u32 kLevel = 1U << 1;
constexpr u32 kInterrupts = 1U << 2;
constexpr u32 kPeriodic = 1U << 3;
constexpr u32 kMayBePeriodic = 1U << 4;
constexpr u32 kIs64Bits = 1U << 5;
constexpr u32 kSetValue = 1U << 6;
constexpr u32 k32Bits = 1U << 8;
constexpr u32 kRoute = 0x1fU << 9;
constexpr u32 kWritable = kLevel | kInterrupts | kPeriodic | kSetValue | k32Bits | kRoute;

constexpr i64 kNever = std::numeric_limits<i64>::max();
// A period of a tick would have the timer's thread do nothing else: matches that come faster are told of together.
constexpr i64 kShortestWaitNs = 10'000;

u32 route_of(u32 config) {
    return (config & kRoute) >> 9;
}

}  // namespace

Hpet::Hpet(TimerService& timers, const Wires& wires) : timers_(timers), wires_(wires) {
    for (unsigned index = 0; index < kTimers; ++index) {
        Alarm& alarm = alarms_[index];
        alarm.hpet = this;
        alarm.index = index;
        alarm.match_ns = kNever;
        state_.timers[index].comparator = ~u64{0};
        alarm.timer = timers.add(
            [](void* context) {
                Alarm& which = *static_cast<Alarm*>(context);
                const std::lock_guard lock(which.hpet->lock_);
                which.hpet->fire(which.index);
            },
            &alarm);
    }
}

Hpet::~Hpet() {
    for (const Alarm& alarm : alarms_) {
        timers_.remove(alarm.timer);
    }
}

void Hpet::reset() {
    const std::lock_guard lock(lock_);
    state_ = {};
    for (Timer& timer : state_.timers) {
        timer.comparator = ~u64{0};
    }
    wires_.replaces_legacy.set(false);
    expect_all();
}

Hpet::State Hpet::save() const {
    const std::lock_guard lock(lock_);
    State saved = state_;
    saved.counter = counter();
    return saved;
}

void Hpet::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.config &= kEnable | kLegacy;
    state_.status &= low_mask(kTimers);
    for (unsigned index = 0; index < kTimers; ++index) {
        Timer& timer = state_.timers[index];
        timer.config &= kWritable;
        timer.comparator &= width_mask(index);
        timer.period &= width_mask(index);
        if (route_of(timer.config) != 0 && !bit(wires_.possible_routes, route_of(timer.config))) {
            timer.config &= ~kRoute;
        }
    }
    base_ns_ = timers_.now_ns();
    wires_.replaces_legacy.set((state_.config & kLegacy) != 0);
    expect_all();
}

bool Hpet::is_periodic(unsigned index) const {
    return (state_.timers[index].config & kPeriodic) != 0;
}

u64 Hpet::width_mask(unsigned index) const {
    return (state_.timers[index].config & k32Bits) != 0 ? low_mask(32) : ~u64{0};
}

u64 Hpet::counter() const {
    return state_.counter + (enabled() ? static_cast<u64>((timers_.now_ns() - base_ns_) / kTickNs) : 0);
}

/// Of the register's 8 bytes, what lies within; 2.3.1 knows of aligned accesses of 4 and 8 bytes only.
u64 Hpet::read(u64 offset, unsigned size) {
    const std::lock_guard lock(lock_);
    const unsigned shift = static_cast<unsigned>(offset & 7) * 8;
    return read_register(offset & ~u64{7}) >> shift & low_mask(size * 8);
}

void Hpet::write(u64 offset, unsigned size, u64 value) {
    const std::lock_guard lock(lock_);
    const unsigned shift = static_cast<unsigned>(offset & 7) * 8;
    write_register(offset & ~u64{7}, value << shift, low_mask(size * 8) << shift);
}

u64 Hpet::read_register(u64 offset) const {
    switch (offset) {
        case kCapabilities:
            return kCapabilitiesValue;
        case kConfiguration:
            return state_.config;
        case kStatus:
            return state_.status;
        case kCounter:
            return counter();
        default:
            break;
    }
    if (offset < kFirstTimer || (offset - kFirstTimer) / kTimerSize >= kTimers) {
        return 0;
    }
    const Timer& timer = state_.timers[(offset - kFirstTimer) / kTimerSize];
    switch (offset % kTimerSize) {
        case 0:
            return u64{wires_.possible_routes} << 32 | timer.config | kMayBePeriodic | kIs64Bits;
        case 8:
            return timer.comparator;
        default:
            return 0;
    }
}

void Hpet::write_register(u64 offset, u64 value, u64 mask) {
    const u64 written = (read_register(offset) & ~mask) | (value & mask);
    switch (offset) {
        case kConfiguration:
            write_config(written);
            return;
        case kStatus:
            state_.status &= ~(value & mask);
            for (unsigned index = 0; index < kTimers; ++index) {
                drive(index);
            }
            return;
        case kCounter:
            if (!enabled()) {
                state_.counter = written;
            }
            return;
        default:
            break;
    }
    if (offset < kFirstTimer || (offset - kFirstTimer) / kTimerSize >= kTimers) {
        return;
    }
    const auto index = static_cast<unsigned>((offset - kFirstTimer) / kTimerSize);
    if (offset % kTimerSize == 0) {
        write_timer_config(index, static_cast<u32>(written));
    } else if (offset % kTimerSize == 8) {
        write_comparator(index, value, mask);
    }
}

void Hpet::write_config(u64 value) {
    const u64 now = counter();
    state_.config = value & (kEnable | kLegacy);
    state_.counter = now;
    base_ns_ = timers_.now_ns();
    wires_.replaces_legacy.set((value & kLegacy) != 0);
    expect_all();
}

/// "Tn_INT_ROUTE_CNF": a route that there is not is not taken.
void Hpet::write_timer_config(unsigned index, u32 value) {
    Timer& timer = state_.timers[index];
    u32 config = value & kWritable;
    if (!bit(wires_.possible_routes, route_of(config))) {
        config = (config & ~kRoute) | (timer.config & kRoute);
    }
    if ((config & kLevel) == 0) {
        state_.status &= ~(u64{1} << index);
    }
    timer.config = config;
    timer.comparator &= width_mask(index);
    timer.period &= width_mask(index);
    expect(index);
    drive(index);
}

/// 2.3.9.2.2: what is written is a periodic timer's period, and its accumulator too if Tn_VAL_SET_CNF says so.
void Hpet::write_comparator(unsigned index, u64 value, u64 mask) {
    Timer& timer = state_.timers[index];
    const auto merged = [&](u64 before) { return ((before & ~mask) | (value & mask)) & width_mask(index); };
    if (!is_periodic(index) || (timer.config & kSetValue) != 0) {
        timer.comparator = merged(timer.comparator);
    }
    if (is_periodic(index)) {
        timer.period = merged(timer.period);
    }
    timer.config &= ~kSetValue;
    expect(index);
}

const Wire& Hpet::output(unsigned index) const {
    if ((state_.config & kLegacy) != 0 && index < 2) {
        return index == 0 ? wires_.timer : wires_.clock;
    }
    return wires_.routes[route_of(state_.timers[index].config)];
}

void Hpet::expect_all() {
    for (unsigned index = 0; index < kTimers; ++index) {
        expect(index);
        drive(index);
    }
}

/// When the counter comes to the comparator next. A match at this very tick counts.
void Hpet::expect(unsigned index) {
    Alarm& alarm = alarms_[index];
    alarm.match_ns = kNever;
    if (enabled()) {
        const u64 ticks = (state_.timers[index].comparator - counter()) & width_mask(index);
        const i128 when = timers_.now_ns() + i128{ticks} * kTickNs;
        // To the beginning of the tick, wherever in it time is now.
        const i64 fraction = (timers_.now_ns() - base_ns_) % kTickNs;
        alarm.match_ns = when - fraction < kNever ? static_cast<i64>(when) - fraction : kNever;
    }
    wait(alarm);
}

void Hpet::wait(Alarm& alarm) {
    if (alarm.match_ns == kNever) {
        timers_.cancel(alarm.timer);
    } else {
        timers_.arm(alarm.timer, std::max(alarm.match_ns, alarm.earliest_ns));
    }
}

void Hpet::fire(unsigned index) {
    Alarm& alarm = alarms_[index];
    const i64 now = timers_.now_ns();
    if (alarm.match_ns == kNever || now < alarm.match_ns) {
        return;
    }
    Timer& timer = state_.timers[index];
    i64 next_ticks = 0;  // 0: none
    if (is_periodic(index) && timer.period != 0) {
        const auto late = static_cast<u64>((now - alarm.match_ns) / kTickNs);
        const u64 periods = late / timer.period + 1;
        timer.comparator = (timer.comparator + periods * timer.period) & width_mask(index);
        const i128 ticks = i128{periods} * timer.period;
        next_ticks = ticks < kNever / kTickNs ? static_cast<i64>(ticks) : 0;
    } else if ((timer.config & k32Bits) != 0) {
        next_ticks = (now - alarm.match_ns) / kTickNs / (i64{1} << 32) * (i64{1} << 32) + (i64{1} << 32);
    }
    const i64 room = (kNever - alarm.match_ns) / kTickNs;
    alarm.match_ns = next_ticks != 0 && next_ticks < room ? alarm.match_ns + next_ticks * kTickNs : kNever;
    alarm.earliest_ns = now + kShortestWaitNs;
    wait(alarm);
    if ((timer.config & kLevel) != 0) {
        state_.status |= u64{1} << index;
        drive(index);
    } else if ((timer.config & kInterrupts) != 0) {
        output(index).set(true);
        output(index).set(false);
    }
}

/// Of level-triggered interrupts.
void Hpet::drive(unsigned index) {
    const bool level = enabled() && bit(state_.status, index) && (state_.timers[index].config & kInterrupts) != 0;
    const Wire* const wanted = level ? &output(index) : nullptr;
    Alarm& alarm = alarms_[index];
    if (wanted == alarm.driven) {
        return;
    }
    if (alarm.driven != nullptr) {
        alarm.driven->set(false);
    }
    alarm.driven = wanted;
    if (wanted != nullptr) {
        wanted->set(true);
    }
}

}  // namespace kelvin::device
