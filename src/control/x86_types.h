// SPDX-License-Identifier: Apache-2.0
// What QMP says of x86's processors and machines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/json.h"

namespace kelvin::control {

inline constexpr std::string_view kX86CpuSuffix = "-x86_64-cpu";

/// As query-machines and query-cpu-definitions answer.
state::Json x86_machines();
state::Json x86_cpu_definitions();
/// As query-cpu-model-expansion does: `type` is "static", which says all of a model beside "base", or "full". `given`
/// are properties as -cpu takes them. Of "host" and "max" it is what KVM can do here; of others what they are.
Result<state::Json> expand_x86_cpu(std::string_view type, const std::string& name,
                                   const std::vector<std::string>& given);
/// Names and types of a processor's properties.
state::Json x86_cpu_properties();
/// Those that a processor of `model` has, with their values; null: there is no such model.
state::Json x86_cpu_values(const std::string& model, const std::vector<std::string>& given);

}  // namespace kelvin::control
