// SPDX-License-Identifier: Apache-2.0
// The types that a field of options may have, each with four functions: read_value() from JSON or from the text of
// key=value, write_value(), show_value() for lists, type_name(). A type of one's own needs the same four beside it.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/types.h"
#include "state/json.h"

namespace kelvin::state {

/// A number of bytes, which may be given as "4G"; without a unit it counts bytes.
struct Size {
    u64 bytes = 0;
};

enum class OnOffAuto : u8 { automatic, on, off };

/// A network card's address, "52:54:00:12:34:56"; all zero: not given.
struct MacAddress {
    std::array<u8, 6> bytes{};
    bool operator==(const MacAddress&) const = default;
    bool is_given() const { return *this != MacAddress{}; }
    std::string text() const;
};

/// One row of an enumeration's table of names. An enumeration E is an option's type if functions
/// `std::span<const EnumName<E>> enum_names(E)` and `std::string_view enum_type_name(E)` stand beside it.
template <class E>
struct EnumName {
    std::string_view name;
    E value;
};

std::span<const EnumName<OnOffAuto>> enum_names(OnOffAuto);
inline std::string_view enum_type_name(OnOffAuto) {
    return "OnOffAuto";
}

Result<> read_value(const Json& value, bool& field);
Result<> read_value(const Json& value, std::string& field);
Result<> read_value(const Json& value, Size& field);
Result<> read_value(const Json& value, MacAddress& field);
/// An array of texts, or one text.
Result<> read_value(const Json& value, std::vector<std::string>& field);
/// As it is.
Result<> read_value(const Json& value, Json& field);

/// What a message says of a value that does not fit; `accepted` completes "... is not".
Error bad_value(const Json& value, std::string_view accepted);
Result<u64> read_unsigned(const Json& value, u64 largest);
Result<i64> read_signed(const Json& value, i64 least, i64 largest);
/// The row of `names` that `value` spells.
Result<std::size_t> read_enum(const Json& value, std::span<const std::string_view> names);

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

template <class E>
concept NamedEnum = std::is_enum_v<E> && requires(E value) {
    enum_names(value);
    enum_type_name(value);
};

template <Integer T>
Result<> read_value(const Json& value, T& field) {
    if constexpr (std::is_unsigned_v<T>) {
        field = static_cast<T>(KELVIN_TRY(read_unsigned(value, std::numeric_limits<T>::max())));
    } else {
        field = static_cast<T>(
            KELVIN_TRY(read_signed(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())));
    }
    return ok();
}

template <NamedEnum E>
Result<> read_value(const Json& value, E& field) {
    const auto rows = enum_names(field);
    std::vector<std::string_view> names;
    for (const auto& row : rows) {
        names.push_back(row.name);
    }
    field = rows[KELVIN_TRY(read_enum(value, names))].value;
    return ok();
}

template <class T>
Result<> read_value(const Json& value, std::optional<T>& field) {
    if (value.is_null()) {
        field.reset();
        return ok();
    }
    return read_value(value, field.emplace());
}

template <NamedEnum E>
std::string_view name_of(E value) {
    for (const auto& row : enum_names(value)) {
        if (row.value == value) {
            return row.name;
        }
    }
    return {};
}

template <class T>
requires Integer<T> || std::same_as<T, bool> || std::same_as<T, std::string> || std::same_as<T, Json> ||
    std::same_as<T, std::vector<std::string>>
        Json write_value(const T& field) {
    return field;
}
inline Json write_value(Size field) {
    return field.bytes;
}
inline Json write_value(const MacAddress& field) {
    return field.text();
}
template <NamedEnum E>
Json write_value(E field) {
    return name_of(field);
}
template <class T>
Json write_value(const std::optional<T>& field) {
    return field ? write_value(*field) : Json();
}

/// A value as lists of defaults show it; empty for none.
std::string show_value(const Json& value);

template <class T>
std::string_view type_name(const T& field) {
    if constexpr (std::same_as<T, bool>) {
        return "bool";
    } else if constexpr (Integer<T>) {
        constexpr std::string_view kNames[2][4] = {{"uint8", "uint16", "uint32", "uint64"},
                                                   {"int8", "int16", "int32", "int64"}};
        return kNames[std::is_signed_v<T>][std::bit_width(sizeof(T)) - 1];
    } else if constexpr (std::same_as<T, Size>) {
        return "size";
    } else if constexpr (NamedEnum<T>) {
        return enum_type_name(field);
    } else if constexpr (std::same_as<T, std::vector<std::string>>) {
        return "list";
    } else if constexpr (std::same_as<T, Json>) {
        return "any";
    } else {
        return "str";
    }
}
template <class T>
std::string_view type_name(const std::optional<T>&) {
    return type_name(T{});
}

}  // namespace kelvin::state
