// SPDX-License-Identifier: Apache-2.0
// The initial RAM disk: its bytes go to the guest as they are.
#pragma once

#include "firmware/input_file.h"

namespace kelvin::firmware {

/// Reads all of `file` to `at`; an error if it does not fit below `limit` (at most the end of RAM).
Result<> load_initrd(const InputFile& file, RamView ram, Gpa at, Gpa limit);

}  // namespace kelvin::firmware
