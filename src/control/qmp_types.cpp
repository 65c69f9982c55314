// SPDX-License-Identifier: Apache-2.0
// QMP: what kinds of machines, processors, devices and objects there are, and what they can be told.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "control/machine_names.h"
#include "control/option_table.h"
#include "control/qmp_command.h"
#include "control/x86_types.h"
#include "cpu/arm64/model.h"
#include "cpu/x86/model.h"
#include "device/device_types.h"
#include "vm/arm64_platform.h"
#include "vm/backends.h"
#include "vm/vm.h"

namespace kelvin::control {

namespace {

using state::Json;

constexpr std::string_view kCpuSuffix = "-arm-cpu";
constexpr std::string_view kMachineSuffix = "-machine";

/// A type by its name, and what it is a kind of.
struct Type {
    std::string name;
    std::string parent;
};

/// Processors, accelerators, and what the board has by itself, so that nobody adds it.
std::vector<Type> arm64_types() {
    std::vector<Type> all = {{"tcg-accel", "accel"},         {"gpex-pcihost", "pcie-host-bridge"},
                             {"pl011", "sys-bus-device"},    {"pl031", "sys-bus-device"},
                             {"pl061", "sys-bus-device"},    {"arm_gic", "sys-bus-device"},
                             {"arm-gicv3", "sys-bus-device"}};
    for (const arm64::ModelName& model : arm64::model_names()) {
        all.push_back({std::string(model.name).append(kCpuSuffix), "arm-cpu"});
    }
    return all;
}

std::vector<Type> x86_types() {
    std::vector<Type> all = {{"kvm-accel", "accel"},      {"kvm-pit", "isa-device"}, {"kvm-ioapic", "sys-bus-device"},
                             {"kvm-i8259", "isa-device"}, {"kvm-apic", "device"},    {"microvm-machine", "machine"}};
    for (const x86::ModelName& model : x86::model_names()) {
        all.push_back({std::string(model.name).append(kX86CpuSuffix), "x86_64-cpu"});
    }
    return all;
}

std::vector<Type> all_types(vm::Architecture architecture) {
    std::vector<Type> all = architecture == vm::Architecture::x86_64 ? x86_types() : arm64_types();
    all.push_back({"none-machine", "machine"});
    for (const bus::DeviceType* type : device::device_types()) {
        all.push_back({std::string(type->name), "device"});
    }
    for (const vm::ObjectType& type : vm::object_types()) {
        all.push_back({std::string(type.name), "object"});
    }
    for (const std::string_view machine : machine_names(architecture)) {
        if (machine.find('-') != std::string_view::npos) {
            all.push_back({std::string(machine).append(kMachineSuffix), "machine"});
        }
    }
    return all;
}

/// What a type of that parent also is.
bool implements(const Type& type, std::string_view wanted) {
    return wanted.empty() || wanted == "object" || type.name == wanted || type.parent == wanted ||
           (wanted == "device" &&
            (type.parent == "arm-cpu" || type.parent == "x86_64-cpu" || type.parent == "isa-device" ||
             type.parent == "pcie-host-bridge" || type.parent == "sys-bus-device")) ||
           (wanted == "cpu" && (type.parent == "arm-cpu" || type.parent == "x86_64-cpu"));
}

struct TypeFilter {
    std::string implements;
    bool abstract = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("implements", implements, "only kinds of this");
        visit("abstract", abstract, "also those that are only there for others to be a kind of");
    }
};

Result<Json> list_types(QmpContext& context, const TypeFilter& filter) {
    Json list = Json::array();
    for (const Type& type : all_types(context.target.spec().architecture)) {
        if (implements(type, filter.implements)) {
            list.push_back({{"name", type.name}, {"parent", type.parent}});
        }
    }
    return list;
}

struct TypeName {
    std::string name;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("typename", name, "what qom-list-types calls it");
    }
};

Json describe(const std::vector<state::OptionDescription>& options) {
    Json list = Json::array();
    for (const state::OptionDescription& option : options) {
        Json one = {{"name", option.name}, {"type", option.type}, {"description", option.help}};
        if (Json preset = qmp_default(option); !preset.is_null()) {
            one["default-value"] = std::move(preset);
        }
        list.push_back(std::move(one));
    }
    return list;
}

QmpFailure no_such_type(const std::string& name) {
    return {"DeviceNotFound", fmt::format("there is no type '{}'", name)};
}

QmpReply list_device_properties(QmpContext&, const TypeName& arguments) {
    const bus::DeviceType* const type = device::find_device_type(arguments.name);
    return type != nullptr ? QmpReply(describe(type->options())) : QmpReply(no_such_type(arguments.name));
}

template <class Names>
Json named(const Names& names, std::string_view type) {
    Json list = Json::array();
    for (const auto& name : names) {
        list.push_back({{"name", name}, {"type", type}});
    }
    return list;
}

QmpReply list_properties(QmpContext& context, const TypeName& arguments) {
    const std::string& name = arguments.name;
    if (name.ends_with(kX86CpuSuffix)) {
        return x86_cpu_properties();
    }
    if (name.ends_with(kCpuSuffix)) {
        return named(arm64::property_names(), "bool");
    }
    if (name == "none-machine") {
        return Json::array();
    }
    if (name.ends_with(kMachineSuffix)) {
        return named(machine_properties(context.target.spec().architecture), "string");
    }
    for (const vm::ObjectType& type : vm::object_types()) {
        if (type.name == name) {
            return describe(type.options());
        }
    }
    const std::vector<Type> types = all_types(context.target.spec().architecture);
    if (device::find_device_type(name) == nullptr && std::ranges::find(types, name, &Type::name) != types.end()) {
        return Json::array();
    }
    // Clients ask for these without looking whether they are there, and some do not survive an error.
    if (name == "memory-backend-file" || name == "memory-backend-memfd" || name == "generic-pc-machine") {
        return Json::array();
    }
    return list_device_properties(context, arguments);
}

bool is_x86(QmpContext& context) {
    return context.target.spec().architecture == vm::Architecture::x86_64;
}

Result<Json> query_machines(QmpContext& context, const QmpNothing&) {
    if (is_x86(context)) {
        return x86_machines();
    }
    return Json::array({{{"name", "virt-10.0"},
                         {"alias", "virt"},
                         {"is-default", true},
                         {"cpu-max", vm::kMaxCpus},
                         {"hotpluggable-cpus", false},
                         {"numa-mem-supported", false},
                         {"default-cpu-type", fmt::format("{}{}", arm64::kDefaultModel, kCpuSuffix)},
                         {"default-ram-id", "mach-virt.ram"},
                         {"acpi", true},
                         {"deprecated", false}},
                        {{"name", "none"},
                         {"cpu-max", 1},
                         {"hotpluggable-cpus", false},
                         {"numa-mem-supported", false},
                         {"default-ram-id", "ram"},
                         {"acpi", false},
                         {"deprecated", false}}});
}

Result<Json> query_cpu_definitions(QmpContext& context, const QmpNothing&) {
    if (is_x86(context)) {
        return x86_cpu_definitions();
    }
    Json list = Json::array();
    for (const arm64::ModelName& model : arm64::model_names()) {
        list.push_back({{"name", model.name},
                        {"typename", fmt::format("{}{}", model.name, kCpuSuffix)},
                        {"static", false},
                        {"deprecated", false}});
    }
    return list;
}

struct Expansion {
    std::string type;
    Json model;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("type", type, "full is what there is");
        visit("model", model, "name, and props with values");
    }
};

std::string property_text(const std::string& name, const Json& value) {
    return fmt::format("{}={}", name,
                       value == Json(true)    ? "on"
                       : value == Json(false) ? "off"
                       : value.is_string()    ? value.get<std::string>()
                                              : value.dump());
}

/// Which properties the model has on, as find_model would take them.
Result<Json> expand_cpu(QmpContext& context, const Expansion& arguments) {
    const auto name = arguments.model.find("name");
    if (name == arguments.model.end() || !name->is_string()) {
        return user_error("the model has no name");
    }
    std::vector<std::string> given;
    if (const auto props = arguments.model.find("props"); props != arguments.model.end()) {
        for (const auto& [key, value] : props->items()) {
            given.push_back(property_text(key, value));
        }
    }
    if (is_x86(context)) {
        return expand_x86_cpu(arguments.type, name->get<std::string>(), given);
    }
    if (*name == "host") {
        return user_error("a processor like the host's needs KVM on an Arm host", "max has every feature");
    }
    if (arguments.type != "full") {
        return user_error(fmt::format("models can be expanded to full, not to '{}'", arguments.type));
    }
    const arm64::Model model = KELVIN_TRY(arm64::find_model(name->get<std::string>(), given));
    Json properties = Json::object();
    for (const std::string_view property : arm64::property_names()) {
        if (const std::optional<bool> on = arm64::property_value(model, property)) {
            properties[std::string(property)] = *on;
        }
    }
    return Json{{"model", {{"name", *name}, {"props", std::move(properties)}}}};
}

struct OptionName {
    std::string option;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("option", option, "only this one");
    }
};

Result<Json> query_options(QmpContext& context, const OptionName& arguments) {
    Json list = Json::array();
    for (const Option& option : option_table()) {
        if (!arguments.option.empty() && arguments.option != option.name) {
            continue;
        }
        const Json parameters = option.name == "machine"
                                    ? named(machine_properties(context.target.spec().architecture), "string")
                                    : Json::array();
        list.push_back({{"option", option.name}, {"parameters", parameters}});
    }
    return list;
}

Result<Json> query_gic(QmpContext&, const QmpNothing&) {
    const auto version = [](int number) -> Json {
        return {{"version", number}, {"emulated", true}, {"kernel", false}};
    };
    return Json::array({version(3), version(2)});
}

Result<Json> nothing_there(QmpContext&, const QmpNothing&) {
    return Json::array();
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<list_device_properties>("device-list-properties", "typename "),
    qmp_command<list_properties>("qom-list-properties", "typename "),
    qmp_command<list_types>("qom-list-types"),
    qmp_command<query_options>("query-command-line-options"),
    qmp_command<query_cpu_definitions>("query-cpu-definitions"),
    qmp_command<expand_cpu>("query-cpu-model-expansion", "type model "),
    qmp_command<query_gic>("query-gic-capabilities"),
    qmp_command<query_machines>("query-machines"),
    qmp_command<nothing_there>("query-tpm-models"),
    qmp_command<nothing_there>("query-tpm-types"),
});

}  // namespace

std::span<const QmpCommand> qmp_type_commands() {
    return kCommands;
}

}  // namespace kelvin::control
