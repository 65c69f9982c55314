// SPDX-License-Identifier: Apache-2.0
// One row a command of QMP: what it is called, takes and answers. Each file qmp_*.cpp has a table of those of one
// subject; the schema, the list of commands and the checks of arguments come from the rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "control/qmp_schema.h"
#include "control/qmp_target.h"
#include "state/json.h"
#include "state/options.h"

namespace kelvin::control {

/// Why a command has no result: one of QAPI's error classes and words for people.
struct QmpFailure {
    std::string_view kind = "GenericError";
    std::string words;
};

/// What a command answers.
class [[nodiscard]] QmpReply {
  public:
    QmpReply(state::Json value) : content_(std::move(value)) {}
    QmpReply(QmpFailure failure) : content_(std::move(failure)) {}
    QmpReply(const Error& error) : content_(QmpFailure{.words = error.message()}) {}

    /// {"return": ...} or {"error": ...}
    state::Json message() const;

  private:
    std::variant<state::Json, QmpFailure> content_;
};

/// Who asks.
class QmpClient {
  public:
    virtual ~QmpClient() = default;
    /// The descriptor that came with the command; an error if none did.
    virtual Result<Fd> take_descriptor() = 0;
};

struct QmpContext {
    QmpTarget& target;
    QmpClient& client;
};

struct QmpCommand {
    std::string_view name;
    std::string_view required;  ///< names of arguments that must be there, each followed by a space
    QmpReply (*run)(QmpContext& context, const state::Json& arguments);
    std::string (*arguments)(QmpSchema& schema, const QmpCommand& command);
    std::string (*result)(QmpSchema& schema, const QmpCommand& command);
    std::string_view feature = {};
};

/// For commands that take or answer nothing.
struct QmpNothing {
    template <class Visitor>
    void fields(Visitor&) {}
};

namespace detail {

template <class T>
concept Fielded = requires(T value, state::detail::Describer visitor) {
    value.fields(visitor);
};

template <class T>
state::Json qmp_value(T value) {
    if constexpr (Fielded<T>) {
        state::Json object = state::write_options(value);
        for (auto member = object.begin(); member != object.end();) {
            member = member->is_null() ? object.erase(member) : std::next(member);
        }
        return object;
    } else {
        return value;
    }
}

template <class T>
state::Json qmp_value(std::vector<T> values) {
    state::Json list = state::Json::array();
    for (T& value : values) {
        list.push_back(qmp_value(std::move(value)));
    }
    return list;
}

inline QmpReply qmp_reply(QmpReply reply) {
    return reply;
}

template <class T>
QmpReply qmp_reply(Result<T> result) {
    if (!result) {
        return result.error();
    }
    if constexpr (std::same_as<T, std::monostate>) {
        return state::Json::object();
    } else {
        return qmp_value(std::move(*result));
    }
}

/// What the schema says of a function that answers R.
template <class R>
struct Answer {
    static std::string describe(QmpSchema&, const QmpCommand&) { return "any"; }
};
template <class T>
struct Answer<Result<T>> {
    static std::string describe(QmpSchema& schema, const QmpCommand& command) {
        if constexpr (std::same_as<T, std::monostate>) {
            return schema.object("nothing", {});
        } else if constexpr (Fielded<T>) {
            return schema.object(std::string(command.name) + "-ret", state::describe_options<T>());
        } else {
            return "any";
        }
    }
};
template <class T>
struct Answer<Result<std::vector<T>>> {
    static std::string describe(QmpSchema& schema, const QmpCommand& command) {
        return schema.array(Answer<Result<T>>::describe(schema, command));
    }
};

template <class Arguments, class R>
Arguments arguments_of(R (*)(QmpContext&, const Arguments&));
template <class Arguments, class R>
R answer_of(R (*)(QmpContext&, const Arguments&));

}  // namespace detail

/// A row of `Run`, an `Answer Run(QmpContext&, const Arguments&)`: Arguments is a struct with fields, Answer a Result
/// of nothing, of a struct with fields, of a vector of such or of JSON; or a QmpReply where the error's class matters.
template <auto Run>
constexpr QmpCommand qmp_command(std::string_view name, std::string_view required = {}, std::string_view feature = {}) {
    using Arguments = decltype(detail::arguments_of(Run));
    using Answer = decltype(detail::answer_of(Run));
    return {.name = name,
            .required = required,
            .run = [](QmpContext& context, const state::Json& given) -> QmpReply {
                Arguments arguments;
                KELVIN_TRY(state::read_options("the command", given, arguments));
                return detail::qmp_reply(Run(context, arguments));
            },
            .arguments = [](QmpSchema& schema, const QmpCommand& command) -> std::string {
                return schema.object(std::string(command.name) + "-arg", state::describe_options<Arguments>(),
                                     command.required);
            },
            .result = [](QmpSchema& schema, const QmpCommand& command) -> std::string {
                return detail::Answer<Answer>::describe(schema, command);
            },
            .feature = feature};
}

/// Of a function that takes its arguments as they are, which `describe` describes.
template <auto Run, std::string (*Describe)(QmpSchema&, const QmpCommand&)>
constexpr QmpCommand qmp_open_command(std::string_view name, std::string_view required = {},
                                      std::string_view feature = {}) {
    return {.name = name,
            .required = required,
            .run = [](QmpContext& context, const state::Json& given) { return detail::qmp_reply(Run(context, given)); },
            .arguments = Describe,
            .result = [](QmpSchema& schema, const QmpCommand&) { return schema.object("nothing", {}); },
            .feature = feature};
}

// The tables, one a subject.
std::span<const QmpCommand> qmp_machine_commands();
std::span<const QmpCommand> qmp_type_commands();
std::span<const QmpCommand> qmp_object_commands();
std::span<const QmpCommand> qmp_device_commands();
std::span<const QmpCommand> qmp_block_commands();
std::span<const QmpCommand> qmp_media_commands();
std::span<const QmpCommand> qmp_job_commands();
std::span<const QmpCommand> qmp_snapshot_commands();
std::span<const QmpCommand> qmp_character_commands();
std::span<const QmpCommand> qmp_host_commands();
std::span<const QmpCommand> qmp_input_commands();
std::span<const QmpCommand> qmp_screen_commands();

/// By name; null if there is none.
const QmpCommand* find_qmp_command(std::string_view name);
std::vector<std::string_view> qmp_command_names();

inline constexpr std::string_view kQmpNegotiate = "qmp_capabilities";

}  // namespace kelvin::control
