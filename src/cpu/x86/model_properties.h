// SPDX-License-Identifier: Apache-2.0
// What a user may say of a processor beside its model's name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cpu/x86/features.h"

namespace kelvin::x86 {

struct Wish {
    const Feature* feature;
    bool on;
};

struct Properties {
    std::vector<Wish> wishes;  ///< the later ones count
    bool check = true;
    bool enforce = false;
    bool migratable = true;  ///< nothing that another host could not go on with
    bool hides_hypervisor = false;
    bool has_last_cache = true;
    bool host_physical_bits = false;
    std::optional<u8> physical_bits;
    std::optional<u32> level, extended_level, family, model, stepping;
    std::string vendor;  ///< empty: the host's
    std::optional<std::string> brand;
};

/// Each is "+avx2", "-avx2", "avx2", "avx2=on", "phys-bits=46".
Result<Properties> read_properties(const std::vector<std::string>& words);

}  // namespace kelvin::x86
