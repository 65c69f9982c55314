// SPDX-License-Identifier: Apache-2.0
// The events that QMP's clients are told of.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "state/options.h"

namespace kelvin::control {

struct QmpEvent {
    std::string_view name;
    std::vector<state::OptionDescription> (*members)();  ///< what it says
};

std::span<const QmpEvent> qmp_events();

}  // namespace kelvin::control
