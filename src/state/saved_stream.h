// SPDX-License-Identifier: Apache-2.0
// The saved state of many parts as one text: {"format": 1, "kind": "kelvin-state", "sections": [{"name", "type",
// "state"}...], "checksum"}.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "state/json.h"

namespace kelvin::state {

/// One part.
struct Section {
    std::string name;  ///< where it is: "pcie.0/02.0"
    std::string type;  ///< what it is: "virtio-blk-pci"
    Json state;        ///< of save_state()
};

std::string write_stream(std::span<const Section> sections);

/// Refuses, with where it broke and what was expected, all that write_stream() did not write: other text, other
/// formats, text that was cut or changed. The states themselves are for load_state() to check.
Result<std::vector<Section>> read_stream(std::string_view text);

}  // namespace kelvin::state
