// SPDX-License-Identifier: Apache-2.0
// JSON values: what options are made of on their way to a typed struct, and what QMP speaks.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kelvin::state {

using Json = nlohmann::json;

/// One JSON value and nothing behind it; a user's error that says at which byte it is not JSON. Text nested deeper than
/// kMaxJsonDepth is refused, so that no reader can be made to recurse without end.
Result<Json> parse_json(std::string_view text);
inline constexpr unsigned kMaxJsonDepth = 64;

/// Without spaces or line ends; bytes that are not UTF-8 are replaced.
std::string to_text(const Json& value);

}  // namespace kelvin::state
