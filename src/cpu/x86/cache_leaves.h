// SPDX-License-Identifier: Apache-2.0
// What CPUID says of caches.
#pragma once

#include "cpu/x86/cpuid.h"
#include "cpu/x86/named_models.h"

namespace kelvin::x86 {

/// Leaves 2 and 4, of Intel; who shares a cache is place_processor's to say.
void add_intel_caches(Cpuid& cpuid, CacheKind kind, bool has_last_cache);
/// Leaves 0x80000005 and 0x80000006, and 0x8000001d where there is one.
void add_amd_caches(Cpuid& cpuid, CacheKind kind, bool has_last_cache, bool has_topology);

}  // namespace kelvin::x86
