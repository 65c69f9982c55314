// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/types.h"

namespace kelvin::device::usb {

/// The usage of Linux's key `code` on the page of keyboards (HID Usage Tables 1.12, section 10); 0: none.
u8 key_usage(u16 code);

}  // namespace kelvin::device::usb
