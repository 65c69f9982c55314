// SPDX-License-Identifier: Apache-2.0
// -serial, -parallel, -debugcon, -monitor, -display, -nographic, -nic: what the machine is connected to.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/nearest_name.h"
#include "control/option_table.h"

namespace kelvin::control {

namespace {

constexpr auto kSerialEnds = std::to_array<std::string_view>(
    {"stdio", "mon:stdio", "unix:PATH", "tcp:HOST:PORT", "telnet:HOST:PORT", "websocket:HOST:PORT", "udp:HOST:PORT",
     "pty", "file:PATH", "pipe:PATH", "chardev:NAME", "null", "none"});
/// What a port's own character device is called.
constexpr const char* kSerialId = "serial0";
constexpr std::string_view kTerminal = "stdio";
constexpr std::string_view kSharedTerminal = "mon:stdio";

bool is_nobody(std::string_view text) {
    return text == "none" || text == "null";
}

/// Adds the character device `id` that `text` asks for, if it is no other's name: its name, or nothing for nobody.
Result<std::string> connect_line(vm::MachineSpec& spec, const std::string& text, const std::string& id,
                                 std::string_view what) {
    if (is_nobody(text)) {
        return std::string();
    }
    if (text.starts_with(kCharacterReference)) {
        return text.substr(kCharacterReference.size());
    }
    if (auto options = KELVIN_TRY(parse_character_shorthand(text))) {
        spec.characters.push_back({id, std::move(*options)});
        return id;
    }
    return user_error(fmt::format("the {} cannot be connected to '{}'{}", what, text, did_you_mean(text, kSerialEnds)),
                      fmt::format("it can be connected to {}", fmt::join(kSerialEnds, ", ")));
}

Result<std::string> connect_serial(vm::MachineSpec& spec, const std::string& text) {
    return connect_line(spec, text, kSerialId, "serial port");
}

/// A device of the ISA bus, and its line.
Result<> add_isa_line(Draft& draft, const std::string& value, const std::string& driver, std::string_view what) {
    vm::MachineSpec& spec = draft.line.spec;
    if (value == "none") {
        return ok();
    }
    const auto count = std::ranges::count(spec.devices, driver, &vm::DeviceSpec::driver);
    const std::string line = KELVIN_TRY(connect_line(spec, value, fmt::format("{}{}", driver, count), what));
    state::Json options = state::Json::object();
    if (!line.empty()) {
        options["chardev"] = line;
    }
    if (driver == "isa-parallel") {
        options["index"] = count;
    }
    spec.devices.push_back({driver, "", "", std::move(options)});
    return ok();
}

bool uses_terminal(const vm::MachineSpec& spec) {
    return std::ranges::any_of(spec.characters,
                               [](const auto& one) { return one.options.value("backend", "") == kTerminal; });
}

}  // namespace

Result<> apply_serial(Draft& draft, const std::string& value) {
    vm::MachineSpec tried;
    KELVIN_TRY(connect_serial(tried, value));
    if (draft.serial && !is_nobody(value)) {
        return user_error("the machine has one serial port, and it is connected already",
                          "leave the second -serial out");
    }
    if (!draft.serial) {
        draft.serial = value;
    }
    return ok();
}

Result<> apply_parallel(Draft& draft, const std::string& value) {
    return add_isa_line(draft, value, "isa-parallel", "parallel port");
}

Result<> apply_debugcon(Draft& draft, const std::string& value) {
    return add_isa_line(draft, value, "isa-debugcon", "debug console");
}

Result<> settle_console(Draft& draft) {
    vm::MachineSpec& spec = draft.line.spec;
    const std::string monitor = draft.monitor.value_or("");
    const bool own_monitor = monitor == kTerminal;
    // Without a word about it, the terminal is the console; QEMU would open a window where it can.
    const bool asked = draft.no_graphic && !own_monitor;
    const bool offered = !draft.display && !draft.no_defaults && !own_monitor && !uses_terminal(spec);
    const std::string serial = draft.serial.value_or(asked || offered ? std::string(kSharedTerminal) : "none");
    spec.serial = KELVIN_TRY(connect_serial(spec, serial));
    spec.firmware_on_serial = asked || offered;
    const bool shared = serial.starts_with("mon:");
    // -nographic -monitor none: Ctrl-A stays, as `x` is the way out, but there is no monitor to change to.
    const bool unwanted = is_nobody(monitor) && !draft.serial;
    if (shared && !unwanted) {
        spec.monitors.push_back({spec.serial, false});
    }
    if (monitor.empty() || is_nobody(monitor)) {
        return ok();
    }
    if (!own_monitor) {
        return user_error(
            fmt::format("the monitor cannot be connected to '{}'", monitor),
            "it can be connected to what a serial port can; -serial mon:stdio lets both share the terminal");
    }
    if (serial == kSharedTerminal) {
        return ok();
    }
    if (serial == kTerminal) {
        return user_error("serial port and monitor are both connected to stdio",
                          "-serial mon:stdio lets them share it");
    }
    KELVIN_TRY(add_monitor_device(draft, monitor, false));
    return ok();
}

}  // namespace kelvin::control
