// SPDX-License-Identifier: Apache-2.0
// What tests of options ask of a command line.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "control/command_line.h"

namespace kelvin::control {

using Arguments = std::vector<std::string_view>;

inline vm::MachineSpec spec_of(const Arguments& arguments) {
    const auto line = parse_command_line(arguments);
    EXPECT_TRUE(line) << line.error().message();
    return line ? line.value().spec : vm::MachineSpec{};
}

inline std::string error_of(const Arguments& arguments) {
    const auto line = parse_command_line(arguments);
    return line ? "accepted" : line.error().message();
}

}  // namespace kelvin::control
