// SPDX-License-Identifier: Apache-2.0
// QEMU's command line for system emulation, turned into a MachineSpec.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::control {

struct CommandLine {
    vm::MachineSpec spec;
    std::string answer;              ///< what -help, -version and the lists print; then nothing is to be run
    bool daemonize = false;          ///< the process that was started ends when the machine is there
    std::string pid_file;            ///< where the machine's process writes its number; empty: nowhere
    std::vector<std::string> notes;  ///< lines for the user about what was accepted without effect
};

/// `arguments` without the program's name, which says what `architecture` the guest is of.
Result<CommandLine> parse_command_line(std::span<const std::string_view> arguments,
                                       vm::Architecture architecture = vm::Architecture::aarch64);

/// The first line that programs which drive QEMU expect of --version, and ours.
std::string version_text();

}  // namespace kelvin::control
