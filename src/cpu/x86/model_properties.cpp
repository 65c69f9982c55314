// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/model_properties.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "state/text_values.h"

namespace kelvin::x86 {

namespace {

struct Switch {
    std::string_view name;
    bool Properties::*value;
};
constexpr Switch kSwitches[] = {{"check", &Properties::check},
                                {"enforce", &Properties::enforce},
                                {"migratable", &Properties::migratable},
                                {"l3-cache", &Properties::has_last_cache},
                                {"host-phys-bits", &Properties::host_physical_bits}};

struct Number {
    std::string_view name;
    std::optional<u32> Properties::*value;
    u32 most;
};
constexpr Number kNumbers[] = {{"level", &Properties::level, 0xff},
                               {"xlevel", &Properties::extended_level, 0x8000'00ff},
                               {"min-level", nullptr, 0xff},
                               {"min-xlevel", nullptr, 0x8000'00ff},
                               {"family", &Properties::family, 0xf + 0xff},
                               {"model", &Properties::model, 0xff},
                               {"stepping", &Properties::stepping, 0xf}};

/// What is like that here anyway, or which nobody can tell.
constexpr std::string_view kWithoutEffect[] = {"hv-passthrough",        "fill-mtrr-mask", "legacy-cache",
                                               "full-cpuid-auto-level", "cpuid-0xb",      "tcg-cpuid",
                                               "x-migrate-smi-count"};

struct Word {
    std::string name;
    std::optional<std::string> value;  ///< what is behind '='; '+' and '-' are on and off
};

Word split(const std::string& text) {
    if (text.starts_with('+') || text.starts_with('-')) {
        return {text.substr(1), text.front() == '+' ? "on" : "off"};
    }
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
        return {text, std::nullopt};
    }
    return {text.substr(0, equals), text.substr(equals + 1)};
}

Result<bool> read_switch(const Word& word) {
    const std::optional<bool> value = state::parse_switch(word.value.value_or("on"));
    if (!value) {
        return user_error(fmt::format("{} is on or off, not '{}'", word.name, *word.value));
    }
    return *value;
}

Result<u32> read_number(const Word& word, u32 least, u32 most) {
    const std::optional<u64> value = state::parse_unsigned(word.value.value_or(""));
    if (!value || *value < least || *value > most) {
        return user_error(fmt::format("the processor's {} is a number from {} to {:#x}, not '{}'", word.name, least,
                                      most, word.value.value_or("")));
    }
    return static_cast<u32>(*value);
}

/// False: it is not one of those.
Result<bool> read_text(const Word& word, Properties& properties) {
    if (word.name == "model-id") {
        properties.brand = word.value.value_or("");
        return true;
    }
    if (word.name != "vendor") {
        return false;
    }
    constexpr size_t kSize = 12;
    properties.vendor = word.value.value_or("");
    if (properties.vendor.size() != kSize) {
        return user_error(fmt::format("a processor's vendor has {} characters, unlike '{}'", kSize, properties.vendor),
                          "GenuineIntel and AuthenticAMD are two");
    }
    return true;
}

Result<bool> read_size(const Word& word, Properties& properties) {
    if (word.name == "phys-bits") {
        constexpr u32 kLeast = 32;
        constexpr u32 kMost = 52;
        if (word.value != "0") {
            properties.physical_bits = static_cast<u8>(KELVIN_TRY(read_number(word, kLeast, kMost)));
        }
        return true;
    }
    for (const Number& number : kNumbers) {
        if (word.name == number.name) {
            const u32 value = KELVIN_TRY(read_number(word, 0, number.most));
            if (number.value != nullptr) {
                properties.*number.value = value;
            }
            return true;
        }
    }
    return false;
}

Result<bool> read_flag(const Word& word, Properties& properties) {
    for (const Switch& one : kSwitches) {
        if (word.name == one.name) {
            properties.*one.value = KELVIN_TRY(read_switch(word));
            return true;
        }
    }
    if (word.name == "kvm") {
        properties.hides_hypervisor = !KELVIN_TRY(read_switch(word));
        return true;
    }
    // What virtual machines of the guest's have: there are none.
    if (word.name.starts_with("vmx-") || word.name == "pmu") {
        if (KELVIN_TRY(read_switch(word))) {
            return user_error(fmt::format("the processor has no '{}'", word.name), "leave it out");
        }
        return true;
    }
    return std::ranges::find(kWithoutEffect, word.name) != std::end(kWithoutEffect);
}

Error unknown(const std::string& name) {
    std::vector<std::string_view> known = feature_names();
    std::ranges::transform(kSwitches, std::back_inserter(known), &Switch::name);
    std::ranges::transform(kNumbers, std::back_inserter(known), &Number::name);
    return user_error(fmt::format("the processor has no property '{}'{}", name, did_you_mean(name, known)),
                      "-cpu help lists the models and the features");
}

}  // namespace

Result<Properties> read_properties(const std::vector<std::string>& words) {
    Properties properties;
    for (const std::string& text : words) {
        const Word word = split(text);
        if (const Feature* const feature = find_feature(word.name)) {
            const bool on = KELVIN_TRY(read_switch(word));
            properties.wishes.push_back({feature, on});
            if (feature->name == "kvmclock") {  // one name for two generations of it
                properties.wishes.push_back({find_feature("kvmclock2"), on});
            }
            continue;
        }
        const bool is_text = KELVIN_TRY(read_text(word, properties));
        const bool is_size = KELVIN_TRY(read_size(word, properties));
        const bool is_flag = KELVIN_TRY(read_flag(word, properties));
        if (!is_text && !is_size && !is_flag) {
            return unknown(word.name);
        }
    }
    return properties;
}

}  // namespace kelvin::x86
