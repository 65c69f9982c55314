// SPDX-License-Identifier: Apache-2.0
#include "firmware/initrd.h"

#include <fmt/format.h>

namespace kelvin::firmware {

Result<> load_initrd(const InputFile& file, RamView ram, Gpa at, Gpa limit) {
    if (!ram.contains(at, file.size()) || limit - at < file.size()) {
        const u64 room = at < limit && ram.contains(at, 0) ? std::min(limit, ram.end()) - at : 0;
        return user_error(fmt::format("{} has {}; behind the kernel there is room for {}", file.name(),
                                      format_size(file.size()), format_size(room)),
                          "give the machine more memory: -m");
    }
    return file.read(0, ram.slice(at, file.size()));
}

}  // namespace kelvin::firmware
