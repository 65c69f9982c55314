// SPDX-License-Identifier: Apache-2.0
#include "backend/block/block_device.h"

namespace kelvin::backend {

Result<> check_savable(const BlockDevice& disk) {
    if (!disk.holds_requests()) {
        return ok();
    }
    return user_error(disk.name() + " has requests that failed, and wait until the machine goes on",
                      "mend the host's storage and let the machine go on (cont) first");
}

}  // namespace kelvin::backend
