// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "machine/virt_arm64_map.h"
#include "vm/platform.h"

namespace kelvin::vm {

/// Of GICv3's redistributors no more fit into the board's region.
inline constexpr unsigned kMaxCpus = machine::virt::kGicV3Redistributors.size / 0x20000;

Result<std::unique_ptr<Platform>> make_arm64_platform(const MachineSpec& spec, const PlatformPorts& ports);

/// What can be said against `spec` without making anything: its sizes, its kernel.
Result<> check_machine(const MachineSpec& spec);

/// The device tree of the machine that `spec` describes, without building one.
Result<std::vector<u8>> device_tree_of(const MachineSpec& spec);

}  // namespace kelvin::vm
