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

Result<KvmInfo> query_kvm(QmpContext&, const QmpNothing&) {
    return KvmInfo{};
}

struct TargetInfo {
    std::string arch = "aarch64";
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("arch", arch, "");
    }
};

Result<TargetInfo> query_target(QmpContext&, const QmpNothing&) {
    return TargetInfo{};
}

/// One processor; where it stands among others goes by -smp.
Json describe_cpu(const vm::CpuTopology& topology, const vm::Vm& vm, unsigned index) {
    const unsigned thread = index % topology.threads;
    const unsigned core = index / topology.threads;
    const unsigned cluster = core / topology.cores;
    return {{"cpu-index", index},
            {"qom-path", fmt::format("/machine/unattached/device[{}]", index)},
            {"thread-id", vm.cpu_thread_id(index)},
            {"target", "aarch64"},
            {"props",
             {{"core-id", core % topology.cores},
              {"thread-id", thread},
              {"cluster-id", cluster % topology.clusters},
              {"socket-id", cluster / topology.clusters}}}};
}

Result<Json> query_cpus(QmpContext& context, const QmpNothing&) {
    Json list = Json::array();
    const unsigned count = context.target.spec().is_none ? 0 : context.target.vm().cpu_count();
    for (unsigned index = 0; index < count; ++index) {
        list.push_back(describe_cpu(context.target.spec().cpu.topology, context.target.vm(), index));
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
