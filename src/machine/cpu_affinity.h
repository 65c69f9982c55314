// SPDX-License-Identifier: Apache-2.0
// How the board numbers its CPUs: 16 to a cluster, as many as a GICv3's SGI can name at once.
#pragma once

#include <optional>

#include "base/types.h"

namespace kelvin::machine {

inline constexpr unsigned kCpusInCluster = 16;

/// MPIDR_EL1's Aff1 and Aff0.
constexpr u32 affinity_of(unsigned cpu) {
    return cpu / kCpusInCluster << 8 | cpu % kCpusInCluster;
}

/// The CPU that has the affinity, of so many.
constexpr std::optional<unsigned> cpu_of(u64 affinity, unsigned cpus) {
    if (affinity > 0xffff || (affinity & 0xff) >= kCpusInCluster) {
        return std::nullopt;
    }
    const auto cpu = static_cast<unsigned>((affinity >> 8) * kCpusInCluster + (affinity & 0xff));
    return cpu < cpus ? std::optional(cpu) : std::nullopt;
}

}  // namespace kelvin::machine
