// SPDX-License-Identifier: Apache-2.0
// Processors of the past and present, as tables.
#pragma once

#include <span>
#include <string_view>

#include "base/types.h"

namespace kelvin::x86 {

inline constexpr std::string_view kIntel = "GenuineIntel";
inline constexpr std::string_view kAmd = "AuthenticAMD";
inline constexpr std::string_view kHygon = "HygonGenuine";

/// Whose caches: see composition.cpp.
enum class CacheKind : u8 { plain, epyc, rome, milan, genoa };

struct Signature {
    std::string_view vendor;
    u32 family;
    u32 model;
    u32 stepping;
};

struct NamedModel {
    std::string_view name;   ///< "Haswell-v2"; without "-v1" the first version is meant, too
    std::string_view alias;  ///< "Haswell-noTSX"; empty: none
    Signature signature;
    u32 level;           ///< CPUID's highest leaf, at least
    u32 extended_level;  ///< likewise from 0x80000000 on
    std::string_view brand;
    std::string_view base;  ///< a model before it, whose features it has but for what `changes` says; empty: nothing
    CacheKind caches;
    std::string_view changes;  ///< "+avx2 -hle"
};

std::span<const NamedModel> intel_models();
std::span<const NamedModel> intel_server_models();
std::span<const NamedModel> amd_models();

}  // namespace kelvin::x86
