// SPDX-License-Identifier: Apache-2.0
// The GIC as the system registers see it; null in a machine without a GICv3.
#pragma once

#include "base/gic_cpu_interface.h"

namespace kelvin::arm64 {

using kelvin::GicCpuInterface;
using kelvin::IccRegister;
using kelvin::is_icc_register;

}  // namespace kelvin::arm64
