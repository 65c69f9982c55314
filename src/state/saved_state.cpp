// SPDX-License-Identifier: Apache-2.0
#include "state/saved_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"

namespace kelvin::state {

Error in_front(std::string_view where, Error error) {
    error.what.insert(0, where);
    return error;
}

namespace detail {

namespace {

/// What is shown of a value in a message: a whole memory's digits would be none.
constexpr std::size_t kShown = 60;

std::optional<u8> digit(char character) {
    if (character >= '0' && character <= '9') {
        return static_cast<u8>(character - '0');
    }
    if (character >= 'a' && character <= 'f') {
        return static_cast<u8>(character - 'a' + 10);
    }
    return std::nullopt;
}

}  // namespace

std::string to_digits(std::span<const u8> bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const u8 byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0xf];
    }
    return text;
}

Error unfit(const Json& value, std::string_view accepted) {
    std::string shown = to_text(value);
    if (shown.size() > kShown) {
        shown = shown.substr(0, kShown) + "...";
    }
    return user_error(fmt::format(": {} is not {}", shown, accepted));
}

Result<> load_bytes(const Json& value, std::vector<u8>& bytes) {
    const Error error = unfit(value, "an even number of hexadecimal digits");
    if (!value.is_string()) {
        return error;
    }
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() % 2 != 0) {
        return error;
    }
    bytes.resize(text.size() / 2);
    for (std::size_t index = 0; index < bytes.size(); ++index) {
        const auto high = digit(text[2 * index]);
        const auto low = digit(text[2 * index + 1]);
        if (!high || !low) {
            return error;
        }
        bytes[index] = static_cast<u8>(*high << 4 | *low);
    }
    return ok();
}

Result<u64> load_unsigned(const Json& value, u64 largest) {
    // What was not parsed but built may hold a positive number as a signed one.
    const bool positive = value.is_number_unsigned() || (value.is_number_integer() && value.get<i64>() >= 0);
    if (!positive || value.get<u64>() > largest) {
        return unfit(value, fmt::format("a number from 0 to {}", largest));
    }
    return value.get<u64>();
}

Result<i64> load_signed(const Json& value, i64 least, i64 largest) {
    const bool too_large = value.is_number_unsigned() && value.get<u64>() > static_cast<u64>(largest);
    if (!value.is_number_integer() || too_large || value.get<i64>() < least || value.get<i64>() > largest) {
        return unfit(value, fmt::format("a number from {} to {}", least, largest));
    }
    return value.get<i64>();
}

Result<std::string> load_text(const Json& value) {
    if (!value.is_string()) {
        return unfit(value, "a text");
    }
    return value.get<std::string>();
}

const Json* StateReader::find(std::string_view name) {
    const auto found = object_.find(name);
    if (found != object_.end()) {
        return &*found;
    }
    if (!error_) {
        error_ = user_error(fmt::format(".{} is missing", name));
    }
    return nullptr;
}

void StateReader::note(std::string_view name, const Result<>& outcome) {
    if (!outcome && !error_) {
        error_ = in_front(fmt::format(".{}", name), outcome.error());
    }
}

Result<> StateReader::finish() const {
    if (error_) {
        return *error_;
    }
    for (const auto& [name, value] : object_.items()) {
        if (std::ranges::find(known_, name) == known_.end()) {
            return user_error(fmt::format(".{} is nothing that it has{}", name, did_you_mean(name, known_)));
        }
    }
    return ok();
}

Result<u32> take_version(Json& saved, u32 known) {
    if (!saved.is_object()) {
        return unfit(saved, "an object");
    }
    const auto found = saved.find("version");
    if (found == saved.end()) {
        return user_error(".version is missing");
    }
    const auto version = load_unsigned(*found, known);
    if (!version || *version == 0) {
        return in_front(".version", unfit(*found, fmt::format("a version from 1 to {}, which are known", known)));
    }
    saved.erase(found);
    return static_cast<u32>(*version);
}

}  // namespace detail

Result<> require_equal(const Json& saved, const Json& kept) {
    const Json differences = Json::diff(saved, kept);
    if (differences.empty()) {
        return ok();
    }
    const std::string path = differences.front().value("path", "");
    const Json::json_pointer place(path);
    return user_error(fmt::format("{}: {} is more than it can hold, which is {}", path,
                                  saved.contains(place) ? to_text(saved[place]) : "nothing",
                                  kept.contains(place) ? to_text(kept[place]) : "nothing"));
}

}  // namespace kelvin::state
