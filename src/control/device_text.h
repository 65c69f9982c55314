// SPDX-License-Identifier: Apache-2.0
// What -device and the monitor's device_add say about a device.
#pragma once

#include <string>

#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::control {

/// "virtio-net-pci,id=x,bus=port1,…" or JSON. The type is known; its options are checked when it is made.
Result<vm::DeviceSpec> read_device(const std::string& text);

}  // namespace kelvin::control
