// SPDX-License-Identifier: Apache-2.0
// Little-endian fields of file headers.
#pragma once

#include <concepts>
#include <cstring>
#include <span>

#include "base/assert.h"
#include "base/types.h"

namespace kelvin::firmware {

/// The value at `offset`, which the caller has checked to be inside.
template <std::unsigned_integral T>
T load_le(std::span<const u8> bytes, u64 offset) {
    KELVIN_ASSERT(offset <= bytes.size() && bytes.size() - offset >= sizeof(T));
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(T));
    return value;
}

}  // namespace kelvin::firmware
