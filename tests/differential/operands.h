// SPDX-License-Identifier: Apache-2.0
// Inputs: values that tell implementations apart more often than chance finds them.
#pragma once

#include <random>

#include "base/types.h"
#include "differential/case.h"

namespace kelvin::differential {

/// Fills all registers and the memory of `c`; its pc is left alone. Some general registers point into the window.
void randomize(std::mt19937_64& random, Case& c);

/// An address in the compared part of the window with room for what one instruction accesses; often next to or across
/// the boundary of its two pages.
u64 window_address(std::mt19937_64& random);

}  // namespace kelvin::differential
