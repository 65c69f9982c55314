// SPDX-License-Identifier: Apache-2.0
// QMP: devices and cables that come and go.
#include <fmt/format.h>

#include <array>
#include <utility>
#include <vector>

#include "backend/net/network_types.h"
#include "base/fd.h"
#include "control/qmp_command.h"
#include "control/read_object.h"
#include "state/text_values.h"
#include "vm/devices.h"

namespace kelvin::control {

namespace {

using state::Json;

struct Id {
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the name that it was given");
    }
};

/// The arguments are the device's own options.
Result<> add_device(QmpContext& context, const Json& given) {
    return context.target.machine().device_add(state::to_text(given));
}

std::string describe_device(QmpSchema& schema, const QmpCommand& command) {
    return schema.object(
        std::string(command.name) + "-arg",
        {{.name = "driver", .type = "str"}, {.name = "id", .type = "str"}, {.name = "bus", .type = "str"}},
        command.required);
}

QmpReply remove_device(QmpContext& context, const Id& arguments) {
    for (const vm::DeviceEntry& entry : context.target.vm().devices().list()) {
        if (entry.id == arguments.id) {
            KELVIN_TRY(context.target.machine().device_del(arguments.id));
            return Json::object();
        }
    }
    return QmpFailure{"DeviceNotFound", fmt::format("there is no device with id={}", arguments.id)};
}

Result<> add_network(QmpContext& context, const Json& given) {
    vm::NetworkSpec spec = KELVIN_TRY(read_network(given));
    Fd handed_over;
    const auto fd = spec.options.find("fd");
    // A descriptor that getfd has named; a number is one that was inherited.
    if (fd != spec.options.end() && fd->is_string() && !state::parse_unsigned(fd->get<std::string>())) {
        handed_over = KELVIN_TRY(context.target.descriptors().take(fd->get<std::string>()));
        *fd = std::to_string(handed_over.get());
    }
    KELVIN_TRY(context.target.vm().networks().add(spec));
    handed_over.release();
    return ok();
}

std::string describe_networks(QmpSchema& schema, const QmpCommand& command) {
    std::vector<QmpSchema::Variant> kinds;
    for (const backend::NetworkType& type : backend::network_types()) {
        kinds.push_back({std::string(type.name), type.options()});
    }
    return schema.variants(std::string(command.name) + "-arg", "type", {{.name = "id", .type = "str"}}, kinds,
                           command.required);
}

Result<> remove_network(QmpContext& context, const Id& arguments) {
    return context.target.vm().networks().remove(arguments.id);
}

struct Link {
    std::string name;
    bool up = true;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("name", name, "a network or a card");
        visit("up", up, "whether its cable is plugged in");
    }
};

Result<> set_link(QmpContext& context, const Link& arguments) {
    return context.target.vm().set_link(arguments.name, arguments.up);
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_open_command<add_device, describe_device>("device_add", "driver ", "json-cli-hotplug"),
    qmp_command<remove_device>("device_del", "id "),
    qmp_open_command<add_network, describe_networks>("netdev_add", "type id "),
    qmp_command<remove_network>("netdev_del", "id "),
    qmp_command<set_link>("set_link", "name up "),
});

}  // namespace

std::span<const QmpCommand> qmp_device_commands() {
    return kCommands;
}

}  // namespace kelvin::control
