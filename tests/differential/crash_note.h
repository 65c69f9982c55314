// SPDX-License-Identifier: Apache-2.0
// Compiled code that is wrong may end the process: says which case it was.
#pragma once

#include "base/types.h"

namespace kelvin::differential {

/// From now on a fatal signal prints how to run the case noted last.
void note_crashes();
void note_case(u64 seed, u64 number);

}  // namespace kelvin::differential
