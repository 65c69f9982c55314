// SPDX-License-Identifier: Apache-2.0
#include "device/rtc/pl031.h"

#include <algorithm>

namespace kelvin::device {

namespace {

constexpr i64 kSecond = 1'000'000'000;
// The wall clock may be set while an alarm waits, and virtual time stands still in a pause: look again now and then.
constexpr u32 kLongestWait = 60;

}  // namespace

std::span<const bus::Register<Pl031>> Pl031::registers() {
    using S = State;
    using P = Pl031;
    static constexpr std::array<bus::Register<P>, 8> kTable{{
        // name, offset, width, section, reset, write mask, cell, on_read, on_write
        {"RTCDR", 0x00, 32, "3.3.1", 0, 0, nullptr, &P::read_time},
        {"RTCMR", 0x04, 32, "3.3.2", 0, 0xffffffff, &S::match, nullptr, &P::match_written},
        {"RTCLR", 0x08, 32, "3.3.3", 0, 0xffffffff, &S::load, nullptr, &P::load_written},
        {"RTCCR", 0x0c, 1, "3.3.4", 1, 0, &S::control},  // running already; once started it cannot be stopped
        {"RTCIMSC", 0x10, 1, "3.3.5", 0, 1, &S::interrupt_mask},
        {"RTCRIS", 0x14, 1, "3.3.6", 0, 0, &S::raw_interrupt},
        {"RTCMIS", 0x18, 1, "3.3.7", 0, 0, nullptr, &P::masked_interrupt},
        {"RTCICR", 0x1c, 1, "3.3.8", 0, 0, nullptr, nullptr, &P::clear_interrupt},
    }};
    static_assert(bus::is_sane<P>(kTable));
    return kTable;
}

Pl031::Pl031(const WallClock& wall, TimerService& timers, Wire interrupt)
    : wall_(wall),
      timers_(timers),
      interrupt_(interrupt),
      timer_(timers.add([](void* self) { static_cast<Pl031*>(self)->alarm(); }, this)) {
    bus::reset_registers(registers(), state_);
}

Pl031::~Pl031() {
    timers_.remove(timer_);
}

/// The time survives, as it would on its battery.
void Pl031::reset() {
    const std::lock_guard guard(lock_);
    bus::reset_registers(registers(), state_);
    match_ahead_ = false;
    timers_.cancel(timer_);
    drive_interrupt();
}

Pl031::State Pl031::save() const {
    const std::lock_guard guard(lock_);
    return state_;
}

void Pl031::restore(const State& state) {
    const std::lock_guard guard(lock_);
    state_ = state;
    bus::trim_registers(registers(), state_);
    if (state_.match != 0) {
        set_alarm();
    }
    drive_interrupt();
}

u32 Pl031::read_word(u64 offset) {
    const std::lock_guard guard(lock_);
    if (const auto* which = bus::find_register(registers(), offset)) {
        return bus::read_register(*which, *this, state_);
    }
    return offset >= bus::kPrimeCellIdentity ? bus::prime_cell_identity(0x031, 0, offset) : 0;
}

void Pl031::write_word(u64 offset, u32 value, u32 mask) {
    const std::lock_guard guard(lock_);
    if (const auto* which = bus::find_register(registers(), offset)) {
        bus::write_register(*which, *this, state_, value, mask);
        drive_interrupt();
    }
}

/// The counter is 32 bits wide and wraps.
u32 Pl031::now() const {
    return static_cast<u32>(wall_.seconds()) + static_cast<u32>(state_.offset);
}

u32 Pl031::read_time() {
    return now();
}

void Pl031::match_written(u32) {
    set_alarm();
}

void Pl031::load_written(u32 value) {
    state_.offset = static_cast<i64>(value) - wall_.seconds();
    if (match_ahead_) {
        set_alarm();
    }
}

/// A match at this very second counts; one that lies behind is 2^32 seconds ahead.
void Pl031::set_alarm() {
    match_ahead_ = true;
    looked_at_ = now();
    wait_ = state_.match - looked_at_;
    timers_.arm(timer_, timers_.now_ns() + i64{std::min(wait_, kLongestWait)} * kSecond);
}

void Pl031::alarm() {
    const std::lock_guard guard(lock_);
    if (!match_ahead_) {
        return;
    }
    const i32 elapsed = static_cast<i32>(now() - looked_at_);  // negative when the wall clock was set back
    if (elapsed < 0 || static_cast<u32>(elapsed) < wait_) {
        set_alarm();
        return;
    }
    match_ahead_ = false;
    state_.raw_interrupt = 1;
    drive_interrupt();
}

u32 Pl031::masked_interrupt() {
    return state_.raw_interrupt & state_.interrupt_mask;
}

void Pl031::clear_interrupt(u32 value) {
    state_.raw_interrupt &= ~value;
}

void Pl031::drive_interrupt() {
    const bool level = masked_interrupt() != 0;
    if (level != interrupt_driven_) {
        interrupt_driven_ = level;
        interrupt_.set(level);
    }
}

}  // namespace kelvin::device
