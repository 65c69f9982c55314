// SPDX-License-Identifier: Apache-2.0
#include "control/qmp_schema.h"

#include <fmt/format.h>

#include <array>

#include "control/qmp_command.h"
#include "control/qmp_events.h"

namespace kelvin::control {

using state::Json;

namespace {

struct Builtin {
    const char* name;
    const char* json_type;
};

constexpr auto kBuiltins = std::to_array<Builtin>({
    {"any", "value"},
    {"bool", "boolean"},
    {"int", "int"},
    {"number", "number"},
    {"str", "string"},
});

bool is_number(std::string_view type) {
    return type == "size" || type.starts_with("int") || type.starts_with("uint");
}

}  // namespace

QmpSchema::QmpSchema() {
    for (const Builtin& type : kBuiltins) {
        names_.insert(type.name);
        entries_.push_back({{"name", type.name}, {"meta-type", "builtin"}, {"json-type", type.json_type}});
    }
}

std::string QmpSchema::member_type(const state::OptionDescription& member) {
    if (!member.values.empty()) {
        return enumeration(member.type, member.values);
    }
    if (is_number(member.type)) {
        return "int";
    }
    if (member.type == "list") {
        return array("str");
    }
    return member.type == "bool" || member.type == "any" ? member.type : "str";
}

Json QmpSchema::members(const std::vector<state::OptionDescription>& from, std::string_view required) {
    Json list = Json::array();
    for (const state::OptionDescription& member : from) {
        Json one = {{"name", member.name}, {"type", member_type(member)}};
        if (required.find(member.name + " ") == std::string_view::npos) {
            one["default"] = nullptr;
        }
        list.push_back(std::move(one));
    }
    return list;
}

std::string QmpSchema::object(const std::string& name, const std::vector<state::OptionDescription>& from,
                              std::string_view required) {
    if (is_new(name)) {
        Json described = members(from, required);
        entries_.push_back({{"name", name}, {"meta-type", "object"}, {"members", std::move(described)}});
    }
    return name;
}

std::string QmpSchema::array(const std::string& element) {
    std::string name = "[" + element + "]";
    if (is_new(name)) {
        entries_.push_back({{"name", name}, {"meta-type", "array"}, {"element-type", element}});
    }
    return name;
}

std::string QmpSchema::enumeration(const std::string& name, std::span<const std::string> values) {
    if (is_new(name)) {
        Json rows = Json::array();
        for (const std::string& value : values) {
            rows.push_back({{"name", value}});
        }
        entries_.push_back({{"name", name},
                            {"meta-type", "enum"},
                            {"members", std::move(rows)},
                            {"values", Json(std::vector<std::string>(values.begin(), values.end()))}});
    }
    return name;
}

std::string QmpSchema::variants(const std::string& name, const std::string& tag,
                                const std::vector<state::OptionDescription>& common, const std::vector<Variant>& of,
                                std::string_view required) {
    if (!is_new(name)) {
        return name;
    }
    std::vector<std::string> values;
    Json cases = Json::array();
    for (const Variant& variant : of) {
        values.push_back(variant.name);
        cases.push_back({{"case", variant.name}, {"type", object(name + "-" + variant.name, variant.members)}});
    }
    std::vector<state::OptionDescription> all = common;
    all.insert(all.begin(), {.name = tag, .type = name + "-" + tag, .values = std::move(values)});
    Json described = members(all, fmt::format("{} {}", tag, required));
    entries_.push_back({{"name", name},
                        {"meta-type", "object"},
                        {"members", std::move(described)},
                        {"tag", tag},
                        {"variants", std::move(cases)}});
    return name;
}

void QmpSchema::command(std::string_view name, const std::string& arguments, const std::string& result,
                        std::string_view feature) {
    Json entry = {{"name", name}, {"meta-type", "command"}, {"arg-type", arguments}, {"ret-type", result}};
    if (!feature.empty()) {
        entry["features"] = Json::array({feature});
    }
    entries_.push_back(std::move(entry));
}

void QmpSchema::event(std::string_view name, const std::vector<state::OptionDescription>& from) {
    const std::string data = object(std::string(name) + "-data", from);
    entries_.push_back({{"name", name}, {"meta-type", "event"}, {"arg-type", data}});
}

Json qmp_default(const state::OptionDescription& option) {
    const std::string& text = option.default_value;
    if (text.empty()) {
        return nullptr;
    }
    if (option.type == "bool") {
        return text == "on";
    }
    if (is_number(option.type)) {
        const auto number = state::parse_json(text);
        return number ? *number : Json(text);
    }
    return text;
}

Json qmp_schema() {
    QmpSchema schema;
    for (const std::string_view name : qmp_command_names()) {
        const QmpCommand* const command = find_qmp_command(name);
        if (command != nullptr) {
            schema.command(name, command->arguments(schema, *command), command->result(schema, *command),
                           command->feature);
        }
    }
    const std::string enabled = schema.array("str");
    schema.command(kQmpNegotiate, schema.object("qmp_capabilities-arg", {{.name = "enable", .type = "list"}}),
                   schema.object("nothing", {}), {});
    for (const QmpEvent& event : qmp_events()) {
        schema.event(event.name, event.members());
    }
    return schema.take();
}

}  // namespace kelvin::control
