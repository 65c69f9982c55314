// SPDX-License-Identifier: Apache-2.0
#include "device/acpi/power_management.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bits.h"

namespace kelvin::device {

namespace {

constexpr i64 kSecond = 1'000'000'000;

// 4.8.3.1: PM1 status and enable.
constexpr u16 kTimer = 1U << 0;
constexpr u16 kGlobal = 1U << 5;
constexpr u16 kPowerButton = 1U << 8;
constexpr u16 kSleepButton = 1U << 9;
constexpr u16 kClock = 1U << 10;
constexpr u16 kWake = 1U << 15;
constexpr u16 kEnables = kTimer | kGlobal | kPowerButton | kSleepButton | kClock;
constexpr u16 kStatuses = kEnables | kWake;

// 4.8.3.2: PM1 control.
constexpr u16 kSciEnable = 1U << 0;
constexpr u16 kBusMasterReload = 1U << 1;
constexpr u16 kSleepType = 7U << 10;
constexpr u16 kControls = kSciEnable | kBusMasterReload | kSleepType;
constexpr u8 kSleepEnableHigh = 1U << 5;  // of the register's high byte

// Offsets in the block.
constexpr u64 kStatusPort = 0;
constexpr u64 kEnablePort = 2;
constexpr u64 kControlPort = 4;
constexpr u64 kTimerPort = 8;

// 4.8.3.3: 24 bits; its status is told each time that the highest changes.
constexpr unsigned kTimerBits = 24;
constexpr unsigned kHalfBits = kTimerBits - 1;
constexpr u64 kMostTicks = u64{1} << 60;  // of saved states, which would overflow

u8 byte_of(u16 value, u64 offset) {
    return static_cast<u8>(value >> (offset & 1) * 8);
}

void set_byte(u16& value, u64 offset, u8 byte) {
    const unsigned shift = static_cast<unsigned>(offset & 1) * 8;
    value = static_cast<u16>((value & ~(0xffU << shift)) | u32{byte} << shift);
}

}  // namespace

PowerManagement::PowerManagement(const Config& config, TimerService& timers, SleepListener& listener,
                                 const Wires& wires)
    : config_(config),
      timers_(timers),
      listener_(listener),
      wires_(wires),
      timer_(timers.add([](void* self) { static_cast<PowerManagement*>(self)->alarm(); }, this)) {
    KELVIN_ASSERT(config.event_bytes >= 1 && config.event_bytes <= kMostEventBytes);
}

PowerManagement::~PowerManagement() {
    timers_.remove(timer_);
}

u64 PowerManagement::ticks() const {
    return timer_offset_ + static_cast<u64>(i128{timers_.now_ns()} * kTimerFrequency / kSecond);
}

void PowerManagement::reset() {
    const std::lock_guard lock(lock_);
    state_ = {};
    state_.timer_halves = ticks() >> kHalfBits;
    update();
}

PowerManagement::State PowerManagement::save() {
    const std::lock_guard lock(lock_);
    State saved = state_;
    saved.timer = ticks();
    return saved;
}

void PowerManagement::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.status &= kStatuses;
    state_.enable &= kEnables;
    state_.control &= kControls;
    state_.timer = std::min(state_.timer, kMostTicks);
    state_.timer_halves = std::min(state_.timer_halves, state_.timer >> kHalfBits);
    for (unsigned index = config_.event_bytes; index < kMostEventBytes; ++index) {
        state_.events[index] = 0;
        state_.events_enabled[index] = 0;
    }
    timer_offset_ = 0;
    timer_offset_ = state_.timer - ticks();
    update();
}

void PowerManagement::set_status(u16 which) {
    const std::lock_guard lock(lock_);
    state_.status |= which;
    update();
}

void PowerManagement::press_power_button() {
    set_status(kPowerButton);
}

void PowerManagement::press_sleep_button() {
    set_status(kSleepButton);
}

void PowerManagement::clock_alarm() {
    set_status(kClock);
}

void PowerManagement::wake() {
    set_status(kWake);
}

void PowerManagement::raise_event(unsigned number) {
    const std::lock_guard lock(lock_);
    if (number / 8 < config_.event_bytes) {
        state_.events[number / 8] |= static_cast<u8>(1U << number % 8);
        update();
    }
}

u8 PowerManagement::read_block(u64 offset) {
    const std::lock_guard lock(lock_);
    look();
    if (offset < kEnablePort) {
        return byte_of(state_.status, offset);
    }
    if (offset < kControlPort) {
        return byte_of(state_.enable, offset);
    }
    if (offset < kControlPort + 2) {
        return byte_of(state_.control, offset);
    }
    // A read of all bytes takes them one after the other, and time goes on: the first one's latches the others.
    if (offset == kTimerPort) {
        state_.timer = ticks() & low_mask(kTimerBits);
    }
    return offset >= kTimerPort && offset < kBlockSize ? static_cast<u8>(state_.timer >> (offset - kTimerPort) * 8)
                                                       : u8{0};
}

void PowerManagement::write_block(u64 offset, u8 value) {
    bool sleeps = false;
    u16 control = 0;
    {
        const std::lock_guard lock(lock_);
        look();
        if (offset < kEnablePort) {
            state_.status &= static_cast<u16>(~(value << (offset - kStatusPort) * 8));
        } else if (offset < kControlPort) {
            set_byte(state_.enable, offset, value);
            state_.enable &= kEnables;
        } else if (offset < kControlPort + 2) {
            sleeps = write_control(offset, value);
        }
        control = state_.control;
        update();
    }
    if (sleeps) {
        listener_.sleep_requested(static_cast<u8>(bits(control, 12, 10)));
    }
}

/// True: the machine is to sleep.
bool PowerManagement::write_control(u64 offset, u8 value) {
    set_byte(state_.control, offset, value);
    state_.control &= kControls;
    return (offset & 1) != 0 && (value & kSleepEnableHigh) != 0;
}

u8 PowerManagement::read_event(u64 offset) {
    const std::lock_guard lock(lock_);
    const unsigned count = config_.event_bytes;
    return offset < count ? state_.events[offset] : offset < 2 * count ? state_.events_enabled[offset - count] : u8{0};
}

void PowerManagement::write_event(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    const unsigned count = config_.event_bytes;
    if (offset < count) {
        state_.events[offset] &= static_cast<u8>(~value);
    } else if (offset < 2 * count) {
        state_.events_enabled[offset - count] = value;
    }
    update();
}

u8 PowerManagement::read_command(u64 offset) {
    const std::lock_guard lock(lock_);
    return state_.command[offset & 1];
}

/// 4.8.2.5 and 16.3.2: what the firmware's handler of SMI would do is done here, so that none is needed.
void PowerManagement::write_command(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    state_.command[offset & 1] = value;
    if ((offset & 1) != 0) {
        return;
    }
    if (value == config_.acpi_enable) {
        state_.control |= kSciEnable;
    } else if (value == config_.acpi_disable) {
        state_.control &= static_cast<u16>(~kSciEnable);
    }
    update();
    wires_.smi.set(true);
    wires_.smi.set(false);
}

void PowerManagement::look() {
    const u64 halves = ticks() >> kHalfBits;
    if (halves != state_.timer_halves) {
        state_.timer_halves = halves;
        state_.status |= kTimer;
    }
}

void PowerManagement::update() {
    look();
    bool level = (state_.status & state_.enable) != 0;
    for (unsigned index = 0; index < config_.event_bytes; ++index) {
        level = level || (state_.events[index] & state_.events_enabled[index]) != 0;
    }
    level = level && (state_.control & kSciEnable) != 0;
    if (level != sci_driven_) {
        sci_driven_ = level;
        wires_.sci.set(level);
    }
    if ((state_.enable & kTimer) == 0 || (state_.status & kTimer) != 0) {
        timers_.cancel(timer_);
        return;
    }
    const u64 left = ((state_.timer_halves + 1) << kHalfBits) - ticks();
    timers_.arm(timer_, timers_.now_ns() + static_cast<i64>(left) * kSecond / kTimerFrequency + 1);
}

void PowerManagement::alarm() {
    const std::lock_guard lock(lock_);
    update();
}

}  // namespace kelvin::device
