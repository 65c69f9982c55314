// SPDX-License-Identifier: Apache-2.0
// The registers of each model.
#pragma once

#include "device/intel_ethernet/register_file.h"

namespace kelvin::device::intel {

const RegisterLayout& layout_of_82540em();
const RegisterLayout& layout_of_82574l();

}  // namespace kelvin::device::intel
