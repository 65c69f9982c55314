// SPDX-License-Identifier: Apache-2.0
#include "state/option_types.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/nearest_name.h"
#include "state/text_values.h"

namespace kelvin::state {

namespace {

constexpr auto kOnOffAuto = std::to_array<EnumName<OnOffAuto>>(
    {{"auto", OnOffAuto::automatic}, {"on", OnOffAuto::on}, {"off", OnOffAuto::off}});

std::optional<i64> parse_signed(std::string_view text) {
    i64 value = 0;
    const auto [position, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || position != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::span<const EnumName<OnOffAuto>> enum_names(OnOffAuto) {
    return kOnOffAuto;
}

std::string MacAddress::text() const {
    return is_given() ? fmt::format("{:02x}", fmt::join(bytes, ":")) : "";
}

Error bad_value(const Json& value, std::string_view accepted) {
    const std::string shown = value.is_string() ? value.get<std::string>() : to_text(value);
    return user_error(fmt::format("'{}' is not {}", shown, accepted));
}

Result<u64> read_unsigned(const Json& value, u64 largest) {
    std::optional<u64> number;
    // What was not parsed but built may hold a positive number as a signed one.
    if (value.is_number_unsigned() || (value.is_number_integer() && value.get<i64>() >= 0)) {
        number = value.get<u64>();
    } else if (value.is_string()) {
        number = parse_unsigned(value.get_ref<const std::string&>());
    }
    if (!number || *number > largest) {
        return bad_value(value, fmt::format("a number from 0 to {}", largest));
    }
    return *number;
}

Result<i64> read_signed(const Json& value, i64 least, i64 largest) {
    std::optional<i64> number;
    const bool too_large = value.is_number_unsigned() && value.get<u64>() > static_cast<u64>(largest);
    if (value.is_number_integer() && !too_large) {
        number = value.get<i64>();
    } else if (value.is_string()) {
        number = parse_signed(value.get_ref<const std::string&>());
    }
    if (!number || *number < least || *number > largest) {
        return bad_value(value, fmt::format("a number from {} to {}", least, largest));
    }
    return *number;
}

Result<std::size_t> read_enum(const Json& value, std::span<const std::string_view> names) {
    if (value.is_boolean()) {
        // JSON's true for an enumeration that has "on" among its names.
        return read_enum(Json(value.get<bool>() ? "on" : "off"), names);
    }
    if (value.is_string()) {
        const auto found = std::ranges::find(names, value.get_ref<const std::string&>());
        if (found != names.end()) {
            return static_cast<std::size_t>(found - names.begin());
        }
    }
    Error error = bad_value(value, fmt::format("one of {}", fmt::join(names, ", ")));
    if (value.is_string()) {
        error.what += did_you_mean(value.get_ref<const std::string&>(), names);
    }
    return error;
}

Result<> read_value(const Json& value, bool& field) {
    std::optional<bool> read;
    if (value.is_boolean()) {
        read = value.get<bool>();
    } else if (value.is_string()) {
        read = parse_switch(value.get_ref<const std::string&>());
    }
    if (!read) {
        return bad_value(value, "on or off");
    }
    field = *read;
    return ok();
}

Result<> read_value(const Json& value, std::string& field) {
    if (value.is_string()) {
        field = value.get<std::string>();
    } else if (value.is_number()) {
        field = to_text(value);
    } else {
        return bad_value(value, "a text");
    }
    return ok();
}

Result<> read_value(const Json& value, Size& field) {
    if (value.is_number()) {
        field.bytes = KELVIN_TRY(read_unsigned(value, std::numeric_limits<u64>::max()));
    } else if (value.is_string()) {
        field.bytes = KELVIN_TRY(parse_size(value.get_ref<const std::string&>(), 1));
    } else {
        return bad_value(value, "a size");
    }
    return ok();
}

Result<> read_value(const Json& value, MacAddress& field) {
    const Error error = bad_value(value, "an address like 52:54:00:12:34:56");
    if (!value.is_string()) {
        return error;
    }
    const auto& text = value.get_ref<const std::string&>();
    constexpr std::size_t kLength = 17;
    if (text.empty()) {
        field = {};
        return ok();
    }
    if (text.size() != kLength) {
        return error;
    }
    for (std::size_t i = 0; i < field.bytes.size(); ++i) {
        const char* const digits = text.data() + 3 * i;
        const auto [end, failure] = std::from_chars(digits, digits + 2, field.bytes[i], 16);
        const bool separated = i + 1 == field.bytes.size() || digits[2] == ':' || digits[2] == '-';
        if (failure != std::errc() || end != digits + 2 || !separated) {
            return error;
        }
    }
    return ok();
}

Result<> read_value(const Json& value, std::vector<std::string>& field) {
    if (!value.is_array()) {
        return read_value(value, field.emplace_back());
    }
    field.clear();
    for (const Json& element : value) {
        // QMP's lists of strings wrap each in an object: [{"str":"x"}].
        const bool wrapped = element.is_object() && element.size() == 1 && element.contains("str");
        KELVIN_TRY(read_value(wrapped ? element["str"] : element, field.emplace_back()));
    }
    return ok();
}

Result<> read_value(const Json& value, Json& field) {
    field = value;
    return ok();
}

std::string show_value(const Json& value) {
    if (value.is_null() || value.empty()) {
        return "";
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "on" : "off";
    }
    return value.is_string() ? value.get<std::string>() : to_text(value);
}

}  // namespace kelvin::state
