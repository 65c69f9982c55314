// SPDX-License-Identifier: Apache-2.0
// Many parts of a machine saved and loaded together: see savable.h for when and where.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bus/savable.h"
#include "state/saved_stream.h"

namespace kelvin::bus {

struct Part {
    std::string name;            ///< where it is: "pcie.0/addr 02.0"
    std::string type;            ///< what it is: "virtio-blk-pci"
    Savable* savable = nullptr;  ///< null: there is no saving of this type
};

/// Quiesces all, then saves all, in their order. Parts that cannot be saved are named, all of them, and nothing is
/// done.
Result<std::vector<state::Section>> save_parts(std::span<const Part> parts);

/// The same parts, in the same order. What was saved of other machines is refused before anything changes.
Result<> load_parts(std::span<const Part> parts, std::span<const state::Section> sections);

}  // namespace kelvin::bus
