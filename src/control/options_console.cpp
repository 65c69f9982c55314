// SPDX-License-Identifier: Apache-2.0
// -serial, -monitor, -display, -nographic, -nic: what the machine is connected to.
#include <fmt/format.h>

#include <array>

#include "base/nearest_name.h"
#include "control/option_table.h"

namespace kelvin::control {

namespace {

constexpr auto kSerialEnds = std::to_array<std::string_view>(
    {"stdio", "mon:stdio", "unix:PATH", "tcp:HOST:PORT", "pty", "file:PATH", "chardev:NAME", "null", "none"});
constexpr std::string_view kReference = "chardev:";
/// What a port's own character device is called.
constexpr const char* kSerialId = "serial0";

Result<vm::ConsoleSpec> parse_serial(const std::string& text) {
    using Kind = vm::ConsoleSpec::Kind;
    if (text == "none" || text == "null") {
        return vm::ConsoleSpec{};
    }
    if (text == "stdio") {
        return vm::ConsoleSpec{Kind::stdio, "", false, false};
    }
    if (text == "mon:stdio") {
        return vm::ConsoleSpec{Kind::stdio, "", true, true};
    }
    if (text.starts_with("file:") && text.size() > 5) {
        return vm::ConsoleSpec{Kind::file, text.substr(5), false, false};
    }
    if (text.starts_with(kReference)) {
        return vm::ConsoleSpec{Kind::character, text.substr(kReference.size()), false, false};
    }
    if (KELVIN_TRY(parse_character_shorthand(text))) {
        return vm::ConsoleSpec{Kind::character, kSerialId, false, false};
    }
    return user_error(
        fmt::format("the serial port cannot be connected to '{}'{}", text, did_you_mean(text, kSerialEnds)),
        "it can be connected to stdio, mon:stdio, unix:PATH, tcp:HOST:PORT, pty, file:PATH, chardev:NAME, null or "
        "none");
}

}  // namespace

Result<> apply_serial(Draft& draft, const std::string& value) {
    KELVIN_TRY(parse_serial(value));
    if (draft.serial && value != "none" && value != "null") {
        return user_error("the machine has one serial port, and it is connected already",
                          "leave the second -serial out");
    }
    if (!draft.serial) {
        draft.serial = value;
    }
    return ok();
}

Result<> apply_display(Draft& draft, const std::string& value) {
    if (value != "none") {
        return user_error("there is no display yet", "-display none, or -nographic for a console in this terminal");
    }
    draft.display = value;
    return ok();
}

Result<> settle_console(Draft& draft) {
    vm::MachineSpec& spec = draft.line.spec;
    // Without a word about it, the terminal is the console; QEMU would open a window where it can.
    const bool terminal = draft.no_graphic || (!draft.display && !draft.no_defaults);
    if (draft.serial) {
        spec.console = KELVIN_TRY(parse_serial(*draft.serial));
        if (auto options = KELVIN_TRY(parse_character_shorthand(*draft.serial))) {
            spec.characters.push_back({kSerialId, std::move(*options)});
        }
    } else if (terminal && draft.monitor != "stdio" && !(draft.no_defaults && !draft.no_graphic)) {
        spec.console = KELVIN_TRY(parse_serial("mon:stdio"));
    }
    const bool serial_on_stdio = spec.console.kind == vm::ConsoleSpec::Kind::stdio;
    const std::string monitor = draft.monitor.value_or("");
    if (monitor == "none" || monitor == "null") {
        // -nographic -monitor none: Ctrl-A stays, as `x` is the way out, but there is no monitor to change to.
        spec.console.monitor = draft.serial == "mon:stdio" && spec.console.monitor;
    } else if (monitor == "stdio") {
        if (serial_on_stdio && !spec.console.monitor) {
            return user_error("serial port and monitor are both connected to stdio",
                              "-serial mon:stdio lets them share it");
        }
        spec.monitor_on_stdio = !serial_on_stdio;
    } else if (!monitor.empty()) {
        return user_error(fmt::format("the monitor cannot be connected to '{}'", monitor),
                          "it can be connected to stdio or none; -serial mon:stdio lets both share the terminal");
    }
    return ok();
}

}  // namespace kelvin::control
