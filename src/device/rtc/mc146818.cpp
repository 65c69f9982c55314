// SPDX-License-Identifier: Apache-2.0
#include "device/rtc/mc146818.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "base/bits.h"

namespace kelvin::device {

namespace {

// Figure 13: address map.
enum Index : u8 {
    kSeconds = 0,
    kSecondsAlarm,
    kMinutes,
    kMinutesAlarm,
    kHours,
    kHoursAlarm,
    kWeekday,
    kDay,
    kMonth,
    kYear,
    kA,
    kB,
    kC,
    kD,
    kFirstFree
};

// Register A.
constexpr u8 kUpdateInProgress = 0x80;
constexpr u8 kRunningDivider = 0x20;  // DV: a crystal of 32768 Hz
constexpr u8 kDivider = 0x70;
constexpr u8 kRate = 0x0f;
// Register B.
constexpr u8 kSet = 0x80;
constexpr u8 kBinary = 0x04;
constexpr u8 k24Hours = 0x02;
// Registers B, enables, and C, flags.
constexpr u8 kPeriodic = 0x40;
constexpr u8 kAlarm = 0x20;
constexpr u8 kUpdateEnded = 0x10;
constexpr u8 kCauses = kPeriodic | kAlarm | kUpdateEnded;
constexpr u8 kSquareWave = 0x08;
constexpr u8 kInterrupt = 0x80;
// Register D.
constexpr u8 kValid = 0x80;

constexpr u8 kAfternoon = 0x80;
constexpr u8 kAnyTime = 0xc0;  // alarm: "don't care" where both bits are set
constexpr u8 kMaskNmi = 0x80;  // port 0x70
constexpr i64 kSecond = 1'000'000'000;
constexpr i64 kDaySeconds = 86400;
constexpr i64 kUpdateNoticeNs = 244'141;  // t_BUC: UIP is set that long before an update
constexpr i64 kCrystal = 32768;
// The wall clock may be set while an alarm waits: look again now and then.
constexpr i64 kLongestWaitNs = kSecond;
// A saved time of centuries hence would overflow.
constexpr i64 kFarthest = std::numeric_limits<i64>::max() / 4;

i64 floor_seconds(i64 nanoseconds) {
    return nanoseconds / kSecond - (nanoseconds % kSecond < 0 ? 1 : 0);
}

}  // namespace

Mc146818::Mc146818(const WallClock& wall, TimerService& timers, const Wires& wires)
    : wall_(wall),
      timers_(timers),
      wires_(wires),
      timer_(timers.add([](void* self) { static_cast<Mc146818*>(self)->alarm(); }, this)) {
    state_.bytes[kA] = kRunningDivider | 0x06;  // as a PC's firmware leaves it: 1024 Hz
    state_.bytes[kB] = k24Hours;
    state_.seen = time();
    period_start_ = timers_.now_ns();
    show(time());
}

Mc146818::~Mc146818() {
    timers_.remove(timer_);
}

void Mc146818::set_byte(u8 index, u8 value) {
    const std::lock_guard lock(lock_);
    state_.bytes.at(index) = value;
}

u8 Mc146818::byte(u8 index) const {
    const std::lock_guard lock(lock_);
    return state_.bytes.at(index);
}

/// "The RESET pin": interrupts and the square wave are off, what they have told is gone.
void Mc146818::reset() {
    const std::lock_guard lock(lock_);
    look();
    state_.bytes[kB] &= static_cast<u8>(~(kCauses | kSquareWave));
    state_.bytes[kC] = 0;
    state_.index = 0;
    wires_.nmi_mask.set(false);
    drive();
    arm();
}

Mc146818::State Mc146818::save() {
    const std::lock_guard lock(lock_);
    State saved = state_;
    const i64 period = periodic_ns();
    saved.periodic = period != 0 ? (timers_.now_ns() - period_start_) % period : 0;
    return saved;
}

void Mc146818::restore(const State& state) {
    const std::lock_guard lock(lock_);
    state_ = state;
    state_.bytes[kA] &= static_cast<u8>(~kUpdateInProgress);
    state_.bytes[kC] &= kCauses;
    state_.bytes[kD] = 0;
    state_.offset = std::clamp(state_.offset, -kFarthest, kFarthest);
    state_.seen = std::clamp(state_.seen, -kFarthest, kFarthest);
    state_.periodic = std::clamp<i64>(state_.periodic, 0, std::max<i64>(periodic_ns() - 1, 0));
    period_start_ = timers_.now_ns() - state_.periodic;
    wires_.nmi_mask.set((state_.index & kMaskNmi) != 0);
    drive();
    arm();
}

u8 Mc146818::read_byte(u64 offset) {
    const std::lock_guard lock(lock_);
    return offset == 0 ? u8{0xff} : read_register(state_.index & 0x7f);  // the first port is for writing only
}

void Mc146818::write_byte(u64 offset, u8 value) {
    const std::lock_guard lock(lock_);
    if (offset != 0) {
        write_register(state_.index & 0x7f, value);
    } else {
        state_.index = value;
        wires_.nmi_mask.set((value & kMaskNmi) != 0);
    }
}

/// Table 4: the divider counts, and no program is setting the time.
bool Mc146818::is_running() const {
    return (state_.bytes[kA] & kDivider) == kRunningDivider && (state_.bytes[kB] & kSet) == 0;
}

/// Table 5; 0: none.
i64 Mc146818::periodic_ns() const {
    const u8 rate = state_.bytes[kA] & kRate;
    if (rate == 0 || (state_.bytes[kA] & kDivider) != kRunningDivider) {
        return 0;
    }
    const unsigned power = rate <= 2 ? rate + 6U : rate - 1U;
    return (kSecond << power) / kCrystal;
}

u8 Mc146818::encode(i64 value) const {
    return static_cast<u8>((state_.bytes[kB] & kBinary) != 0 ? value : value / 10 * 16 + value % 10);
}

i64 Mc146818::decode(u8 value) const {
    return (state_.bytes[kB] & kBinary) != 0 ? value : (value >> 4) * 10 + (value & 0xf);
}

u8 Mc146818::encode_hour(i64 hour) const {
    if ((state_.bytes[kB] & k24Hours) != 0) {
        return encode(hour);
    }
    return static_cast<u8>(encode((hour + 11) % 12 + 1) | (hour >= 12 ? kAfternoon : 0));
}

i64 Mc146818::decode_hour(u8 value) const {
    if ((state_.bytes[kB] & k24Hours) != 0) {
        return decode(value);
    }
    return decode(value & 0x7f) % 12 + ((value & kAfternoon) != 0 ? 12 : 0);
}

/// What the time is at `now`, into the registers.
void Mc146818::show(i64 now) {
    using namespace std::chrono;
    const i64 all = floor_seconds(now);
    const sys_days day = floor<days>(sys_seconds(seconds(all)));
    const year_month_day date(day);
    const i64 rest = all - duration_cast<seconds>(day.time_since_epoch()).count();
    auto& bytes = state_.bytes;
    bytes[kSeconds] = encode(rest % 60);
    bytes[kMinutes] = encode(rest / 60 % 60);
    bytes[kHours] = encode_hour(rest / 3600);
    bytes[kWeekday] = encode(weekday(day).c_encoding() + 1);
    bytes[kDay] = encode(static_cast<unsigned>(date.day()));
    bytes[kMonth] = encode(static_cast<unsigned>(date.month()));
    bytes[kYear] = encode(static_cast<int>(date.year()) % 100);
    bytes[kCentury] = encode(static_cast<int>(date.year()) / 100);
}

/// The time that the registers say, `fraction` nanoseconds into its second; what no calendar has becomes what follows
/// from counting on. The weekday is the date's.
void Mc146818::set_time(i64 fraction) {
    using namespace std::chrono;
    const auto& bytes = state_.bytes;
    // What the range of 64 bits of nanoseconds holds, whatever the bytes are.
    const i64 wanted_year = std::clamp<i64>(decode(bytes[kCentury]) * 100 + decode(bytes[kYear]), 1700, 2250);
    const i64 wanted_month = std::clamp<i64>(decode(bytes[kMonth]), 1, 12);
    const sys_days first =
        sys_days(year(static_cast<int>(wanted_year)) / month(static_cast<unsigned>(wanted_month)) / 1);
    const i64 days_since = first.time_since_epoch().count() + decode(bytes[kDay]) - 1;
    const i64 all = days_since * kDaySeconds + decode_hour(bytes[kHours]) * 3600 + decode(bytes[kMinutes]) * 60 +
                    decode(bytes[kSeconds]);
    state_.offset = all * kSecond + fraction - wall_.nanoseconds();
    state_.seen = time();
}

bool Mc146818::is_update_near() const {
    const i64 now = time();
    return is_running() && now - floor_seconds(now) * kSecond >= kSecond - kUpdateNoticeNs;
}

u8 Mc146818::read_register(u8 index) {
    switch (index) {
        case kA:
            return static_cast<u8>(state_.bytes[kA] | (is_update_near() ? kUpdateInProgress : 0));
        case kC:
            return read_c();
        case kD:
            return kValid;
        case kSeconds:
        case kMinutes:
        case kHours:
        case kWeekday:
        case kDay:
        case kMonth:
        case kYear:
        case kCentury:
            if (is_running()) {
                show(time());
            }
            return state_.bytes[index];
        default:
            return state_.bytes[index];
    }
}

void Mc146818::write_register(u8 index, u8 value) {
    look();
    switch (index) {
        case kA:
            write_a(value);
            break;
        case kB:
            write_b(value);
            break;
        case kC:
        case kD:
            return;
        case kSeconds:
        case kMinutes:
        case kHours:
        case kWeekday:
        case kDay:
        case kMonth:
        case kYear:
        case kCentury:
            if (is_running()) {
                const i64 now = time();
                show(now);
                state_.bytes[index] = value;
                set_time(now - floor_seconds(now) * kSecond);
            } else {
                state_.bytes[index] = value;
            }
            break;
        default:
            state_.bytes[index] = value;
    }
    drive();
    arm();
}

/// The first update comes half a second after the divider has begun to count ("DV2, DV1, DV0").
void Mc146818::write_a(u8 value) {
    const bool ran = is_running();
    const u8 before = state_.bytes[kA];
    if (ran) {
        show(time());
    }
    state_.bytes[kA] = value & (kDivider | kRate);
    if (((before ^ state_.bytes[kA]) & (kDivider | kRate)) != 0) {
        period_start_ = timers_.now_ns();
    }
    if (!ran && is_running()) {
        set_time(kSecond / 2);
    }
}

/// SET keeps the time as it is for a program; the fraction of the second goes on.
void Mc146818::write_b(u8 value) {
    const bool ran = is_running();
    if (ran) {
        show(time());
    }
    state_.bytes[kB] = value;
    if (ran && is_running()) {
        show(time());  // perhaps in another format
    } else if (!ran && is_running()) {
        const i64 now = time();
        set_time(now - floor_seconds(now) * kSecond);
    } else if (ran) {
        state_.bytes[kB] &= static_cast<u8>(~kUpdateEnded);  // "SET: UIE is cleared"
    } else if ((value & kSet) != 0) {
        state_.bytes[kB] &= static_cast<u8>(~kUpdateEnded);
    }
}

u8 Mc146818::read_c() {
    look();
    u8 value = state_.bytes[kC];
    value = static_cast<u8>(value | ((value & state_.bytes[kB] & kCauses) != 0 ? kInterrupt : 0));
    state_.bytes[kC] = 0;
    drive();
    arm();
    return value;
}

/// Whether one of the seconds after `first`, to `last`, is the alarm's.
bool Mc146818::alarm_between(i64 first, i64 last) const {
    const auto& bytes = state_.bytes;
    const auto fits = [](u8 wanted, u8 is) { return (wanted & kAnyTime) == kAnyTime || wanted == is; };
    // A day has every time there is.
    for (i64 second = std::max(first + 1, last - kDaySeconds + 1); second <= last; ++second) {
        const i64 rest = (second % kDaySeconds + kDaySeconds) % kDaySeconds;
        if (fits(bytes[kSecondsAlarm], encode(rest % 60)) && fits(bytes[kMinutesAlarm], encode(rest / 60 % 60)) &&
            fits(bytes[kHoursAlarm], encode_hour(rest / 3600))) {
            return true;
        }
    }
    return false;
}

/// What has happened since it was last looked.
void Mc146818::look() {
    const i64 period = periodic_ns();
    const i64 gone = timers_.now_ns() - period_start_;
    if (period != 0 && gone >= period) {
        state_.bytes[kC] |= kPeriodic;
        period_start_ += gone / period * period;
    }
    if (!is_running()) {
        return;
    }
    const i64 now = time();
    const i64 first = floor_seconds(state_.seen);
    const i64 last = floor_seconds(now);
    if (last > first) {
        state_.bytes[kC] |= kUpdateEnded;
        state_.bytes[kC] |= alarm_between(first, last) ? kAlarm : u8{0};
    }
    state_.seen = now;
}

void Mc146818::drive() {
    const bool level = (state_.bytes[kC] & state_.bytes[kB] & kCauses) != 0;
    if (level != interrupt_driven_) {
        interrupt_driven_ = level;
        wires_.interrupt.set(level);
    }
}

/// For causes that are enabled and have not come yet.
void Mc146818::arm() {
    const u8 awaited = static_cast<u8>(state_.bytes[kB] & ~state_.bytes[kC] & kCauses);
    const i64 now = timers_.now_ns();
    i64 wait = std::numeric_limits<i64>::max();
    if ((awaited & kPeriodic) != 0 && periodic_ns() != 0) {
        wait = std::max<i64>(period_start_ + periodic_ns() - now, 0);
    }
    if ((awaited & (kAlarm | kUpdateEnded)) != 0 && is_running()) {
        const i64 wall = time();
        wait = std::min({wait, (floor_seconds(wall) + 1) * kSecond - wall, kLongestWaitNs});
    }
    if (wait == std::numeric_limits<i64>::max()) {
        timers_.cancel(timer_);
    } else {
        timers_.arm(timer_, now + wait);
    }
}

void Mc146818::alarm() {
    const std::lock_guard lock(lock_);
    look();
    drive();
    arm();
}

}  // namespace kelvin::device
