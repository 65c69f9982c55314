// SPDX-License-Identifier: Apache-2.0
// IBM's code page 437, which the characters of text modes are of.
#pragma once

#include <string_view>

#include "base/types.h"

namespace kelvin::device::vga {

/// The character in UTF-8; 0 and 255 are spaces.
std::string_view utf8_of(u8 code);

}  // namespace kelvin::device::vga
