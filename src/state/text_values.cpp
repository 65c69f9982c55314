// SPDX-License-Identifier: Apache-2.0
#include "state/text_values.h"

#include <fmt/format.h>

#include <cctype>
#include <charconv>
#include <cmath>

namespace kelvin::state {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

Error bad_size(std::string_view text) {
    return user_error(fmt::format("'{}' is not a size", text), "sizes look like 512M, 4G or 4gb");
}

/// The bytes that a unit stands for; 0 if it is none.
u64 unit_size(std::string_view name) {
    constexpr std::string_view kUnits = "kmgtpe";
    const std::string unit = lower(name);
    if (unit == "b") {
        return 1;
    }
    const std::size_t power = unit.empty() ? std::string_view::npos : kUnits.find(unit[0]);
    const std::string_view rest = std::string_view(unit).substr(unit.empty() ? 0 : 1);
    if (power == std::string_view::npos || !(rest.empty() || rest == "b" || rest == "ib")) {
        return 0;
    }
    return u64{1} << (10 * (power + 1));
}

}  // namespace

Result<u64> parse_size(std::string_view text, u64 unit) {
    u64 whole = 0;
    const char* const end = text.data() + text.size();
    auto [position, failure] = std::from_chars(text.data(), end, whole);
    if (failure == std::errc::result_out_of_range) {
        return user_error(fmt::format("'{}' is more than 64 bits can count", text));
    }
    if (failure != std::errc()) {
        return bad_size(text);
    }
    double fraction = 0;
    if (position != end && *position == '.') {
        const auto parsed = std::from_chars(position, end, fraction, std::chars_format::fixed);
        if (parsed.ec != std::errc()) {
            return bad_size(text);
        }
        position = parsed.ptr;
    }
    if (position != end) {
        unit = unit_size({position, static_cast<std::size_t>(end - position)});
        if (unit == 0) {
            return bad_size(text);
        }
    }
    u64 size = 0;
    if (__builtin_mul_overflow(whole, unit, &size)) {
        return user_error(fmt::format("'{}' is more than 64 bits can count", text));
    }
    const u64 part = static_cast<u64>(std::llround(fraction * static_cast<double>(unit)));
    if (__builtin_add_overflow(size, part, &size)) {
        return user_error(fmt::format("'{}' is more than 64 bits can count", text));
    }
    return size;
}

std::optional<u64> parse_unsigned(std::string_view text) {
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        base = 16;
        text.remove_prefix(2);
    }
    u64 value = 0;
    const auto [position, failure] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failure != std::errc() || position != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<bool> parse_switch(std::string_view text) {
    const std::string word = lower(text);
    if (word == "on" || word == "yes" || word == "true" || word == "y") {
        return true;
    }
    if (word == "off" || word == "no" || word == "false" || word == "n") {
        return false;
    }
    return std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != ',') {
            parts.back() += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == ',') {
            parts.back() += ',';
            ++i;
        } else {
            parts.emplace_back();
        }
    }
    return parts;
}

std::vector<Property> parse_properties(std::string_view text) {
    std::vector<Property> properties;
    for (const std::string& part : split_list(text)) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos) {
            properties.push_back({part, "", false});
        } else {
            properties.push_back({part.substr(0, equals), part.substr(equals + 1), true});
        }
    }
    return properties;
}

}  // namespace kelvin::state
