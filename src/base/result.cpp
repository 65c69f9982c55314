// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstring>

namespace kelvin {

Error host_error(std::string doing, int error_number, std::string cure) {
    return {ErrorKind::host, std::move(doing) + ": " + std::strerror(error_number), std::move(cure)};
}

}  // namespace kelvin
