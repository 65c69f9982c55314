// SPDX-License-Identifier: Apache-2.0
// QMP: the tree of what a machine consists of, and the objects that devices refer to.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <vector>

#include "base/nearest_name.h"
#include "control/qmp_command.h"
#include "control/qom_tree.h"
#include "control/read_object.h"
#include "vm/backends.h"

namespace kelvin::control {

namespace {

using state::Json;

QmpFailure nothing_at(const std::string& path) {
    return {"DeviceNotFound",
            fmt::format("there is nothing at '{}'; qom-list of '/machine/peripheral' has the devices", path)};
}

struct Path {
    std::string path;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "of an object: /machine/peripheral/ID");
    }
};

QmpReply list(QmpContext& context, const Path& arguments) {
    const auto object = find_qom_object(context.target, arguments.path);
    if (!object) {
        return nothing_at(arguments.path);
    }
    Json list = Json::array();
    for (const QomProperty& property : object->properties) {
        list.push_back({{"name", property.name}, {"type", property.type}});
    }
    return list;
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

const QomProperty* find_property(const QomObject& object, const std::string& name) {
    const auto found = std::ranges::find(object.properties, name, &QomProperty::name);
    return found == object.properties.end() ? nullptr : &*found;
}

QmpFailure no_property(const QomObject& object, const std::string& name) {
    std::vector<std::string_view> known;
    std::ranges::transform(object.properties, std::back_inserter(known), &QomProperty::name);
    return {.words = fmt::format("'{}' has no property '{}'{}", object.type, name, did_you_mean(name, known))};
}

QmpReply get(QmpContext& context, const Place& arguments) {
    const auto object = find_qom_object(context.target, arguments.path);
    if (!object) {
        return nothing_at(arguments.path);
    }
    const QomProperty* const found = find_property(*object, arguments.property);
    return found != nullptr ? QmpReply(found->value) : QmpReply(no_property(*object, arguments.property));
}

struct Assignment {
    std::string path;
    std::string property;
    Json value;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("path", path, "of an object");
        visit("property", property, "the name of one of its properties");
        visit("value", value, "of the property's type");
    }
};

QmpReply set(QmpContext& context, const Assignment& arguments) {
    const auto object = find_qom_object(context.target, arguments.path);
    if (!object) {
        return nothing_at(arguments.path);
    }
    const QomProperty* const found = find_property(*object, arguments.property);
    if (found == nullptr) {
        return no_property(*object, arguments.property);
    }
    if (found->set == nullptr) {
        return QmpFailure{.words = fmt::format("'{}' of '{}' cannot be changed while it is there: only read",
                                               arguments.property, object->type)};
    }
    if (auto outcome = found->set(context.target.vm(), arguments.value); !outcome) {
        return QmpFailure{.words = fmt::format("{}: {}", arguments.property, outcome.error().message())};
    }
    return Json::object();
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
    qmp_command<set>("qom-set", "path property value "),
});

}  // namespace

std::span<const QmpCommand> qmp_object_commands() {
    return kCommands;
}

}  // namespace kelvin::control
