// SPDX-License-Identifier: Apache-2.0
// Which of QEMU's versions clients may take Kelvin for.
#pragma once

#include "state/json.h"

namespace kelvin::control {

inline state::Json qmp_version() {
    return {{"qemu", {{"major", 10}, {"minor", 0}, {"micro", 2}}}, {"package", "kelvin " KELVIN_VERSION}};
}

}  // namespace kelvin::control
