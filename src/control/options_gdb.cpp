// SPDX-License-Identifier: Apache-2.0
// Where a debugger connects: -gdb, -s.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/nearest_name.h"
#include "control/option_table.h"

namespace kelvin::control {

namespace {

using vm::DebuggerSpec;

/// What follows the address: what we do in any case, and nothing else.
Result<> check_socket_options(std::string_view options) {
    static constexpr auto kKnown = std::to_array<std::string_view>(
        {"server", "server=on", "nowait", "wait=off", "nodelay", "nodelay=on", "ipv4", "ipv4=on", "ipv6", "ipv6=on"});
    while (!options.empty()) {
        const std::string_view one = options.substr(0, options.find(','));
        if (std::ranges::find(kKnown, one) == kKnown.end()) {
            return user_error(fmt::format("a debugger's socket cannot have '{}'{}", one, did_you_mean(one, kKnown)),
                              "it always is server=on,wait=off; -S keeps the guest from running before GDB is there");
        }
        options.remove_prefix(std::min(options.size(), one.size() + 1));
    }
    return ok();
}

Result<DebuggerSpec> tcp_spec(std::string_view address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == address.size()) {
        return user_error(fmt::format("there is no port in 'tcp:{}'", address), "-gdb tcp::1234");
    }
    std::string_view host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    return DebuggerSpec{DebuggerSpec::Kind::tcp, std::string(host), std::string(address.substr(colon + 1)), ""};
}

}  // namespace

Result<> apply_gdb(Draft& draft, const std::string& value) {
    const std::string_view text = value;
    const std::string_view address = text.substr(0, text.find(','));
    const std::string_view options = text.substr(std::min(text.size(), address.size() + 1));
    std::optional<DebuggerSpec>& spec = draft.line.spec.debugger;
    if (address == "none") {
        spec.reset();
        return ok();
    }
    KELVIN_TRY(check_socket_options(options));
    if (address.starts_with("tcp:")) {
        spec = KELVIN_TRY(tcp_spec(address.substr(4)));
    } else if (address.starts_with("unix:") && address.size() > 5) {
        spec = DebuggerSpec{DebuggerSpec::Kind::unix_socket, "", "", std::string(address.substr(5))};
    } else if (address == "stdio") {
        spec = DebuggerSpec{DebuggerSpec::Kind::stdio, "", "", ""};
    } else {
        return user_error(fmt::format("'{}' is no place where a debugger can connect", address),
                          "-gdb tcp::PORT, -gdb tcp:HOST:PORT, -gdb unix:PATH, -gdb stdio or -gdb none");
    }
    return ok();
}

Result<> apply_gdb_default(Draft& draft, const std::string&) {
    return apply_gdb(draft, "tcp::1234");
}

}  // namespace kelvin::control
