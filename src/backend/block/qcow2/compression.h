// SPDX-License-Identifier: Apache-2.0
// Compressed clusters: raw deflate with a window of 4 KiB, or a zstd frame.
#pragma once

#include <span>
#include <vector>

#include "backend/block/qcow2/format.h"

namespace kelvin::block::qcow2 {

/// Fills `output`; false if `input` is damaged or too short. What follows the compressed data is ignored.
bool unpack(Compression type, std::span<const u8> input, std::span<u8> output);
/// Empty if it would not be smaller than `input`.
std::vector<u8> pack(Compression type, std::span<const u8> input);

}  // namespace kelvin::block::qcow2
