// SPDX-License-Identifier: Apache-2.0
#include "backend/net/checksum.h"

#include <cstring>

namespace kelvin::backend {

bool complete_checksum(std::span<u8> frame, const FrameOffload& offload) {
    const std::size_t start = offload.checksum_start;
    const std::size_t field = start + offload.checksum_offset;
    if (start >= frame.size() || field + 2 > frame.size()) {
        return false;
    }
    // The sum is the same in either byte order, as long as it is stored in that of the reading. Words of 32 bits in 64
    // cannot overflow within a frame.
    u64 sum = 0;
    std::size_t at = start;
    for (; at + 4 <= frame.size(); at += 4) {
        u32 word = 0;
        std::memcpy(&word, frame.data() + at, sizeof word);
        sum += word;
    }
    u32 rest = 0;
    std::memcpy(&rest, frame.data() + at, frame.size() - at);
    sum += rest;
    while ((sum >> 16) != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    const u16 result = static_cast<u16>(~sum);
    std::memcpy(frame.data() + field, &result, sizeof result);
    return true;
}

}  // namespace kelvin::backend
