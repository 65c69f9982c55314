// SPDX-License-Identifier: Apache-2.0
// How much memory the host has, to refuse what cannot work before it is tried.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/types.h"

namespace kelvin::vm {

struct HostMemory {
    u64 available = 0;  ///< free, or given back by caches
    u64 total = 0;      ///< with swap space; 0: unknown
};

/// Reads the text of /proc/meminfo.
HostMemory parse_host_memory(std::string_view meminfo);
HostMemory read_host_memory();

/// An error if `wanted` bytes of guest memory can never fit. More than is free now is allowed: a guest seldom touches
/// all.
Result<> check_ram_size(u64 wanted, const HostMemory& host);

}  // namespace kelvin::vm
