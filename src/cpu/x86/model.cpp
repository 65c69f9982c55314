// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/nearest_name.h"
#include "cpu/x86/composition.h"
#include "cpu/x86/model_properties.h"

namespace kelvin::x86 {

namespace {

/// What KVM does for its guests, and each is to know.
constexpr std::string_view kOfKvm[] = {"x2apic",         "hypervisor",     "kvmclock",
                                       "kvmclock2",      "kvm-nopiodelay", "kvm-asyncpf",
                                       "kvm-steal-time", "kvm-pv-eoi",     "kvmclock-stable-bit"};

constexpr Signature kBaseSignature = {kIntel, 0, 0, 0};
constexpr NamedModel kBase = {"base", "", kBaseSignature, 1, 0x8000'0008, "", "", CacheKind::plain, ""};

std::vector<const NamedModel*> named_models() {
    std::vector<const NamedModel*> all;
    for (const std::span<const NamedModel> some : {intel_models(), intel_server_models(), amd_models()}) {
        for (const NamedModel& model : some) {
            all.push_back(&model);
        }
    }
    return all;
}

/// "Haswell" of "Haswell-v1"; empty for later versions.
std::string_view short_name(const NamedModel& model) {
    constexpr std::string_view kFirst = "-v1";
    return model.name.ends_with(kFirst) ? model.name.substr(0, model.name.size() - kFirst.size()) : std::string_view();
}

const NamedModel* find_named(std::string_view name) {
    if (name == kBase.name) {
        return &kBase;
    }
    for (const NamedModel* const model : named_models()) {
        if (name == model->name || (!name.empty() && (name == model->alias || name == short_name(*model)))) {
            return model;
        }
    }
    return nullptr;
}

bool follows_host(std::string_view name) {
    return name == "host" || name == "max";
}

using FeatureSet = std::set<const Feature*>;

void apply_changes(std::string_view changes, FeatureSet& features) {
    while (!changes.empty()) {
        const std::string_view change = changes.substr(0, changes.find(' '));
        changes.remove_prefix(std::min(change.size() + 1, changes.size()));
        const Feature* const feature = find_feature(change.substr(1));
        KELVIN_ASSERT(feature != nullptr);
        if (change.front() == '+') {
            features.insert(feature);
        } else {
            features.erase(feature);
        }
    }
}

void collect(const NamedModel& model, FeatureSet& features) {
    if (!model.base.empty()) {
        collect(*find_named(model.base), features);
    }
    apply_changes(model.changes, features);
}

std::string vendor_of(const Processor& processor) {
    std::string vendor(12, '\0');
    if (const CpuidLeaf* const leaf = processor.cpuid.find(0)) {
        const u32 words[] = {(*leaf)[CpuidRegister::ebx], (*leaf)[CpuidRegister::edx], (*leaf)[CpuidRegister::ecx]};
        std::memcpy(vendor.data(), words, sizeof words);
    }
    return vendor.front() != '\0' ? vendor : std::string();
}

void take_away_hypervisor(Processor& processor) {
    constexpr u32 kFirst = 0x4000'0000;
    for (u32 function = kFirst; function < kFirst + 0x100; ++function) {
        processor.cpuid.remove(function);
    }
}

/// The physical address bits that the executing processor has.
u8 host_bits(const Processor& possible) {
    const CpuidLeaf* const leaf = possible.cpuid.find(0x8000'0008);
    const u8 bits = leaf != nullptr ? static_cast<u8>((*leaf)[CpuidRegister::eax]) : u8{0};
    return bits != 0 ? bits : u8{36};
}

Model make_named(const NamedModel& named, const Properties& properties, const Processor& possible) {
    Model model;
    FeatureSet wanted;
    collect(named, wanted);
    if (&named != &kBase) {
        for (const std::string_view name : kOfKvm) {
            const Feature* const feature = find_feature(name);
            if (has_feature(possible, *feature)) {
                wanted.insert(feature);
            }
        }
    }
    for (const Wish& wish : properties.wishes) {
        if (wish.on) {
            wanted.insert(wish.feature);
        } else {
            wanted.erase(wish.feature);
        }
    }
    const std::string host_vendor = vendor_of(possible);
    model.vendor = !properties.vendor.empty() ? properties.vendor
                   : !host_vendor.empty()     ? host_vendor
                                              : std::string(named.signature.vendor);
    model.brand = properties.brand.value_or(std::string(named.brand));
    const Signature& own = named.signature;
    Composition what;
    what.signature = {model.vendor, properties.family.value_or(own.family), properties.model.value_or(own.model),
                      properties.stepping.value_or(own.stepping)};
    what.level = properties.level.value_or(named.level);
    what.extended_level = properties.extended_level.value_or(named.extended_level);
    what.brand = model.brand;
    what.caches = named.caches;
    what.has_last_cache = properties.has_last_cache;
    what.physical_bits = properties.host_physical_bits
                             ? host_bits(possible)
                             : properties.physical_bits.value_or(std::min<u8>(40, host_bits(possible)));
    for (const Feature& feature : features()) {
        if (!wanted.contains(&feature)) {
            continue;
        }
        // Who is whose neighbour is said by place_processor, whatever the host says of it.
        if (has_feature(possible, feature) || feature.name == "topoext") {
            what.features.push_back(&feature);
        } else {
            model.missing.push_back(feature.name);
        }
    }
    model.processor = compose(what, possible);
    return model;
}

Model make_of_host(const Properties& properties, const Processor& possible) {
    Model model;
    model.processor = possible;
    model.vendor = vendor_of(possible);
    if (properties.migratable) {
        set_feature(model.processor, *find_feature("invtsc"), false);
    }
    for (const Wish& wish : properties.wishes) {
        if (wish.on && !has_feature(possible, *wish.feature)) {
            model.missing.push_back(wish.feature->name);
        } else {
            set_feature(model.processor, *wish.feature, wish.on);
        }
    }
    return model;
}

std::vector<ModelName> all_names() {
    std::vector<ModelName> all = {
        {"max", "everything that the accelerator can do; with KVM the same as host", {}, true},
        {"host", "the host's processor, as far as KVM can pass it on", {}, true},
        {"base", "nothing but what is asked for", {}, false}};
    for (const NamedModel* const model : named_models()) {
        if (!short_name(*model).empty()) {
            all.push_back({short_name(*model), model->brand, model->name, false});
        }
        all.push_back({model->name, model->brand, {}, false});
        if (!model->alias.empty()) {
            all.push_back({model->alias, model->brand, model->name, false});
        }
    }
    return all;
}

}  // namespace

const std::vector<ModelName>& model_names() {
    static const std::vector<ModelName> all = all_names();
    return all;
}

Result<> check_model(std::string_view name, const std::vector<std::string>& properties) {
    if (!follows_host(name) && find_named(name) == nullptr) {
        std::vector<std::string_view> known;
        std::ranges::transform(model_names(), std::back_inserter(known), &ModelName::name);
        return user_error(fmt::format("unknown processor model '{}'{}", name, did_you_mean(name, known)),
                          "-cpu help lists the models");
    }
    KELVIN_TRY(read_properties(properties));
    return ok();
}

Result<Model> find_model(std::string_view name, const std::vector<std::string>& words, const Processor& possible) {
    KELVIN_TRY(check_model(name, words));
    const Properties properties = KELVIN_TRY(read_properties(words));
    Model model =
        follows_host(name) ? make_of_host(properties, possible) : make_named(*find_named(name), properties, possible);
    if (properties.enforce && !model.missing.empty()) {
        return user_error(
            fmt::format("the host cannot give the guest what '{}' has: {}", name, fmt::join(model.missing, ", ")),
            "leave out 'enforce', take a model that is older, or -cpu host");
    }
    model.silent = !properties.check;
    if (properties.hides_hypervisor) {
        take_away_hypervisor(model.processor);
    }
    return model;
}

}  // namespace kelvin::x86
