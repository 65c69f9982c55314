// SPDX-License-Identifier: Apache-2.0
#include "state/options.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "state/text_values.h"

namespace kelvin::state {

namespace {

/// What a key may have before its first dot and behind it: "a.b.c" nests this deep at most.
constexpr unsigned kMaxNesting = 16;

Result<> put(Json& object, std::string_view key, Json value, bool gathers, unsigned depth = 0) {
    if (key.empty() || key.front() == '.' || depth > kMaxNesting) {
        return user_error("a key is empty or has too many dots");
    }
    const std::size_t dot = key.find('.');
    if (dot != std::string_view::npos) {
        Json& inner = object[std::string(key.substr(0, dot))];
        if (!inner.is_null() && !inner.is_object()) {
            return user_error(fmt::format("'{}' has a value and parts of its own", key.substr(0, dot)));
        }
        return put(inner, key.substr(dot + 1), std::move(value), gathers, depth + 1);
    }
    Json& place = object[std::string(key)];
    if (place.is_object()) {
        return user_error(fmt::format("'{}' has a value and parts of its own", key));
    }
    if (gathers) {
        place.push_back(std::move(value));
    } else {
        place = std::move(value);
    }
    return ok();
}

/// {"0":a,"1":b} is an array: so dots write lists.
void make_arrays(Json& value) {
    if (!value.is_object()) {
        return;
    }
    for (Json& element : value) {
        make_arrays(element);
    }
    Json array = Json::array();
    for (std::size_t i = 0; i < value.size(); ++i) {
        const auto found = value.find(std::to_string(i));
        if (found == value.end()) {
            return;
        }
        array.push_back(*found);
    }
    if (!array.empty()) {
        value = std::move(array);
    }
}

/// A key without a value: "server" is on, "nowait" is wait=off.
Property switch_of(const std::string& word) {
    if (word.size() > 2 && word.starts_with("no")) {
        return {word.substr(2), "off", true};
    }
    return {word, "on", true};
}

}  // namespace

Result<Json> parse_options(std::string_view text, std::string_view implied_key,
                           std::span<const std::string_view> lists) {
    if (text.starts_with('{')) {
        return parse_json(text);
    }
    Json object = Json::object();
    bool first = true;
    for (const Property& each : parse_properties(text)) {
        const bool implied = first && !each.has_value && !implied_key.empty();
        first = false;
        if (!each.has_value && each.key.empty()) {
            continue;
        }
        const Property property = implied          ? Property{std::string(implied_key), each.key, true}
                                  : each.has_value ? each
                                                   : switch_of(each.key);
        const bool gathers = std::ranges::find(lists, property.key) != lists.end();
        KELVIN_TRY(put(object, property.key, property.value, gathers));
    }
    for (Json& value : object) {
        make_arrays(value);
    }
    return object;
}

namespace detail {

const Json* Reader::find(std::string_view name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
}

void Reader::note(std::string_view name, const Result<>& outcome) {
    if (outcome || error_) {
        return;
    }
    error_ = outcome.error();
    error_->what = fmt::format("{}: {}: {}", owner_, name, error_->what);
}

Result<> Reader::finish() const {
    if (!object_.is_object()) {
        return bad_value(object_, "a set of options");
    }
    if (error_) {
        return *error_;
    }
    for (const auto& [key, value] : object_.items()) {
        if (std::ranges::find(known_, key) == known_.end()) {
            return user_error(fmt::format("{} has no option '{}'{}", owner_, key, did_you_mean(key, known_)),
                              fmt::format("its options are {}", fmt::join(known_, ", ")));
        }
    }
    return ok();
}

}  // namespace detail

}  // namespace kelvin::state
