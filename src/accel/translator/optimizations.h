// SPDX-License-Identifier: Apache-2.0
// The translator's optimizations, each of which can be switched off by name to find a miscompile.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ir/builder.h"
#include "ir/pass/pass.h"

namespace kelvin::translator {

struct Optimizations {
    pass::PassSet passes = pass::PassSet::all();
    ir::BuilderOptions builder;
    bool address_groups = true;  ///< of accesses that one check serves: src/emit/x64/address_groups.h

    static Optimizations none();
    /// All but those named; "all" is a name too.
    static Result<Optimizations> without(std::span<const std::string> names);
    static std::vector<std::string> names();
};

}  // namespace kelvin::translator
