// SPDX-License-Identifier: Apache-2.0
#include "cpu/arm64/model.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/bits.h"
#include "base/nearest_name.h"

namespace kelvin::arm64 {
namespace {

using enum Feature;
using FeatureMask = u64;
static_assert(static_cast<unsigned>(Feature::count) <= 64);

constexpr FeatureMask mask_of(std::initializer_list<Feature> features) {
    FeatureMask mask = 0;
    for (const Feature feature : features) {
        mask |= FeatureMask{1} << static_cast<unsigned>(feature);
    }
    return mask;
}

/// What a feature makes an ID register's 4-bit field say. Of several features in one field the highest value holds: the
/// architecture numbers fields so that each value includes those below it (ARM ARM D23.1.3).
struct FeatureField {
    Feature feature;
    u64 IdRegisters::*id;
    u8 shift;
    u8 value;
};

constexpr FeatureField kFields[] = {
    {fp16, &IdRegisters::pfr0, 16, 1},      {fp16, &IdRegisters::pfr0, 20, 1},
    {ras, &IdRegisters::pfr0, 28, 1},       {dit, &IdRegisters::pfr0, 48, 1},
    {csv2, &IdRegisters::pfr0, 56, 1},      {csv3, &IdRegisters::pfr0, 60, 1},
    {bti, &IdRegisters::pfr1, 0, 1},        {ssbs, &IdRegisters::pfr1, 4, 2},
    {aes, &IdRegisters::isar0, 4, 1},       {pmull, &IdRegisters::isar0, 4, 2},
    {sha1, &IdRegisters::isar0, 8, 1},      {sha256, &IdRegisters::isar0, 12, 1},
    {sha512, &IdRegisters::isar0, 12, 2},   {crc32, &IdRegisters::isar0, 16, 1},
    {lse, &IdRegisters::isar0, 20, 2},      {rdm, &IdRegisters::isar0, 28, 1},
    {sha3, &IdRegisters::isar0, 32, 1},     {dotprod, &IdRegisters::isar0, 44, 1},
    {flagm, &IdRegisters::isar0, 52, 1},    {flagm2, &IdRegisters::isar0, 52, 2},
    {tlb_os, &IdRegisters::isar0, 56, 1},   {tlb_range, &IdRegisters::isar0, 56, 2},
    {dpb, &IdRegisters::isar1, 0, 1},       {dpb2, &IdRegisters::isar1, 0, 2},
    {pauth, &IdRegisters::isar1, 8, 3},   // API: an IMPLEMENTATION DEFINED algorithm, with FEAT_PAuth2
    {pauth, &IdRegisters::isar1, 28, 1},  // GPI
    {jscvt, &IdRegisters::isar1, 12, 1},    {fcma, &IdRegisters::isar1, 16, 1},
    {lrcpc, &IdRegisters::isar1, 20, 1},    {lrcpc2, &IdRegisters::isar1, 20, 2},
    {frint, &IdRegisters::isar1, 32, 1},    {sb, &IdRegisters::isar1, 36, 1},
    {specres, &IdRegisters::isar1, 40, 1},  {wfxt, &IdRegisters::isar2, 0, 2},
    {aa64_16k, &IdRegisters::mmfr0, 20, 1}, {ecv, &IdRegisters::mmfr0, 60, 1},
    {hafdbs, &IdRegisters::mmfr1, 0, 2},    {vmid16, &IdRegisters::mmfr1, 4, 2},
    {vhe, &IdRegisters::mmfr1, 8, 1},       {hpds, &IdRegisters::mmfr1, 12, 2},
    {lor, &IdRegisters::mmfr1, 16, 1},      {pan, &IdRegisters::mmfr1, 20, 1},
    {pan2, &IdRegisters::mmfr1, 20, 2},     {pan3, &IdRegisters::mmfr1, 20, 3},
    {xnx, &IdRegisters::mmfr1, 28, 1},      {ecbhb, &IdRegisters::mmfr1, 60, 1},
    {cnp, &IdRegisters::mmfr2, 0, 1},       {uao, &IdRegisters::mmfr2, 4, 1},
    {ras, &IdRegisters::mmfr2, 12, 1},  // IESB
    {ttst, &IdRegisters::mmfr2, 28, 1},     {lse2, &IdRegisters::mmfr2, 32, 1},
    {idst, &IdRegisters::mmfr2, 36, 1},     {evt, &IdRegisters::mmfr2, 56, 2},
    {e0pd, &IdRegisters::mmfr2, 60, 1},     {debugv8p2, &IdRegisters::dfr0, 0, 8},
};

/// The constants of a core, from its Technical Reference Manual; features that are not implemented are left out.
struct Core {
    std::string_view name, description, compatible;
    FeatureMask features;
    u64 midr, revidr, ctr, clidr;
    u64 l1d, l1i, l2;  ///< CCSIDR_EL1
    u64 pmcr;
    u64 pmu_version;  ///< ID_AA64DFR0_EL1.PMUVer where there is a PMU
    u8 physical_bits;
    u64 cntfrq;
};

constexpr FeatureMask kArmv80 =
    mask_of({base, aes, pmull, sha1, sha256, crc32, pmuv3, aa64_4k, aa64_64k, impdef_cortex_a});
constexpr FeatureMask kNeoverseN1 =
    mask_of({base,  aes,       pmull,   sha1,     sha256,   crc32,          lse, rdm, pan,  pan2, hafdbs,
             hpds,  uao,       cnp,     fp16,     dotprod,  lrcpc,          dpb, ras, ssbs, csv2, csv3,
             pmuv3, debugv8p2, aa64_4k, aa64_16k, aa64_64k, impdef_neoverse});
/// What pays for itself: all that a kernel can leave undone, and no work for each call and return.
constexpr FeatureMask kKelvin = (kNeoverseN1 & ~mask_of({impdef_neoverse})) |
                                mask_of({fcma,  jscvt,     lrcpc2, dpb2, sha3, sha512, flagm, flagm2, lse2,    dit,  sb,
                                         frint, tlb_range, tlb_os, e0pd, ttst, idst,   wfxt,  pan3,   specres, ecbhb});
constexpr u64 kSlowTimer = 62'500'000;
constexpr u64 kFastTimer = 1'000'000'000;

constexpr Core kCores[] = {
    // CTR_EL0.IDC and DIC: stores are seen by instruction fetches without cache maintenance. MIDR_EL1's implementer 0
    // is reserved for software.
    {kDefaultModel, "the default: what costs nothing, so neither pointer authentication nor BTI", "arm,armv8", kKelvin,
     0x000f04b0, 0, 0xb444c004, 0x02000023, 0x700fe01a, 0x201fe012, 0x70ffe07a, 0, 4, 48, kFastTimer},
    {"max", "all that there is", "arm,armv8", kKelvin | mask_of({pauth, bti}), 0x000f0510, 0, 0xb444c004, 0x02000023,
     0x700fe01a, 0x201fe012, 0x70ffe07a, 0, 4, 48, kFastTimer},
    {"cortex-a53", "Armv8.0", "arm,cortex-a53", kArmv80, 0x410fd034, 0x100, 0x84448004, 0x0a200023, 0x700fe01a,
     0x203fe002, 0x707fe07a, 0x41030000, 1, 40, kSlowTimer},
    {"cortex-a57", "Armv8.0", "arm,cortex-a57", kArmv80, 0x411fd070, 0, 0x8444c004, 0x0a200023, 0x700fe01a, 0x201fe012,
     0x70ffe07a, 0x41010000, 1, 44, kSlowTimer},
    {"cortex-a72", "Armv8.0", "arm,cortex-a72", kArmv80, 0x410fd083, 0, 0x8444c004, 0x0a200023, 0x700fe01a, 0x201fe012,
     0x707fe07a, 0x41020000, 1, 44, kSlowTimer},
    {"neoverse-n1", "Armv8.2 for servers", "arm,neoverse-n1", kNeoverseN1, 0x414fd0c1, 0, 0x8444c004, 0x82000023,
     0x701fe01a, 0x201fe01a, 0x70ffe03a, 0x410c0000, 4, 48, kSlowTimer},
};

constexpr auto kNames = [] {
    std::array<ModelName, std::size(kCores)> names{};
    std::ranges::transform(kCores, names.begin(), [](const Core& core) {
        return ModelName{core.name, core.description};
    });
    return names;
}();

enum class Setting { any, only_on, only_off };

/// A property that switches features. Some of QEMU's can have but one value here, and are taken if they say so.
struct Property {
    std::string_view name;
    FeatureMask features;
    Setting setting = Setting::any;
};

constexpr Property kProperties[] = {
    {"pauth", mask_of({pauth})},
    {"bti", mask_of({bti})},
    {"pmu", mask_of({pmuv3})},
    {"lse", mask_of({lse, lse2})},
    {"aes", mask_of({aes, pmull})},
    {"sha1", mask_of({sha1})},
    {"sha2", mask_of({sha256, sha512})},
    {"sha3", mask_of({sha3})},
    {"crc32", mask_of({crc32})},
    {"fp16", mask_of({fp16})},
    {"dotprod", mask_of({dotprod})},
    {"flagm", mask_of({flagm, flagm2})},
    {"lrcpc", mask_of({lrcpc, lrcpc2})},
    {"pan", mask_of({pan, pan2})},
    {"uao", mask_of({uao})},
    {"hafdbs", mask_of({hafdbs})},
    {"ssbs", mask_of({ssbs})},
    {"dit", mask_of({dit})},
    {"e0pd", mask_of({e0pd})},
    {"wfxt", mask_of({wfxt})},
    {"tlbi-range", mask_of({tlb_range})},
    {"pauth-impdef", mask_of({pauth}), Setting::only_on},
    {"aarch64", 0, Setting::only_on},
    {"sve", 0, Setting::only_off},
    {"sme", 0, Setting::only_off},
    {"mte", 0, Setting::only_off},
    {"rme", 0, Setting::only_off},
    {"lpa2", 0, Setting::only_off},
};

u64 physical_range(unsigned physical_bits) {
    constexpr u8 kRanges[] = {32, 36, 40, 42, 44, 48};
    return static_cast<u64>(std::ranges::upper_bound(kRanges, physical_bits) - std::begin(kRanges)) - 1;
}

IdRegisters derive(const Core& core, const FeatureSet& features) {
    const auto has = [&](Feature feature) { return features.test(static_cast<std::size_t>(feature)); };
    IdRegisters id{};
    id.midr = core.midr;
    id.revidr = core.revidr;
    id.ctr = core.ctr;
    id.dczid = 4;  // DC ZVA: 64 bytes
    id.clidr = core.clidr;
    id.ccsidr[0][0] = core.l1d;
    id.ccsidr[0][1] = core.l1i;
    id.ccsidr[1][0] = core.l2;
    id.pmcr = core.pmcr;
    id.cntfrq = core.cntfrq;
    id.pfr0 = 0x11;                                            // EL0 and EL1, AArch64 only; no EL2, no EL3
    id.dfr0 = 1u << 28 | 3u << 20 | 5u << 12 | 6;              // 6 breakpoints, 4 watchpoints, 2 context-aware
    id.mmfr0 = physical_range(core.physical_bits) | 2u << 4 |  // 16-bit ASIDs
               1u << 8 | 1u << 12;                             // mixed endianness; Secure memory is told apart
    id.mmfr0 |= (has(aa64_4k) ? 0 : u64{0xf} << 28) | (has(aa64_64k) ? 0 : u64{0xf} << 24);
    if (has(pmuv3)) {
        id.dfr0 = with_bits(id.dfr0, 11, 8, core.pmu_version);
    }
    for (const FeatureField& field : kFields) {
        u64& reg = id.*field.id;
        if (has(field.feature) && bits(reg, field.shift + 3u, field.shift) < field.value) {
            reg = with_bits(reg, field.shift + 3u, field.shift, field.value);
        }
    }
    return id;
}

template <class Row, std::size_t kCount>
std::string suggestion(std::string_view name, const Row (&table)[kCount]) {
    std::array<std::string_view, kCount> names;
    std::ranges::transform(table, names.begin(), &Row::name);
    return did_you_mean(name, names);
}

std::string quoted(std::string_view text) {
    std::string result("'");
    result += text;
    result += '\'';
    return result;
}

Result<> apply_property(FeatureSet& features, std::string_view text) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "on" : text.substr(equals + 1);
    const auto property = std::ranges::find(kProperties, name, &Property::name);
    if (property == std::end(kProperties)) {
        return user_error("unknown CPU property " + quoted(name) + suggestion(name, kProperties));
    }
    const bool on = value == "on" || value == "true" || value == "yes";
    if (!on && value != "off" && value != "false" && value != "no") {
        return user_error("CPU property " + quoted(name) + " cannot be " + quoted(value), "say on or off");
    }
    if (property->setting == (on ? Setting::only_off : Setting::only_on)) {
        return user_error("CPU property " + quoted(name) + " cannot be " + (on ? "on" : "off"), "leave it out");
    }
    const FeatureSet mask(property->features);
    features = on ? features | mask : features & ~mask;
    return ok();
}

}  // namespace

std::vector<std::string_view> property_names() {
    std::vector<std::string_view> names;
    std::ranges::transform(kProperties, std::back_inserter(names), &Property::name);
    return names;
}

std::optional<bool> property_value(const Model& model, std::string_view name) {
    const auto property = std::ranges::find(kProperties, name, &Property::name);
    if (property == std::end(kProperties)) {
        return std::nullopt;
    }
    const FeatureSet mask(property->features);
    return mask.any() ? (model.features & mask).any() : property->setting == Setting::only_on;
}

std::span<const ModelName> model_names() {
    return kNames;
}

Result<Model> find_model(std::string_view name, std::span<const std::string> properties) {
    const auto core = std::ranges::find(kCores, name, &Core::name);
    if (core == std::end(kCores)) {
        return user_error("unknown CPU model " + quoted(name) + suggestion(name, kCores));
    }
    FeatureSet features(core->features);
    for (const std::string& property : properties) {
        KELVIN_TRY(apply_property(features, property));
    }
    return Model{std::string(core->name), std::string(core->compatible), features, derive(*core, features),
                 core->physical_bits};
}

void add_gic_cpu_interface(Model& model) {
    model.id.pfr0 = with_bits(model.id.pfr0, 27, 24, 1);
}

}  // namespace kelvin::arm64
