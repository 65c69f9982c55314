// SPDX-License-Identifier: Apache-2.0
#include "control/descriptors.h"

#include <fmt/format.h>

#include <algorithm>

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

Result<Descriptors::Added> Descriptors::add(std::optional<u64> set, Fd descriptor, std::string remark) {
    const u64 number = set.value_or(sets_.empty() ? 0 : sets_.rbegin()->first + 1);
    const int value = descriptor.get();
    sets_[number].push_back({std::move(descriptor), std::move(remark)});
    return Added{number, value};
}

Result<> Descriptors::remove(u64 set, std::optional<int> number) {
    const auto found = sets_.find(set);
    if (found == sets_.end()) {
        return user_error(fmt::format("there is no set {} of file descriptors", set), "query-fdsets lists them");
    }
    const std::size_t gone = std::erase_if(
        found->second, [&](const Member& member) { return !number || member.descriptor.get() == *number; });
    if (gone == 0) {
        return user_error(fmt::format("set {} has no file descriptor {}", set, number.value_or(-1)));
    }
    if (found->second.empty()) {
        sets_.erase(found);
    }
    return ok();
}

}  // namespace kelvin::control
