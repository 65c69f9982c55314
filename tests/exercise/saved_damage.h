// SPDX-License-Identifier: Apache-2.0
// Saved state as somebody with a hex editor leaves it.
#pragma once

#include <span>
#include <vector>

#include "exercise/random.h"
#include "state/saved_stream.h"

namespace kelvin::exercise {

/// Changes one value in one of `sections`, which are not none; `address` is one that means something.
void damage(std::vector<state::Section>& sections, Random& random, u64 address);

}  // namespace kelvin::exercise
