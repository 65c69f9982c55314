// SPDX-License-Identifier: Apache-2.0
// What the user puts into fw_cfg for firmware and guests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "vm/machine_spec.h"

namespace kelvin::vm {

/// All of the file at `path`; `option` is what messages begin with.
Result<std::vector<u8>> read_whole_file(const std::string& path, const std::string& option);

using FirmwareFiles = std::vector<std::pair<std::string, std::vector<u8>>>;
Result<FirmwareFiles> read_firmware_files(const std::vector<FirmwareFileSpec>& specs);

}  // namespace kelvin::vm
