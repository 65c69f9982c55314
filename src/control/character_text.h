// SPDX-License-Identifier: Apache-2.0
// What -chardev takes, as text.
#pragma once

#include <string>

#include "backend/char/character_devices.h"
#include "base/result.h"

namespace kelvin::control {

/// "socket,id=c0,path=/tmp/s,server=on"
Result<backend::CharacterSpec> read_character(const std::string& text);

}  // namespace kelvin::control
