// SPDX-License-Identifier: Apache-2.0
// How many exceptions a processor has taken, by kind.
#pragma once

#include <array>
#include <string>

#include "base/counter.h"

namespace kelvin::arm64 {

struct ExceptionCounts {
    std::array<Counter, 64> synchronous;  ///< by exception class (ESR_ELx.EC)
    std::array<Counter, 3> interrupts;    ///< by Interrupt: IRQ, FIQ, SError
};

/// What ESR_ELx.EC says, in words (ARM ARM D24.2.40).
std::string describe_exception_class(unsigned exception_class);

}  // namespace kelvin::arm64
