// SPDX-License-Identifier: Apache-2.0
#include "device/intel_ethernet/statistics.h"

#include <algorithm>
#include <array>

#include "device/intel_ethernet/registers.h"

namespace kelvin::device::intel {

namespace {

constexpr u64 kSequence = 4;

/// Of six, by size with the check sequence: 64, to 127, 255, 511, 1023, more.
u32 size_class(u64 size) {
    constexpr std::array<u64, 5> kEnds = {65, 128, 256, 512, 1024};
    return static_cast<u32>(std::ranges::upper_bound(kEnds, size) - kEnds.begin());
}

bool is_broadcast(std::span<const u8> frame) {
    return std::ranges::all_of(frame.first(6), [](u8 byte) { return byte == 0xff; });
}

}  // namespace

void count_transmitted(RegisterFile& registers, std::span<const u8> frame) {
    if (frame.size() < 6) {
        return;
    }
    const u64 size = frame.size() + kSequence;
    registers.count(reg::kTransmittedBySize + 4 * size_class(size));
    registers.count(reg::kTransmitted);
    registers.count(reg::kGoodTransmitted);
    registers.count_wide(reg::kGoodBytesTransmitted, size);
    registers.count_wide(reg::kBytesTransmitted, size);
    if ((frame[0] & 1) != 0) {
        registers.count(is_broadcast(frame) ? reg::kBroadcastsTransmitted : reg::kMulticastsTransmitted);
    }
}

void count_seen(RegisterFile& registers, std::span<const u8> frame) {
    registers.count(reg::kReceived);
    registers.count_wide(reg::kBytesReceived, frame.size() + kSequence);
}

void count_received(RegisterFile& registers, std::span<const u8> frame) {
    const u64 size = frame.size() + kSequence;
    registers.count(reg::kReceivedBySize + 4 * size_class(size));
    registers.count(reg::kGoodReceived);
    registers.count_wide(reg::kGoodBytesReceived, size);
    if ((frame[0] & 1) != 0) {
        registers.count(is_broadcast(frame) ? reg::kBroadcastsReceived : reg::kMulticastsReceived);
    }
}

}  // namespace kelvin::device::intel
