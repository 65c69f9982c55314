// SPDX-License-Identifier: Apache-2.0
// What the translator may be told to do badly (-accel translator,inject=NAME+NAME), so that paths which seldom run in a
// healthy machine run always. The guest must not be able to tell.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kelvin::accel {

struct Injections {
    bool slow_memory = false;
    bool slot_misses = false;
    bool slot_trials = false;
    bool no_slots = false;
    bool no_links = false;
    bool jump_misses = false;
    bool interrupts = false;
    bool small_cache = false;
    bool short_regions = false;
    bool least_host = false;
    bool slow_clock = false;
};

/// Names joined by '+'.
Result<Injections> parse_injections(std::string_view names);
/// A line for each name: what it does.
std::string describe_injections();

}  // namespace kelvin::accel
