// SPDX-License-Identifier: Apache-2.0
#include "control/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "control/machine_names.h"
#include "control/option_table.h"
#include "cpu/x86/model.h"

namespace kelvin::control {

namespace {

Error unknown_option(std::string_view given) {
    const std::string_view name = given.substr(given.find_first_not_of('-'));
    if (std::ranges::find(missing_options(), name) != missing_options().end()) {
        return user_error(fmt::format("{}: Kelvin does not have this option of QEMU yet", given),
                          "-help lists the options that there are");
    }
    std::vector<std::string_view> known;
    for (const Option& option : option_table()) {
        known.push_back(option.name);
    }
    known.insert(known.end(), missing_options().begin(), missing_options().end());
    const std::string_view nearest = nearest_name(name, known);
    const std::string hint = nearest.empty() ? "" : fmt::format(" (did you mean '-{}'?)", nearest);
    return user_error(fmt::format("{}: unknown option{}", given, hint), "-help lists the options");
}

/// An image that is named alone is the machine's disk.
Result<> apply_stray(Draft& draft, std::string_view argument) {
    const std::string path(argument);
    if (path.empty() || path.front() == '-' || ::access(path.c_str(), F_OK) != 0) {
        return user_error(fmt::format("'{}' is neither an option nor an image that exists", path),
                          "options begin with '-'; quote what belongs to -append");
    }
    return apply_lone_disk(draft, path);
}

const Option* find_option(std::string_view argument) {
    argument.remove_prefix(argument.starts_with("--") ? 2 : 1);
    const auto found = std::ranges::find(option_table(), argument, &Option::name);
    return found == option_table().end() ? nullptr : &*found;
}

}  // namespace

std::string version_text() {
    // Programs that drive QEMU look for exactly this first line to learn which options they may use.
    return "QEMU emulator version 10.0.2 (as understood by Kelvin " KELVIN_VERSION ")\n";
}

Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments, vm::Architecture architecture) {
    Draft draft;
    draft.line.spec.architecture = architecture;
    if (draft.is_x86()) {
        draft.line.spec.cpu.model = x86::kDefaultModel;
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument.size() < 2 || argument[0] != '-' || argument == "--") {
            KELVIN_TRY(apply_stray(draft, argument));
            continue;
        }
        const Option* const option = find_option(argument);
        if (option == nullptr) {
            return unknown_option(argument);
        }
        std::string value;
        if (!option->argument.empty()) {
            if (i + 1 == arguments.size()) {
                return user_error(
                    fmt::format("{}: an argument is missing: {} {}", argument, argument, option->argument));
            }
            value = arguments[++i];
        }
        if (auto applied = option->apply(draft, value); !applied) {
            Error error = applied.error();
            error.what = value.empty() ? fmt::format("{}: {}", argument, error.what)
                                       : fmt::format("{} {}: {}", argument, value, error.what);
            return error;
        }
        if (!draft.line.answer.empty()) {
            return std::move(draft.line);
        }
    }
    KELVIN_TRY(settle_accelerator(draft));
    KELVIN_TRY(settle_architecture(draft));
    KELVIN_TRY(settle_console(draft));
    KELVIN_TRY(settle_snapshot(draft));
    KELVIN_TRY(settle_memory(draft));
    KELVIN_TRY(settle_flash(draft));
    KELVIN_TRY(settle_drives(draft));
    KELVIN_TRY(settle_networks(draft));
    KELVIN_TRY(settle_video(draft));
    if (!draft.machine_named) {
        draft.line.notes.push_back(
            fmt::format("no machine was named: it is '{0}' (-M {0})", default_machine(architecture)));
    }
    return std::move(draft.line);
}

}  // namespace kelvin::control
