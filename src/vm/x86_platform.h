// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vm/platform.h"

namespace kelvin::vm {

/// KVM's local APICs have 8-bit numbers, of which one is everybody's.
inline constexpr unsigned kMaxX86Cpus = 254;

Result<std::unique_ptr<Platform>> make_x86_platform(const MachineSpec& spec, const PlatformPorts& ports);

}  // namespace kelvin::vm
