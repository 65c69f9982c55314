// SPDX-License-Identifier: Apache-2.0
#include "ir/pass/pass.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#if KELVIN_CHECKED
#include "ir/verifier.h"
#endif

namespace kelvin::pass {

namespace {

struct Pass {
    std::string_view name;
    bool Dead::*kind;
};

constexpr std::array kPasses{
    Pass{"dead_state", &Dead::state},
    Pass{"dead_code", &Dead::code},
};

void check([[maybe_unused]] const ir::Region& region) {
#if KELVIN_CHECKED
    KELVIN_ASSERT(ir::verify(region));
#endif
}

}  // namespace

PassSet PassSet::all() {
    return PassSet{(1u << kPasses.size()) - 1};
}

Result<PassSet> PassSet::parse(std::string_view names) {
    if (names == "all") {
        return all();
    }
    if (names == "none") {
        return none();
    }
    u32 bits = 0;
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(','), names.size());
        const std::string_view name = names.substr(0, end);
        names.remove_prefix(std::min(end + 1, names.size()));
        const auto pass =
            std::find_if(kPasses.begin(), kPasses.end(), [&](const Pass& candidate) { return candidate.name == name; });
        if (pass == kPasses.end()) {
            return user_error(fmt::format("'{}' is not a pass", name),
                              fmt::format("there are all, none, {}", all().names()));
        }
        bits |= 1u << (pass - kPasses.begin());
    }
    return PassSet{bits};
}

void PassSet::run(ir::Region& region, Scratch& scratch) const {
    Dead kinds;
    for (std::size_t i = 0; i < kPasses.size(); ++i) {
        kinds.*kPasses[i].kind = (bits_ >> i & 1) != 0;
    }
    if (bits_ != 0) {
        remove_dead(region, scratch, kinds);
        check(region);
    }
}

std::string PassSet::names() const {
    std::string result;
    for (std::size_t i = 0; i < kPasses.size(); ++i) {
        if ((bits_ >> i & 1) != 0) {
            result += result.empty() ? "" : ",";
            result += kPasses[i].name;
        }
    }
    return result;
}

}  // namespace kelvin::pass
