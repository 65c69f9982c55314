// SPDX-License-Identifier: Apache-2.0
// -device, -object, -global.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "control/device_text.h"
#include "control/option_table.h"
#include "control/read_object.h"
#include "device/device_types.h"
#include "state/options.h"
#include "vm/devices.h"

namespace kelvin::control {

namespace {

std::string list_types() {
    std::string text;
    std::string_view category;
    std::vector<const bus::DeviceType*> types(device::device_types().begin(), device::device_types().end());
    std::ranges::stable_sort(types, {}, &bus::DeviceType::category);
    for (const bus::DeviceType* type : types) {
        if (type->category != category) {
            category = type->category;
            text += fmt::format("{}{} devices:\n", text.empty() ? "" : "\n", category);
        }
        const std::string alias = type->alias.empty() ? "" : fmt::format(", alias \"{}\"", type->alias);
        text += fmt::format("name \"{}\", bus {}{}, desc \"{}\"\n", type->name, type->bus, alias, type->description);
    }
    return text;
}

std::string list_options(const bus::DeviceType& type) {
    std::string text = fmt::format("{} options:\n", type.name);
    for (const state::OptionDescription& option : type.options()) {
        const std::string name = fmt::format("{}=<{}>", option.name, option.type);
        const std::string preset =
            option.default_value.empty() ? "" : fmt::format(" (default: {})", option.default_value);
        text += fmt::format("  {:<24} - {}{}\n", name, option.help, preset);
    }
    return text;
}

}  // namespace

Result<std::string> take_text(state::Json& object, const char* key) {
    std::string text;
    if (const auto found = object.find(key); found != object.end()) {
        KELVIN_TRY(state::read_value(*found, text));
        object.erase(found);
    }
    return text;
}

Result<vm::DeviceSpec> read_device(const std::string& text) {
    state::Json options = KELVIN_TRY(state::parse_options(text, "driver"));
    vm::DeviceSpec spec;
    spec.driver = KELVIN_TRY(take_text(options, "driver"));
    spec.id = KELVIN_TRY(take_text(options, "id"));
    spec.bus = KELVIN_TRY(take_text(options, "bus"));
    if (spec.driver.empty()) {
        return user_error("no type of device is named", "-device help lists them");
    }
    KELVIN_TRY(vm::find_type(spec.driver));
    spec.options = std::move(options);
    return spec;
}

Result<> apply_device(Draft& draft, const std::string& value) {
    if (value == "help" || value == "?") {
        draft.line.answer = list_types();
        return ok();
    }
    vm::DeviceSpec spec = KELVIN_TRY(read_device(value));
    if (spec.options.contains("help")) {
        draft.line.answer = list_options(*KELVIN_TRY(vm::find_type(spec.driver)));
        return ok();
    }
    draft.line.spec.devices.push_back(std::move(spec));
    return ok();
}

Result<vm::ObjectSpec> read_object(state::Json given) {
    vm::ObjectSpec spec;
    spec.type = KELVIN_TRY(take_text(given, "qom-type"));
    spec.id = KELVIN_TRY(take_text(given, "id"));
    spec.options = std::move(given);
    return spec;
}

Result<> apply_object(Draft& draft, const std::string& value) {
    const state::Json options = KELVIN_TRY(state::parse_options(value, "qom-type"));
    draft.line.spec.objects.push_back(KELVIN_TRY(read_object(options)));
    return ok();
}

Result<> apply_global(Draft& draft, const std::string& value) {
    const std::size_t equals = value.find('=');
    const std::size_t dot = value.substr(0, equals).rfind('.');
    if (equals == std::string::npos || dot == std::string::npos) {
        return user_error("a default of devices looks like virtio-blk-pci.packed=on");
    }
    draft.line.spec.globals.push_back(
        {value.substr(0, dot), value.substr(dot + 1, equals - dot - 1), value.substr(equals + 1)});
    return ok();
}

}  // namespace kelvin::control
