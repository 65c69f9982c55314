// SPDX-License-Identifier: Apache-2.0
// -vga, and the video card of a machine of which nothing was said.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/nearest_name.h"
#include "control/option_table.h"
#include "state/options.h"
#include "state/text_values.h"

namespace kelvin::control {

namespace {

struct Card {
    std::string_view name;
    std::string_view driver;  ///< empty: none
};
constexpr auto kCards = std::to_array<Card>({{"none", ""}, {"std", "VGA"}});

constexpr u16 kFirstWebsocketPort = 5700;  // of display 0
constexpr u32 kMostDisplay = 0xffff - backend::VncOptions::kFirstPort;

Result<u16> read_display(const std::string& text) {
    const state::Json number(text);
    auto display = state::read_unsigned(number, kMostDisplay);
    return display ? Result<u16>(static_cast<u16>(*display))
                   : user_error(fmt::format("'{}' is no display's number", text),
                                "HOST:N, where display N is port 5900+N: 127.0.0.1:0");
}

/// "HOST:DISPLAY" or "unix:PATH"
Result<> read_address(const std::string& text, backend::VncOptions& options, u16& display) {
    if (text.starts_with("unix:")) {
        options.path = text.substr(5);
        return options.path.empty() ? user_error("the path of the unix socket is missing", "unix:PATH") : ok();
    }
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos) {
        return user_error(fmt::format("'{}' is no place to listen at", text), "HOST:N, unix:PATH or none");
    }
    options.host = text.substr(0, colon);
    if (options.host.starts_with('[') && options.host.ends_with(']')) {
        options.host = options.host.substr(1, options.host.size() - 2);
    }
    display = KELVIN_TRY(read_display(text.substr(colon + 1)));
    options.port = static_cast<u16>(backend::VncOptions::kFirstPort + display);
    return ok();
}

Result<> set_vnc_property(const state::Property& property, u16 display, backend::VncOptions& options) {
    const auto& [key, value, has_value] = property;
    if (key == "to") {
        const u16 last = KELVIN_TRY(read_display(value));
        options.last_port = static_cast<u16>(backend::VncOptions::kFirstPort + last);
        return ok();
    }
    const std::optional<bool> wanted = has_value ? state::parse_switch(value) : std::optional(true);
    if (key == "websocket") {
        if (!wanted) {
            const u64 port = KELVIN_TRY(state::read_unsigned(state::Json(value), u64{0xffff}));
            options.websocket_port = static_cast<u16>(port);
        } else if (*wanted) {
            options.websocket_port = static_cast<u16>(kFirstWebsocketPort + display);
        }
        return ok();
    }
    if (key == "password" && wanted) {
        options.password = *wanted;
        return ok();
    }
    // Clients always share, keys are always told by their symbols, and pictures lose nothing.
    constexpr auto kWithoutEffect =
        std::to_array<std::string_view>({"share", "lossy", "power-control", "key-delay-ms"});
    if (std::ranges::find(kWithoutEffect, key) != kWithoutEffect.end()) {
        return ok();
    }
    return user_error(fmt::format("{}{}{} is not supported", key, has_value ? "=" : "", value),
                      "HOST:N[,to=N][,password=on][,websocket=on|PORT]");
}

}  // namespace

Result<> apply_vnc(Draft& draft, const std::string& value) {
    if (value == "none") {
        draft.line.spec.vnc.reset();
        return ok();
    }
    backend::VncOptions options;
    u16 display = 0;
    bool first = true;
    for (const state::Property& property : state::parse_properties(value)) {
        KELVIN_TRY(first ? read_address(property.key, options, display) : set_vnc_property(property, display, options));
        first = false;
    }
    draft.line.spec.vnc = options;
    draft.display = "vnc";
    return ok();
}

Result<> apply_display(Draft& draft, const std::string& value) {
    if (value.starts_with("vnc=")) {
        return apply_vnc(draft, value.substr(4));
    }
    if (value != "none") {
        return user_error(fmt::format("there is no display '{}'", value),
                          "-display vnc=127.0.0.1:0 shows the screen by VNC; none, or -nographic for a console in this "
                          "terminal");
    }
    draft.display = value;
    return ok();
}

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
