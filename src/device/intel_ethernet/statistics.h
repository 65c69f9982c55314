// SPDX-License-Identifier: Apache-2.0
// What a controller counts of each frame (8254x 13.7), with the controller's lock held.
#pragma once

#include <span>

#include "device/intel_ethernet/register_file.h"

namespace kelvin::device::intel {

void count_transmitted(RegisterFile& registers, std::span<const u8> frame);
/// Of every frame that comes.
void count_seen(RegisterFile& registers, std::span<const u8> frame);
/// Of those that are for this host.
void count_received(RegisterFile& registers, std::span<const u8> frame);

}  // namespace kelvin::device::intel
