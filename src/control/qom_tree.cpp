// SPDX-License-Identifier: Apache-2.0
#include "control/qom_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "control/x86_types.h"
#include "cpu/arm64/model.h"
#include "vm/backends.h"
#include "vm/devices.h"

namespace kelvin::control {

namespace {

using state::Json;

constexpr std::string_view kPeripheral = "/machine/peripheral";
constexpr std::string_view kAnonymous = "/machine/peripheral-anon";
constexpr std::string_view kUnattached = "/machine/unattached";
constexpr std::string_view kObjects = "/objects";
constexpr std::string_view kSecret = "secret";

QomObject object(std::string_view type) {
    return {std::string(type), {{"type", "string", Json(type)}}};
}

void add(QomObject& to, std::string_view name, std::string_view type, Json value) {
    to.properties.push_back({std::string(name), std::string(type), std::move(value)});
}

void add_child(QomObject& to, std::string_view folder, const std::string& name, std::string_view type) {
    add(to, name, fmt::format("child<{}>", type), fmt::format("{}/{}", folder == "/" ? "" : folder, name));
}

/// The last part of `path`.
std::string leaf_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

void add_options(QomObject& to, std::span<const state::OptionDescription> options, const Json& values) {
    for (const state::OptionDescription& option : options) {
        const auto value = values.find(option.name);
        const bool is_said = value != values.end() && !value->is_null();
        add(to, option.name, option.type, is_said ? *value : option.type == "str" ? Json("") : Json());
    }
}

/// As QEMU shows them: what the guest has not said is all ones.
Json guest_statistics(const backend::BalloonStatistics& statistics) {
    Json stats = Json::object();
    for (std::size_t index = 0; index < statistics.kNames.size(); ++index) {
        stats[std::string(statistics.kNames[index])] =
            statistics.values[index].value_or(std::numeric_limits<u64>::max());
    }
    return {{"stats", std::move(stats)}, {"last-update", statistics.last_update}};
}

Result<> set_polling_interval(vm::Vm& vm, const Json& value) {
    if (!value.is_number_integer()) {
        return user_error("it is a number of seconds", "0 never asks the guest");
    }
    return vm.balloon().set_polling_interval(
        static_cast<u32>(KELVIN_TRY(state::read_unsigned(value, std::numeric_limits<u32>::max()))));
}

void add_balloon(QomObject& to, vm::Vm& vm) {
    const auto statistics = vm.balloon().statistics();
    const auto interval = vm.balloon().polling_interval();
    if (statistics && interval) {
        add(to, "guest-stats", "guest statistics", guest_statistics(*statistics));
        to.properties.push_back({"guest-stats-polling-interval", "int", *interval, &set_polling_interval});
    }
}

QomObject describe_device(vm::Vm& vm, const vm::DeviceEntry& entry) {
    QomObject made = object(entry.type->name);
    add(made, "realized", "bool", true);
    add(made, "parent_bus", "link<bus>", entry.bus->name());
    add_options(made, entry.type->options(), entry.type->values(entry.options));
    if (entry.type->name.starts_with("virtio-balloon")) {
        add_balloon(made, vm);
    }
    return made;
}

QomObject describe_user_object(const vm::ObjectEntry& entry) {
    QomObject made = object(entry.type->name);
    Json values = entry.type->values(entry.options);
    if (entry.type->name == kSecret) {
        values.erase("data");
    }
    add_options(made, entry.type->options(), values);
    return made;
}

bool is_x86(const vm::MachineSpec& spec) {
    return spec.architecture == vm::Architecture::x86_64;
}

std::string processor_type(const vm::MachineSpec& spec) {
    return spec.cpu.model + (is_x86(spec) ? std::string(kX86CpuSuffix) : "-arm-cpu");
}

std::string type_of_value(const Json& value) {
    return value.is_boolean() ? "bool" : value.is_string() ? "string" : value.is_array() ? "strList" : "int";
}

QomObject describe_processor(const vm::MachineSpec& spec) {
    QomObject made = object(processor_type(spec));
    add(made, "realized", "bool", true);
    if (is_x86(spec)) {
        const Json values = x86_cpu_values(spec.cpu.model, spec.cpu.properties);
        for (const auto& [name, value] : values.items()) {
            add(made, name, type_of_value(value), value);
        }
        return made;
    }
    const auto model = arm64::find_model(spec.cpu.model, spec.cpu.properties);
    for (const std::string_view name : arm64::property_names()) {
        if (const auto on = model ? arm64::property_value(*model, name) : std::nullopt) {
            add(made, name, "bool", *on);
        }
    }
    return made;
}

std::string_view machine_type(const vm::MachineSpec& spec) {
    if (!is_x86(spec)) {
        return "virt-10.0-machine";
    }
    switch (spec.x86_board) {
        case vm::X86Board::microvm:
            return "microvm-machine";
        case vm::X86Board::q35:
            return "pc-q35-10.0-machine";
        case vm::X86Board::pc:
            break;
    }
    return "pc-i440fx-10.0-machine";
}

QomObject describe_machine(const vm::MachineSpec& spec) {
    QomObject made = object(spec.is_none ? "none-machine" : machine_type(spec));
    if (spec.is_none) {
        return made;
    }
    for (const std::string_view folder : {kPeripheral, kAnonymous, kUnattached}) {
        add_child(made, "/machine", leaf_of(std::string(folder)), "container");
    }
    add(made, "acpi", "OnOffAuto", spec.acpi ? "on" : "off");
    add(made, "kernel", "string", spec.boot.kernel);
    add(made, "initrd", "string", spec.boot.initrd);
    add(made, "append", "string", spec.boot.arguments);
    add(made, "firmware", "string", spec.boot.firmware);
    add(made, "usb", "bool", false);
    add(made, "graphics", "bool", false);
    if (is_x86(spec)) {
        return made;
    }
    const bool is_v2 = spec.gic ? *spec.gic == vm::GicVersion::v2 : spec.cpu.count <= 8;
    add(made, "gic-version", "string", is_v2 ? "2" : "3");
    add(made, "its", "bool", spec.its && !is_v2);
    add(made, "dtb", "string", spec.boot.device_tree);
    add(made, "secure", "bool", false);
    add(made, "virtualization", "bool", false);
    add(made, "mte", "bool", false);
    add(made, "ras", "bool", false);
    return made;
}

QomObject list_devices(vm::Vm& vm, std::string_view folder) {
    QomObject made = object("container");
    for (const vm::DeviceEntry& entry : vm.devices().list()) {
        const std::string name = leaf_of(entry.path);
        if (entry.path == fmt::format("{}/{}", folder, name)) {
            add_child(made, folder, name, entry.type->name);
        }
    }
    return made;
}

QomObject list_processors(QmpTarget& target) {
    QomObject made = object("container");
    const unsigned count = target.spec().is_none ? 0 : target.vm().cpu_count();
    for (unsigned index = 0; index < count; ++index) {
        add_child(made, kUnattached, fmt::format("device[{}]", index), processor_type(target.spec()));
    }
    return made;
}

QomObject list_objects(vm::Vm& vm) {
    QomObject made = object("container");
    for (const vm::ObjectEntry& entry : vm.backends().objects()) {
        add_child(made, kObjects, entry.id, entry.type->name);
    }
    return made;
}

QomObject list_root(const vm::MachineSpec& spec) {
    QomObject made = object("container");
    add_child(made, "/", "machine", machine_type(spec));
    add_child(made, "/", "objects", "container");
    return made;
}

}  // namespace

std::optional<QomObject> find_qom_object(QmpTarget& target, std::string_view path) {
    vm::Vm& vm = target.vm();
    if (path == "/") {
        return list_root(target.spec());
    }
    if (path == "/machine") {
        return describe_machine(target.spec());
    }
    if (path == kPeripheral || path == kAnonymous) {
        return list_devices(vm, path);
    }
    if (path == kUnattached) {
        return list_processors(target);
    }
    if (path == kObjects) {
        return list_objects(vm);
    }
    for (const vm::DeviceEntry& entry : vm.devices().list()) {
        if (path == entry.path || (!entry.id.empty() && path == entry.id)) {
            return describe_device(vm, entry);
        }
    }
    for (const vm::ObjectEntry& entry : vm.backends().objects()) {
        if (path == fmt::format("{}/{}", kObjects, entry.id) || path == entry.id) {
            return describe_user_object(entry);
        }
    }
    for (const QomProperty& cpu : list_processors(target).properties) {
        if (cpu.name != "type" && cpu.value == Json(path)) {
            return describe_processor(target.spec());
        }
    }
    return std::nullopt;
}

}  // namespace kelvin::control
