// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/nearest_name.h"
#include "control/monitor.h"

namespace kelvin::control {

namespace {

struct Topic {
    std::string_view name;
    std::string_view help;
};

constexpr auto kTopics = std::to_array<Topic>({
    {"balloon", "how much memory the guest has left itself"},
    {"block", "the drives"},
    {"chardev", "the far ends of lines"},
    {"cpus", "the processors; * is the one that x and info look at"},
    {"jit", "the translator's figures"},
    {"kvm", "whether the host's processor runs the guest itself"},
    {"mtree", "the physical address space"},
    {"name", "the machine's name"},
    {"network", "network cables, and the connections of user networks"},
    {"pci", "what is on the PCI buses"},
    {"qtree", "buses, and the devices that were added to them"},
    {"registers", "the processor's registers; -a: those of all"},
    {"screen", "what the screen shows, if that is text"},
    {"status", "whether the machine runs"},
    {"usernet", "the connections of user networks"},
    {"uuid", "the machine's UUID"},
    {"vnc", "where the screen is shown by VNC, and who looks"},
    {"version", "of which QEMU this has the commands, and Kelvin's own"},
});

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

struct Words {
    std::string_view first;
    std::string_view rest;
};

Words split(std::string_view text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    return {text.substr(0, end), trim(text.substr(end))};
}

std::string complain(const Error& error) {
    return fmt::format("Error: {}\n", error.message());
}

std::string answer(const Result<>& outcome) {
    return outcome ? "" : complain(outcome.error());
}

std::string info(MonitorState& state, std::string_view argument) {
    const auto [topic, rest] = split(argument);
    if (std::ranges::find(kTopics, topic, &Topic::name) != kTopics.end()) {
        return state.target.info(topic, state.cpu, rest == "-a");
    }
    std::string text;
    if (!topic.empty()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kTopics, std::back_inserter(names), &Topic::name);
        text = fmt::format("unknown command: 'info {}'{}\n", topic, did_you_mean(topic, names));
    }
    for (const Topic& known : kTopics) {
        text += fmt::format("info {:<12} {}\n", known.name, known.help);
    }
    return text;
}

template <void (MonitorTarget::*Method)()>
std::string act(MonitorState& state, std::string_view) {
    (state.target.*Method)();
    return "";
}

template <Result<> (MonitorTarget::*Method)(const std::string&)>
std::string change(MonitorState& state, std::string_view argument) {
    return answer((state.target.*Method)(std::string(argument)));
}

template <bool kPhysical>
std::string examine(MonitorState& state, std::string_view argument) {
    const auto parsed = parse_show_format(argument, state.format);
    if (!parsed) {
        return complain(parsed.error());
    }
    const auto find = [&](std::string_view name) { return state.target.read_register(state.cpu, name); };
    const auto address = evaluate(parsed->rest, find);
    if (!address) {
        return complain(address.error());
    }
    if (parsed->format.letter == 'i' && find("rip")) {
        return complain(user_error("x86 instructions are not shown yet", "-gdb tcp::1234, and GDB's x/i"));
    }
    state.format = parsed->format;
    return show_memory(parsed->format, *address, [&](u64 from, std::span<u8> out) {
        return state.target.read_memory(state.cpu, kPhysical, from, out);
    });
}

std::string print(MonitorState& state, std::string_view argument) {
    const auto parsed = parse_show_format(argument, {});
    if (!parsed) {
        return complain(parsed.error());
    }
    const auto find = [&](std::string_view name) { return state.target.read_register(state.cpu, name); };
    const auto value = evaluate(parsed->rest, find);
    return value ? show_value(parsed->format, *value) : complain(value.error());
}

std::string choose_cpu(MonitorState& state, std::string_view argument) {
    unsigned index = 0;
    const auto [end, error] = std::from_chars(argument.data(), argument.data() + argument.size(), index);
    const unsigned count = state.target.cpu_count();
    if (error != std::errc() || end != argument.data() + argument.size() || index >= count) {
        return complain(user_error(fmt::format("invalid CPU index: the processors are 0 to {}", count - 1)));
    }
    state.cpu = index;
    return "";
}

/// "[NETWORK] RULE"
template <Result<> (MonitorTarget::*Method)(const std::string&, const std::string&)>
std::string forward(MonitorState& state, std::string_view argument) {
    const auto [first, rest] = split(argument);
    if (first.empty()) {
        return complain(user_error("a rule is missing", "[NETWORK] tcp::2222-:22"));
    }
    const bool named = !rest.empty();
    const std::string rule(named ? rest : first);
    const auto outcome = (state.target.*Method)(std::string(named ? first : ""), rule);
    const bool says_so = outcome && Method == &MonitorTarget::hostfwd_remove;
    return says_so ? fmt::format("host forwarding rule for {} removed\n", rule) : answer(outcome);
}

std::string set_link(MonitorState& state, std::string_view argument) {
    const auto [network, how] = split(argument);
    if (how != "on" && how != "off") {
        return complain(user_error("the link is on or off", "set_link NETWORK on|off"));
    }
    return answer(state.target.set_link(std::string(network), how == "on"));
}

std::string snapshot_blkdev(MonitorState& state, std::string_view argument) {
    const auto [drive, file] = split(argument);
    if (drive.empty() || file.empty()) {
        return complain(user_error("a drive and a new image's name are needed", "snapshot_blkdev DRIVE FILE"));
    }
    return answer(state.target.snapshot_blkdev(std::string(drive), std::string(file)));
}

std::string eject(MonitorState& state, std::string_view argument) {
    auto [first, rest] = split(argument);
    const bool force = first == "-f";
    const std::string_view drive = force ? rest : first;
    if (drive.empty()) {
        return complain(user_error("a CD drive is needed", "eject [-f] DRIVE; info block lists them"));
    }
    return answer(state.target.eject(std::string(drive), force));
}

std::string change_medium(MonitorState& state, std::string_view argument) {
    const auto [drive, rest] = split(argument);
    const auto [file, format] = split(rest);
    if (drive.empty() || file.empty()) {
        return complain(user_error("a CD drive and the new medium's file are needed", "change DRIVE FILE [FORMAT]"));
    }
    return answer(state.target.change_medium(std::string(drive), std::string(file), std::string(format)));
}

std::string refuse_to_save(MonitorState& state, std::string_view) {
    return complain(state.target.cannot_save());
}

/// About the machine's state in its disks.
constexpr auto kSaving = std::to_array<std::string_view>({"savevm", "loadvm", "delvm"});

/// Commands of QEMU's that users may know, and Kelvin does not have.
constexpr auto kMissing = std::to_array<std::string_view>({
    "announce_self",
    "block_job_cancel",
    "block_resize",
    "block_set_io_throttle",
    "block_stream",
    "boot_set",
    "client_migrate_info",
    "commit",
    "drive_add",
    "drive_backup",
    "drive_del",
    "drive_mirror",
    "dump-guest-memory",
    "expire_password",
    "gpa2hva",
    "i",
    "log",
    "mce",
    "memsave",
    "migrate",
    "migrate_cancel",
    "migrate_set_parameter",
    "nbd_server_start",
    "netdev_add",
    "netdev_del",
    "nmi",
    "o",
    "object_add",
    "object_del",
    "pmemsave",
    "qom-get",
    "qom-list",
    "qom-set",
    "replay_break",
    "snapshot_blkdev_internal",
    "stopcapture",
    "system_wakeup",
    "trace-event",
    "watchdog_action",
    "wavcapture",
});

struct Command {
    std::string_view name;
    std::string_view argument;
    std::string_view help;
    std::string (*run)(MonitorState& state, std::string_view argument);
};

std::string help(MonitorState&, std::string_view);

constexpr auto kCommands = std::to_array<Command>({
    {"help", "", "this list", help},
    {"info", "TOPIC", "about the machine; alone it lists what there is", info},
    {"stop", "", "hold the machine", act<&MonitorTarget::stop>},
    {"cont", "", "let it run; also c", act<&MonitorTarget::cont>},
    {"system_reset", "", "press the reset button", act<&MonitorTarget::system_reset>},
    {"system_powerdown", "", "press the power key", act<&MonitorTarget::system_powerdown>},
    {"device_add", "DRIVER,...", "plug in a device: what -device takes", change<&MonitorTarget::device_add>},
    {"device_del", "ID", "ask the guest to let go of that device", change<&MonitorTarget::device_del>},
    {"balloon", "MIB", "ask the guest to do with that much memory", change<&MonitorTarget::balloon>},
    {"chardev-add", "BACKEND,id=ID,...", "what -chardev takes", change<&MonitorTarget::chardev_add>},
    {"chardev-remove", "ID", "take that -chardev away", change<&MonitorTarget::chardev_remove>},
    {"hostfwd_add", "[NETWORK] RULE", "forward a port: tcp::2222-:22", forward<&MonitorTarget::hostfwd_add>},
    {"hostfwd_remove", "[NETWORK] RULE", "not any more: tcp::2222", forward<&MonitorTarget::hostfwd_remove>},
    {"sendkey", "KEYS [MILLISECONDS]", "press keys together: ctrl-alt-delete, shift-a, f1",
     change<&MonitorTarget::sendkey>},
    {"mouse_move", "RIGHT DOWN [WHEEL]", "move the mouse", change<&MonitorTarget::mouse_move>},
    {"mouse_button", "BUTTONS", "which are down: the sum of 1 (left), 2 (middle) and 4 (right)",
     change<&MonitorTarget::mouse_button>},
    {"screendump", "FILE [-f png|ppm] [DEVICE]", "what a screen shows, into that file",
     change<&MonitorTarget::screendump>},
    {"set_password", "vnc PASSWORD", "what VNC's clients have to know from now on",
     change<&MonitorTarget::set_password>},
    {"set_link", "NETWORK on|off", "plug in a network's cable, or pull it", set_link},
    {"snapshot_blkdev", "DRIVE FILE", "from here on the drive's writes go to that new qcow2 image", snapshot_blkdev},
    {"eject", "[-f] DRIVE", "take out that CD drive's medium; -f: though the guest has locked it", eject},
    {"change", "DRIVE FILE [FORMAT]", "put that file into the CD drive", change_medium},
    {"cpu", "INDEX", "which processor x and info look at", choose_cpu},
    {"x", "/FORMAT ADDRESS", "memory as that processor sees it: x /8xw $sp, x /4i $pc", examine<false>},
    {"xp", "/FORMAT ADDRESS", "physical memory", examine<true>},
    {"print", "/FORMAT NUMBER", "calculate: print /x $pc+8; also p", print},
    {"quit", "", "end the machine at once; also q", act<&MonitorTarget::quit>},
});

constexpr auto kShortNames = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"?", "help"},
    {"c", "cont"},
    {"p", "print"},
    {"q", "quit"},
});

std::string help(MonitorState&, std::string_view) {
    std::string text;
    for (const Command& command : kCommands) {
        text += fmt::format("{:<34} {}\n", fmt::format("{} {}", command.name, command.argument), command.help);
    }
    return text;
}

}  // namespace

std::string execute_command(MonitorState& state, std::string_view line) {
    line = trim(line);
    if (line.empty()) {
        return "";
    }
    // "x/4i" is "x /4i".
    const std::size_t end = std::min(line.find_first_of(" /"), line.size());
    std::string_view name = line.substr(0, end);
    for (const auto& [short_name, whole] : kShortNames) {
        name = name == short_name ? whole : name;
    }
    const auto command = std::ranges::find(kCommands, name, &Command::name);
    if (command == kCommands.end() && std::ranges::find(kSaving, name) != kSaving.end()) {
        return refuse_to_save(state, name);
    }
    if (command == kCommands.end() && std::ranges::find(kMissing, name) != kMissing.end()) {
        return fmt::format("'{}' is a command of QEMU's that Kelvin does not have yet; `help` lists those it has\n",
                           name);
    }
    if (command == kCommands.end()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kCommands, std::back_inserter(names), &Command::name);
        return fmt::format("unknown command: '{}'{}; `help` lists them\n", name, did_you_mean(name, names));
    }
    return command->run(state, trim(line.substr(end)));
}

}  // namespace kelvin::control
