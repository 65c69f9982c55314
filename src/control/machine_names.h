// SPDX-License-Identifier: Apache-2.0
// Which machines there are, and what -machine can say of them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "vm/machine_spec.h"

namespace kelvin::control {

/// What -machine accepts: boards, and names that are short for the latest of them.
std::span<const std::string_view> machine_names(vm::Architecture architecture = vm::Architecture::aarch64);
/// What it is if none is named.
std::string_view default_machine(vm::Architecture architecture);
std::vector<std::string_view> machine_properties(vm::Architecture architecture);

}  // namespace kelvin::control
