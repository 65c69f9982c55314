// SPDX-License-Identifier: Apache-2.0
// Names for what generated code refers to by number, for listings only.
#pragma once

#include <string>

#include "ir/guest_desc.h"

namespace kelvin::x64 {

/// What lies at a displacement from rbp: "x7", "page_slot.sp.read_tag", "kick"; "state+0x398" for what the guest's
/// description does not name.
std::string place_name(const ir::GuestDesc& guest, i32 displacement);

}  // namespace kelvin::x64
