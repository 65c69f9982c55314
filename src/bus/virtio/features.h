// SPDX-License-Identifier: Apache-2.0
// What any virtio device may offer (virtio 1.2, section 6), and the bits of its status (2.1).
#pragma once

#include "base/types.h"

namespace kelvin::bus::virtio {

namespace feature {
inline constexpr u64 kIndirectDescriptors = u64{1} << 28;
inline constexpr u64 kEventIndex = u64{1} << 29;
inline constexpr u64 kVersion1 = u64{1} << 32;
inline constexpr u64 kAccessPlatform = u64{1} << 33;
inline constexpr u64 kPackedRing = u64{1} << 34;
}  // namespace feature

namespace status {
inline constexpr u8 kAcknowledge = 1;
inline constexpr u8 kDriver = 2;
inline constexpr u8 kDriverOk = 4;
inline constexpr u8 kFeaturesOk = 8;
inline constexpr u8 kNeedsReset = 64;
inline constexpr u8 kFailed = 128;
}  // namespace status

}  // namespace kelvin::bus::virtio
