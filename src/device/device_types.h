// SPDX-License-Identifier: Apache-2.0
// Every kind of device that -device makes.
#pragma once

#include <span>
#include <string_view>

#include "bus/device_type.h"

namespace kelvin::device {

/// Generated from the folders that have a types.cpp. A family FAMILY defines `types_of_FAMILY()` there.
std::span<const bus::DeviceType* const> device_types();

/// By name or alias; null if there is none.
const bus::DeviceType* find_device_type(std::string_view name);

}  // namespace kelvin::device
