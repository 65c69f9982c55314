// SPDX-License-Identifier: Apache-2.0
// QMP: the tree of what a machine consists of, and the objects that devices refer to.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "control/qmp_command.h"
#include "control/read_object.h"
#include "vm/backends.h"
#include "vm/devices.h"

namespace kelvin::control {

namespace {

using state::Json;

constexpr std::string_view kPeripheral = "/machine/peripheral";
constexpr std::string_view kUnattached = "/machine/unattached";
constexpr std::string_view kObjects = "/objects";

Json property(std::string_view name, std::string_view type) {
    return {{"name", name}, {"type", type}};
}

Json child(std::string_view name, std::string_view type) {
    return property(name, fmt::format("child<{}>", type));
}

std::optional<vm::DeviceEntry> find_device(QmpContext& context, std::string_view id) {
    for (vm::DeviceEntry& entry : context.target.vm().devices().list()) {
        if (!id.empty() && entry.id == id) {
            return std::move(entry);
        }
    }
    return std::nullopt;
}

/// What `path` is below `folder`; empty if it is not.
std::string_view below(std::string_view path, std::string_view folder) {
    return path.starts_with(folder) && path.size() > folder.size() + 1 && path[folder.size()] == '/'
               ? path.substr(folder.size() + 1)
               : "";
}

Json list_devices(QmpContext& context) {
    Json list = Json::array({property("type", "string")});
    for (const vm::DeviceEntry& entry : context.target.vm().devices().list()) {
        if (!entry.id.empty()) {
            list.push_back(child(entry.id, entry.type->name));
        }
    }
    return list;
}

Json list_processors(QmpContext& context) {
    Json list = Json::array({property("type", "string")});
    for (unsigned index = 0; index < context.target.vm().cpu_count(); ++index) {
        list.push_back(child(fmt::format("device[{}]", index), context.target.spec().cpu.model + "-arm-cpu"));
    }
    return list;
}

Json list_objects(QmpContext& context) {
    Json list = Json::array({property("type", "string")});
    for (const auto& [id, type] : context.target.vm().backends().objects()) {
        list.push_back(child(id, type));
    }
    return list;
}

struct Path {
    std::string path;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "of an object: /machine/peripheral/ID");
    }
};

QmpReply list(QmpContext& context, const Path& arguments) {
    const std::string& path = arguments.path;
    if (path == "/") {
        return Json::array(
            {property("type", "string"), child("machine", "virt-10.0-machine"), child("objects", "container")});
    }
    if (path == "/machine") {
        return Json::array(
            {property("type", "string"), child("peripheral", "container"), child("unattached", "container")});
    }
    if (path == kPeripheral) {
        return list_devices(context);
    }
    if (path == kUnattached) {
        return list_processors(context);
    }
    if (path == kObjects) {
        return list_objects(context);
    }
    if (const auto device = find_device(context, below(path, kPeripheral)); device) {
        Json list = Json::array({property("type", "string")});
        for (const state::OptionDescription& option : device->type->options()) {
            list.push_back(property(option.name, option.type));
        }
        return list;
    }
    return QmpFailure{"DeviceNotFound", fmt::format("there is nothing at '{}'", path)};
}

struct Place {
    std::string path;
    std::string property;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "of an object");
        visit("property", property, "the name of one of its properties");
    }
};

/// What it was given; else what it has when nothing is said.
QmpReply device_property(const vm::DeviceEntry& device, const std::string& name) {
    if (name == "type") {
        return Json(device.type->name);
    }
    if (const auto given = device.options.find(name); given != device.options.end()) {
        return *given;
    }
    const auto options = device.type->options();
    const auto found = std::ranges::find(options, name, &state::OptionDescription::name);
    if (found == options.end()) {
        return QmpFailure{.words = fmt::format("'{}' has no property '{}'", device.type->name, name)};
    }
    return qmp_default(*found);
}

QmpReply get(QmpContext& context, const Place& arguments) {
    const std::string& path = arguments.path;
    if (const auto device = find_device(context, below(path, kPeripheral)); device) {
        return device_property(*device, arguments.property);
    }
    if (arguments.property == "type") {
        if (path == "/machine") {
            return Json("virt-10.0-machine");
        }
        if (!below(path, kUnattached).empty()) {
            return Json(context.target.spec().cpu.model + "-arm-cpu");
        }
        for (const auto& [id, type] : context.target.vm().backends().objects()) {
            if (below(path, kObjects) == id) {
                return Json(type);
            }
        }
    }
    return QmpFailure{"DeviceNotFound", fmt::format("there is no '{}' at '{}'", arguments.property, path)};
}

struct Id {
    std::string id;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("id", id, "the object's name");
    }
};

Result<> add(QmpContext& context, const Json& given) {
    const vm::ObjectSpec spec = KELVIN_TRY(read_object(given));
    return context.target.vm().add_object(spec);
}

Result<> remove(QmpContext& context, const Id& arguments) {
    return context.target.vm().remove_object(arguments.id);
}

std::string describe_objects(QmpSchema& schema, const QmpCommand& command) {
    std::vector<QmpSchema::Variant> kinds;
    for (const vm::ObjectType& type : vm::object_types()) {
        kinds.push_back({std::string(type.name), type.options()});
    }
    return schema.variants(std::string(command.name) + "-arg", "qom-type", {{.name = "id", .type = "str"}}, kinds,
                           command.required);
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_open_command<add, describe_objects>("object-add", "qom-type id "),
    qmp_command<remove>("object-del", "id "),
    qmp_command<get>("qom-get", "path property "),
    qmp_command<list>("qom-list", "path "),
});

}  // namespace

std::span<const QmpCommand> qmp_object_commands() {
    return kCommands;
}

}  // namespace kelvin::control
