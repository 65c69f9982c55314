// SPDX-License-Identifier: Apache-2.0
#include "control/x86_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "accel/kvm/host.h"
#include "control/machine_names.h"
#include "cpu/x86/model.h"
#include "vm/x86_platform.h"

namespace kelvin::control {

namespace {

using state::Json;
using enum x86::CpuidRegister;

/// Null: KVM cannot be used.
std::optional<x86::Processor> possible_here() {
    const auto host = kvm::Host::open();
    if (!host) {
        return std::nullopt;
    }
    auto possible = host->possible_processor();
    return possible ? std::optional(*possible) : std::nullopt;
}

x86::Processor everything() {
    x86::Processor all;
    for (const x86::Feature& feature : x86::features()) {
        x86::set_feature(all, feature, true);
    }
    return all;
}

struct Machine {
    std::string_view name;
    std::string_view alias;
    unsigned most_cpus;
    std::string_view memory;
};
constexpr Machine kMachines[] = {{"pc-i440fx-10.0", "pc", vm::kMaxX86Cpus, "pc.ram"},
                                 {"pc-q35-10.0", "q35", vm::kMaxX86Cpus, "pc.ram"},
                                 {"microvm", "", vm::kMaxX86Cpus, "microvm.ram"},
                                 {"none", "", 1, "ram"}};

/// Twelve characters in EBX, EDX, ECX.
std::string vendor_of(const x86::Cpuid& cpuid) {
    std::string vendor(12, ' ');
    if (const x86::CpuidLeaf* const leaf = cpuid.find(0)) {
        const u32 words[] = {(*leaf)[ebx], (*leaf)[edx], (*leaf)[ecx]};
        std::memcpy(vendor.data(), words, sizeof words);
    }
    return vendor;
}

std::string brand_of(const x86::Cpuid& cpuid) {
    std::string brand;
    for (u32 function = 0x8000'0002; function <= 0x8000'0004; ++function) {
        if (const x86::CpuidLeaf* const leaf = cpuid.find(function)) {
            char text[17] = {};
            std::memcpy(text, leaf->registers.data(), 16);
            brand += text;
        }
    }
    return brand;
}

/// See SDM volume 2A, figure 3-6.
void add_signature(Json& values, u32 version) {
    const u32 family = version >> 8 & 15;
    values["family"] = family + (family == 15 ? version >> 20 & 0xff : 0);
    values["model"] = (version >> 4 & 15) | (version >> 16 & 15) << 4;
    values["stepping"] = version & 15;
}

Json values_of(const x86::Model& model) {
    const x86::Cpuid& cpuid = model.processor.cpuid;
    const auto eax_of = [&](u32 function) {
        const x86::CpuidLeaf* const leaf = cpuid.find(function);
        return leaf != nullptr ? (*leaf)[eax] : 0;
    };
    Json values = Json::object();
    for (const x86::Feature& feature : x86::features()) {
        values[std::string(feature.name)] = x86::has_feature(model.processor, feature);
    }
    add_signature(values, eax_of(1));
    values["min-level"] = eax_of(0);
    values["min-xlevel"] = eax_of(0x8000'0000);
    values["vendor"] = vendor_of(cpuid);
    values["model-id"] = brand_of(cpuid);
    return values;
}

bool follows_host(std::string_view name) {
    return name == "host" || name == "max";
}

Result<x86::Model> model_of(const std::string& name, const std::vector<std::string>& given) {
    if (!follows_host(name)) {
        return x86::find_model(name, given, everything());
    }
    const std::optional<x86::Processor> possible = possible_here();
    if (!possible) {
        return user_error(fmt::format("processor '{}' is what KVM can do, which cannot be used here", name));
    }
    return x86::find_model(name, given, *possible);
}

}  // namespace

Json x86_machines() {
    const std::span<const std::string_view> known = machine_names(vm::Architecture::x86_64);
    Json list = Json::array();
    for (const Machine& machine : kMachines) {
        if (std::ranges::find(known, machine.name) == known.end()) {
            continue;
        }
        Json one = {{"name", machine.name},        {"cpu-max", machine.most_cpus},     {"hotpluggable-cpus", false},
                    {"numa-mem-supported", false}, {"default-ram-id", machine.memory}, {"acpi", !machine.alias.empty()},
                    {"deprecated", false}};
        if (!machine.alias.empty()) {
            one["alias"] = machine.alias;
        }
        const std::string_view preset = default_machine(vm::Architecture::x86_64);
        if (machine.name == preset || machine.alias == preset) {
            one["is-default"] = true;
        }
        if (machine.name != "none") {
            one["default-cpu-type"] = fmt::format("{}{}", x86::kDefaultModel, kX86CpuSuffix);
        }
        list.push_back(std::move(one));
    }
    return list;
}

Json x86_cpu_definitions() {
    const std::optional<x86::Processor> possible = possible_here();
    Json list = Json::array();
    for (const x86::ModelName& name : x86::model_names()) {
        Json one = {{"name", name.name},
                    {"typename", fmt::format("{}{}", name.name, kX86CpuSuffix)},
                    {"static", name.name == "base"},
                    {"migration-safe", !name.changes},
                    {"deprecated", false}};
        if (!name.alias_of.empty()) {
            one["alias-of"] = name.alias_of;
        }
        if (possible) {
            const auto model = x86::find_model(name.name, {}, *possible);
            one["unavailable-features"] = model ? Json(model->missing) : Json::array();
        }
        list.push_back(std::move(one));
    }
    return list;
}

Result<Json> expand_x86_cpu(std::string_view type, const std::string& name, const std::vector<std::string>& given) {
    if (type != "static" && type != "full") {
        return user_error(fmt::format("models can be expanded to static or full, not to '{}'", type));
    }
    const x86::Model model = KELVIN_TRY(model_of(name, given));
    return Json{{"model", {{"name", type == "static" ? "base" : name}, {"props", values_of(model)}}}};
}

Json x86_cpu_properties() {
    Json list = Json::array();
    const auto add = [&](std::string_view name, std::string_view type) {
        list.push_back({{"name", name}, {"type", type}});
    };
    for (const x86::Feature& feature : x86::features()) {
        add(feature.name, "bool");
    }
    for (const std::string_view name : {"family", "model", "stepping", "level", "xlevel", "phys-bits"}) {
        add(name, "int");
    }
    for (const std::string_view name : {"vendor", "model-id"}) {
        add(name, "string");
    }
    for (const std::string_view name : {"check", "enforce", "migratable", "host-phys-bits", "l3-cache", "kvm"}) {
        add(name, "bool");
    }
    add("unavailable-features", "strList");
    return list;
}

Json x86_cpu_values(const std::string& name, const std::vector<std::string>& given) {
    const auto model = model_of(name, given);
    if (!model) {
        return {};
    }
    Json values = values_of(*model);
    values["unavailable-features"] = model->missing;
    return values;
}

}  // namespace kelvin::control
