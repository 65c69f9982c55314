// SPDX-License-Identifier: Apache-2.0
// The lines `// expect: x0=0x2a nzcv=6 v1=0x1_0000000000000002` of a test's source.
#pragma once

#include <string>
#include <vector>

#include "isa/board.h"

namespace kelvin::isa {

struct Expectation {
    std::string name;  ///< x0..x30, sp, nzcv, fpsr, v0..v31
    V128 value{};      ///< nzcv in bits 3:0, as the manual's tables write it
};

/// An error names the text that is not understood, or says that nothing is expected.
Result<std::vector<Expectation>> read_expectations(const std::string& source);

/// What of `report` is not as expected, a line each; empty if all is.
std::string check(const Report& report, const std::vector<Expectation>& expectations);

/// The registers that are not the same in both, a line each. (Not FPSR: host arithmetic does not give all of its bits.)
std::string differences(const Report& first, const Report& second);

}  // namespace kelvin::isa
