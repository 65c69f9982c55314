// SPDX-License-Identifier: Apache-2.0
// -vga, and the video card of a machine of which nothing was said.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "control/option_table.h"

namespace kelvin::control {

namespace {

struct Card {
    std::string_view name;
    std::string_view driver;  ///< empty: none
};
constexpr auto kCards = std::to_array<Card>({{"none", ""}, {"std", "VGA"}});

}  // namespace

Result<> apply_vga(Draft& draft, const std::string& value) {
    if (std::ranges::find(kCards, value, &Card::name) == kCards.end()) {
        std::vector<std::string_view> names;
        std::ranges::transform(kCards, std::back_inserter(names), &Card::name);
        return user_error(fmt::format("there is no video card '{}'{}", value, did_you_mean(value, names)),
                          fmt::format("it can be {}", fmt::join(names, ", ")));
    }
    draft.video = value;
    return ok();
}

/// A PC has one, unless its firmware talks by the terminal.
Result<> settle_video(Draft& draft) {
    vm::MachineSpec& spec = draft.line.spec;
    const bool usual = draft.is_pc() && !draft.no_defaults && !spec.is_none && !spec.firmware_on_serial;
    const std::string name = draft.video.value_or(usual ? "std" : "none");
    const std::string_view driver = std::ranges::find(kCards, name, &Card::name)->driver;
    if (!driver.empty()) {
        // First, so that it is where systems are used to find it.
        spec.devices.insert(spec.devices.begin(), vm::DeviceSpec{std::string(driver), "", "", state::Json::object()});
    }
    return ok();
}

}  // namespace kelvin::control
