// SPDX-License-Identifier: Apache-2.0
// Regions as text, for dumps and for tests that are written in it:
//     b0:
//       insn_start 0x40
//       v1 = get x0
//       v2 = load.i64 [v1 + 16] {size 8, base x0, acquire}
//       set x0, v2
//       exit_direct 0x44
// A value is called v and the index of its op. After an op's name come its type (where it is not the only one), then
// its lane, shape or condition: `vextract.i32.b v3, 5`, `select.i64.eq v1, v2, v3`. `nop` is not printed. A `;` begins
// a comment.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "ir/region.h"

namespace kelvin::ir {

/// `region` may be malformed: what cannot be named is printed as a number or "?".
std::string print(const Region& region);
/// One op, without indentation or end of line.
std::string print(const Region& region, Value value);

/// Parses what print() makes; values may have any names. Ops are numbered as they come. Errors name the line. The
/// region is not verified. `helpers` are those that calls may name; like `guest`, they must outlive the region.
Result<Region> parse(std::string_view text, const GuestDesc& guest, std::span<const Helper* const> helpers = {});

}  // namespace kelvin::ir
