// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "backend/input/input.h"

namespace kelvin::device {

struct InputModel {
    std::string_view name;
    u16 product;
    u32 pci_class;
    backend::InputReceiver::Kinds kinds;
};

}  // namespace kelvin::device
