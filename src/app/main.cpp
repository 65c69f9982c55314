// SPDX-License-Identifier: Apache-2.0
// What the process was called as decides which front it shows.
#include <array>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/background.h"
#include "app/terminal_rescue.h"
#include "control/command_line.h"
#include "control/session.h"

namespace kelvin::app {

namespace {

using Arguments = std::vector<std::string_view>;

/// The second is what programs that drive QEMU start.
constexpr auto kSystemPrefixes = std::to_array<std::string_view>({"kelvin-system-", "qemu-system-"});
constexpr const char* kUsage =
    "usage: kelvin system-aarch64 [options]   an aarch64 machine, with the options of qemu-system-aarch64\n"
    "       kelvin system-x86_64 [options]    an x86 machine under KVM\n"
    "       kelvin-system-aarch64 [options]   the same, and kelvin-system-x86_64\n"
    "       kelvin --version\n"
    "`kelvin system-aarch64 -help` lists the options.\n";

int complain(const Error& error) {
    std::fprintf(stderr, "kelvin: %s\n", error.message().c_str());
    return 1;
}

int run_system(const Arguments& arguments, vm::Architecture guest) {
    auto line = control::parse_command_line(arguments, guest);
    if (!line) {
        return complain(line.error());
    }
    if (!line->answer.empty()) {
        std::fputs(line->answer.c_str(), stdout);
        return 0;
    }
    for (const std::string& note : line->notes) {
        std::fprintf(stderr, "kelvin: note: %s\n", note.c_str());
    }
    Background background(line->pid_file);
    if (line->daemonize) {
        if (const std::optional<int> status = background.leave_terminal()) {
            return *status;
        }
    }
    TerminalRescue rescue(background);
    const auto status = control::run_session(line->spec, rescue);
    return status ? status.value() : complain(status.error());
}

int run_system_of(std::string_view architecture, const Arguments& arguments) {
    if (architecture == "aarch64") {
        return run_system(arguments, vm::Architecture::aarch64);
    }
    if (architecture == "x86_64") {
        return run_system(arguments, vm::Architecture::x86_64);
    }
    std::fprintf(stderr,
                 "kelvin: there is no guest architecture '%.*s' yet\n  there are aarch64 and x86_64: "
                 "kelvin-system-aarch64, kelvin-system-x86_64\n",
                 static_cast<int>(architecture.size()), architecture.data());
    return 1;
}

int run(std::string_view name, Arguments arguments) {
    name.remove_prefix(name.rfind('/') + 1);
    for (const std::string_view prefix : kSystemPrefixes) {
        if (name.starts_with(prefix)) {
            const std::string_view architecture = name.substr(prefix.size());
            return run_system_of(architecture, arguments);
        }
    }
    if (arguments.empty()) {
        std::fputs(kUsage, stderr);
        return 1;
    }
    const std::string_view verb = arguments.front();
    arguments.erase(arguments.begin());
    if (verb.starts_with("system-")) {
        return run_system_of(verb.substr(7), arguments);
    }
    if (verb == "--version" || verb == "version" || verb == "-version") {
        std::puts("Kelvin " KELVIN_VERSION);
        return 0;
    }
    if (verb == "--help" || verb == "help" || verb == "-h" || verb == "-help") {
        std::fputs(kUsage, stdout);
        return 0;
    }
    std::fprintf(stderr, "kelvin: '%.*s' is not a command\n%s", static_cast<int>(verb.size()), verb.data(), kUsage);
    return 1;
}

}  // namespace

}  // namespace kelvin::app

int main(int count, char** arguments) {
    return kelvin::app::run(count > 0 ? arguments[0] : "", {arguments + (count > 0 ? 1 : 0), arguments + count});
}
