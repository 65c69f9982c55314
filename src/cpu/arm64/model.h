// SPDX-License-Identifier: Apache-2.0
// Processor models: what ID registers say, and so what exists.
#pragma once

#include <bitset>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::arm64 {

/// Architectural features that change what instructions and registers do. An entry, register or behaviour names the
/// feature that it belongs to; a model is the set it has.
enum class Feature : u8 {
    base,  ///< Armv8.0 with FP and Advanced SIMD: every model
    aes,
    pmull,
    sha1,
    sha256,
    crc32,
    lse,
    rdm,
    pan,
    vhe,
    lor,
    hafdbs,
    vmid16,
    xnx,
    fp16,
    dotprod,
    fcma,
    jscvt,
    lrcpc,
    lrcpc2,
    dpb,
    dpb2,
    ras,
    uao,
    sha3,
    sha512,
    pauth,
    flagm,
    flagm2,
    lse2,
    dit,
    ssbs,
    sb,
    csv2,
    csv3,
    ecbhb,
    specres,
    bti,
    frint,
    tlb_range,
    tlb_os,
    e0pd,
    ttst,
    idst,
    evt,
    ecv,
    wfxt,
    hpds,
    cnp,
    pan2,
    pmuv3,
    debugv8p2,
    pan3,
    aa64_4k,
    aa64_16k,
    aa64_64k,
    impdef_cortex_a,  ///< the CPUACTLR... registers of Cortex-A53, A57 and A72
    impdef_neoverse,  ///< those of Neoverse N1
    count
};

using FeatureSet = std::bitset<static_cast<std::size_t>(Feature::count)>;

/// ID registers and other constants a model reports.
struct IdRegisters {
    u64 midr, revidr, ctr, dczid, clidr;
    u64 ccsidr[7][2];  ///< by level - 1 and instruction
    u64 pfr0, pfr1, zfr0, smfr0;
    u64 dfr0, dfr1, isar0, isar1, isar2, mmfr0, mmfr1, mmfr2;
    u64 mvfr0, mvfr1, mvfr2;
    u64 id_pfr0, id_pfr1, id_dfr0, id_mmfr0, id_mmfr1, id_mmfr2, id_mmfr3, id_mmfr4;
    u64 id_isar0, id_isar1, id_isar2, id_isar3, id_isar4, id_isar5, id_isar6;
    u64 pmcr;  ///< PMCR_EL0.IMP and IDCODE
    u64 cntfrq;
};

struct Model {
    std::string name;
    std::string compatible;  ///< device tree: "arm,cortex-a72"
    FeatureSet features;
    IdRegisters id;
    u8 physical_bits;

    bool has(Feature feature) const { return features.test(static_cast<std::size_t>(feature)); }
};

/// What a machine gets that was not told.
inline constexpr std::string_view kDefaultModel = "kelvin";

struct ModelName {
    std::string_view name, description;
};
/// Names that find_model accepts, in the order to list them.
std::span<const ModelName> model_names();

/// Names of the properties that find_model accepts.
std::vector<std::string_view> property_names();

/// Whether `model` has all that property `name` stands for; empty for an unknown one.
std::optional<bool> property_value(const Model& model, std::string_view name);

/// A model by its name, with "-cpu" style properties applied ("pauth=off"...). ID registers are derived from the
/// features that remain. Unknown names and properties: an error that names the nearest.
Result<Model> find_model(std::string_view name, std::span<const std::string> properties);

/// The processor is one with the system registers of a GICv3's CPU interface, and says so in ID_AA64PFR0_EL1.
void add_gic_cpu_interface(Model& model);

}  // namespace kelvin::arm64
