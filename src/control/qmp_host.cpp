// SPDX-License-Identifier: Apache-2.0
// QMP: file descriptors that clients hand over, memory that a guest does without, and what concerns the host beside
// them.
#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "control/qmp_command.h"

namespace kelvin::control {

namespace {

using state::Json;

struct DescriptorName {
    std::string name;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("fdname", name, "what it is called from now on");
    }
};

Result<> keep_descriptor(QmpContext& context, const DescriptorName& arguments) {
    if (arguments.name.empty() || (arguments.name[0] >= '0' && arguments.name[0] <= '9')) {
        return user_error("the name of a file descriptor does not begin with a digit");
    }
    context.target.descriptors().keep(arguments.name, KELVIN_TRY(context.client.take_descriptor()));
    return ok();
}

Result<> close_descriptor(QmpContext& context, const DescriptorName& arguments) {
    KELVIN_TRY(context.target.descriptors().take(arguments.name));
    return ok();
}

/// Of migration, which is not there: that its events are sent is true all the same.
constexpr std::string_view kMigrationEvents = "events";

Result<Json> query_migration_capabilities(QmpContext&, const QmpNothing&) {
    return Json::array({{{"capability", kMigrationEvents}, {"state", true}}});
}

struct Capabilities {
    Json list;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("capabilities", list, "each a capability and a state");
    }
};

Result<> set_migration_capabilities(QmpContext&, const Capabilities& arguments) {
    if (!arguments.list.is_array()) {
        return user_error("'capabilities' is no array");
    }
    for (const Json& each : arguments.list) {
        const std::string name = each.is_object() ? each.value("capability", Json()).dump() : each.dump();
        const bool wanted = each.is_object() && each.value("state", Json()) != Json(false);
        if (wanted && name != fmt::format("\"{}\"", kMigrationEvents)) {
            return user_error(fmt::format("migration does not have the capability {}", name));
        }
    }
    return ok();
}

QmpReply query_migration(QmpContext&, const QmpNothing&) {
    return Json::object();
}

/// Of memory, as a balloon leaves it to the guest.
struct Bytes {
    u64 value = 0;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("value", value, "bytes that the guest shall do with");
    }
};

QmpReply no_balloon(const Error& error) {
    return QmpFailure{"DeviceNotActive", error.message()};
}

QmpReply set_balloon(QmpContext& context, const Bytes& arguments) {
    const auto outcome = context.target.vm().balloon().set_target(arguments.value);
    return outcome ? QmpReply(Json::object()) : no_balloon(outcome.error());
}

QmpReply query_balloon(QmpContext& context, const QmpNothing&) {
    const auto actual = context.target.vm().balloon().actual();
    return actual ? QmpReply(Json{{"actual", *actual}}) : no_balloon(actual.error());
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<set_balloon>("balloon", "value "),
    qmp_command<close_descriptor>("closefd", "fdname "),
    qmp_command<keep_descriptor>("getfd", "fdname "),
    qmp_command<set_migration_capabilities>("migrate-set-capabilities", "capabilities "),
    qmp_command<query_balloon>("query-balloon"),
    qmp_command<query_migration>("query-migrate"),
    qmp_command<query_migration_capabilities>("query-migrate-capabilities"),
});

}  // namespace

std::span<const QmpCommand> qmp_host_commands() {
    return kCommands;
}

}  // namespace kelvin::control
