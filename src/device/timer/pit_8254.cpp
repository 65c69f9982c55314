// SPDX-License-Identifier: Apache-2.0
#include "device/timer/pit_8254.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::device {

namespace {

constexpr i64 kSecond = 1'000'000'000;
// A count of 2 would have the timer's thread do nothing else: changes that come faster than this are told of together.
constexpr i64 kShortestWaitNs = 10'000;
constexpr u64 kControlPort = 3;
constexpr unsigned kReadBack = 3;  // in place of a counter's number

// Port 0x61.
constexpr u8 kGate2 = 0x01;
constexpr u8 kControls = 0x0f;  // the gate, the speaker, two checks
constexpr u8 kRefresh = 0x10;
constexpr u8 kOutput2 = 0x20;
constexpr i64 kRefreshNs = 15'085;  // 18 ticks, the refresh period of a PC/AT's memory

/// The first nanosecond at which `tick` has begun.
i64 time_of(PitCounter::Tick tick) {
    const i128 scaled = i128{tick} * kSecond;
    return static_cast<i64>((scaled + Pit8254::kFrequency - 1) / Pit8254::kFrequency);
}

}  // namespace

Pit8254::Pit8254(TimerService& timers, Wire interrupt)
    : timers_(timers),
      interrupt_(interrupt),
      timer_(timers.add([](void* self) { static_cast<Pit8254*>(self)->alarm(); }, this)) {
    ports_.pit = this;
    speaker_port_.pit = this;
    start_anew();
}

Pit8254::~Pit8254() {
    timers_.remove(timer_);
}

PitCounter::Tick Pit8254::now() const {
    return static_cast<PitCounter::Tick>(i128{timers_.now_ns()} * kFrequency / kSecond);
}

/// The datasheet leaves everything undefined; nothing counts, and outputs are as mode 0 has them.
void Pit8254::start_anew() {
    counters_ = {};
    speaker_control_ = 0;
    counters_[2].set_gate(false, now());
}

void Pit8254::reset() {
    const std::lock_guard lock(lock_);
    start_anew();
    drive();
}

Pit8254::State Pit8254::save() {
    const std::lock_guard lock(lock_);
    State state;
    for (unsigned index = 0; index < 3; ++index) {
        state.counters[index] = counters_[index].save(now());
    }
    state.speaker_control = speaker_control_;
    return state;
}

void Pit8254::restore(const State& state) {
    const std::lock_guard lock(lock_);
    speaker_control_ = state.speaker_control & kControls;
    for (unsigned index = 0; index < 3; ++index) {
        PitCounter::State counter = state.counters[index];
        counter.gate = index < 2 || (speaker_control_ & kGate2) != 0;
        counters_[index].restore(counter, now());
    }
    drive();
}

u8 Pit8254::read(u64 offset) {
    const std::lock_guard lock(lock_);
    return offset < 3 ? counters_[offset].read(now()) : u8{0};  // "Read-back: no operation (3-state)"
}

void Pit8254::write(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    if (offset == kControlPort) {
        control(value);
    } else {
        counters_.at(offset).write(value, now());
    }
    drive();
}

void Pit8254::control(u8 word) {
    const auto which = static_cast<unsigned>(bits(word, 7, 6));
    if (which == kReadBack) {
        read_back(word);
    } else if (bits(word, 5, 4) == 0) {
        counters_[which].latch_count(now());
    } else {
        counters_[which].control(word);
    }
}

/// Figure 10: both bits that choose are active low.
void Pit8254::read_back(u8 word) {
    for (unsigned index = 0; index < 3; ++index) {
        if (!bit(word, index + 1)) {
            continue;
        }
        if (!bit(word, 5)) {
            counters_[index].latch_count(now());
        }
        if (!bit(word, 4)) {
            counters_[index].latch_status(now());
        }
    }
}

u8 Pit8254::read_speaker() {
    const std::lock_guard lock(lock_);
    const bool refresh = (timers_.now_ns() / kRefreshNs & 1) != 0;
    return static_cast<u8>(speaker_control_ | (refresh ? kRefresh : 0) | (counters_[2].output(now()) ? kOutput2 : 0));
}

void Pit8254::write_speaker(u8 value) {
    const std::lock_guard lock(lock_);
    speaker_control_ = value & kControls;
    counters_[2].set_gate((value & kGate2) != 0, now());
}

/// A change that is over already, or the end of a pulse, is still an edge.
void Pit8254::alarm() {
    const std::lock_guard lock(lock_);
    earliest_alarm_ns_ = timers_.now_ns() + kShortestWaitNs;
    const PitCounter::Tick tick = now();
    if (tick >= expected_ && counters_[0].output(tick) == driven_) {
        interrupt_.set(!driven_);
        interrupt_.set(driven_);
    }
    drive();
}

void Pit8254::drive() {
    const bool level = counters_[0].output(now());
    if (level != driven_) {
        driven_ = level;
        interrupt_.set(level);
    }
    arm();
}

void Pit8254::arm() {
    const std::optional<PitCounter::Tick> next = counters_[0].next_change(now());
    if (!next) {
        expected_ = INT64_MAX;
        timers_.cancel(timer_);
        return;
    }
    expected_ = *next;
    timers_.arm(timer_, std::max(time_of(*next), earliest_alarm_ns_));
}

}  // namespace kelvin::device
