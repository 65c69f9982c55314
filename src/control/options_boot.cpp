// SPDX-License-Identifier: Apache-2.0
// -boot, -fw_cfg: what firmware is told.
#include <fmt/format.h>

#include <algorithm>

#include "control/option_table.h"
#include "state/options.h"

namespace kelvin::control {

namespace {

/// QEMU's names for what may be given.
struct BootOptions {
    std::string order;
    std::string once;
    bool menu = false;
    std::string splash;
    std::optional<u16> splash_time;
    std::optional<i64> reboot_timeout;
    bool strict = false;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("order", order, "c: disks, d: CDs, n: network, in this order, where no device has a bootindex");
        visit("once", once, "the same, until the guest resets");
        visit("menu", menu, "the firmware waits for a key that opens its menu");
        visit("splash", splash, "accepted, without effect");
        visit("splash-time", splash_time, "for how many ms; 65535: for ever");
        visit("reboot-timeout", reboot_timeout, "accepted, without effect");
        visit("strict", strict, "nothing else is tried");
    }
};

Result<> check_letters(std::string_view letters) {
    for (const char letter : letters) {
        if (letter < 'a' || letter > 'p') {
            return user_error(fmt::format("'{}' is no kind of device to boot from", letter),
                              "c: disks, d: CDs, n: network");
        }
        if (std::ranges::count(letters, letter) > 1) {
            return user_error(fmt::format("'{}' is there twice", letter));
        }
    }
    return ok();
}

struct FirmwareFileOptions {
    std::string name;
    std::optional<std::string> file;
    std::optional<std::string> string;

    template <class Visitor>
    void fields(Visitor& visit) {
        visit("name", name, "what firmware and guests find it by, such as opt/org.example/file");
        visit("file", file, "what holds its content");
        visit("string", string, "its content");
    }
};

}  // namespace

Result<> apply_boot(Draft& draft, const std::string& value) {
    BootOptions options;
    const state::Json given = KELVIN_TRY(state::parse_options(value, "order"));
    KELVIN_TRY(state::read_options("-boot", given, options));
    KELVIN_TRY(check_letters(options.order));
    KELVIN_TRY(check_letters(options.once));
    draft.line.spec.boot_order = {options.order, options.once, options.strict, options.menu, options.splash_time};
    return ok();
}

Result<> apply_firmware_file(Draft& draft, const std::string& value) {
    FirmwareFileOptions options;
    const state::Json given = KELVIN_TRY(state::parse_options(value, "name"));
    KELVIN_TRY(state::read_options("-fw_cfg", given, options));
    if (options.name.empty() || options.file.has_value() == options.string.has_value()) {
        return user_error("a name is needed, and either a file or a string",
                          "-fw_cfg opt/org.example/file,file=PATH, or string=TEXT");
    }
    if (options.file && options.file->empty()) {
        return user_error("file= names no file");
    }
    if (!options.name.starts_with("opt/")) {
        draft.line.notes.push_back(
            fmt::format("-fw_cfg {}: names that do not begin with opt/ may come to mean something else", options.name));
    }
    draft.line.spec.firmware_files.push_back({options.name, options.file.value_or(""), options.string.value_or("")});
    return ok();
}

}  // namespace kelvin::control
