// SPDX-License-Identifier: Apache-2.0
// How long, and with which numbers.
#pragma once

#include <chrono>

#include "base/types.h"

namespace kelvin::exercise {

/// KELVIN_SEED, or one that nobody knows; it is printed.
u64 choose_seed();
/// KELVIN_EXERCISE_SECONDS from now, or less than one.
std::chrono::steady_clock::time_point choose_end();

}  // namespace kelvin::exercise
