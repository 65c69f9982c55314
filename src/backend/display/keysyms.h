// SPDX-License-Identifier: Apache-2.0
// The symbols that VNC's clients send (X11's keysymdef.h), and where they are on a keyboard of the USA.
#pragma once

#include <optional>

#include "base/types.h"

namespace kelvin::backend {

/// Linux's code of the key (input-event-codes.h); none if it is on no such keyboard.
std::optional<u16> key_of_symbol(u32 symbol);

}  // namespace kelvin::backend
