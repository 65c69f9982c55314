// SPDX-License-Identifier: Apache-2.0
// Says where two sides differ.
#pragma once

#include <span>
#include <string>

#include "base/types.h"
#include "differential/case.h"

namespace kelvin::differential {

/// The parts of a case's outcome that differ, "x v fpsr": empty if none does. `fpsr_ignored`: bits that may.
std::string differing(const Case& a, const Case& b, u64 fpsr_ignored);

/// objdump's lines for `words` at `pc`; empty if there is no objdump.
std::string disassemble(u64 pc, std::span<const u32> words);

/// The inputs that `words` may read are not known, so: all registers that differ, then all inputs.
std::string describe(const Case& in, std::span<const u32> words, const Case& qemu, const Case& interpreted,
                     const Case& compiled);

}  // namespace kelvin::differential
