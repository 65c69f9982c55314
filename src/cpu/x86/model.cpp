// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "state/text_values.h"

namespace kelvin::x86 {

namespace {

constexpr ModelName kModels[] = {
    {"host", "the host's processor, as far as KVM can pass it on"},
    {"max", "everything that the accelerator can do; with KVM the same as host"},
};

/// Properties of a processor that are no features and have no effect here.
constexpr std::string_view kWithoutEffect[] = {"migratable",     "check",          "enforce", "kvm",
                                               "fill-mtrr-mask", "host-phys-bits", "l3-cache"};

struct Wish {
    const Feature* feature;  // null: without effect
    bool on;
};

Result<Wish> read_property(const std::string& property) {
    std::string name = property;
    bool on = true;
    if (name.starts_with('+') || name.starts_with('-')) {
        on = name.front() == '+';
        name.erase(0, 1);
    } else if (const size_t equals = name.find('='); equals != std::string::npos) {
        const std::optional<bool> value = state::parse_switch(name.substr(equals + 1));
        name.resize(equals);
        if (!value) {
            return user_error(fmt::format("{} is on or off, not '{}'", name, property.substr(equals + 1)));
        }
        on = *value;
    }
    if (const Feature* const feature = find_feature(name)) {
        return Wish{feature, on};
    }
    if (std::ranges::find(kWithoutEffect, name) != std::end(kWithoutEffect)) {
        return Wish{nullptr, on};
    }
    const std::vector<std::string_view> known = feature_names();
    return user_error(fmt::format("the processor has no property '{}'{}", name, did_you_mean(name, known)),
                      "-cpu help lists the models and the features");
}

}  // namespace

std::span<const ModelName> model_names() {
    return kModels;
}

Result<> check_model(std::string_view name, const std::vector<std::string>& properties) {
    if (std::ranges::find(kModels, name, &ModelName::name) == std::end(kModels)) {
        std::vector<std::string_view> known;
        std::ranges::transform(kModels, std::back_inserter(known), &ModelName::name);
        return user_error(fmt::format("unknown processor model '{}'{}", name, did_you_mean(name, known)),
                          "-cpu help lists the models");
    }
    for (const std::string& property : properties) {
        KELVIN_TRY(read_property(property));
    }
    return ok();
}

Result<Cpuid> find_model(std::string_view name, const std::vector<std::string>& properties, const Cpuid& possible) {
    KELVIN_TRY(check_model(name, properties));
    Cpuid model = possible;
    for (const std::string& property : properties) {
        const Wish wish = KELVIN_TRY(read_property(property));
        if (wish.feature == nullptr) {
            continue;
        }
        if (wish.on && !has_feature(possible, *wish.feature)) {
            return user_error(fmt::format("the host cannot give the guest '{}'", wish.feature->name), "leave it out");
        }
        set_feature(model, *wish.feature, wish.on);
    }
    return model;
}

}  // namespace kelvin::x86
