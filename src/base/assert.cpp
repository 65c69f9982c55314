// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace kelvin {

void assertion_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "kelvin: internal error: %s is false (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace kelvin
