// SPDX-License-Identifier: Apache-2.0
// The Internet checksum (RFC 1071), for frames that a guest left it out of.
#pragma once

#include <span>

#include "backend/net/network_port.h"

namespace kelvin::backend {

/// Sums from offload.checksum_start to the end, and stores the result where it belongs; false if that is not within the
/// frame.
bool complete_checksum(std::span<u8> frame, const FrameOffload& offload);

}  // namespace kelvin::backend
