// SPDX-License-Identifier: Apache-2.0
#include "control/monitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/nearest_name.h"

namespace kelvin::control {

namespace {

constexpr const char* kPrompt = "(qemu) ";
/// Nobody types more; what comes by a pipe must not grow without end.
constexpr std::size_t kLongestLine = 4096;

std::string help();

struct Topic {
    std::string_view name;
    std::string_view help;
};

constexpr auto kTopics = std::to_array<Topic>({
    {"status", "whether the machine runs"},
    {"registers", "the processor's registers"},
    {"mtree", "the physical address space"},
    {"jit", "the translator's figures"},
    {"block", "the drives"},
    {"network", "network cables, and the connections of user networks"},
    {"pci", "what is on the PCI buses"},
});

std::string info(MonitorTarget& target, std::string_view topic) {
    if (std::ranges::find(kTopics, topic, &Topic::name) != kTopics.end()) {
        return target.info(topic);
    }
    std::string text;
    for (const Topic& known : kTopics) {
        text += fmt::format("info {:<12} {}\n", known.name, known.help);
    }
    return text;
}

template <void (MonitorTarget::*Method)()>
std::string act(MonitorTarget& target, std::string_view) {
    (target.*Method)();
    return "";
}

template <Result<> (MonitorTarget::*Method)(const std::string&)>
std::string change(MonitorTarget& target, std::string_view argument) {
    const Result<> outcome = (target.*Method)(std::string(argument));
    return outcome ? "" : fmt::format("Error: {}\n", outcome.error().message());
}

struct Command {
    std::string_view name;
    std::string_view help;
    std::string (*run)(MonitorTarget& target, std::string_view argument);
};

constexpr auto kCommands = std::to_array<Command>({
    {"help", "this list", [](MonitorTarget&, std::string_view) { return help(); }},
    {"info", "about the machine; alone it lists what there is", info},
    {"stop", "hold the machine", act<&MonitorTarget::stop>},
    {"cont", "let it run", act<&MonitorTarget::cont>},
    {"c", "the same", act<&MonitorTarget::cont>},
    {"system_reset", "press the reset button", act<&MonitorTarget::system_reset>},
    {"system_powerdown", "press the power key", act<&MonitorTarget::system_powerdown>},
    {"device_add", "plug in a device: what -device takes", change<&MonitorTarget::device_add>},
    {"device_del", "ask the guest to let go of the device with that id", change<&MonitorTarget::device_del>},
    {"quit", "end the machine at once", act<&MonitorTarget::quit>},
    {"q", "the same", act<&MonitorTarget::quit>},
});

std::string help() {
    std::string text;
    for (const Command& command : kCommands) {
        text += fmt::format("{:<17} {}\n", command.name, command.help);
    }
    return text;
}

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string Monitor::greeting() {
    const std::string hint = greeted_ ? "" : "Kelvin's monitor: `help` lists its commands\n";
    greeted_ = true;
    return hint + kPrompt + line_;
}

std::string Monitor::type(std::span<const u8> bytes) {
    constexpr u8 kBackspace = 8;
    constexpr u8 kDelete = 127;
    constexpr u8 kEraseLine = 21;
    std::string echo;
    for (const u8 byte : bytes) {
        if (byte == '\r' || byte == '\n') {
            echo += "\n" + execute(line_) + kPrompt;
            line_.clear();
        } else if ((byte == kBackspace || byte == kDelete) && !line_.empty()) {
            line_.pop_back();
            echo += "\b \b";
        } else if (byte == kEraseLine) {
            for (; !line_.empty(); line_.pop_back()) {
                echo += "\b \b";
            }
        } else if (byte >= 0x20 && byte < kDelete && line_.size() < kLongestLine) {
            line_ += static_cast<char>(byte);
            echo += static_cast<char>(byte);
        }
    }
    return echo;
}

std::string Monitor::execute(std::string_view line) {
    line = trim(line);
    if (line.empty()) {
        return "";
    }
    const std::string_view name = line.substr(0, line.find(' '));
    const auto command = std::ranges::find(kCommands, name, &Command::name);
    if (command == kCommands.end()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kCommands, std::back_inserter(names), &Command::name);
        return fmt::format("unknown command '{}'{}; `help` lists them\n", name, did_you_mean(name, names));
    }
    return command->run(target_, trim(line.substr(name.size())));
}

}  // namespace kelvin::control
