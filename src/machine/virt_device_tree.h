// SPDX-License-Identifier: Apache-2.0
// The device tree of the board "virt": what QEMU 10 tells a guest about the same devices (tests/compat/boards).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::machine::virt {

struct Description {
    unsigned cpus = 1;
    std::string cpu_compatible;
    bool pmu = true;
    unsigned gic_version = 2;
    u64 ram_size = 0;
    std::optional<std::string> bootargs;
    u64 initrd_start = 0;
    u64 initrd_end = 0;  ///< 0: no initrd
    std::array<u8, 32> rng_seed{};
    std::array<u8, 8> kaslr_seed{};
};

Result<std::vector<u8>> build_device_tree(const Description& board);

}  // namespace kelvin::machine::virt
