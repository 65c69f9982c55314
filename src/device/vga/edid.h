// SPDX-License-Identifier: Apache-2.0
// What a monitor says of itself (VESA Enhanced EDID Standard, release A, revision 2): structure 1.4 of 128 bytes.
#pragma once

#include <array>

#include "base/types.h"

namespace kelvin::device {

/// A monitor whose preferred size is `width` by `height` pixels, each of 16 to 4095.
std::array<u8, 128> make_edid(u32 width, u32 height);

}  // namespace kelvin::device
