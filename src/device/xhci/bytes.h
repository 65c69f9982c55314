// SPDX-License-Identifier: Apache-2.0
// Little-endian numbers in bytes; the host is of the same order.
#pragma once

#include <cstring>

#include "base/types.h"

namespace kelvin::device::xhci {

template <class T>
T load_le(const u8* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}
template <class T>
void store_le(u8* to, T value) {
    std::memcpy(to, &value, sizeof value);
}

}  // namespace kelvin::device::xhci
