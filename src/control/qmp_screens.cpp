// SPDX-License-Identifier: Apache-2.0
// QMP: screens.
#include <array>

#include "control/qmp_command.h"
#include "control/screens.h"

namespace kelvin::control {

namespace {

struct Dump {
    std::string filename;
    std::optional<std::string> device;
    std::optional<u64> head;
    std::optional<std::string> format;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("filename", filename, "where the picture goes");
        visit("device", device, "the id of a video card; the first if left out");
        visit("head", head, "0: a card has one screen");
        visit("format", format, "ppm or png; ppm if left out");
    }
};

Result<> dump(QmpContext& context, const Dump& arguments) {
    if (arguments.head.value_or(0) != 0) {
        return user_error("head: a card has one screen, number 0");
    }
    const std::string format = arguments.format.value_or("ppm");
    if (format != "ppm" && format != "png") {
        return user_error("format: it can be ppm or png");
    }
    return dump_screen(context.target.vm(),
                       {arguments.filename, arguments.device.value_or(""),
                        format == "png" ? backend::PictureFormat::png : backend::PictureFormat::ppm});
}

struct Password {
    std::string protocol;
    std::string password;
    std::optional<std::string> connected;
    std::optional<std::string> display;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("protocol", protocol, "vnc");
        visit("password", password, "what clients have to know");
        visit("connected", connected, "keep: those who are there stay");
        visit("display", display, "accepted, without effect: there is one server");
    }
};

Result<> set_password(QmpContext& context, const Password& arguments) {
    if (arguments.protocol != "vnc") {
        return user_error("protocol: there is vnc only");
    }
    if (arguments.connected.value_or("keep") != "keep") {
        return user_error("connected: those who are there stay (keep)");
    }
    return set_vnc_password(context.target.vm(), arguments.password);
}

struct Expiry {
    std::string protocol;
    std::string time;
    std::optional<std::string> display;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("protocol", protocol, "vnc");
        visit("time", time, "now, never, +SECONDS from now, or SECONDS since 1970");
        visit("display", display, "accepted, without effect: there is one server");
    }
};

Result<> expire_password(QmpContext& context, const Expiry& arguments) {
    if (arguments.protocol != "vnc") {
        return user_error("protocol: there is vnc only");
    }
    return expire_vnc_password(context.target.vm(), arguments.time);
}

struct VncPassword {
    std::string password;
    template <class Visitor>
    void fields(Visitor& visit) {
        visit("password", password, "what clients have to know");
    }
};

Result<> change_vnc_password(QmpContext& context, const VncPassword& arguments) {
    return set_vnc_password(context.target.vm(), arguments.password);
}

Result<state::Json> query_vnc(QmpContext& context, const QmpNothing&) {
    backend::VncServer* const server = context.target.vm().vnc();
    if (server == nullptr) {
        return state::Json{{"enabled", false}};
    }
    const backend::VncOptions options = server->options();
    const bool is_unix = !options.path.empty();
    state::Json clients = state::Json::array();
    for (const backend::VncServer::Client& client : server->clients()) {
        clients.push_back(
            {{"host", client.host}, {"service", client.service}, {"family", client.family}, {"websocket", false}});
    }
    return state::Json{{"enabled", true},
                       {"host", is_unix ? options.path : options.host},
                       {"service", is_unix ? "" : std::to_string(options.port)},
                       {"family", is_unix                                       ? "unix"
                                  : options.host.find(':') != std::string::npos ? "ipv6"
                                                                                : "ipv4"},
                       {"auth", options.password ? "vnc" : "none"},
                       {"clients", std::move(clients)}};
}

constexpr auto kCommands = std::to_array<QmpCommand>({
    qmp_command<change_vnc_password>("change-vnc-password", "password "),
    qmp_command<expire_password>("expire_password", "protocol time "),
    qmp_command<query_vnc>("query-vnc"),
    qmp_command<dump>("screendump", "filename "),
    qmp_command<set_password>("set_password", "protocol password "),
});

}  // namespace

std::span<const QmpCommand> qmp_screen_commands() {
    return kCommands;
}

}  // namespace kelvin::control
