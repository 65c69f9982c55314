// SPDX-License-Identifier: Apache-2.0
#include "control/screens.h"

#include <fmt/format.h>

#include <charconv>
#include <ctime>
#include <sstream>
#include <utility>

namespace kelvin::control {

namespace {

Error no_screen(const std::string& device) {
    return device.empty()
               ? user_error("the machine has no screen", "-vga std or -device bochs-display gives it one")
               : user_error(fmt::format("there is no video card '{}'", device), "info qtree lists the devices");
}

}  // namespace

Result<ScreenDump> parse_screen_dump(const std::string& text) {
    ScreenDump wanted;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (word == "-f") {
            words >> word;
            if (word != "png" && word != "ppm") {
                return user_error(fmt::format("a picture cannot be of format '{}'", word), "it can be png or ppm");
            }
            wanted.format = word == "png" ? backend::PictureFormat::png : backend::PictureFormat::ppm;
        } else if (wanted.filename.empty()) {
            wanted.filename = word;
        } else if (wanted.device.empty()) {
            wanted.device = word;
        } else {
            return user_error(fmt::format("'{}' is one word too many", word), "screendump FILE [-f png|ppm] [DEVICE]");
        }
    }
    if (wanted.filename.empty()) {
        return user_error("a file's name is missing", "screendump FILE [-f png|ppm] [DEVICE]");
    }
    return wanted;
}

Result<> dump_screen(vm::Vm& vm, const ScreenDump& wanted) {
    backend::Picture picture;
    bool found = false;
    vm.look_at_screens([&](backend::Screens& screens) {
        backend::Screen* const screen = wanted.device.empty() ? screens.first() : screens.find(wanted.device);
        if (found = screen != nullptr; found) {
            screen->draw(picture);
        }
    });
    return found ? backend::write_picture(picture, wanted.filename, wanted.format) : no_screen(wanted.device);
}

std::string describe_screen(vm::Vm& vm) {
    std::string text;
    vm.look_at_screens([&](backend::Screens& screens) {
        backend::Screen* const screen = screens.first();
        if (screen == nullptr) {
            text = no_screen("").message() + "\n";
        } else if (const auto lines = screen->text()) {
            for (const std::string& line : *lines) {
                text += line + "\n";
            }
        } else {
            backend::Picture picture;
            screen->draw(picture);
            text = fmt::format("graphics, {} by {} pixels: screendump FILE has the picture\n", picture.width,
                               picture.height);
        }
    });
    return text;
}

Result<std::string> parse_password(const std::string& text) {
    constexpr std::string_view kProtocol = "vnc ";
    return text.starts_with(kProtocol)
               ? Result<std::string>(text.substr(kProtocol.size()))
               : user_error("a password is for a protocol, and there is vnc only", "set_password vnc PASSWORD");
}

namespace {

Result<backend::VncServer*> server_that_asks(vm::Vm& vm) {
    backend::VncServer* const server = vm.vnc();
    if (server == nullptr || !server->options().password) {
        return user_error("nobody is asked for a password", "-vnc HOST:N,password=on asks");
    }
    return server;
}

}  // namespace

Result<> set_vnc_password(vm::Vm& vm, const std::string& password) {
    backend::VncServer* const server = KELVIN_TRY(server_that_asks(vm));
    server->set_password(password);
    return ok();
}

Result<> expire_vnc_password(vm::Vm& vm, const std::string& when) {
    constexpr i64 kLongest = i64{1} << 40;
    backend::VncServer* const server = KELVIN_TRY(server_that_asks(vm));
    if (when == "never") {
        server->set_expiry({});
        return ok();
    }
    const bool relative = when.starts_with('+');
    const char* const first = when.data() + (relative ? 1 : 0);
    const char* const last = when.data() + when.size();
    i64 seconds = 0;
    const auto [end, error] = std::from_chars(first, last, seconds);
    const bool is_number = error == std::errc() && end == last && seconds >= 0 && seconds <= kLongest;
    if (when != "now" && !is_number) {
        return user_error(fmt::format("'{}' is no time", when), "now, never, +SECONDS from now, or SECONDS since 1970");
    }
    server->set_expiry(relative || when == "now" ? ::time(nullptr) + seconds : seconds);
    return ok();
}

std::string describe_vnc(vm::Vm& vm) {
    backend::VncServer* const server = vm.vnc();
    if (server == nullptr) {
        return "no screen is shown by VNC\n";
    }
    const backend::VncOptions options = server->options();
    std::string text = options.path.empty() ? fmt::format("vnc: {}:{}\n", options.host, options.port)
                                            : fmt::format("vnc: {}\n", options.path);
    for (const backend::VncServer::Client& client : server->clients()) {
        text += fmt::format("  client {}:{} ({})\n", client.host, client.service, client.family);
    }
    return text;
}

}  // namespace kelvin::control
