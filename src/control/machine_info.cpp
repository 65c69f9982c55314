// SPDX-License-Identifier: Apache-2.0
#include "control/machine_info.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "control/gdbstub/machine_target.h"
#include "control/screens.h"

namespace kelvin::control {

namespace {

constexpr std::string_view kNoUuid = "00000000-0000-0000-0000-000000000000";

std::string status(const InfoSources& sources) {
    if (sources.run_state == "running" || sources.run_state == "paused") {
        return fmt::format("VM status: {}\n", sources.run_state);
    }
    return fmt::format("VM status: paused ({})\n", sources.run_state);
}

std::string registers(const InfoSources& sources, unsigned cpu, bool all) {
    if (!all) {
        return sources.vm.describe_registers(cpu);
    }
    std::string text;
    for (unsigned index = 0; index < sources.vm.cpu_count(); ++index) {
        text += fmt::format("\nCPU#{}\n{}", index, sources.vm.describe_registers(index));
    }
    return text;
}

std::string cpus(const InfoSources& sources, unsigned current) {
    std::string text;
    for (unsigned index = 0; index < sources.vm.cpu_count(); ++index) {
        text += fmt::format("{} CPU #{}: thread_id={}{}\n", index == current ? '*' : ' ', index,
                            sources.vm.cpu_thread_id(index), sources.vm.is_cpu_on(index) ? "" : " (off)");
    }
    return text;
}

std::string describe_balloon(const backend::MemoryBalloon& balloon) {
    const auto actual = balloon.actual();
    return actual ? fmt::format("balloon: actual={}\n", *actual >> 20) : actual.error().message() + "\n";
}

std::string characters(const InfoSources& sources) {
    std::string text;
    for (const backend::CharacterEntry& entry : sources.characters.list()) {
        text += fmt::format("{}: filename={}\n", entry.id, entry.description);
    }
    return text;
}

std::string bus_tree(const bus::Bus& bus, std::span<const vm::DeviceEntry> devices, unsigned indent) {
    const std::string margin(indent, ' ');
    std::string text = fmt::format("{}bus: {}\n{}  type {}\n", margin, bus.name(), margin, bus.kind());
    for (const vm::DeviceEntry& entry : devices) {
        if (entry.bus != &bus) {
            continue;
        }
        text +=
            fmt::format("{}  dev: {}, id \"{}\"\n{}    {}\n", margin, entry.type->name, entry.id, margin, entry.place);
        for (const bus::Bus* provided : entry.device->buses()) {
            text += bus_tree(*provided, devices, indent + 4);
        }
    }
    return text;
}

std::string device_tree(const InfoSources& sources) {
    const vm::Devices& all = sources.vm.devices();
    const std::vector<vm::DeviceEntry> devices = all.list();
    std::string text;
    for (const bus::Bus* bus : all.buses()) {
        const bool provided = std::ranges::any_of(devices, [&](const vm::DeviceEntry& entry) {
            const auto buses = entry.device->buses();
            return std::ranges::find(buses, bus) != buses.end();
        });
        text += provided ? "" : bus_tree(*bus, devices, 0);
    }
    return text;
}

struct Describer {
    std::string_view topic;
    std::string (*describe)(const InfoSources& sources, unsigned cpu, bool all);
};

constexpr auto kDescribers = std::to_array<Describer>({
    {"balloon", [](const InfoSources& s, unsigned, bool) { return describe_balloon(s.vm.balloon()); }},
    {"block", [](const InfoSources& s, unsigned, bool) { return s.vm.describe_drives(); }},
    {"chardev", [](const InfoSources& s, unsigned, bool) { return characters(s); }},
    {"cpus", [](const InfoSources& s, unsigned cpu, bool) { return cpus(s, cpu); }},
    {"jit", [](const InfoSources& s, unsigned, bool) { return s.vm.accelerator_statistics(); }},
    {"kvm",
     [](const InfoSources& s, unsigned, bool) {
         const bool is_used = s.spec.architecture == vm::Architecture::x86_64;
         return fmt::format("kvm support: {}\n", is_used ? "enabled" : "disabled");
     }},
    {"mtree", [](const InfoSources& s, unsigned, bool) { return s.vm.describe_memory(); }},
    {"name", [](const InfoSources& s, unsigned, bool) { return s.spec.name.empty() ? "" : s.spec.name + "\n"; }},
    {"network", [](const InfoSources& s, unsigned, bool) { return s.vm.describe_networks(); }},
    {"pci", [](const InfoSources& s, unsigned, bool) { return s.vm.describe_pci(); }},
    {"qtree", [](const InfoSources& s, unsigned, bool) { return device_tree(s); }},
    {"registers", registers},
    {"screen", [](const InfoSources& s, unsigned, bool) { return describe_screen(s.vm); }},
    {"status", [](const InfoSources& s, unsigned, bool) { return status(s); }},
    {"usernet", [](const InfoSources& s, unsigned, bool) { return s.vm.networks().describe("user"); }},
    {"uuid", [](const InfoSources& s, unsigned,
                bool) { return fmt::format("{}\n", s.spec.uuid.empty() ? kNoUuid : std::string_view(s.spec.uuid)); }},
    {"vnc", [](const InfoSources& s, unsigned, bool) { return describe_vnc(s.vm); }},
    {"version", [](const InfoSources&, unsigned, bool) { return std::string("10.0.2 (kelvin " KELVIN_VERSION ")\n"); }},
});

}  // namespace

std::string describe_topic(const InfoSources& sources, std::string_view topic, unsigned cpu, bool all) {
    const auto found = std::ranges::find(kDescribers, topic, &Describer::topic);
    return found != kDescribers.end() ? found->describe(sources, cpu, all) : "";
}

Error why_not_saved(vm::Vm& vm) {
    std::string what = "the state of a running machine cannot be saved or loaded yet";
    std::string cure = "while no machine runs, kelvin-img snapshot -c TAG FILE keeps a disk, -a TAG goes back to it";
    for (const state::Json& drive : vm.drives().query_block()) {
        const state::Json& inserted = drive["inserted"];
        if (!inserted.value("ro", true) && inserted.value("drv", "") == "raw") {
            const std::string file = inserted.value("file", "");
            what += fmt::format("; the raw image '{}' could not hold it", file);
            cure +=
                fmt::format("; a raw one needs an overlay: kelvin-img create -f qcow2 -b {} -F raw NEW.qcow2", file);
        }
    }
    return user_error(what, cure);
}

std::size_t read_machine_memory(vm::Vm& vm, unsigned cpu, bool physical, u64 address, std::span<u8> out) {
    std::size_t count = 0;
    vm.while_still([&] { count = gdbstub::MachineTarget(vm, {}).read_memory(cpu, physical, address, out); });
    return count;
}

std::optional<u64> read_machine_register(vm::Vm& vm, unsigned cpu, std::string_view name) {
    std::optional<u64> value;
    vm.while_still([&] {
        const std::unique_ptr<gdbstub::ProcessorView> view = gdbstub::view_of(vm.cpu(cpu));
        if (const auto number = view->find_register(name)) {
            const std::vector<u8> bytes = view->read_register(*number);
            value = 0;
            std::memcpy(&*value, bytes.data(), std::min(bytes.size(), sizeof *value));
        }
    });
    return value;
}

}  // namespace kelvin::control
