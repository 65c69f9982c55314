// SPDX-License-Identifier: Apache-2.0
// The state of a machine's parts, as it is saved: typed structs that name their fields once, and JSON of those names.
//
//     struct State {
//         u32 match = 0;
//         std::array<u16, 16> received{};
//         template <class Visitor>
//         void fields(Visitor& visit) {
//             visit("match", match);
//             visit("received", received);
//         }
//         Result<> check() const;  // optional: what values go together
//     };
//
// Fields are numbers, bool, std::string, enumerations with names, MacAddress, structs with fields(), and std::optional,
// std::array and std::vector of these, and JSON that another reader checks; bytes become hexadecimal digits. A field
// that a later version of a struct has is visit.since(VERSION, name, field); the struct says `static constexpr u32
// kVersion = VERSION`, which is 1 otherwise.
//
// What is read is hostile: every field must be there with a value of its type, and no other field. Values are for
// check() and for the owner of the state, who refuses what registers could not hold.
#pragma once

#include <algorithm>
#include <concepts>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "state/json.h"
#include "state/option_types.h"

namespace kelvin::state {

/// The same with `where` before its text.
Error in_front(std::string_view where, Error error);

namespace detail {

struct AnyVisitor {
    void operator()(std::string_view, auto&) {}
    void since(u32, std::string_view, auto&) {}
};

template <class T>
concept HasFields = requires(T& value, AnyVisitor& visit) {
    value.fields(visit);
};

template <class T>
concept HasCheck = requires(const T& value) {
    { value.check() } -> std::same_as<Result<>>;
};

/// Such as an address of a network card.
template <class T>
concept HasOptionForm = std::same_as<T, MacAddress>;

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <class T>
inline constexpr bool kIsList = false;
template <class T>
inline constexpr bool kIsList<std::vector<T>> = true;
template <class T, std::size_t kCount>
inline constexpr bool kIsList<std::array<T, kCount>> = true;

template <class T>
concept Resizable = requires(T& list) {
    list.resize(1);
};

template <class T>
constexpr u32 version_of() {
    if constexpr (requires { T::kVersion; }) {
        return T::kVersion;
    } else {
        return 1;
    }
}

std::string to_digits(std::span<const u8> bytes);
/// What messages say of a value that does not fit, to go behind the field's name: ": 'x' is not ...".
Error unfit(const Json& value, std::string_view accepted);
Result<> load_bytes(const Json& value, std::vector<u8>& bytes);
Result<u64> load_unsigned(const Json& value, u64 largest);
Result<i64> load_signed(const Json& value, i64 least, i64 largest);
Result<std::string> load_text(const Json& value);

template <class T>
Json save_value(T& field);
template <class T>
Result<> load_value(const Json& value, T& field, u32 version);

class StateWriter {
  public:
    template <class T>
    void operator()(std::string_view name, T& field) {
        object[std::string(name)] = save_value(field);
    }
    template <class T>
    void since(u32 /*version*/, std::string_view name, T& field) {
        (*this)(name, field);
    }
    Json object = Json::object();
};

class StateReader {
  public:
    /// `version` is what the writer's struct had.
    StateReader(const Json& object, u32 version) : object_(object), version_(version) {}

    template <class T>
    void operator()(std::string_view name, T& field) {
        known_.push_back(name);
        if (const Json* const value = find(name); value != nullptr) {
            note(name, load_value(*value, field, version_));
        }
    }
    template <class T>
    void since(u32 version, std::string_view name, T& field) {
        if (version <= version_) {
            (*this)(name, field);
        }
    }
    /// The first error, also that of a field that is not known.
    Result<> finish() const;

  private:
    const Json* find(std::string_view name);
    void note(std::string_view name, const Result<>& outcome);

    const Json& object_;
    const u32 version_;
    std::vector<std::string_view> known_;
    std::optional<Error> error_;
};

template <class T>
Json save_value(T& field) {
    if constexpr (std::same_as<T, bool> || Integer<T> || std::same_as<T, std::string> || std::same_as<T, Json>) {
        return field;
    } else if constexpr (NamedEnum<T>) {
        return name_of(field);
    } else if constexpr (HasOptionForm<T>) {
        return write_value(field);
    } else if constexpr (kIsOptional<T>) {
        return field ? save_value(*field) : Json();
    } else if constexpr (kIsList<T>) {
        if constexpr (std::same_as<typename T::value_type, u8>) {
            return to_digits(field);
        } else {
            Json list = Json::array();
            if constexpr (std::same_as<typename T::value_type, bool>) {
                std::ranges::copy(field, std::back_inserter(list));
            } else {
                for (auto& each : field) {
                    list.push_back(save_value(each));
                }
            }
            return list;
        }
    } else {
        static_assert(HasFields<T>, "a type that saved state has no form for");
        StateWriter writer;
        field.fields(writer);
        return std::move(writer.object);
    }
}

template <class T>
Result<> load_list(const Json& value, T& field, u32 version) {
    if constexpr (Resizable<T>) {
        if (!value.is_array()) {
            return unfit(value, "a list");
        }
        field.clear();
        field.resize(value.size());
    } else if (!value.is_array() || value.size() != field.size()) {
        return unfit(value, "a list of " + std::to_string(field.size()) + " values");
    }
    for (std::size_t index = 0; index < field.size(); ++index) {
        typename T::value_type loaded = std::move(field[index]);
        if (const Result<> outcome = load_value(value[index], loaded, version); !outcome) {
            return in_front("[" + std::to_string(index) + "]", outcome.error());
        }
        field[index] = std::move(loaded);
    }
    return ok();
}

template <class T>
Result<> load_byte_list(const Json& value, T& field) {
    std::vector<u8> bytes;
    KELVIN_TRY(load_bytes(value, bytes));
    if constexpr (Resizable<T>) {
        field = std::move(bytes);
    } else {
        if (bytes.size() != field.size()) {
            return unfit(value, "hexadecimal digits of " + std::to_string(field.size()) + " bytes");
        }
        std::copy(bytes.begin(), bytes.end(), field.begin());
    }
    return ok();
}

template <class T>
Result<> load_fields(const Json& value, T& field, u32 version) {
    if (!value.is_object()) {
        return unfit(value, "an object");
    }
    StateReader reader(value, version);
    field.fields(reader);
    KELVIN_TRY(reader.finish());
    if constexpr (HasCheck<T>) {
        if (const Result<> outcome = field.check(); !outcome) {
            return in_front(": ", outcome.error());
        }
    }
    return ok();
}

template <class T>
Result<> load_value(const Json& value, T& field, u32 version) {
    if constexpr (std::same_as<T, bool>) {
        if (!value.is_boolean()) {
            return unfit(value, "true or false");
        }
        field = value.get<bool>();
    } else if constexpr (Integer<T> && std::is_unsigned_v<T>) {
        field = static_cast<T>(KELVIN_TRY(load_unsigned(value, std::numeric_limits<T>::max())));
    } else if constexpr (Integer<T>) {
        field = static_cast<T>(
            KELVIN_TRY(load_signed(value, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())));
    } else if constexpr (std::same_as<T, std::string>) {
        field = KELVIN_TRY(load_text(value));
    } else if constexpr (std::same_as<T, Json>) {
        field = value;
    } else if constexpr (NamedEnum<T> || HasOptionForm<T>) {
        const Result<> outcome = read_value(value, field);
        return outcome ? outcome : in_front(": ", outcome.error());
    } else if constexpr (kIsOptional<T>) {
        if (value.is_null()) {
            field.reset();
            return ok();
        }
        return load_value(value, field.emplace(), version);
    } else if constexpr (kIsList<T>) {
        if constexpr (std::same_as<typename T::value_type, u8>) {
            return load_byte_list(value, field);
        } else {
            return load_list(value, field, version);
        }
    } else {
        return load_fields(value, field, version);
    }
    return ok();
}

/// Takes "version" from `saved`; an error unless it is one from 1 to `known`.
Result<u32> take_version(Json& saved, u32 known);

}  // namespace detail

/// `state` as an object of its fields and "version".
template <class T>
Json save_state(T& state) {
    Json saved = detail::save_value(state);
    saved["version"] = detail::version_of<T>();
    return saved;
}

/// An error that names the first field of `saved` that is not the same in `kept`, what a part has made of it.
Result<> require_equal(const Json& saved, const Json& kept);

/// Fills `state` with what save_state() gave. `owner` is what messages begin with: "pl031.queues[1].size: 70000 is not
/// a number from 0 to 65535". On an error some fields may have changed.
template <class T>
Result<> load_state(std::string_view owner, Json saved, T& state) {
    const auto outcome = [&]() -> Result<> {
        const u32 version = KELVIN_TRY(detail::take_version(saved, detail::version_of<T>()));
        return detail::load_fields(saved, state, version);
    }();
    return outcome ? outcome : in_front(owner, outcome.error());
}

}  // namespace kelvin::state
