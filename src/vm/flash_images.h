// SPDX-License-Identifier: Apache-2.0
// Finds and opens what the banks of flash hold.
#pragma once

#include <array>
#include <memory>

#include "backend/flash/flash_image.h"
#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

/// By bank; null: nothing was given for it.
using FlashImages = std::array<std::unique_ptr<backend::FlashImage>, 2>;

/// `firmware` is what the first bank holds if nothing was given for it; empty: nothing.
Result<FlashImages> open_flash_images(const MachineSpec& spec, const std::string& firmware);

/// The firmware for a machine that has disks, and neither firmware nor a kernel that could use them; empty for others.
Result<std::string> find_default_firmware(const MachineSpec& spec);

/// The path of the firmware that the user calls `name`: that of a file, or a file's name in one of `folders` or in a
/// folder where distributions install firmware.
Result<std::string> find_firmware(const std::string& name, std::span<const std::string> folders);

}  // namespace kelvin::vm
