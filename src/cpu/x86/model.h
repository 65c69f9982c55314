// SPDX-License-Identifier: Apache-2.0
// Which processor a guest is to see.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cpu/x86/cpuid.h"

namespace kelvin::x86 {

struct ModelName {
    std::string_view name;
    std::string_view description;
};
std::span<const ModelName> model_names();
inline constexpr std::string_view kDefaultModel = "max";

/// `properties` are features to add or to take away: "+avx2", "-cx16", "aes=off". `possible` is what whoever executes
/// the guest can do: asking for more is an error that names it. Unknown names are errors with the nearest one.
Result<Cpuid> find_model(std::string_view name, const std::vector<std::string>& properties, const Cpuid& possible);
/// Whether names and properties are known; what is possible is not asked.
Result<> check_model(std::string_view name, const std::vector<std::string>& properties);

}  // namespace kelvin::x86
