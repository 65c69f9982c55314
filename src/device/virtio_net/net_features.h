// SPDX-License-Identifier: Apache-2.0
// What a virtio network device and its driver agree on (virtio 1.2, 5.1.3).
#pragma once

#include "base/types.h"

namespace kelvin::device::net_feature {

constexpr u64 kChecksum = u64{1} << 0;
constexpr u64 kGuestChecksum = u64{1} << 1;
constexpr u64 kControlOffloads = u64{1} << 2;
constexpr u64 kMtu = u64{1} << 3;
constexpr u64 kMac = u64{1} << 5;
constexpr u64 kGuestTso4 = u64{1} << 7;
constexpr u64 kGuestTso6 = u64{1} << 8;
constexpr u64 kGuestEcn = u64{1} << 9;
constexpr u64 kHostTso4 = u64{1} << 11;
constexpr u64 kHostTso6 = u64{1} << 12;
constexpr u64 kHostEcn = u64{1} << 13;
constexpr u64 kMergeableBuffers = u64{1} << 15;
constexpr u64 kStatus = u64{1} << 16;
constexpr u64 kControlQueue = u64{1} << 17;
constexpr u64 kControlModes = u64{1} << 18;
constexpr u64 kControlVlans = u64{1} << 19;
constexpr u64 kAnnounce = u64{1} << 21;
constexpr u64 kMultiQueue = u64{1} << 22;
constexpr u64 kControlAddress = u64{1} << 23;
constexpr u64 kSpeed = u64{1} << 63;

}  // namespace kelvin::device::net_feature
