// SPDX-License-Identifier: Apache-2.0
// Which frames are for this host (8254x 3.2.1), and which queue they go to (82574 7.1.2.8). With the controller's lock
// held.
#pragma once

#include <optional>
#include <span>

#include "device/intel_ethernet/register_file.h"
#include "device/network_card/frame.h"

namespace kelvin::device::intel {

/// Of a frame with its tag; `tag` is that tag.
bool passes(const RegisterFile& registers, std::span<const u8> frame, std::optional<u16> tag);

/// Receive-side scaling.
struct Hash {
    u8 type = 0;  ///< as descriptors have it; 0: none
    u32 value = 0;
    unsigned queue = 0;
};
Hash hash_frame(const RegisterFile& registers, std::span<const u8> frame, const network_card::FrameLayout& layout);

}  // namespace kelvin::device::intel
