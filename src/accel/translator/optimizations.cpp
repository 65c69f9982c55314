// SPDX-License-Identifier: Apache-2.0
#include "accel/translator/optimizations.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "accel/accelerator.h"
#include "base/nearest_name.h"

namespace kelvin::translator {

namespace {

/// What the builder does while it lifts.
constexpr auto kBuilderOptions = std::to_array<std::pair<std::string_view, bool ir::BuilderOptions::*>>({
    {"fold_constants", &ir::BuilderOptions::fold_constants},
    {"simplify", &ir::BuilderOptions::simplify},
    {"forward_registers", &ir::BuilderOptions::forward_registers},
    {"reuse_sums", &ir::BuilderOptions::reuse_sums},
});

constexpr std::string_view kAddressGroups = "address_groups";

Error unknown(const std::string& name) {
    const std::vector<std::string> names = Optimizations::names();
    const std::vector<std::string_view> views(names.begin(), names.end());
    return user_error(fmt::format("'{}' is not an optimization{}", name, did_you_mean(name, views)),
                      fmt::format("there are all, {}", fmt::join(names, ", ")));
}

}  // namespace

Optimizations Optimizations::none() {
    Optimizations result{pass::PassSet::none(), {}, false};
    for (const auto& [name, option] : kBuilderOptions) {
        result.builder.*option = false;
    }
    return result;
}

Result<Optimizations> Optimizations::without(std::span<const std::string> names) {
    Optimizations result;
    for (const std::string& name : names) {
        const auto option =
            std::ranges::find(kBuilderOptions, name, &std::pair<std::string_view, bool ir::BuilderOptions::*>::first);
        if (name == "all") {
            result = none();
        } else if (name == kAddressGroups) {
            result.address_groups = false;
        } else if (option != kBuilderOptions.end()) {
            result.builder.*(option->second) = false;
        } else if (const auto passes = pass::PassSet::parse(name); passes && name != "none" && !name.empty()) {
            result.passes = result.passes.without(passes.value());
        } else {
            return unknown(name);
        }
    }
    return result;
}

std::vector<std::string> Optimizations::names() {
    std::vector<std::string> result;
    for (const auto& [name, option] : kBuilderOptions) {
        result.emplace_back(name);
    }
    result.emplace_back(kAddressGroups);
    const std::string passes = pass::PassSet::all().names();
    for (std::size_t begin = 0; begin < passes.size();) {
        const std::size_t end = std::min(passes.find(',', begin), passes.size());
        result.push_back(passes.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

}  // namespace kelvin::translator

namespace kelvin::accel {

Result<> check_optimizations(std::span<const std::string> names) {
    const auto result = translator::Optimizations::without(names);
    return result ? ok() : Result<>(result.error());
}

std::string describe_optimizations() {
    return fmt::format("all\n{}\n", fmt::join(translator::Optimizations::names(), "\n"));
}

}  // namespace kelvin::accel
