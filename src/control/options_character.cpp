// SPDX-License-Identifier: Apache-2.0
// -chardev, and the short forms of it that other options take.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "control/character_text.h"
#include "control/option_table.h"
#include "state/options.h"

namespace kelvin::control {

namespace {

/// "HOST:PORT[,KEY=VALUE]"
Result<state::Json> parse_tcp(std::string_view text) {
    const std::string_view address = text.substr(0, text.find(','));
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == address.size()) {
        return user_error(fmt::format("'{}' names no port", address), "tcp:HOST:PORT, such as tcp:localhost:4444");
    }
    state::Json options = state::Json::object();
    if (address.size() < text.size()) {
        options = KELVIN_TRY(state::parse_options(text.substr(address.size() + 1)));
    }
    std::string_view host = address.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    options["host"] = host;
    options["port"] = address.substr(colon + 1);
    return options;
}

/// "HOST:PORT[@LOCALHOST:LOCALPORT]"
Result<state::Json> parse_udp(std::string_view text) {
    const std::size_t at = text.find('@');
    state::Json options = KELVIN_TRY(parse_tcp(text.substr(0, at)));
    if (at != std::string_view::npos) {
        const state::Json local = KELVIN_TRY(parse_tcp(text.substr(at + 1)));
        options["localaddr"] = local["host"];
        options["localport"] = local["port"];
    }
    options["backend"] = "udp";
    return options;
}

}  // namespace

Result<std::optional<state::Json>> parse_character_shorthand(const std::string& text) {
    struct Form {
        std::string_view prefix;
        std::string_view backend;
        std::string_view key;  ///< what follows the prefix; empty: HOST:PORT
        std::string_view also;
    };
    static constexpr auto kForms = std::to_array<Form>({{"unix:", "socket", "path", ""},
                                                        {"tcp:", "socket", "", ""},
                                                        {"telnet:", "socket", "", "telnet"},
                                                        {"websocket:", "socket", "", "websocket"},
                                                        {"udp:", "udp", "", ""},
                                                        {"file:", "file", "path", ""},
                                                        {"pipe:", "pipe", "path", ""}});
    constexpr std::string_view kShared = "mon:";
    state::Json options = state::Json::object();
    if (text.starts_with(kShared)) {
        auto shared = KELVIN_TRY(parse_character_shorthand(text.substr(kShared.size())));
        if (shared) {
            (*shared)["mux"] = true;
        }
        if (shared && (*shared)["backend"] == "stdio") {
            (*shared)["signal"] = false;  // the keys are the guest's, as Ctrl-A x is there
        }
        return shared;
    }
    if (text == "pty" || text == "stdio" || text == "null") {
        options["backend"] = text;
        return std::optional(options);
    }
    const auto form = std::ranges::find_if(kForms, [&](const Form& one) { return text.starts_with(one.prefix); });
    if (form == kForms.end() || text.size() == form->prefix.size()) {
        return std::optional<state::Json>();
    }
    const std::string_view rest = std::string_view(text).substr(form->prefix.size());
    if (form->backend == "udp") {
        return std::optional(KELVIN_TRY(parse_udp(rest)));
    }
    options = form->key.empty() ? KELVIN_TRY(parse_tcp(rest)) : KELVIN_TRY(state::parse_options(rest, form->key));
    options["backend"] = form->backend;
    if (!form->also.empty()) {
        options[std::string(form->also)] = true;
    }
    return std::optional(options);
}

Result<backend::CharacterSpec> read_character(const std::string& text) {
    backend::CharacterSpec spec;
    spec.options = KELVIN_TRY(state::parse_options(text, "backend"));
    if (const auto id = spec.options.find("id"); id != spec.options.end()) {
        KELVIN_TRY(state::read_value(*id, spec.id));
        spec.options.erase(id);
    }
    KELVIN_TRY(backend::check_character_spec(spec));
    return spec;
}

Result<> apply_character(Draft& draft, const std::string& value) {
    draft.line.spec.characters.push_back(KELVIN_TRY(read_character(value)));
    return ok();
}

Result<bool> add_monitor_device(Draft& draft, const std::string& value, bool is_protocol) {
    vm::MachineSpec& spec = draft.line.spec;
    if (value.starts_with(kCharacterReference)) {
        spec.monitors.push_back({value.substr(kCharacterReference.size()), is_protocol});
        return true;
    }
    auto options = KELVIN_TRY(parse_character_shorthand(value));
    if (!options) {
        return false;
    }
    const std::string id = fmt::format("compat_monitor{}", spec.monitors.size());
    spec.characters.push_back({id, std::move(*options)});
    spec.monitors.push_back({id, is_protocol});
    return true;
}

Result<> apply_qmp(Draft& draft, const std::string& value) {
    if (value != "none" && !KELVIN_TRY(add_monitor_device(draft, value, true))) {
        return user_error(
            fmt::format("QMP cannot be connected to '{}'", value),
            "it can be connected to unix:PATH, tcp:HOST:PORT, telnet:..., websocket:..., pipe:PATH, pty, "
            "stdio or chardev:NAME; -qmp unix:/tmp/qmp.sock,server=on,wait=off is what most clients want");
    }
    return ok();
}

namespace {

struct MonitorOptions {
    std::string chardev;
    std::string mode = "readline";
    std::string id;
    bool pretty = false;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("chardev", chardev, "the -chardev that it is at the end of");
        visit("mode", mode, "control for QMP, readline for people");
        visit("id", id, "accepted, without effect");
        visit("pretty", pretty, "accepted, without effect");
    }
};

}  // namespace

Result<> apply_mon(Draft& draft, const std::string& value) {
    MonitorOptions options;
    const state::Json given = KELVIN_TRY(state::parse_options(value, "chardev"));
    KELVIN_TRY(state::read_options("-mon", given, options));
    if (options.chardev.empty()) {
        return user_error("a monitor has no chardev", "add chardev=NAME, with -chardev socket,id=NAME,...");
    }
    if (options.mode != "control" && options.mode != "readline") {
        return user_error(fmt::format("mode '{}' is neither control nor readline", options.mode));
    }
    draft.line.spec.monitors.push_back({options.chardev, options.mode == "control"});
    return ok();
}

}  // namespace kelvin::control
