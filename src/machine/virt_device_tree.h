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

/// Of each: in one of what is named before, clusters in a socket. Sockets are as many as the CPUs fill.
struct Topology {
    unsigned clusters = 1;
    unsigned cores = 1;
    unsigned threads = 1;
};

struct Description {
    unsigned cpus = 1;
    Topology topology;
    std::string cpu_compatible;
    bool pmu = true;
    unsigned gic_version = 2;
    bool its = true;  ///< of a GICv3
    u64 ram_size = 0;
    std::optional<std::string> bootargs;
    u64 initrd_start = 0;
    u64 initrd_end = 0;  ///< 0: no initrd
    std::array<u8, 32> rng_seed{};
    std::array<u8, 8> kaslr_seed{};
};

Result<std::vector<u8>> build_device_tree(const Description& board);

}  // namespace kelvin::machine::virt
