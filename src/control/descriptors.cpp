// SPDX-License-Identifier: Apache-2.0
#include "control/descriptors.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/nearest_name.h"

namespace kelvin::control {

Result<Fd> Descriptors::take(std::string_view name) {
    const auto found = named_.find(name);
    if (found == named_.end()) {
        std::vector<std::string_view> known;
        std::ranges::transform(named_, std::back_inserter(known),
                               [](const auto& entry) { return std::string_view(entry.first); });
        return user_error(fmt::format("no file descriptor is called '{}'{}", name, did_you_mean(name, known)),
                          "getfd hands one over");
    }
    Fd descriptor = std::move(found->second);
    named_.erase(found);
    return descriptor;
}

}  // namespace kelvin::control
