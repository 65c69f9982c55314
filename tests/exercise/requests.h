// SPDX-License-Identifier: Apache-2.0
// What drivers say to each kind of virtio device, more or less.
#pragma once

#include <vector>

#include "exercise/random.h"

namespace kelvin::exercise {

/// The beginning of a request to a device of `kind` (virtio 1.2, section 5); empty if nothing is known of it.
std::vector<u8> make_request(u16 kind, Random& random);

}  // namespace kelvin::exercise
