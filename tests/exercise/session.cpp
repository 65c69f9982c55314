// SPDX-License-Identifier: Apache-2.0
#include "exercise/session.h"

#include <cstdio>
#include <cstdlib>
#include <random>

namespace kelvin::exercise {

u64 choose_seed() {
    const char* const given = std::getenv("KELVIN_SEED");
    const u64 seed = given != nullptr ? std::strtoull(given, nullptr, 0) : std::random_device{}();
    std::printf("KELVIN_SEED=%llu\n", static_cast<unsigned long long>(seed));
    return seed;
}

std::chrono::steady_clock::time_point choose_end() {
    const char* const given = std::getenv("KELVIN_EXERCISE_SECONDS");
    const std::chrono::milliseconds budget(given != nullptr ? 1000 * std::atoi(given) : 300);
    return std::chrono::steady_clock::now() + budget;
}

}  // namespace kelvin::exercise
