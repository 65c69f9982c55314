// SPDX-License-Identifier: Apache-2.0
// Which processor a guest is to see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cpu/x86/features.h"

namespace kelvin::x86 {

struct ModelName {
    std::string_view name;
    std::string_view description;
    std::string_view alias_of;  ///< empty: it is none
    bool changes = false;       ///< with the host, or with Kelvin's version
};
const std::vector<ModelName>& model_names();
inline constexpr std::string_view kDefaultModel = "max";

struct Model {
    Processor processor;
    std::vector<std::string_view> missing;  ///< what it should have, but is not possible; it has not
    bool silent = false;                    ///< the user does not want to hear of that
    std::string vendor;
    u32 family = 0, model = 0, stepping = 0;
    std::string brand;
};

/// `properties` are features to add or to take away, and the like: "+avx2", "-cx16", "aes=off", "phys-bits=46",
/// "enforce". `possible` is what whoever executes the guest can do: what it lacks is an error with "enforce" only.
/// Unknown names are errors with the nearest one.
Result<Model> find_model(std::string_view name, const std::vector<std::string>& properties, const Processor& possible);
/// Whether names and properties are known; what is possible is not asked.
Result<> check_model(std::string_view name, const std::vector<std::string>& properties);

}  // namespace kelvin::x86
