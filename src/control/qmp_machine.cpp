// SPDX-License-Identifier: Apache-2.0
// QMP: the machine as a whole, its state and its processors.
#include <fmt/format.h>

#include <array>

#include "control/qmp_command.h"
#include "control/qmp_schema.h"
#include "control/qmp_version.h"

namespace kelvin::control {

namespace {

using state::Json;

template <void (MonitorTarget::*Method)()>
Result<> act(QmpContext& context, const QmpNothing&) {
    (context.target.machine().*Method)();
    return ok();
}

QmpReply query_version(QmpContext&, const QmpNothing&) {
    return qmp_version();
}

struct StatusInfo {
    bool running = false;
    std::string status;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("running", running, "");
        visit("status", status, "");
    }
};

Result<StatusInfo> query_status(QmpContext& context, const QmpNothing&) {
    const std::string_view state = context.target.run_state();
    return StatusInfo{state == "running", std::string(state)};
}

struct NameInfo {
    std::optional<std::string> name;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("name", name, "");
    }
};

Result<NameInfo> query_name(QmpContext& context, const QmpNothing&) {
    const std::string& name = context.target.spec().name;
    return NameInfo{name.empty() ? std::nullopt : std::optional(name)};
}

struct KvmInfo {
    bool enabled = false;
    bool present = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("enabled", enabled, "");
        visit("present", present, "");
    }
};

bool is_x86(QmpContext& context) {
    return context.target.spec().architecture == vm::Architecture::x86_64;
}

/// x86 machines are KVM's, and are not there without it.
Result<KvmInfo> query_kvm(QmpContext& context, const QmpNothing&) {
    const bool is_there = is_x86(context);
    return KvmInfo{is_there, is_there};
}

struct TargetInfo {
    std::string arch = "aarch64";
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("arch", arch, "");
    }
};

Result<TargetInfo> query_target(QmpContext& context, const QmpNothing&) {
    return TargetInfo{is_x86(context) ? "x86_64" : "aarch64"};
}

/// Where it stands among others goes by -smp.
Json place_of_cpu(const vm::MachineSpec& spec, unsigned index) {
    const vm::CpuTopology& topology = spec.cpu.topology;
    const unsigned core = index / topology.threads;
    const unsigned cluster = core / topology.cores;
    Json place = {{"core-id", core % topology.cores},
                  {"thread-id", index % topology.threads},
                  {"socket-id", cluster / topology.clusters}};
    if (spec.architecture == vm::Architecture::aarch64) {
        place["cluster-id"] = cluster % topology.clusters;
    }
    return place;
}

std::string path_of_cpu(unsigned index) {
    return fmt::format("/machine/unattached/device[{}]", index);
}

Json describe_cpu(QmpContext& context, unsigned index) {
    const vm::Vm& vm = context.target.vm();
    return {{"cpu-index", index},
            {"qom-path", path_of_cpu(index)},
            {"thread-id", vm.cpu_thread_id(index)},
            {"target", is_x86(context) ? "x86_64" : "aarch64"},
            {"props", place_of_cpu(context.target.spec(), index)}};
}

Result<Json> query_cpus(QmpContext& context, const QmpNothing&) {
    Json list = Json::array();
    const unsigned count = context.target.spec().is_none ? 0 : context.target.vm().cpu_count();
    for (unsigned index = 0; index < count; ++index) {
        list.push_back(describe_cpu(context, index));
    }
    return list;
}

/// All that there can be are there.
Result<Json> query_hotpluggable_cpus(QmpContext& context, const QmpNothing&) {
    const vm::MachineSpec& spec = context.target.spec();
    Json list = Json::array();
    const unsigned count = spec.is_none ? 0 : context.target.vm().cpu_count();
    for (unsigned index = count; index-- > 0;) {
        list.push_back({{"type", spec.cpu.model + (is_x86(context) ? "-x86_64-cpu" : "-arm-cpu")},
                        {"vcpus-count", 1},
                        {"qom-path", path_of_cpu(index)},
                        {"props", place_of_cpu(spec, index)}});
    }
    return list;
}

struct MemoryInfo {
    u64 base_memory = 0;
    u64 plugged_memory = 0;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("base-memory", base_memory, "");
        visit("plugged-memory", plugged_memory, "");
    }
};

Result<MemoryInfo> query_memory_size(QmpContext& context, const QmpNothing&) {
    return MemoryInfo{context.target.spec().ram_size, 0};
}

Result<Json> nothing_yet(QmpContext&, const QmpNothing&) {
    return Json::array();
}

struct HumanCommand {
    std::string line;
    u64 cpu = 0;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("command-line", line, "a command of the monitor");
        visit("cpu-index", cpu, "the processor that it is about");
    }
};

Result<Json> human_command(QmpContext& context, const HumanCommand& arguments) {
    if (arguments.cpu >= context.target.vm().cpu_count()) {
        return user_error(fmt::format("there is no processor {}", arguments.cpu));
    }
    MonitorState state{context.target.machine(), static_cast<unsigned>(arguments.cpu), {}};
    return Json(execute_command(state, arguments.line));
}

Result<Json> query_commands(QmpContext&, const QmpNothing&) {
    Json list = Json::array();
    for (const std::string_view name : qmp_command_names()) {
        list.push_back({{"name", name}});
    }
    return list;
}

Result<Json> query_schema(QmpContext&, const QmpNothing&) {
    static const Json kSchema = qmp_schema();
    return kSchema;
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<act<&MonitorTarget::cont>>("cont"),
    qmp_command<human_command>("human-monitor-command", "command-line "),
    qmp_command<query_commands>("query-commands"),
    qmp_command<query_cpus>("query-cpus-fast"),
    qmp_command<query_hotpluggable_cpus>("query-hotpluggable-cpus"),
    qmp_command<nothing_yet>("query-iothreads"),
    qmp_command<query_kvm>("query-kvm"),
    qmp_command<nothing_yet>("query-memory-devices"),
    qmp_command<query_memory_size>("query-memory-size-summary"),
    qmp_command<query_name>("query-name"),
    qmp_command<query_schema>("query-qmp-schema"),
    qmp_command<query_status>("query-status"),
    qmp_command<query_target>("query-target"),
    qmp_command<query_version>("query-version"),
    qmp_command<act<&MonitorTarget::quit>>("quit"),
    qmp_command<act<&MonitorTarget::stop>>("stop"),
    qmp_command<act<&MonitorTarget::system_powerdown>>("system_powerdown"),
    qmp_command<act<&MonitorTarget::system_reset>>("system_reset"),
});

}  // namespace

std::span<const QmpCommand> qmp_machine_commands() {
    return kCommands;
}

}  // namespace kelvin::control
