// SPDX-License-Identifier: Apache-2.0
// Options as text or JSON, and typed structs of them.
//
// A struct names its fields once, and everything else follows from that: reading with checks and messages, the list of
// what there is, the values as JSON.
//
//     struct Options {
//         std::string drive;
//         state::Size size{u64{1} << 20};
//         template <class Visitor>
//         void fields(Visitor& visit) {
//             visit("drive", drive, "the drive that holds its data");
//             visit("size", size, "bytes of the window");
//         }
//     };
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "state/json.h"
#include "state/option_types.h"

namespace kelvin::state {

/// "k=v,k2=v2" or, if it begins with '{', JSON. A key that stands alone is "on", "nokey" alone is key=off, but the very
/// first is the value of `implied_key` if there is one. Dots nest: "file.driver=x" is {"file":{"driver":"x"}}. Of a key
/// that is given twice the last value counts; those in `lists` gather their values in an array.
Result<Json> parse_options(std::string_view text, std::string_view implied_key = {},
                           std::span<const std::string_view> lists = {});

/// One field of a struct, for lists and help.
struct OptionDescription {
    std::string name;
    std::string type;                ///< as QEMU calls it: "bool", "uint32", "str", "size", or an enumeration's name
    std::string default_value = {};  ///< empty: none
    std::string help = {};
    std::vector<std::string> values = {};  ///< an enumeration's
};

namespace detail {

template <class T>
struct Unwrapped {
    using Type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
    using Type = T;
};

/// The names of an enumeration's values; none for other types.
template <class T>
std::vector<std::string> values_of() {
    std::vector<std::string> names;
    if constexpr (NamedEnum<T>) {
        for (const auto& row : enum_names(T{})) {
            names.emplace_back(row.name);
        }
    }
    return names;
}

/// Finds what `object` says of each field, and remembers which keys were asked for.
class Reader {
  public:
    Reader(std::string_view owner, const Json& object) : owner_(owner), object_(object) {}

    template <class T>
    void operator()(std::string_view name, T& field, std::string_view /*help*/) {
        known_.push_back(name);
        if (const Json* const value = find(name); value != nullptr) {
            note(name, read_value(*value, field));
        }
    }
    /// The first error, also that of a key that nobody knows.
    Result<> finish() const;

  private:
    const Json* find(std::string_view name) const;
    void note(std::string_view name, const Result<>& outcome);

    std::string_view owner_;
    const Json& object_;
    std::vector<std::string_view> known_;
    std::optional<Error> error_;
};

class Describer {
  public:
    template <class T>
    void operator()(std::string_view name, T& field, std::string_view help) {
        list.push_back({std::string(name), std::string(type_name(field)), show_value(write_value(field)),
                        std::string(help), values_of<typename Unwrapped<T>::Type>()});
    }
    std::vector<OptionDescription> list;
};

class Writer {
  public:
    template <class T>
    void operator()(std::string_view name, T& field, std::string_view /*help*/) {
        object[std::string(name)] = write_value(field);
    }
    Json object = Json::object();
};

}  // namespace detail

/// Fills `options` with what `object` says and leaves the rest as it is. `owner` is what messages name:
/// "virtio-blk-pci". On an error some fields may have changed.
template <class T>
Result<> read_options(std::string_view owner, const Json& object, T& options) {
    detail::Reader reader(owner, object);
    options.fields(reader);
    return reader.finish();
}

/// The fields of a T with its defaults.
template <class T>
std::vector<OptionDescription> describe_options() {
    T options{};
    detail::Describer describer;
    options.fields(describer);
    return std::move(describer.list);
}

template <class T>
Json write_options(T& options);

/// What a T has that was read from `object`, as far as that fits.
template <class T>
Json complete_options(const Json& object) {
    T options{};
    static_cast<void>(read_options("", object, options).operator bool());
    return write_options(options);
}

template <class T>
Json write_options(T& options) {
    detail::Writer writer;
    options.fields(writer);
    return std::move(writer.object);
}

}  // namespace kelvin::state
