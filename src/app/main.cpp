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
    "       kelvin-system-aarch64 [options]   the same\n"
    "       kelvin --version\n"
    "`kelvin system-aarch64 -help` lists the options.\n";

int complain(const Error& error) {
    std::fprintf(stderr, "kelvin: %s\n", error.message().c_str());
    return 1;
}

int run_system(const Arguments& arguments) {
    auto line = control::parse_command_line(arguments);
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

int unknown_system(std::string_view architecture) {
    std::fprintf(stderr,
                 "kelvin: there is no guest architecture '%.*s' yet\n  aarch64 is there: kelvin-system-aarch64\n",
                 static_cast<int>(architecture.size()), architecture.data());
    return 1;
}

int run(std::string_view name, Arguments arguments) {
    name.remove_prefix(name.rfind('/') + 1);
    for (const std::string_view prefix : kSystemPrefixes) {
        if (name.starts_with(prefix)) {
            const std::string_view architecture = name.substr(prefix.size());
            return architecture == "aarch64" ? run_system(arguments) : unknown_system(architecture);
        }
    }
    if (arguments.empty()) {
        std::fputs(kUsage, stderr);
        return 1;
    }
    const std::string_view verb = arguments.front();
    arguments.erase(arguments.begin());
    if (verb == "system-aarch64") {
        return run_system(arguments);
    }
    if (verb.starts_with("system-")) {
        return unknown_system(verb.substr(7));
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
