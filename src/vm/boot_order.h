// SPDX-License-Identifier: Apache-2.0
// The list by which firmware knows what to start a system from, and in which order (edk2's QemuBootOrderLib reads it).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bus/device.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

struct BootCandidate {
    bus::Bootable::Kind kind;
    std::optional<i32> index;  ///< negative: none
    std::string path;          ///< Open Firmware's
};

/// A path a line; empty if the user has no wish, and firmware decides. Firmware starts from no other PCI or virtio
/// device than those listed, so that an order of kinds has all of them, unless it is strict.
std::string boot_order(std::vector<BootCandidate> candidates, const BootOrderSpec& spec, bool first_start);

}  // namespace kelvin::vm
