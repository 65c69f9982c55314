// SPDX-License-Identifier: Apache-2.0
// Assertions for bugs of ours, on in release. What a guest or a user can cause is never an assertion.
#pragma once

namespace kelvin {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace kelvin

#define KELVIN_ASSERT(condition) \
    (__builtin_expect(!(condition), 0) ? ::kelvin::assertion_failed(#condition, __FILE__, __LINE__) : void())
