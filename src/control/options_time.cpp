// SPDX-License-Identifier: Apache-2.0
// -icount: virtual time that counts instructions; -rtc: the time of day.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/instruction_clock.h"
#include "base/nearest_name.h"
#include "control/option_table.h"
#include "state/options.h"
#include "state/text_values.h"

namespace kelvin::control {

namespace {

constexpr auto kKeys = std::to_array<std::string_view>({"shift", "align", "sleep", "rr", "rrfile", "rrsnapshot"});

Result<unsigned> parse_shift(const std::string& text) {
    if (text == "auto") {
        return user_error("-icount shift=auto follows the host's clock, and no two runs would be alike",
                          "shift=0 to shift=10 are there: 1 to 1024 ns an instruction");
    }
    const std::optional<u64> number = state::parse_unsigned(text);
    if (!number || *number > InstructionClock::kMaxShift) {
        return user_error(
            fmt::format("-icount: shift '{}' is not a number from 0 to {}", text, InstructionClock::kMaxShift),
            "an instruction takes 2^shift ns");
    }
    return static_cast<unsigned>(*number);
}

Result<bool> parse_on_off(const state::Property& property) {
    if (const std::optional<bool> wanted = property.has_value ? state::parse_switch(property.value) : true) {
        return *wanted;
    }
    return user_error(fmt::format("-icount: {} is on or off, not '{}'", property.key, property.value));
}

Result<> set_property(const state::Property& property, std::optional<unsigned>& shift, bool& sleeps) {
    if (property.key == "shift") {
        shift = KELVIN_TRY(parse_shift(property.value));
    } else if (property.key == "sleep") {
        sleeps = KELVIN_TRY(parse_on_off(property));
    } else if (property.key == "align") {
        if (KELVIN_TRY(parse_on_off(property))) {
            return user_error(
                "-icount align=on, which keeps virtual time from running ahead of the host's, is not there",
                "leave it out, or align=off; sleep=on lets waiting take its time on the host");
        }
    } else if (property.key.starts_with("rr")) {
        return user_error(fmt::format("-icount {}: runs cannot be recorded", property.key),
                          "leave it out: without input from outside -icount shift=N alone makes every run alike");
    } else {
        return user_error(
            fmt::format("-icount has no property '{}'{}", property.key, did_you_mean(property.key, kKeys)),
            "its properties are shift, align, sleep");
    }
    return ok();
}

struct ClockOptions {
    std::string base = "utc";
    std::string clock = "host";
    std::string driftfix = "none";
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("base", base, "utc, localtime, or a date: 2024-02-29T12:00:00");
        visit("clock", clock, "host, rt or vm; accepted, without effect");
        visit("driftfix", driftfix, "none or slew; accepted, without effect");
    }
};

/// How far ahead of `now` the clock begins.
Result<i64> clock_offset(const std::string& base, std::time_t now) {
    if (base == "utc") {
        return 0;
    }
    std::tm date{};
    if (base == "localtime") {
        ::localtime_r(&now, &date);
        return static_cast<i64>(date.tm_gmtoff);
    }
    for (const char* const format : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
        date = {};
        const char* const end = ::strptime(base.c_str(), format, &date);
        if (end != nullptr && *end == 0) {
            return static_cast<i64>(::timegm(&date) - now);
        }
    }
    return user_error(fmt::format("base '{}' is no date", base), "utc, localtime, or a date like 2024-02-29T12:00:00");
}

}  // namespace

Result<> apply_clock(Draft& draft, const std::string& value) {
    ClockOptions options;
    const state::Json given = KELVIN_TRY(state::parse_options(value));
    KELVIN_TRY(state::read_options("-rtc", given, options));
    draft.line.spec.clock_offset = KELVIN_TRY(clock_offset(options.base, ::time(nullptr)));
    return ok();
}

Result<> apply_instruction_time(Draft& draft, const std::string& value) {
    std::vector<state::Property> properties = state::parse_properties(value);
    // As QEMU has it, the first may be the shift's value alone.
    if (!properties.front().has_value && std::ranges::find(kKeys, properties.front().key) == kKeys.end()) {
        properties.front() = {"shift", properties.front().key, true};
    }
    std::optional<unsigned> shift;
    bool sleeps = true;
    for (const state::Property& property : properties) {
        KELVIN_TRY(set_property(property, shift, sleeps));
    }
    if (!shift) {
        return user_error("-icount needs a shift", "-icount shift=0 takes 1 ns an instruction, shift=10 1024 ns");
    }
    draft.line.spec.instruction_time = vm::InstructionTime{*shift, sleeps};
    return ok();
}

}  // namespace kelvin::control
