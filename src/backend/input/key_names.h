// SPDX-License-Identifier: Apache-2.0
// What QEMU calls keys (QKeyCode, qapi/ui.json), and Linux's codes of them.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::backend {

struct KeyName {
    std::string_view name;
    u16 code;  ///< Linux's: input-event-codes.h
};
/// A code may have several names.
std::span<const KeyName> key_names();

/// "ctrl", "a"; an unknown name's error has the nearest known.
Result<u16> find_key(std::string_view name);
/// By its number in scan code set 1, as QEMU's commands take one.
Result<u16> find_key(i64 number);

/// "ctrl-alt-delete": keys that are pressed together. "minus" is a key, "-" stands between two.
Result<std::vector<u16>> read_keys(std::string_view text);

}  // namespace kelvin::backend
