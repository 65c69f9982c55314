// SPDX-License-Identifier: Apache-2.0
// For messages about unknown names: which known one was probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace kelvin {

/// The known name that differs least from `name` by inserted, deleted, replaced and swapped characters, without regard
/// to case; empty if none comes close. `name` may be as long as the user likes: what is absurdly long has no neighbour.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

/// " (did you mean 'x'?)", or nothing: to be put behind "unknown option 'y'".
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);

}  // namespace kelvin
