// SPDX-License-Identifier: Apache-2.0
// Says in words what a file is, for messages about files that are something else than was asked for.
#pragma once

#include <span>
#include <string>

#include "base/types.h"

namespace kelvin::firmware {

struct FileKind {
    std::string what;  ///< "an x86 Linux kernel (bzImage)"; empty when nothing was recognised
    std::string cure;  ///< what to do instead; may be empty
};

/// Judges by the first bytes of the file; a few KiB are enough.
FileKind identify_file(std::span<const u8> head);

/// The first bytes in hexadecimal, for files that nothing recognises.
std::string hex_start(std::span<const u8> head);

}  // namespace kelvin::firmware
