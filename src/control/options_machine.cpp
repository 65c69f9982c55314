// SPDX-License-Identifier: Apache-2.0
// -machine, -cpu, -m, -accel, -action.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/nearest_name.h"
#include "control/machine_names.h"
#include "control/option_table.h"
#include "cpu/arm64/model.h"
#include "cpu/x86/model.h"
#include "state/options.h"
#include "state/text_values.h"

namespace kelvin::control {

namespace {

/// Something that is on or off: wanted so, known, but only one of the two is there.
struct FixedProperty {
    std::string_view name;
    bool only;
};

/// Properties of QEMU's virt machine with the value that Kelvin's has. What has no effect on us is not here.
constexpr auto kFixedProperties = std::to_array<FixedProperty>({
    {"virtualization", false},
    {"secure", false},
    {"mte", false},
    {"ras", false},
    {"usb", false},
    {"graphics", false},
});

/// The same of QEMU's PCs and microvm.
constexpr auto kX86FixedProperties = std::to_array<FixedProperty>({
    {"hpet", false},
    {"smm", false},
    {"vmport", false},
    {"sata", true},
    {"pit", true},
    {"pic", true},
    {"isa-serial", true},
    {"x-option-roms", false},
    {"auto-kernel-cmdline", true},
});

constexpr auto kWithoutEffect = std::to_array<std::string_view>({
    "dump-guest-core",
    "highmem",
    "highmem-ecam",
    "highmem-mmio",
    "highmem-redists",
    "mem-merge",
    "dtb-randomness",
    "dtb-kaslr-seed",
    "compact-highmem",
    "default-bus-bypass-iommu",
    "hmat",
    "nvdimm",
    "suppress-vmdesc",
});

constexpr auto kSettings =
    std::to_array<std::string_view>({"type", "gic-version", "its", "acpi", "pflash0", "pflash1", "memory-backend",
                                     "kernel", "initrd", "append", "dtb", "dumpdtb", "accel", "smp", "memory"});

constexpr auto kMachines = std::to_array<std::string_view>({"none", "virt", "virt-10.0"});
constexpr auto kX86Machines =
    std::to_array<std::string_view>({"none", "microvm", "pc", "pc-i440fx-10.0", "q35", "pc-q35-10.0"});

Error unknown_property(std::string_view owner, const std::string& key, std::span<const std::string_view> known) {
    return user_error(fmt::format("{} has no property '{}'{}", owner, key, did_you_mean(key, known)),
                      fmt::format("its properties are {}", fmt::join(known, ", ")));
}

Result<> set_gic_version(Draft& draft, const std::string& value) {
    if (value == "2") {
        draft.line.spec.gic = vm::GicVersion::v2;
    } else if (value == "3" || value == "max") {
        draft.line.spec.gic = vm::GicVersion::v3;
    } else if (value == "4" || value == "host") {
        return user_error(fmt::format("gic-version={} is not there", value), "gic-version is 2, 3 or max");
    } else {
        return user_error(fmt::format("gic-version cannot be '{}'", value), "gic-version is 2, 3 or max");
    }
    return ok();
}

Result<bool> read_switch(std::string_view name, const std::string& value) {
    const std::optional<bool> wanted = state::parse_switch(value);
    if (!wanted) {
        return user_error(fmt::format("{} is on or off, not '{}'", name, value));
    }
    return *wanted;
}

/// QEMU's machine leaves it to itself what `auto` is: here as there it is on.
Result<bool> read_on_off_auto(std::string_view name, const std::string& value) {
    return value.empty() || value == "auto" ? true : read_switch(name, value);
}

Result<> set_fixed(const FixedProperty& property, const std::string& value) {
    if (KELVIN_TRY(read_switch(property.name, value)) != property.only) {
        return user_error(fmt::format("{}={} is not supported yet", property.name, value),
                          fmt::format("leave it out, or say {}={}", property.name, property.only ? "on" : "off"));
    }
    return ok();
}

/// "kvm:tcg": the first that there is.
Result<> apply_accelerator_list(Draft& draft, std::string_view names) {
    for (;;) {
        const std::size_t colon = names.find(':');
        KELVIN_TRY(apply_accelerator(draft, std::string(names.substr(0, colon))));
        if (colon == std::string_view::npos) {
            return ok();
        }
        names.remove_prefix(colon + 1);
    }
}

Result<> set_machine_property(Draft& draft, const state::Property& property) {
    vm::MachineSpec& spec = draft.line.spec;
    const auto& [key, value, has_value] = property;
    if (key == "gic-version") {
        return set_gic_version(draft, value);
    }
    if (key == "its") {
        spec.its = KELVIN_TRY(read_switch(key, has_value ? value : "on"));
        return ok();
    }
    if (key == "acpi") {
        spec.acpi = KELVIN_TRY(read_on_off_auto(key, value));
        return ok();
    }
    if (key == "pflash0" || key == "pflash1") {
        draft.flash_nodes[key == "pflash1"] = value;
        return ok();
    }
    if (key == "memory-backend") {
        draft.memory_object = value;
        return ok();
    }
    if (key == "accel") {
        return apply_accelerator_list(draft, value);
    }
    const std::array<std::pair<std::string_view, std::string*>, 5> texts = {{{"kernel", &spec.boot.kernel},
                                                                             {"initrd", &spec.boot.initrd},
                                                                             {"append", &spec.boot.arguments},
                                                                             {"dtb", &spec.boot.device_tree},
                                                                             {"dumpdtb", &spec.dump_device_tree}}};
    for (const auto& [name, target] : texts) {
        if (key == name) {
            *target = value;
            return ok();
        }
    }
    for (const FixedProperty& fixed : kFixedProperties) {
        if (key == fixed.name) {
            return set_fixed(fixed, has_value ? value : "on");
        }
    }
    for (const FixedProperty& fixed : kX86FixedProperties) {
        if (draft.is_x86() && key == fixed.name) {
            return value == "auto" ? ok() : set_fixed(fixed, has_value ? value : "on");
        }
    }
    if (std::ranges::find(kWithoutEffect, key) != kWithoutEffect.end()) {
        return ok();
    }
    return unknown_property(draft.is_x86() ? "an x86 machine" : "machine 'virt'", key,
                            machine_properties(spec.architecture));
}

Result<> name_machine(Draft& draft, const std::string& name) {
    if (name == "help" || name == "?") {
        draft.line.answer =
            draft.is_x86()
                ? "Supported machines are:\nmicrovm              minimal x86 machine that starts in milliseconds\n"
                  "pc                   PC with PCI, 82441FX and PIIX3 (alias of pc-i440fx-10.0)\n"
                  "pc-i440fx-10.0       the same\n"
                  "q35                  PC with PCI Express, 82Q35 and ICH9 (alias of pc-q35-10.0)\n"
                  "pc-q35-10.0          the same\n"
                  "none                 no machine, but a monitor that can be asked what there is\n"
                : "Supported machines are:\nvirt                 Arm virtual machine, like QEMU's (alias of "
                  "virt-10.0)\nvirt-10.0            the same\n"
                  "none                 no machine, but a monitor that can be asked what there is\n";
        return ok();
    }
    draft.machine_named = true;
    draft.line.spec.is_none = name == "none";
    const std::span<const std::string_view> known = machine_names(draft.line.spec.architecture);
    if (std::ranges::find(known, name) == known.end()) {
        return user_error(fmt::format("unknown machine '{}'{}", name, did_you_mean(name, known)),
                          "-machine help lists the machines");
    }
    using vm::X86Board;
    draft.line.spec.x86_board = name == "microvm"      ? X86Board::microvm
                                : name.contains("q35") ? X86Board::q35
                                                       : X86Board::pc;
    return ok();
}

}  // namespace

std::vector<std::string_view> machine_properties(vm::Architecture architecture) {
    std::vector<std::string_view> names(kSettings.begin(), kSettings.end());
    for (const FixedProperty& property : kFixedProperties) {
        names.push_back(property.name);
    }
    if (architecture == vm::Architecture::x86_64) {
        std::ranges::transform(kX86FixedProperties, std::back_inserter(names), &FixedProperty::name);
    }
    names.insert(names.end(), kWithoutEffect.begin(), kWithoutEffect.end());
    return names;
}

std::span<const std::string_view> machine_names(vm::Architecture architecture) {
    const bool is_x86 = architecture == vm::Architecture::x86_64;
    return is_x86 ? std::span<const std::string_view>(kX86Machines) : std::span<const std::string_view>(kMachines);
}

std::string_view default_machine(vm::Architecture architecture) {
    return architecture == vm::Architecture::x86_64 ? "pc" : "virt";
}

Result<> apply_machine(Draft& draft, const std::string& value) {
    bool first = true;
    for (const state::Property& property : state::parse_properties(value)) {
        if ((first && !property.has_value) || property.key == "type") {
            KELVIN_TRY(name_machine(draft, property.has_value ? property.value : property.key));
        } else {
            KELVIN_TRY(set_machine_property(draft, property));
        }
        first = false;
        if (!draft.line.answer.empty()) {
            return ok();
        }
    }
    return ok();
}

namespace {

std::string describe_models(const Draft& draft) {
    std::string text;
    const auto add = [&](const auto& models) {
        for (const auto& model : models) {
            text += fmt::format("  {:<13}{}\n", model.name, model.description);
        }
    };
    if (!draft.is_x86()) {
        add(arm64::model_names());
        return text;
    }
    add(x86::model_names());
    return text + fmt::format("\nFeatures to add (+NAME) or to take away (-NAME):\n  {}\n",
                              fmt::join(x86::feature_names(), " "));
}

}  // namespace

Result<> apply_cpu(Draft& draft, const std::string& value) {
    vm::CpuSpec& cpu = draft.line.spec.cpu;
    std::vector<std::string> parts = state::split_list(value);
    cpu.model = parts.front();
    cpu.properties.assign(parts.begin() + 1, parts.end());
    draft.cpu_named = true;
    if (cpu.model == "help" || cpu.model == "?") {
        draft.line.answer = "Available CPUs:\n" + describe_models(draft);
        return ok();
    }
    if (draft.is_x86()) {
        return x86::check_model(cpu.model, cpu.properties);
    }
    if (cpu.model == "host") {
        return user_error("a processor like the host's needs KVM on an Arm host", "-cpu max has every feature");
    }
    const auto model = arm64::find_model(cpu.model, cpu.properties);
    if (model) {
        return ok();
    }
    Error error = model.error();
    error.cure = error.cure.empty() ? "-cpu help lists the models" : error.cure;
    return error;
}

Result<> apply_memory(Draft& draft, const std::string& value) {
    constexpr u64 kMebi = u64{1} << 20;
    constexpr auto kKeys = std::to_array<std::string_view>({"size"});
    for (const state::Property& property : state::parse_properties(value)) {
        if (property.key == "slots" || property.key == "maxmem") {
            return user_error("memory cannot be added to a running machine yet", "leave slots and maxmem out");
        }
        if (property.has_value && property.key != "size") {
            return unknown_property("-m", property.key, kKeys);
        }
        const u64 size = KELVIN_TRY(state::parse_size(property.has_value ? property.value : property.key, kMebi));
        if (size == 0) {
            return user_error("a machine without memory cannot run", "the usual size is 512M or more");
        }
        draft.line.spec.ram_size = size;
        draft.memory_sized = true;
    }
    return ok();
}

Result<> settle_architecture(const Draft& draft) {
    const vm::MachineSpec& spec = draft.line.spec;
    if (!draft.is_x86()) {
        return ok();
    }
    const std::pair<bool, const char*> missing[] = {
        {spec.instruction_time.has_value(), "time counted in instructions (-icount)"},
        {spec.pflash.front() || spec.pflash.back(), "firmware in flash (pflash)"},
        {!spec.boot.firmware.empty() && spec.x86_board == vm::X86Board::microvm, "firmware of a microvm"},
    };
    for (const auto& [asked, what] : missing) {
        if (asked) {
            return user_error(fmt::format("{} is not there yet for x86_64 machines", what), "leave it out");
        }
    }
    return ok();
}

Result<> settle_memory(Draft& draft) {
    vm::MachineSpec& spec = draft.line.spec;
    const std::string& id = draft.memory_object;
    if (id.empty()) {
        return ok();
    }
    const auto found = std::ranges::find(spec.objects, id, &vm::ObjectSpec::id);
    if (found == spec.objects.end() || !found->type.starts_with("memory-backend-")) {
        return user_error(fmt::format("-machine memory-backend={}: there is no memory object of that id", id),
                          fmt::format("-object memory-backend-ram,id={},size=SIZE makes it", id));
    }
    state::Size size;
    if (const auto given = found->options.find("size"); given != found->options.end()) {
        KELVIN_TRY(state::read_value(*given, size));
    }
    if (draft.memory_sized && size.bytes != spec.ram_size) {
        return user_error(fmt::format("-m says {} bytes of memory, the object '{}' {}", spec.ram_size, id, size.bytes),
                          "give both the same size");
    }
    spec.ram_size = size.bytes;
    return ok();
}

namespace {

Result<> disable_optimizations(Draft& draft, const std::string& value) {
    if (value == "help") {
        draft.line.answer = accel::describe_optimizations();
        return ok();
    }
    std::vector<std::string> names;
    for (std::size_t begin = 0; begin <= value.size();) {
        const std::size_t end = std::min(value.find('+', begin), value.size());
        names.push_back(value.substr(begin, end - begin));
        begin = end + 1;
    }
    std::vector<std::string>& disabled = draft.line.spec.translator.disabled;
    disabled.insert(disabled.end(), names.begin(), names.end());
    return accel::check_optimizations(names);
}

Result<> set_translator_property(Draft& draft, const state::Property& property) {
    constexpr auto kKeys = std::to_array<std::string_view>({"tb-size", "thread", "one-insn-per-tb", "max-instructions",
                                                            "disable", "bisect", "count", "perfmap", "jitdump",
                                                            "inject", "check", "host", "split-wx", "dump-guest-core"});
    accel::TranslatorOptions& options = draft.line.spec.translator;
    const std::optional<u64> number = state::parse_unsigned(property.value);
    if (property.key == "tb-size") {
        if (!number || *number == 0 || *number > 2048) {
            return user_error(fmt::format("tb-size '{}' is not a number of MiB from 1 to 2048", property.value));
        }
        options.code_cache_size = *number << 20;
    } else if (property.key == "one-insn-per-tb") {
        options.max_instructions = state::parse_switch(property.value).value_or(true) ? 1 : options.max_instructions;
    } else if (property.key == "max-instructions") {
        if (!number || *number == 0 || *number > 512) {
            return user_error(fmt::format("max-instructions '{}' is not a number from 1 to 512", property.value));
        }
        options.max_instructions = static_cast<unsigned>(*number);
    } else if (property.key == "disable") {
        return disable_optimizations(draft, property.value);
    } else if (property.key == "inject") {
        if (property.value == "help") {
            draft.line.answer = accel::describe_injections();
            return ok();
        }
        options.inject = KELVIN_TRY(accel::parse_injections(property.value));
    } else if (property.key == "host") {
        options.host = x64::host_level(property.value);
        if (!options.host) {
            return user_error(fmt::format("host '{}' is no level of x86-64 processors", property.value),
                              "v2 (SSE4.2), v3 (AVX2 and FMA) or v4 (AVX-512)");
        }
    } else if (property.key == "check") {
        if (!number) {
            return user_error(fmt::format("check '{}' is not a number of regions", property.value));
        }
        options.check_every = *number;
    } else if (property.key == "perfmap" || property.key == "jitdump" || property.key == "count") {
        const std::optional<bool> wanted = property.has_value ? state::parse_switch(property.value) : true;
        if (!wanted) {
            return user_error(fmt::format("{} is on or off, not '{}'", property.key, property.value));
        }
        (property.key == "perfmap"   ? options.perf_map
         : property.key == "jitdump" ? options.jit_dump
                                     : options.count) = *wanted;
    } else if (property.key == "bisect") {
        if (!number) {
            return user_error(fmt::format("bisect '{}' is not a number of regions", property.value));
        }
        options.bisect = *number;
    } else if (std::ranges::find(kKeys, property.key) == kKeys.end()) {
        return unknown_property("the translator", property.key, kKeys);
    }
    return ok();
}

}  // namespace

Result<> apply_accelerator(Draft& draft, const std::string& value) {
    constexpr auto kNames = std::to_array<std::string_view>({"translator", "tcg", "kvm"});
    const std::vector<state::Property> properties = state::parse_properties(value);
    const std::string& name = properties.front().has_value ? properties.front().value : properties.front().key;
    if (name == "help") {
        draft.line.answer =
            draft.is_x86() ? "Accelerators supported:\nkvm\n" : "Accelerators supported:\ntranslator\ntcg (the same)\n";
        return ok();
    }
    if (name == "kvm") {
        // Another -accel may follow: the first that there is counts.
        draft.wants_kvm = true;
        return ok();
    }
    if (name != "translator" && name != "tcg") {
        return user_error(fmt::format("unknown accelerator '{}'{}", name, did_you_mean(name, kNames)),
                          "-accel help lists them");
    }
    draft.wants_translator = true;
    for (const state::Property& property : std::span(properties).subspan(1)) {
        KELVIN_TRY(set_translator_property(draft, property));
        if (!draft.line.answer.empty()) {
            return ok();
        }
    }
    return ok();
}

Result<> settle_accelerator(const Draft& draft) {
    if (draft.is_x86()) {
        return draft.wants_translator && !draft.wants_kvm
                   ? user_error("-accel translator: the translator does not know x86_64 guests yet",
                                "-accel kvm runs them where the host has KVM")
                   : ok();
    }
    if (draft.wants_kvm && !draft.wants_translator) {
        return user_error(
            "-accel kvm: KVM runs guests of the host's own kind only: the host is an x86-64, the machine an aarch64",
            "-accel translator runs it on every x86-64 host, and is what is taken where nothing is said; -accel "
            "kvm:tcg "
            "takes what there is");
    }
    return ok();
}

Result<> apply_action(Draft& draft, const std::string& value) {
    constexpr auto kKeys = std::to_array<std::string_view>({"reboot", "shutdown", "panic", "watchdog"});
    for (const auto& [key, text, has_value] : state::parse_properties(value)) {
        if (key == "reboot" && (text == "reset" || text == "shutdown")) {
            draft.line.spec.exit_on_reset = text == "shutdown";
        } else if (key == "shutdown" && (text == "poweroff" || text == "pause")) {
            draft.line.spec.pause_on_shutdown = text == "pause";
        } else if (std::ranges::find(kKeys, key) == kKeys.end()) {
            return unknown_property("-action", key, kKeys);
        } else if (key == "reboot" || key == "shutdown") {
            return user_error(fmt::format("{} cannot be '{}'", key, text),
                              "reboot=reset|shutdown, shutdown=poweroff|pause");
        }
    }
    return ok();
}

}  // namespace kelvin::control
