// SPDX-License-Identifier: Apache-2.0
#include "backend/net/forwarding.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

namespace kelvin::backend {

namespace {

/// "ADDRESS:PORT"; an empty address leaves `address` as it is.
bool parse_end(std::string_view text, in_addr& address, u16& port) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return false;
    }
    const std::string host(text.substr(0, colon));
    if (!host.empty() && ::inet_pton(AF_INET, host.c_str(), &address) != 1) {
        return false;
    }
    const std::string_view digits = text.substr(colon + 1);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return failure == std::errc() && end == digits.data() + digits.size();
}

/// Takes "tcp:", "udp:" or ":" off the front; true for UDP.
bool take_protocol(std::string_view& text) {
    const bool udp = text.starts_with("udp:");
    if (udp || text.starts_with("tcp:")) {
        text.remove_prefix(4);
    } else if (text.starts_with(':')) {
        text.remove_prefix(1);
    }
    return udp;
}

/// "ADDRESS:PORT" or a port alone.
bool parse_host(std::string_view text, HostForward& rule) {
    const std::string host(text);
    return parse_end(host.find(':') == std::string::npos ? ":" + host : host, rule.host, rule.host_port);
}

}  // namespace

Result<HostForward> parse_host_forward(const std::string& text) {
    HostForward rule;
    std::string_view rest = text;
    rule.udp = take_protocol(rest);
    const std::size_t dash = rest.find('-');
    if (dash == std::string_view::npos || !parse_host(rest.substr(0, dash), rule) ||
        !parse_end(rest.substr(dash + 1), rule.guest, rule.guest_port) || rule.guest_port == 0) {
        return user_error(fmt::format("hostfwd '{}' is no rule", text),
                          "it looks like tcp:127.0.0.1:2222-:22 (protocol:host address:port-guest address:port)");
    }
    return rule;
}

Result<HostForward> parse_host_end(const std::string& text) {
    HostForward rule;
    std::string_view rest = text;
    rule.udp = take_protocol(rest);
    if (!parse_host(rest, rule)) {
        return user_error(fmt::format("'{}' names no rule", text), "it looks like tcp:127.0.0.1:2222");
    }
    return rule;
}

Result<GuestForward> parse_guest_forward(const std::string& text) {
    GuestForward rule;
    std::string_view rest = text;
    const bool udp = take_protocol(rest);
    const std::size_t dash = rest.find('-');
    const std::string_view target = dash == std::string_view::npos ? "" : rest.substr(dash + 1);
    rule.is_command = target.starts_with("cmd:");
    const std::size_t prefix = rule.is_command ? 4 : 5;
    if (udp || (!rule.is_command && !target.starts_with("unix:")) || target.size() == prefix ||
        !parse_end(rest.substr(0, dash), rule.address, rule.port) || rule.address.s_addr == 0 || rule.port == 0) {
        return user_error(fmt::format("guestfwd '{}' is no rule", text),
                          "it looks like tcp:10.0.2.100:80-cmd:COMMAND or tcp:10.0.2.100:80-unix:PATH");
    }
    rule.target = target.substr(prefix);
    return rule;
}

}  // namespace kelvin::backend
