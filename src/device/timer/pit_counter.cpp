// SPDX-License-Identifier: Apache-2.0
#include "device/timer/pit_counter.h"

#include <algorithm>

#include "base/bits.h"

namespace kelvin::device {

namespace {

// Control word, figure 7: RW.
constexpr unsigned kLowOnly = 1;
constexpr unsigned kHighOnly = 2;
constexpr unsigned kBoth = 3;

constexpr u32 kBinaryRange = 0x10000;
constexpr u32 kDecimalRange = 10000;
constexpr u32 kLongestPeriod = kBinaryRange;  // decimal counts of digits that are none are shorter
constexpr i64 kLongestAge = i64{1} << 60;     // for saved states that would overflow

unsigned access_of(u8 control) {
    return static_cast<unsigned>(bits(control, 5, 4));
}

}  // namespace

/// Modes 6 and 7 are 2 and 3: bit 2 does not matter there.
PitCounter::Mode PitCounter::mode() const {
    const u64 number = bits(state_.control, 3, 1);
    return static_cast<Mode>(number > 5 ? number - 4 : number);
}

/// The largest count is written as 0. Digits of a decimal count that are none count as what they are.
u32 PitCounter::decoded_count() const {
    if (!is_bcd()) {
        return state_.count == 0 ? kBinaryRange : state_.count;
    }
    u32 value = 0;
    for (unsigned digit = 4; digit-- > 0;) {
        value = value * 10 + (state_.count >> digit * 4 & 0xfU);
    }
    return value == 0 ? kDecimalRange : value;
}

/// A counter goes on from its largest value after 0.
u16 PitCounter::encode(i64 value) const {
    const i64 range = is_bcd() ? i64{kDecimalRange} : i64{kBinaryRange};
    const i64 wrapped = (value % range + range) % range;
    if (!is_bcd()) {
        return static_cast<u16>(wrapped);
    }
    u32 digits = 0;
    i64 rest = wrapped;
    for (unsigned digit = 0; digit < 4; ++digit) {
        digits |= static_cast<u32>(rest % 10) << digit * 4;
        rest /= 10;
    }
    return static_cast<u16>(digits);
}

/// The output takes its mode's first level, and nothing counts until a count is written.
void PitCounter::control(u8 word) {
    const bool gate = state_.gate;
    state_ = {};
    state_.gate = gate;
    state_.control = word & 0x3f;
    reload_at_ = kNever;
}

void PitCounter::load(Tick at) {
    state_.period = decoded_count();
    state_.null_count = false;
    state_.age = 0;
    state_.counting = state_.gate || is_triggered();
    start_ = at;
    reload_at_ = kNever;
}

/// A new count of modes 2 and 3 takes effect when the period or half period under way has ended.
void PitCounter::settle(Tick now) {
    if (reload_at_ != kNever && now >= reload_at_) {
        const bool low = state_.reload_low;
        load(reload_at_);
        start_ -= low ? half() : 0;
    }
}

i64 PitCounter::place(Tick now) const {
    return std::max<i64>(age(now), 0) % period();
}

void PitCounter::count_written(Tick now) {
    settle(now);
    state_.written = true;
    state_.null_count = true;
    if (is_triggered()) {
        return;  // at the next trigger
    }
    if (!is_periodic() || state_.period == 0) {
        load(now + 1);
        return;
    }
    if (state_.counting) {
        const i64 gone = place(now);
        state_.reload_low = mode() == Mode::square_wave && gone < half();
        reload_at_ = now + (state_.reload_low ? half() : period()) - gone;
    }
}

void PitCounter::write(u8 value, Tick now) {
    switch (access_of(state_.control)) {
        case kLowOnly:
            state_.count = value;
            break;
        case kHighOnly:
            state_.count = static_cast<u16>(value << 8);
            break;
        default:
            state_.writes_high = !state_.writes_high;
            if (state_.writes_high) {
                state_.first_byte = value;
                if (mode() == Mode::terminal_count) {
                    state_.period = 0;  // "Writing the first byte disables counting. OUT is set low immediately."
                    state_.counting = false;
                }
                return;
            }
            state_.count = static_cast<u16>(state_.first_byte | value << 8);
    }
    count_written(now);
}

u16 PitCounter::current(Tick now) {
    settle(now);
    if (state_.period == 0) {
        return state_.count;
    }
    switch (mode()) {
        case Mode::rate:
            return encode(period() - place(now));
        case Mode::square_wave: {
            const i64 gone = place(now);
            return encode((period() & ~i64{1}) - 2 * (gone < half() ? gone : gone - half()));
        }
        default:
            return encode(period() - std::max<i64>(age(now), 0));
    }
}

u8 PitCounter::read(Tick now) {
    if (state_.status_latched) {
        state_.status_latched = false;
        return state_.latched_status;
    }
    u16 value = 0;
    if (state_.latched_bytes != 0) {
        value = state_.latched_count;
        --state_.latched_bytes;
    } else {
        value = current(now);
    }
    bool high = access_of(state_.control) == kHighOnly;
    if (access_of(state_.control) == kBoth) {
        high = state_.reads_high;
        state_.reads_high = !high;
    }
    return static_cast<u8>(high ? value >> 8 : value);
}

/// A count that is latched stays until it was read, whatever is latched meanwhile.
void PitCounter::latch_count(Tick now) {
    if (state_.latched_bytes == 0) {
        state_.latched_count = current(now);
        state_.latched_bytes = access_of(state_.control) == kBoth ? 2 : 1;
    }
}

/// Figure 11.
void PitCounter::latch_status(Tick now) {
    if (!state_.status_latched) {
        const bool high = output(now);
        state_.latched_status = static_cast<u8>(state_.control | (high ? 0x80 : 0) | (state_.null_count ? 0x40 : 0));
        state_.status_latched = true;
    }
}

/// "Gate pin operations summary", figure 21.
void PitCounter::set_gate(bool level, Tick now) {
    settle(now);
    const bool rises = level && !state_.gate;
    const bool falls = !level && state_.gate;
    state_.gate = level;
    if (rises && (is_triggered() || is_periodic())) {
        // What is triggered again while it is low stays low.
        const bool low = mode() == Mode::one_shot && !output(now);
        if (state_.written) {
            load(now + 1);
            state_.reload_low = low;
        }
    } else if (rises && state_.period != 0) {
        start_ = now - state_.age;
        state_.counting = true;
    } else if (falls && !is_triggered() && state_.counting) {
        state_.age = age(now);
        state_.counting = false;
        reload_at_ = kNever;
    }
}

bool PitCounter::output(Tick now) {
    settle(now);
    const i64 gone = age(now);
    if (state_.period == 0) {
        return mode() != Mode::terminal_count;
    }
    switch (mode()) {
        case Mode::terminal_count:
            return gone >= period();
        case Mode::one_shot:
            return gone < 0 ? !state_.reload_low : gone >= period();
        case Mode::rate:
            return !state_.counting || period() < 2 || place(now) != period() - 1;
        case Mode::square_wave:
            return !state_.counting || place(now) < half();
        default:
            return !state_.counting || gone != period();
    }
}

std::optional<PitCounter::Tick> PitCounter::next_change(Tick now) {
    settle(now);
    if (!state_.counting || state_.period == 0) {
        return {};
    }
    const i64 gone = age(now);
    std::optional<Tick> next;
    switch (mode()) {
        case Mode::terminal_count:
            next = start_ + period();
            break;
        case Mode::one_shot:
            next = gone < 0 && !state_.reload_low ? start_ : start_ + period();
            break;
        case Mode::rate:
            next = start_ + (std::max<i64>(gone, 0) / period() + 1) * period();
            break;
        case Mode::square_wave:
            next = std::max(now, start_) - place(now) + (place(now) < half() ? half() : period());
            break;
        default:
            next = start_ + period() + 1;
    }
    if (is_periodic()) {
        if (reload_at_ != kNever) {
            next = std::min(*next, reload_at_);
        } else if (state_.period < 2) {
            return {};  // no count of these modes
        }
        return next;
    }
    return *next > now ? next : std::nullopt;
}

PitCounter::State PitCounter::save(Tick now) {
    settle(now);
    State saved = state_;
    saved.age = state_.period != 0 ? age(now) : 0;
    saved.reload_in = reload_at_ != kNever ? reload_at_ - now : 0;
    return saved;
}

void PitCounter::restore(const State& state, Tick now) {
    state_ = state;
    state_.control &= 0x3f;
    state_.latched_bytes = std::min<u8>(state_.latched_bytes, 2);
    state_.period = std::min(state_.period, kLongestPeriod);
    state_.age = state_.period != 0 ? std::clamp<i64>(state_.age, -1, kLongestAge) : 0;
    state_.counting = state_.counting && state_.period != 0;
    const bool reloads = is_periodic() && state_.counting;
    state_.reload_in = reloads ? std::clamp<i64>(state_.reload_in, 0, kLongestPeriod) : 0;
    start_ = now - state_.age;
    reload_at_ = state_.reload_in != 0 ? now + state_.reload_in : kNever;
}

}  // namespace kelvin::device
