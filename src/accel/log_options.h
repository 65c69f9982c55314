// SPDX-License-Identifier: Apache-2.0
// What an accelerator writes to the log: the items of -d.
#pragma once

#include <string>
#include <vector>

#include "base/types.h"

namespace kelvin::accel {

/// Guest virtual addresses, both ends included.
struct AddressRange {
    u64 first = 0;
    u64 last = 0;
};

struct LogOptions {
    // Of each region when it is translated.
    bool guest = false;
    bool ir = false;  ///< as lifted
    bool optimized_ir = false;
    bool host = false;

    bool entries = false;    ///< each time that generated code is entered from C++
    bool registers = false;  ///< and the registers then
    bool exceptions = false;
    bool pages = false;       ///< what walks of the guest's tables find
    bool statistics = false;  ///< at the end

    std::string file;                  ///< empty: stderr
    std::vector<AddressRange> ranges;  ///< if not empty: of regions and entries, only those that begin there

    bool any() const { return guest || ir || optimized_ir || host || entries || exceptions || pages || statistics; }
};

}  // namespace kelvin::accel
