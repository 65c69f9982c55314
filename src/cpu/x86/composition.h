// SPDX-License-Identifier: Apache-2.0
// From a named model and its features to everything that CPUID says.
#pragma once

#include <vector>

#include "cpu/x86/features.h"
#include "cpu/x86/named_models.h"

namespace kelvin::x86 {

struct Composition {
    Signature signature;
    u32 level = 0;
    u32 extended_level = 0;
    std::string_view brand;
    CacheKind caches = CacheKind::plain;
    bool has_last_cache = true;
    u8 physical_bits = 40;
    std::vector<const Feature*> features;
};

/// `possible` says how the states lie that XSAVE saves, and who the hypervisor is.
Processor compose(const Composition& what, const Processor& possible);

}  // namespace kelvin::x86
