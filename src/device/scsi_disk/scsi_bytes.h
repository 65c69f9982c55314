// SPDX-License-Identifier: Apache-2.0
// Numbers and texts as SCSI has them: the high byte first, texts filled up with spaces.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace kelvin::device {

struct BlockRange {
    u64 block = 0;
    u64 blocks = 0;
};

inline u64 load_big_endian(std::span<const u8> bytes) {
    u64 value = 0;
    for (const u8 byte : bytes) {
        value = value << 8 | byte;
    }
    return value;
}

inline void append_big_endian(std::vector<u8>& data, u64 value, unsigned size) {
    for (unsigned i = size; i-- != 0;) {
        data.push_back(static_cast<u8>(value >> (8 * i)));
    }
}

inline void append_text(std::vector<u8>& data, std::string_view text, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        data.push_back(i < text.size() ? static_cast<u8>(text[i]) : u8{' '});
    }
}

}  // namespace kelvin::device
